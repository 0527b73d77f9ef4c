/* The commands: what main calls, and what all of them share. */
#ifndef SCHEMA_CMD_H
#define SCHEMA_CMD_H

#include "schema/err.h"

/* Exit status of the program; part of its public interface. */
enum cmd_status {
	CMD_DONE = 0,
	CMD_FAILED = 1,
	CMD_MISUSED = 2,
	CMD_UNCLEAN = 3,        /* only with --exit-code: something is not clean */
};

/*
 * A command gets its own arguments: argv[0] is "pcaphop NAME", so that getopt's messages name the command. It returns the exit status
 * and says itself what went wrong. Each lives in cmd_NAME.c beside the stage it drives.
 */
int cmd_run(int argc, char **argv);
int cmd_import(int argc, char **argv);
int cmd_correlate(int argc, char **argv);
int cmd_list(int argc, char **argv);
int cmd_diff(int argc, char **argv);
int cmd_compare(int argc, char **argv);
int cmd_export(int argc, char **argv);
int cmd_query(int argc, char **argv);
int cmd_anonymize(int argc, char **argv);
int cmd_report(int argc, char **argv);

/* Print the message as "pcaphop: message", control bytes made visible, and return CMD_FAILED. */
int cmd_failed(const struct err *e);

/*
 * Print "NAME: message" and where to find help, and return CMD_MISUSED. name is argv[0]; fmt NULL: getopt
 * has said what is wrong.
 */
int cmd_misused(const char *name, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
