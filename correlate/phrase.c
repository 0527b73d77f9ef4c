#include "correlate/phrase.h"

#include <assert.h>
#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DIGITS_MAX 18           /* of a number of 64 bits, whatever they are */

/* Length of what names an RFC and its section, "RFC 9293 3.10.7.4"; 0: it is something else. */
static size_t rfc(const char *in)
{
	return strncmp(in, "RFC ", 4) == 0 ? 4 + strspn(in + 4, "0123456789. ") : 0;
}

/* What a number is in the format: no more than twice its digits. */
static size_t put_number(struct phrase *p, const char *in, size_t digits, char *out)
{
	char buf[DIGITS_MAX + 1] = "";

	memcpy(buf, in, digits);
	p->number[p->numbers++] = strtoll(buf, NULL, 10);
	/* Behind a decimal point zeros may lead. */
	if (in[0] == '0' && digits > 1)
		return (size_t)sprintf(out, "%%0%zud", digits);
	return (size_t)sprintf(out, "%%d");
}

/* What is no number: one character, or as many as belong together. */
static size_t put_text(char *out, const char *in, size_t n)
{
	size_t escape = *in == '%';

	out[0] = '%';
	memcpy(out + escape, in, n);
	return n + escape;
}

void phrase_split(struct phrase *p, const char *in)
{
	size_t n = 0, keep;
	bool name = false;      /* in a word that has letters */

	p->numbers = 0;
	for (; *in; in += keep) {
		size_t digits = strspn(in, "0123456789");
		keep = digits ? digits : rfc(in) ? rfc(in) : 1;
		assert(n + 2 * keep < p->size);
		if (!digits)
			name = isalpha((unsigned char)*in) || *in == '_' || (unsigned char)*in >= 0x80;
		if (digits && digits <= DIGITS_MAX && !name && p->numbers < PHRASE_NUMBERS)
			n += put_number(p, in, digits, p->text + n);
		else
			n += put_text(p->text + n, in, keep);
	}
	p->text[n] = '\0';
}

void phrase_numbers(const struct phrase *p, char *buf)
{
	size_t n = 0;

	buf[0] = '\0';
	for (unsigned i = 0; i < p->numbers; i++)
		n += (size_t)snprintf(buf + n, PHRASE_BYTES - n, "%s%lld", i ? "," : "", (long long)p->number[i]);
}
