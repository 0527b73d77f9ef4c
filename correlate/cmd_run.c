#include "schema/cmd.h"

#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "correlate/correlate.h"
#include "schema/progress.h"
#include "correlate/report/report.h"
#include "ingest/import_all.h"

static const char usage[] =
"Usage: pcaphop run [OPTION]... POINT=FILE[@INTERFACE]...\n"
"Import captures, correlate them, and say what happened: the path, the connections, and the ladders of the ten most telling ones.\n"
"\n"
"  -o, --output CASE      keep the case (otherwise it is temporary)\n"
"  -f, --filter EXPR      only packets that pass this pcap-filter(7) expression\n"
"      --split interface|vlan  make every interface or VLAN in a file a point of its own, POINT@NAME; without POINT=, NAME\n"
"      --path A,B,...     the order of the points from client to server (otherwise it is inferred)\n"
"      --reference POINT  all times are on this point's clock (otherwise the one that the others are known best against)\n"
"      --running A,B|all  these captures ran all the time from the first to the last packet of the case\n"
"      --format FORMAT    text, json or csv\n"
"      --color WHEN       auto, always or never\n"
"      --exit-code        exit with 3 when something is not clean\n"
"      --help             this text\n";

struct run_options {
	const char *output, *format, *color;
	struct import_options import;
	struct correlate_options correlate;
	bool exit_code;
};

static int parse(int argc, char **argv, struct run_options *o)
{
	static const struct option longs[] = { { "output", required_argument, NULL, 'o' }, { "filter", required_argument, NULL, 'f' },
		{ "split", required_argument, NULL, 's' }, { "path", required_argument, NULL, 'p' }, { "running", required_argument, NULL, 'r' },
		{ "reference", required_argument, NULL, 'R' }, { "format", required_argument, NULL, 'F' },
		{ "color", required_argument, NULL, 'c' }, { "exit-code", no_argument, NULL, 'x' }, { "help", no_argument, NULL, 'h' }, { NULL, 0, NULL, 0 } };
	int opt;

	while ((opt = getopt_long(argc, argv, "o:f:h", longs, NULL)) != -1) {
		switch (opt) {
		case 'o':
			o->output = optarg;
			break;
		case 'f':
			o->import.filter = optarg;
			break;
		case 's':
			if (split_parse(optarg, &o->import.split) < 0) {
				cmd_misused(argv[0], "--split takes interface or vlan, not '%s'", optarg);
				return -1;
			}
			break;
		case 'p':
			o->correlate.facts.path = optarg;
			break;
		case 'r':
			o->correlate.facts.running = optarg;
			break;
		case 'R':
			o->correlate.facts.reference = optarg;
			break;
		case 'F':
			o->format = optarg;
			break;
		case 'c':
			o->color = optarg;
			break;
		case 'x':
			o->exit_code = true;
			break;
		case 'h':
			fputs(usage, stdout);
			return -2;
		default:
			return -1;
		}
	}
	return optind;
}

static int work(struct db *db, const struct specs *specs, struct run_options *o, const struct report *report, const struct style *style, struct err *e)
{
	struct progress bar = { 0 };
	struct filter all = { 0 };
	int rc;

	o->import.progress = progress_packets;
	o->correlate.progress = progress_connections;
	o->import.ctx = o->correlate.ctx = &bar;
	rc = import_all(db, specs, &o->import, e);
	progress_done(&bar);
	if (rc < 0)
		return -1;
	rc = correlate_case(db, &o->correlate, e);
	progress_done(&bar);
	if (rc < 0 || report->run(db, style, e) < 0)
		return -1;
	return o->exit_code ? report_is_clean(db, &all, e) : 1;
}

/* A temporary case holds what the captures hold: it goes when the program goes, also when that is ended from outside or nobody reads on. */
static char temporary[4096], journal[sizeof temporary + sizeof "-journal"];

static void remove_temporary(void)
{
	if (!temporary[0])
		return;
	unlink(temporary);
	unlink(journal);
}

static void on_signal(int sig)
{
	remove_temporary();
	signal(sig, SIG_DFL);
	raise(sig);
}

static int open_temporary(struct db *db, struct err *e)
{
	static const int ends[] = { SIGHUP, SIGINT, SIGPIPE, SIGTERM };
	const char *folder = getenv("TMPDIR");
	int fd;

	snprintf(temporary, sizeof temporary, "%s/pcaphop-XXXXXX", folder && folder[0] ? folder : "/tmp");
	if ((fd = mkstemp(temporary)) < 0) {
		err_set(e, "%s: %s", temporary, strerror(errno));
		temporary[0] = '\0';
		return -1;
	}
	close(fd);
	snprintf(journal, sizeof journal, "%s-journal", temporary);
	for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
		signal(ends[i], on_signal);
	return db_open(db, temporary, DB_CREATE, e);
}

static int open_case(struct db *db, const char *output, struct err *e)
{
	struct stat st;

	if (!output)
		return open_temporary(db, e);
	if (stat(output, &st) == 0 && st.st_size > 0)
		return err_set(e, "%s: exists already (pcaphop import adds to a case, pcaphop correlate judges it anew)", output);
	return db_open(db, output, DB_CREATE, e);
}

int cmd_run(int argc, char **argv)
{
	struct run_options o = { 0 };
	struct specs specs = { 0 };
	const struct report *report = NULL;
	struct style style;
	struct err e;
	struct db db;
	int at = parse(argc, argv, &o), rc;

	if (at < 0)
		return at == -2 ? CMD_DONE : CMD_MISUSED;
	if (at == argc)
		return cmd_misused(argv[0], "at least one POINT=FILE is needed");
	for (rc = 0; rc == 0 && at < argc; at++)
		rc = specs_add(&specs, argv[at], o.import.split != SPLIT_NOT, &e);
	if (rc == 0 && !(report = report_find(o.format)))
		rc = err_set(&e, "there is no format '%s'", o.format);
	if (rc == 0)
		rc = style_init(&style, stdout, o.color, &e);
	if (rc < 0) {
		specs_free(&specs);
		return cmd_misused(argv[0], "%s", e.msg);
	}
	specs_sort(&specs);
	rc = open_case(&db, o.output, &e);
	if (rc == 0) {
		rc = work(&db, &specs, &o, report, &style, &e);
		db_close(&db);
	}
	remove_temporary();
	specs_free(&specs);
	return rc < 0 ? cmd_failed(&e) : rc == 0 ? CMD_UNCLEAN : CMD_DONE;
}
