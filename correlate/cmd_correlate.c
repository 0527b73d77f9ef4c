#include "schema/cmd.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "correlate/correlate.h"
#include "schema/progress.h"

static const char usage[] =
"Usage: pcaphop correlate CASE [OPTION]...\n"
"Compute everything that is derived from the captures of a case. May be run again at any time.\n"
"\n"
"      --path A,B,...     the order of the points from client to server (otherwise it is inferred)\n"
"      --reference POINT  all times are on this point's clock (otherwise the one that the others are known best against)\n"
"      --running A,B|all  these captures ran all the time from the first to the last packet of the case\n"
"      --help             this text\n";

int cmd_correlate(int argc, char **argv)
{
	static const struct option longs[] = { { "path", required_argument, NULL, 'p' }, { "running", required_argument, NULL, 'r' },
		{ "reference", required_argument, NULL, 'R' }, { "help", no_argument, NULL, 'h' }, { NULL, 0, NULL, 0 } };
	struct correlate_options o = { .progress = progress_connections };
	struct progress bar = { 0 };
	struct err e;
	struct db db;
	int opt, rc;

	while ((opt = getopt_long(argc, argv, "h", longs, NULL)) != -1) {
		switch (opt) {
		case 'p':
			o.facts.path = optarg;
			break;
		case 'r':
			o.facts.running = optarg;
			break;
		case 'R':
			o.facts.reference = optarg;
			break;
		case 'h':
			fputs(usage, stdout);
			return CMD_DONE;
		default:
			return CMD_MISUSED;
		}
	}
	if (argc - optind != 1)
		return cmd_misused(argv[0], "one CASE is needed");
	if (db_open(&db, argv[optind], DB_WRITE, &e) < 0)
		return cmd_failed(&e);
	o.ctx = &bar;
	rc = correlate_case(&db, &o, &e);
	progress_done(&bar);
	db_close(&db);
	return rc < 0 ? cmd_failed(&e) : CMD_DONE;
}
