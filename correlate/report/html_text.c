#include "correlate/report/html_text.h"

#include <stdlib.h>
#include <string.h>

#include "schema/clean.h"

void html_text(FILE *out, const char *text)
{
	for (; *text; text++) {
		switch (*text) {
		case '&':
			fputs("&amp;", out);
			break;
		case '<':
			fputs("&lt;", out);
			break;
		case '>':
			fputs("&gt;", out);
			break;
		case '"':
			fputs("&quot;", out);
			break;
		case '\'':
			fputs("&#39;", out);
			break;
		default:
			fputc(*text, out);
		}
	}
}

void html_foreign(FILE *out, const char *text)
{
	size_t size = text ? strlen(text) * 10 + 1 : 0;
	char *clean = size ? malloc(size) : NULL;

	if (clean == NULL)
		return;
	clean_text(clean, size, text, -1, true);
	html_text(out, clean);
	free(clean);
}

void html_json(FILE *out, const char *text)
{
	fputc('"', out);
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			fprintf(out, "\\%c", *text);
		else if ((unsigned char)*text < ' ' || strchr("<>&", *text))
			fprintf(out, "\\u%04x", (unsigned)(unsigned char)*text);
		else
			fputc(*text, out);
	}
	fputc('"', out);
}
