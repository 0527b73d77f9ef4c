#include "correlate/cmd.h"

#include <stdarg.h>
#include <stdio.h>

#include "correlate/report/style.h"

int cmd_failed(const struct err *e)
{
	char text[4 * ERR_MAX];

	/* A message may quote a file name, and a file name may hold anything. */
	style_clean(text, sizeof text, e->msg, -1, style_locale_is_utf8());
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
	style_clean(text, sizeof text, message, -1, style_locale_is_utf8());
	fprintf(stderr, "%s: %s\nTry '%s --help'.\n", name, text, name);
	return CMD_MISUSED;
}
