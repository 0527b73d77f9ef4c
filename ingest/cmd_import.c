#include "schema/cmd.h"

#include <getopt.h>
#include <stdio.h>

#include "schema/progress.h"
#include "ingest/import_all.h"

static const char usage[] =
"Usage: pcaphop import CASE [OPTION]... POINT=FILE[@INTERFACE]...\n"
"Load captures into a case, which is made if it does not exist. FILE may be - (standard input) or a folder; a POINT may be named many times.\n"
"INTERFACE is one of several in the file, by name or number; ifN (cooked captures), vlanN or a MAC address also say what to take.\n"
"\n"
"  -f, --filter EXPR           only packets that pass this pcap-filter(7) expression\n"
"      --split interface|vlan  make every interface or VLAN in the file a point of its own, POINT@NAME; without POINT=, NAME\n"
"      --replace               replace a capture that is in the case already (same bytes)\n"
"      --help                  this text\n";

int cmd_import(int argc, char **argv)
{
	static const struct option longs[] = { { "filter", required_argument, NULL, 'f' }, { "replace", no_argument, NULL, 'R' },
		{ "split", required_argument, NULL, 's' }, { "help", no_argument, NULL, 'h' }, { NULL, 0, NULL, 0 } };
	struct progress bar = { 0 };
	struct import_options o = { .progress = progress_packets, .ctx = &bar };
	struct specs specs = { 0 };
	struct err e;
	struct db db;
	int opt, rc = 0;

	while ((opt = getopt_long(argc, argv, "f:h", longs, NULL)) != -1) {
		switch (opt) {
		case 'f':
			o.filter = optarg;
			break;
		case 's':
			if (split_parse(optarg, &o.split) < 0)
				return cmd_misused(argv[0], "--split takes interface or vlan, not '%s'", optarg);
			break;
		case 'R':
			o.replace = true;
			break;
		case 'h':
			fputs(usage, stdout);
			return CMD_DONE;
		default:
			return CMD_MISUSED;
		}
	}
	if (argc - optind < 2)
		return cmd_misused(argv[0], "a CASE and at least one POINT=FILE are needed");
	for (int i = optind + 1; rc == 0 && i < argc; i++)
		rc = specs_add(&specs, argv[i], o.split != SPLIT_NOT, &e);
	if (rc < 0) {
		specs_free(&specs);
		return cmd_misused(argv[0], "%s", e.msg);
	}
	rc = db_open(&db, argv[optind], DB_CREATE, &e);
	if (rc == 0) {
		rc = import_all(&db, &specs, &o, &e);
		progress_done(&bar);
		db_close(&db);
	}
	specs_free(&specs);
	return rc < 0 ? cmd_failed(&e) : CMD_DONE;
}
