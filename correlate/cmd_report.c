#include "schema/cmd.h"

#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "correlate/report/html.h"
#include "schema/db.h"

static const char usage[] =
"Usage: pcaphop report -o FILE.html CASE\n"
"One page with everything: path, losses, changes, delays, clocks, translations, and the ladders of the connections with findings.\n"
"It needs no other file and no network.\n"
"\n"
"  -o, --output FILE      where to write it; '-' is standard output\n"
"      --help             this text\n";

static bool is_same_file(const char *a, const char *b)
{
	struct stat x, y;

	return stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

static int write_page(const char *page, const char *path, struct err *e)
{
	FILE *out;
	bool failed;

	if (strcmp(path, "-") == 0) {
		fputs(page, stdout);
		return 0;
	}
	if ((out = fopen(path, "w")) == NULL)
		return err_set(e, "%s: %s", path, strerror(errno));
	failed = fputs(page, out) < 0;
	if (fclose(out) != 0 || failed)
		return err_set(e, "%s: %s", path, strerror(errno));
	return 0;
}

static int report(const char *path, const char *output)
{
	const char *slash = strrchr(path, '/');
	struct db db = {0};
	struct err e;
	char *page = NULL;
	int rc = -1;

	if (db_open(&db, path, DB_READ, &e) < 0)
		return cmd_failed(&e);
	if (is_same_file(path, output))
		err_set(&e, "%s: is the case itself", output);
	else if (db_need_derived(&db, &e) < 0 || (page = report_html(&db, slash ? slash + 1 : path, &e)) == NULL)
		err_prefix(&e, "%s", path);
	else
		rc = write_page(page, output, &e);
	free(page);
	db_close(&db);
	return rc < 0 ? cmd_failed(&e) : CMD_DONE;
}

int cmd_report(int argc, char **argv)
{
	static const struct option options[] = {{"output", required_argument, NULL, 'o'}, {"help", no_argument, NULL, 'h'}, {0}};
	const char *output = NULL;
	int c;

	while ((c = getopt_long(argc, argv, "o:h", options, NULL)) != -1) {
		if (c == 'h') {
			fputs(usage, stdout);
			return CMD_DONE;
		}
		if (c != 'o')
			return cmd_misused(argv[0], NULL);
		output = optarg;
	}
	if (argc - optind != 1)
		return cmd_misused(argv[0], argc == optind ? "which case?" : "one case, please, not '%s'", argv[argc - 1]);
	if (output == NULL)
		return cmd_misused(argv[0], "where to? -o FILE.html");
	return report(argv[optind], output);
}
