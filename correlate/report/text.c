#include "correlate/report/text.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "schema/clean.h"

void text_add(char *buf, size_t size, const char *fmt, ...)
{
	size_t at = strlen(buf);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(buf + at, size - at, fmt, ap);
	va_end(ap);
}

bool text_parts(const char **p, int width, char *buf, size_t size)
{
	size_t used = 0;

	*p += strspn(*p, " ");
	while (**p) {
		const char *gap = strstr(*p, "  ");
		size_t n = gap ? (size_t)(gap - *p) : strlen(*p);

		if (used + n + 3 > size)
			break;
		snprintf(buf + used, size - used, "%s%.*s", used ? "  " : "", (int)n, *p);
		if (style_columns(buf) > width) {
			buf[used] = '\0';
			break;
		}
		used = strlen(buf);
		*p += n;
		*p += strspn(*p, " ");
	}
	/* A part that is too long for a line is broken like a sentence. */
	return used > 0 || text_line(p, width, buf, size);
}

bool text_line(const char **p, int width, char *buf, size_t size)
{
	size_t used = 0;

	while (**p == ' ' || **p == '\n')
		++*p;
	if (**p == '\0')
		return false;
	buf[0] = '\0';
	while (**p && **p != '\n') {
		size_t word = strcspn(*p, " \n"), blanks = strspn(*p + word, " ");

		if (used + word + 2 > size)
			word = size - used - 2, blanks = 0;
		memcpy(buf + used, *p, word);
		buf[used + word] = '\0';
		if (used > 0 && style_columns(buf) > width) {
			buf[used] = '\0';
			break;
		}
		used += word;
		*p += word + blanks;
		memset(buf + used, ' ', used + blanks + 1 < size ? blanks : 0);
		used += used + blanks + 1 < size ? blanks : 0;
		buf[used] = '\0';
		if (used + 2 >= size)
			break;
	}
	while (used > 0 && buf[used - 1] == ' ')
		buf[--used] = '\0';
	return true;
}

void text_para(const struct style *s, int indent, const char *label, int label_width, enum tint t, const char *text)
{
	char line[2048];
	int left = indent + label_width;

	if (s->listener) {
		if (*text)
			s->listener->hear(s->listener, indent, label, t, text);
		return;
	}
	while (text_line(&text, s->width - left > 14 ? s->width - left : 14, line, sizeof line)) {
		int pad = label_width - style_columns(label);

		fprintf(s->out, "%*s%s%s%s%*s%s%s%s\n", indent, "", style_on(s, *label ? TINT_HEAD : TINT_NONE), label,
		    *label ? style_off(s) : "", pad > 0 ? pad : 0, "", style_on(s, t), line, t == TINT_NONE ? "" : style_off(s));
		label = "";
	}
}

void text_flow(struct text_flow *f, int gap, enum tint t, const char *piece)
{
	int w = style_columns(piece);

	if (f->x > f->left && f->x + gap + w > f->s->width) {
		fprintf(f->s->out, "\n%*s", f->left, "");
		f->x = f->left;
	}
	gap = f->x > f->left ? gap : 0;
	fprintf(f->s->out, "%*s%s%s%s", gap, "", style_on(f->s, t), piece, t == TINT_NONE ? "" : style_off(f->s));
	f->x += gap + w;
}

void text_whole(const struct style *s, int indent, const char *label, int label_width, const char *text, int n)
{
	char *copy;

	if (!s->listener) {
		fprintf(s->out, "%s%-*s%s%*s%.*s\n", style_on(s, TINT_HEAD), label_width, label, style_off(s), *label ? 0 : indent, "", n, text);
		return;
	}
	if ((copy = strndup(text, (size_t)n)) != NULL)
		s->listener->hear(s->listener, indent, label, TINT_HEAD, copy);
	free(copy);
}

void text_change(char *buf, size_t size, const char *before, const char *after)
{
	if (before && after)
		text_add(buf, size, "%s→%s", before, after);
	else if (before)
		text_add(buf, size, "%s stripped", before);
	else
		text_add(buf, size, "inserted %s", after ? after : "");
}

const char *text_endpoint(char *buf, size_t size, const char *addr, int port)
{
	snprintf(buf, size, strchr(addr, ':') ? "[%s]:%d" : "%s:%d", addr, port);
	return buf;
}

void text_column_endpoint(const struct style *s, sqlite3_stmt *st, int i, char *buf, size_t size)
{
	char addr[64];

	clean_text(addr, sizeof addr, (const char *)sqlite3_column_text(st, i), -1, s->utf8);
	text_endpoint(buf, size, addr, sqlite3_column_int(st, i + 1));
}
