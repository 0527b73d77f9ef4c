#include "schema/cmd.h"

#include <getopt.h>
#include <stdio.h>

#include "correlate/options.h"
#include "correlate/report/report.h"

static int usage(void)
{
	puts("Usage: pcaphop list [OPTION]... CASE\n"
	     "One entry per connection with its verdict, the worst first.\n");
	options_usage_filter();
	puts("\n  --all                     also every clean connection, and nothing folded");
	options_usage_output();
	return CMD_DONE;
}

int cmd_list(int argc, char **argv)
{
	static const struct option options[] = {
		OPTIONS_FILTER, OPTIONS_OUTPUT, {"all", no_argument, NULL, 'a'}, {"help", no_argument, NULL, 'h'}, {0},
	};
	struct options o = {0};
	struct db db = {0};
	struct err e;
	int c, rc;

	while ((c = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		if (c == 'h')
			return usage();
		if (c == 'a')
			o.filter.all = true;
		else if (c == '?' || options_take(&o, c, optarg, &e) < 0)
			return c == '?' ? cmd_misused(argv[0], NULL) : cmd_misused(argv[0], "%s", e.msg);
	}
	if (argc - optind != 1)
		return cmd_misused(argv[0], argc == optind ? "which case?" : "one case, please, not '%s'", argv[argc - 1]);
	if (options_finish(&o, stdout, &e) < 0)
		return cmd_misused(argv[0], "%s", e.msg);
	if (db_open(&db, argv[optind], DB_READ, &e) < 0)
		return cmd_failed(&e);
	rc = db_need_derived(&db, &e) < 0 ? err_prefix(&e, "%s", argv[optind]) : o.report->list(&db, &o.style, &o.filter, &e);
	db_close(&db);
	return rc < 0 ? cmd_failed(&e) : CMD_DONE;
}
