#include "schema/clean.h"

#include <inttypes.h>
#include <langinfo.h>
#include <stdio.h>
#include <string.h>

#include "schema/utf8.h"

bool clean_locale_is_utf8(void)
{
	return strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
}

/* Characters that a terminal acts on, or that make text read other than it is. */
static bool is_hostile(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0xad || c == 0x61c || (c >= 0x200b && c <= 0x200f) ||
	    (c >= 0x2028 && c <= 0x202e) || (c >= 0x2060 && c <= 0x206f) || c == 0xfeff || (c >= 0xfff0 && c <= 0xfffb) || c >= 0xe0000;
}

/* What ASCII says instead of the few characters that our own sentences use. */
static const char *plain(uint32_t c)
{
	static const struct {
		uint32_t c;
		const char *ascii;
	} table[] = {
		{0xb1, "+-"}, {0xb5, "u"}, {0xb7, "-"}, {0xd7, "x"}, {0x2013, "-"}, {0x2014, "-"}, {0x2018, "'"}, {0x2019, "'"}, {0x201c, "\""},
		{0x201d, "\""}, {0x2026, "..."}, {0x202f, " "}, {0x2190, "<-"}, {0x2192, "->"}, {0x2194, "<->"}, {0x2248, "~"}, {0x2260, "!="},
		{0x2264, "<="}, {0x2265, ">="},
	};

	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
		if (table[i].c == c)
			return table[i].ascii;
	return NULL;
}

void clean_text(char *buf, size_t size, const char *text, int len, bool utf8)
{
	const unsigned char *p = (const unsigned char *)text, *end = p + (len < 0 ? (int)strlen(text) : len);
	size_t at = 0;

	while (p < end) {
		char piece[16];
		uint32_t c = 0;
		int n = utf8_decode(p, (int)(end - p), &c);

		if (n == 0)
			snprintf(piece, sizeof piece, "\\x%02x", *p);
		else if (!is_hostile(c) && (n == 1 || utf8))
			snprintf(piece, sizeof piece, "%.*s", n, (const char *)p);
		else if (!utf8 && plain(c))
			snprintf(piece, sizeof piece, "%s", plain(c));
		else
			snprintf(piece, sizeof piece, c < 0x80 ? "\\x%02" PRIx32 : c < 0x10000 ? "\\u%04" PRIx32 : "\\U%08" PRIx32, c);
		p += n ? n : 1;
		if (at + strlen(piece) >= size)
			break;
		memcpy(buf + at, piece, strlen(piece));
		at += strlen(piece);
	}
	buf[at] = '\0';
}
