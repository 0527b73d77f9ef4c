#include "ingest/option_text.h"

#include <stdarg.h>
#include <stdio.h>

#include "ingest/decode/bytes.h"

static void say(struct option_text *o, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void say(struct option_text *o, const char *fmt, ...)
{
	va_list ap;

	if (o->n && o->n + 1 < sizeof o->text)
		o->text[o->n++] = ',';
	va_start(ap, fmt);
	int k = vsnprintf(o->text + o->n, sizeof o->text - o->n, fmt, ap);
	va_end(ap);
	if (k > 0)
		o->n = o->n + (size_t)k < sizeof o->text ? o->n + (size_t)k : sizeof o->text - 1;
}

static void say_sack(struct option_text *o, const uint8_t *p, unsigned len)
{
	char blocks[4 * 24] = "";
	size_t n = 0;

	for (unsigned i = 2; i + 8 <= len; i += 8)
		n += o->format ? (size_t)snprintf(blocks + n, sizeof blocks - n, "%s%%d:%%d", n ? " " : "") :
				 (size_t)snprintf(blocks + n, sizeof blocks - n, "%s%u:%u", n ? " " : "", be32(p + i), be32(p + i + 4));
	say(o, "sack %s", blocks);
}

/* Option kinds: IANA TCP parameters. */
static void say_option(struct option_text *o, uint8_t kind, const uint8_t *p, unsigned len)
{
	if (kind == 1) {
		say(o, "nop");
	} else if (kind == 2 && len == 4) {
		o->mss = p[2] << 8 | p[3];
		say(o, "mss");
	} else if (kind == 3 && len == 3) {
		o->wscale = p[2];
		say(o, "wscale");
	} else if (kind == 4 && len == 2) {
		o->sack_permitted = 1;
		say(o, "sackOK");
	} else if (kind == 5 && len >= 10 && len <= 34) {
		say_sack(o, p, len);
	} else if (kind == 8 && len == 10) {
		say(o, "TS");
	} else if (kind == 19) {
		say(o, "md5");
	} else if (kind == 28) {
		say(o, "uto");
	} else if (kind == 29) {
		say(o, "ao");
	} else if (kind == 30) {
		say(o, "mptcp");
	} else if (kind == 34) {
		say(o, "tfo");
	} else if (kind == 172) {
		say(o, "accecn0");
	} else if (kind == 174) {
		say(o, "accecn1");
	} else if ((kind == 253 || kind == 254) && len >= 4 && p[2] == 0xf9 && p[3] == 0x89) {
		say(o, "exp-tfo");
	} else {
		say(o, "%u", kind);
	}
}

static void say_options(struct option_text *o, const uint8_t *options, unsigned optlen, bool format)
{
	uint8_t kind;
	unsigned off = 0, len;

	*o = (struct option_text){ .mss = -1, .wscale = -1, .format = format };
	while ((len = decode_option(options, optlen, off, &kind)) > 0) {
		say_option(o, kind, options + off, len);
		off += len;
	}
	if (off < optlen)
		say(o, options[off] == 0 ? "eol" : "malformed");
}

void option_text(struct option_text *o, const uint8_t *options, unsigned optlen)
{
	say_options(o, options, optlen, false);
}

void option_format(struct option_text *o, const uint8_t *options, unsigned optlen)
{
	say_options(o, options, optlen, true);
}
