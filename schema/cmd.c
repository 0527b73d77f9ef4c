#include "schema/cmd.h"

#include <stdarg.h>
#include <stdio.h>

#include "schema/clean.h"

int cmd_failed(const struct err *e)
{
	char text[4 * ERR_MAX];

	/* A message may quote a file name, and a file name may hold anything. */
	clean_text(text, sizeof text, e->msg, -1, clean_locale_is_utf8());
	fprintf(stderr, "pcaphop: %s\n", text);
	return CMD_FAILED;
}

int cmd_misused(const char *name, const char *fmt, ...)
{
	char message[ERR_MAX], text[4 * ERR_MAX];
	va_list ap;

	if (fmt == NULL) {
		fprintf(stderr, "Try '%s --help'.\n", name);
		return CMD_MISUSED;
	}
	va_start(ap, fmt);
	vsnprintf(message, sizeof message, fmt, ap);
	va_end(ap);
	clean_text(text, sizeof text, message, -1, clean_locale_is_utf8());
	fprintf(stderr, "%s: %s\nTry '%s --help'.\n", name, text, name);
	return CMD_MISUSED;
}
