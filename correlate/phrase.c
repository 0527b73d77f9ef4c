#include "correlate/phrase.h"

#include <assert.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define DIGITS_MAX 18           /* of a number of 64 bits, whatever they are */

static bool letter(char ch)
{
	unsigned char low = (unsigned char)(ch | 0x20);

	return (low >= 'a' && low <= 'z') || ch == '_' || low >= 0x80;
}

/* Length of what names an RFC and its section, "RFC 9293 3.10.7.4"; 1: it is something else. */
static size_t rfc(const char *in)
{
	return strncmp(in, "RFC ", 4) == 0 ? 4 + strspn(in + 4, "0123456789. ") : 1;
}

/* What a number is in the format: no more than twice its digits. */
static size_t put_number(struct phrase *p, const char *in, size_t digits, char *out)
{
	int64_t v = 0;

	for (size_t i = 0; i < digits; i++)
		v = 10 * v + (in[i] - '0');
	p->number[p->numbers++] = v;
	/* Behind a decimal point zeros may lead. */
	if (in[0] == '0' && digits > 1)
		return (size_t)sprintf(out, "%%0%zud", digits);
	memcpy(out, "%d", 2);
	return 2;
}

static char *put_text(char *out, const char *in, size_t n)
{
	memcpy(out, in, n);
	return out + n;
}

void phrase_split(struct phrase *p, const char *in)
{
	char *out = p->text;
	bool name = false;      /* in a word that has letters */

	assert(2 * strlen(in) < p->size);
	p->numbers = 0;
	while (*in) {
		size_t plain = strcspn(in, "0123456789%R"), digits = plain ? 0 : strspn(in, "0123456789");
		size_t n = plain ? plain : digits ? digits : rfc(in);
		if (!digits)
			name = letter(in[n - 1]);
		if (digits && digits <= DIGITS_MAX && !name && p->numbers < PHRASE_NUMBERS) {
			out += put_number(p, in, digits, out);
		} else {
			if (*in == '%')
				*out++ = '%';
			out = put_text(out, in, n);
		}
		in += n;
	}
	*out = '\0';
}

void phrase_numbers(const struct phrase *p, char *buf)
{
	size_t n = 0;

	buf[0] = '\0';
	for (unsigned i = 0; i < p->numbers; i++)
		n += (size_t)snprintf(buf + n, PHRASE_BYTES - n, "%s%lld", i ? "," : "", (long long)p->number[i]);
}
