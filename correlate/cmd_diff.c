#include "schema/cmd.h"

#include <getopt.h>
#include <stdio.h>

#include "correlate/options.h"
#include "correlate/report/report.h"
#include "correlate/report/select.h"

#define OPTION_EXIT_CODE 2000

static int usage(void)
{
	puts("Usage: pcaphop diff [OPTION]... CASE [ID]...\n"
	     "The hop diff: a ladder per connection. Without an ID: of those with findings, or of those that a filter leaves.\n");
	options_usage_filter();
	puts("\n  --all                     every packet, nothing folded\n"
	     "  --exit-code               exit with 3 when one of these connections is not clean");
	options_usage_output();
	return CMD_DONE;
}

static int diff(struct options *o, const char *path, bool exit_code)
{
	struct db db = {0};
	struct err e;
	int clean = 1;

	if (db_open(&db, path, DB_READ, &e) < 0)
		return cmd_failed(&e);
	if (db_need_derived(&db, &e) < 0) {
		db_close(&db);
		err_prefix(&e, "%s", path);
		return cmd_failed(&e);
	}
	if (o->report->ladders(&db, &o->style, &o->filter, &e) < 0 || (exit_code && (clean = report_is_clean(&db, &o->filter, &e)) < 0))
		clean = -1;
	db_close(&db);
	return clean < 0 ? cmd_failed(&e) : clean ? CMD_DONE : CMD_UNCLEAN;
}

int cmd_diff(int argc, char **argv)
{
	static const struct option options[] = {
		OPTIONS_FILTER, OPTIONS_OUTPUT, {"all", no_argument, NULL, 'a'}, {"exit-code", no_argument, NULL, OPTION_EXIT_CODE},
		{"help", no_argument, NULL, 'h'}, {0},
	};
	struct options o = {0};
	struct ids ids = {0};
	struct err e;
	bool exit_code = false;
	int c, status;

	while ((c = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		if (c == 'h')
			return usage();
		if (c == 'a')
			o.filter.all = true;
		else if (c == OPTION_EXIT_CODE)
			exit_code = true;
		else if (c == '?' || options_take(&o, c, optarg, &e) < 0)
			return c == '?' ? cmd_misused(argv[0], NULL) : cmd_misused(argv[0], "%s", e.msg);
	}
	if (argc == optind)
		return cmd_misused(argv[0], "which case?");
	if (ids_take(&ids, argv + optind + 1, argc - optind - 1, &e) < 0 || options_finish(&o, stdout, &e) < 0) {
		ids_free(&ids);
		return cmd_misused(argv[0], "%s", e.msg);
	}
	o.filter.id = ids.id;
	o.filter.ids = ids.n;
	o.filter.telling = ids.n == 0 && !options_narrow(&o);
	status = diff(&o, argv[optind], exit_code);
	ids_free(&ids);
	return status;
}
