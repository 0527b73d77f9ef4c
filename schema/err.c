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
	int room = (int)(sizeof e->msg - strnlen(old, sizeof old)) - 3;
	snprintf(e->msg, sizeof e->msg, "%.*s: %s", room > 0 ? room : 0, context, old);
	return -1;
}
