/* Start here: the table of commands. */
#include <errno.h>
#include <locale.h>
#include <pcap/pcap.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "correlate/report/querybook.h"
#include "correlate/report/rulebook.h"
#include "ingest/compression.h"
#include "schema/cmd.h"

struct command {
	const char *name, *summary;
	int (*run)(int argc, char **argv);
};

static int cmd_help(int argc, char **argv);

static const struct command commands[] = {
	{"run", "import captures, correlate them, and say what happened", cmd_run},
	{"import", "load captures into a case", cmd_import},
	{"correlate", "(re)compute everything derived from the captures of a case", cmd_correlate},
	{"list", "one entry per connection with its verdict", cmd_list},
	{"diff", "the hop diff: a ladder per connection", cmd_diff},
	{"compare", "what sets failing connections apart from succeeding ones", cmd_compare},
	{"report", "a page with everything, in one file", cmd_report},
	{"export", "one capture of all points for Wireshark, with the verdict of each packet", cmd_export},
	{"query", "any SQL on a case, read-only", cmd_query},
	{"anonymize", "copies of the captures that can be handed on and still correlate", cmd_anonymize},
	{"help", "how to use a command", cmd_help},
};
#define COMMANDS (sizeof commands / sizeof commands[0])

static int usage(FILE *out, int status)
{
	fputs("Usage: pcaphop COMMAND [ARGUMENT]...\n"
	      "Correlate captures of the same TCP connections taken at several points of a path: what was dropped, generated, changed, and where.\n\n"
	      "  pcaphop run client=client.pcap behind-lb=lb-inside.pcapng\n\n", out);
	for (size_t i = 0; i < COMMANDS; i++)
		fprintf(out, "  %-10s %s\n", commands[i].name, commands[i].summary);
	fputs("\n  --help     this text; 'pcaphop help COMMAND' for one command, 'pcaphop help rules' for what findings rest on,\n"
	      "             'pcaphop help queries' for SQL to begin with\n"
	      "  --version  versions of the program and of its libraries\n", out);
	return status;
}

static int version(void)
{
	char compressions[256];

	compression_versions(compressions, sizeof compressions);
	printf("pcaphop %s\n%s\nSQLite %s\n%s\n", VERSION, pcap_lib_version(), sqlite3_libversion(), compressions);
	return CMD_DONE;
}

/* argc counts from the name of the command; argv[0] becomes "pcaphop NAME". */
static int dispatch(int argc, char **argv)
{
	static char name[64];

	for (size_t i = 0; i < COMMANDS; i++) {
		if (strcmp(argv[0], commands[i].name) != 0)
			continue;
		snprintf(name, sizeof name, "pcaphop %s", argv[0]);
		argv[0] = name;
		return commands[i].run(argc, argv);
	}
	return cmd_misused("pcaphop", "there is no command '%s'", argv[0]);
}

static int help_rules(void)
{
	struct style s;
	struct err e;

	if (style_init(&s, stdout, NULL, &e) < 0)
		return cmd_failed(&e);
	report_rules(&s);
	return CMD_DONE;
}

static int help_queries(const char *name)
{
	const char *sql = name ? report_query(name) : NULL;
	struct style s;
	struct err e;

	if (name && sql == NULL)
		return cmd_misused("pcaphop help", "there is no query '%s': 'pcaphop help queries' has them all", name);
	if (sql) {
		fputs(sql, stdout);
		return CMD_DONE;
	}
	if (style_init(&s, stdout, NULL, &e) < 0)
		return cmd_failed(&e);
	report_queries(&s);
	return CMD_DONE;
}

static int cmd_help(int argc, char **argv)
{
	static char help[] = "--help";
	char *ask[] = {argc > 1 ? argv[1] : NULL, help, NULL};

	if (argc < 2 || strcmp(argv[1], "help") == 0 || strcmp(argv[1], "--help") == 0)
		return usage(stdout, CMD_DONE);
	if (strcmp(argv[1], "rules") == 0)
		return help_rules();
	if (strcmp(argv[1], "queries") == 0)
		return help_queries(argc > 2 ? argv[2] : NULL);
	return dispatch(2, ask);
}

int main(int argc, char **argv)
{
	int status;

	/* Only characters: numbers keep their point whatever the language. */
	setlocale(LC_CTYPE, "");
	/* A reader that has seen enough ends us without a word, also when a parent ignores the signal. */
	signal(SIGPIPE, SIG_DFL);
	if (argc < 2)
		status = usage(stderr, CMD_MISUSED);
	else if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)
		status = usage(stdout, CMD_DONE);
	else if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0)
		status = version();
	else
		status = dispatch(argc - 1, argv + 1);
	if (fflush(stdout) == 0 && !ferror(stdout))
		return status;
	fprintf(stderr, "pcaphop: standard output: %s\n", strerror(errno));
	return CMD_FAILED;
}
