#include "schema/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int err_set(struct err *e, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(e->msg, sizeof e->msg, fmt, ap);
	va_end(ap);
	return -1;
}

int err_prefix(struct err *e, const char *fmt, ...)
{
	char old[ERR_MAX], context[ERR_MAX];
	va_list ap;

	memcpy(old, e->msg, sizeof old);
	va_start(ap, fmt);
	vsnprintf(context, sizeof context, fmt, ap);
	va_end(ap);
	/* The cause must survive: it is the context that is cut when both are too long. */
	size_t cause = strnlen(old, sizeof old - 1), room = sizeof e->msg - 1 - cause, n = strnlen(context, sizeof context);
	if (room < 2)
		return -1;
	if (n > room - 2)
		n = room - 2;
	memcpy(e->msg, context, n);
	memcpy(e->msg + n, ": ", 2);
	memcpy(e->msg + n + 2, old, cause);
	e->msg[n + 2 + cause] = '\0';
	return -1;
}
