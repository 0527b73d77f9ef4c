#include "schema/cmd.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "correlate/options.h"
#include "correlate/report/export.h"
#include "correlate/report/select.h"
#include "schema/progress.h"

enum { OPTION_CAPTURES = 2000, OPTION_FINDINGS_ONLY, OPTION_FROM, OPTION_TO };

struct export_args {
	struct options common;
	struct export_options export;
	const char *output;
	struct ids ids;
};

static int usage(void)
{
	puts("Usage: pcaphop export [OPTION]... CASE -o FILE [ID]...\n"
	     "One capture of all points, for Wireshark: an interface for each point, times on one clock, the verdict of each packet as its comment.\n"
	     "Packets are read again from the captures that were imported.\n\n"
	     "  -o, --output FILE           pcapng; - is standard output\n"
	     "      --captures DIR          the captures are in this folder now, not where they were, nor beside the case\n"
	     "      --format pcapng|json|csv  json, csv: a row for each packet (v_packet, its verdict and delay), also to standard output\n");
	options_usage_filter();
	puts("  --findings-only           that are not clean\n"
	     "Only packets\n"
	     "  --from TIME, --to TIME    of this time (UTC, of the reference clock), as in 2024-05-01T01:43:38.308");
	puts("\n  -h, --help                this text\n\n"
	     "Wireshark shows the verdicts as fields (pcaphop.verdict, pcaphop.connection, ...) with pcaphop.lua:\n"
	     "  wireshark -X lua_script:" DATA_FOLDER "/pcaphop.lua FILE");
	return CMD_DONE;
}

/* 2024-05-01T01:43:38.308, to whatever digit; a blank for the T, a Z at the end will do. */
static int take_time(const char *option, const char *value, int64_t *ns, struct err *e)
{
	struct tm tm = {0};
	char blank;
	int64_t fraction = 0, unit = 100000000;
	int end = 0, n = sscanf(value, "%4d-%2d-%2d%c%2d:%2d:%2d%n", &tm.tm_year, &tm.tm_mon, &tm.tm_mday, &blank, &tm.tm_hour, &tm.tm_min, &tm.tm_sec, &end);
	const char *p = value + end;

	if (n == 7 && *p == '.')
		for (p++; *p >= '0' && *p <= '9'; p++, unit /= 10)
			fraction += (*p - '0') * unit;
	if (n == 7 && *p == 'Z')
		p++;
	tm.tm_year -= 1900;
	tm.tm_mon--;
	if (n != 7 || *p || (blank != 'T' && blank != ' ') || tm.tm_year < 70 || tm.tm_year > 362 || tm.tm_mon < 0 || tm.tm_mon > 11 || tm.tm_mday < 1 || tm.tm_mday > 31 || tm.tm_hour < 0 || tm.tm_hour > 23 ||
	    tm.tm_min < 0 || tm.tm_min > 59 || tm.tm_sec < 0 || tm.tm_sec > 60)
		return err_set(e, "%s takes a time, as in 2024-05-01T01:43:38.308, not '%s'", option, value);
	*ns = (int64_t)timegm(&tm) * 1000000000 + fraction;
	return 0;
}

static int take_format(struct export_args *a, const char *value, struct err *e)
{
	a->export.rows = strcmp(value, "text") == 0 ? NULL : report_find(value);
	return a->export.rows || strcmp(value, "pcapng") == 0 ? 0 : err_set(e, "--format takes pcapng, json or csv, not '%s'", value);
}

static int take(struct export_args *a, int c, char *value, struct err *e)
{
	switch (c) {
	case 'o':
		a->output = value;
		return 0;
	case OPTION_CAPTURES:
		a->export.captures = value;
		return 0;
	case OPTION_FINDINGS_ONLY:
		a->common.filter.unclean = true;
		return 0;
	case OPTION_FROM:
		return take_time("--from", value, &a->export.from_ns, e);
	case OPTION_TO:
		return take_time("--to", value, &a->export.to_ns, e);
	case OPTION_FORMAT:
		return take_format(a, value, e);
	default:
		return options_take(&a->common, c, value, e);
	}
}

static int work(struct export_args *a, const char *path)
{
	struct progress bar = {.what = "exporting"};
	struct export_stats stats;
	struct db db = {0};
	struct err e;
	int rc;

	a->export.progress = progress_packets;
	a->export.ctx = &bar;
	if (db_open(&db, path, DB_READ, &e) < 0)
		return cmd_failed(&e);
	rc = db_need_derived(&db, &e) < 0 ? err_prefix(&e, "%s", path) : export_case(&db, &a->export, a->output, &stats, &e);
	progress_done(&bar);
	db_close(&db);
	if (rc < 0)
		return cmd_failed(&e);
	if (strcmp(a->output, "-") != 0)
		fprintf(stderr, "%s: %" PRIu64 " packet%s of %" PRIu64 " connection%s\n", a->output, stats.packets, stats.packets == 1 ? "" : "s",
		    stats.connections, stats.connections == 1 ? "" : "s");
	return CMD_DONE;
}

int cmd_export(int argc, char **argv)
{
	static const struct option options[] = {
		OPTIONS_FILTER, {"output", required_argument, NULL, 'o'}, {"captures", required_argument, NULL, OPTION_CAPTURES},
		{"findings-only", no_argument, NULL, OPTION_FINDINGS_ONLY}, {"from", required_argument, NULL, OPTION_FROM},
		{"to", required_argument, NULL, OPTION_TO}, {"format", required_argument, NULL, OPTION_FORMAT}, {"help", no_argument, NULL, 'h'}, {0},
	};
	struct export_args a = {.export = {.from_ns = INT64_MIN, .to_ns = INT64_MAX}};
	struct err e;
	int c, status;

	while ((c = getopt_long(argc, argv, "o:h", options, NULL)) != -1) {
		if (c == 'h')
			return usage();
		if (c == '?' || take(&a, c, optarg, &e) < 0)
			return c == '?' ? cmd_misused(argv[0], NULL) : cmd_misused(argv[0], "%s", e.msg);
	}
	if (argc == optind)
		return cmd_misused(argv[0], "which case?");
	if (!a.output && !a.export.rows)
		return cmd_misused(argv[0], "where to? -o FILE, or -o - for standard output");
	if (!a.output)
		a.output = "-";
	if (ids_take(&a.ids, argv + optind + 1, argc - optind - 1, &e) < 0 || select_check_words(&a.common.filter, &e) < 0) {
		ids_free(&a.ids);
		return cmd_misused(argv[0], "%s", e.msg);
	}
	a.export.filter = a.common.filter;
	a.export.filter.id = a.ids.id;
	a.export.filter.ids = a.ids.n;
	status = work(&a, argv[optind]);
	ids_free(&a.ids);
	return status;
}
