#include "correlate/report/pcapng_write.h"

#include <assert.h>
#include <string.h>

#define SECOND 1000000000
#define TEXT_MAX 65535          /* the length of an option has 16 bits */

enum block_type { BLOCK_INTERFACE = 1, BLOCK_STATISTICS = 5, BLOCK_PACKET = 6, BLOCK_SECTION = 0x0a0d0d0a };

enum option_code {
	OPTION_END = 0, OPTION_COMMENT = 1,
	OPTION_SHB_USERAPPL = 4,
	OPTION_IF_NAME = 2, OPTION_IF_DESCRIPTION = 3, OPTION_IF_TSRESOL = 9, OPTION_IF_TSOFFSET = 14,
	OPTION_ISB_STARTTIME = 2, OPTION_ISB_ENDTIME = 3, OPTION_ISB_IFRECV = 4, OPTION_ISB_IFDROP = 5,
};

static void put16(FILE *out, uint16_t v)
{
	putc_unlocked(v & 0xff, out);
	putc_unlocked(v >> 8, out);
}

static void put32(FILE *out, uint32_t v)
{
	put16(out, (uint16_t)v);
	put16(out, (uint16_t)(v >> 16));
}

static void put64(FILE *out, uint64_t v)
{
	put32(out, (uint32_t)v);
	put32(out, (uint32_t)(v >> 32));
}

static uint32_t padded(uint32_t n)
{
	return (n + 3) & ~UINT32_C(3);
}

static void put_padding(FILE *out, uint32_t n)
{
	for (; n % 4 != 0; n++)
		putc_unlocked(0, out);
}

/* Bytes of a text that fit into an option: whole characters. */
static uint16_t text_length(const char *text)
{
	size_t n = text ? strnlen(text, TEXT_MAX + 1) : 0;

	if (n > TEXT_MAX)
		for (n = TEXT_MAX; n > 0 && ((unsigned char)text[n] & 0xc0) == 0x80; n--)
			;
	return (uint16_t)n;
}

/* What an option takes, with its header; nothing for no text. */
static uint32_t text_size(const char *text)
{
	uint32_t n = text_length(text);

	return n ? 4 + padded(n) : 0;
}

static void put_text(FILE *out, enum option_code code, const char *text)
{
	uint16_t n = text_length(text);

	if (n == 0)
		return;
	put16(out, code);
	put16(out, n);
	fwrite(text, 1, n, out);
	put_padding(out, n);
}

/* A number as an option is 12 bytes. A time is two halves, the higher first. */
static void put_number(FILE *out, enum option_code code, uint64_t v)
{
	put16(out, code);
	put16(out, 8);
	put64(out, v);
}

static void put_time(FILE *out, uint64_t units)
{
	put32(out, (uint32_t)(units >> 32));
	put32(out, (uint32_t)units);
}

static void put_time_option(FILE *out, enum option_code code, uint64_t units)
{
	put16(out, code);
	put16(out, 8);
	put_time(out, units);
}

/* A block is its type, its length, its body, and its length again; body: bytes of it, a multiple of 4. Returns the length. */
static uint32_t begin(FILE *out, enum block_type type, uint32_t body)
{
	assert(body % 4 == 0);
	put32(out, type);
	put32(out, body + 12);
	return body + 12;
}

/* Of the resolution: the earliest that is read back as this time (readers round down). */
static uint64_t units(const struct pcapng_writer *w, int64_t ns)
{
	uint64_t t = (uint64_t)ns - (uint64_t)w->origin_s * SECOND, per_second = 1;

	if (w->resolution == 9)
		return t;
	if (w->resolution & 0x80)
		per_second <<= w->resolution & 0x7f;
	else
		for (unsigned i = 0; i < w->resolution; i++)
			per_second *= 10;
	return t / SECOND * per_second + (uint64_t)(((unsigned __int128)(t % SECOND) * per_second + SECOND - 1) / SECOND);
}

void pcapng_write_section(struct pcapng_writer *w, FILE *out, int64_t earliest_ns, const char *application, const char *comment)
{
	uint32_t length;

	*w = (struct pcapng_writer){.out = out, .origin_s = earliest_ns < 0 ? earliest_ns / SECOND - 1 : 0, .resolution = 9};
	length = begin(out, BLOCK_SECTION, 16 + text_size(comment) + text_size(application) + 4);
	put32(out, 0x1a2b3c4d);
	put16(out, 1);
	put16(out, 0);
	put64(out, UINT64_MAX);         /* how long the section is: not said */
	put_text(out, OPTION_COMMENT, comment);
	put_text(out, OPTION_SHB_USERAPPL, application);
	put32(out, OPTION_END);
	put32(out, length);
}

uint32_t pcapng_write_interface(struct pcapng_writer *w, uint16_t linktype, uint32_t snaplen, const char *name, const char *description)
{
	FILE *out = w->out;
	uint32_t length = begin(out, BLOCK_INTERFACE, 8 + text_size(name) + text_size(description) + 8 + (w->origin_s ? 12 : 0) + 4);

	put16(out, linktype);
	put16(out, 0);
	put32(out, snaplen);
	put_text(out, OPTION_IF_NAME, name);
	put_text(out, OPTION_IF_DESCRIPTION, description);
	put16(out, OPTION_IF_TSRESOL);
	put16(out, 1);
	put32(out, w->resolution);
	if (w->origin_s)
		put_number(out, OPTION_IF_TSOFFSET, (uint64_t)w->origin_s);
	put32(out, OPTION_END);
	put32(out, length);
	return w->interfaces++;
}

void pcapng_write_packet(struct pcapng_writer *w, uint32_t interface, int64_t ns, const uint8_t *bytes, uint32_t caplen, uint32_t len, const char *comment)
{
	FILE *out = w->out;
	uint32_t options = text_size(comment), length = begin(out, BLOCK_PACKET, 20 + padded(caplen) + (options ? options + 4 : 0));

	put32(out, interface);
	put_time(out, units(w, ns));
	put32(out, caplen);
	put32(out, len);
	fwrite(bytes, 1, caplen, out);
	put_padding(out, caplen);
	if (options) {
		put_text(out, OPTION_COMMENT, comment);
		put32(out, OPTION_END);
	}
	put32(out, length);
}

void pcapng_write_statistics(struct pcapng_writer *w, uint32_t interface, int64_t from_ns, int64_t to_ns, int64_t received, int64_t dropped)
{
	FILE *out = w->out;
	uint32_t length = begin(out, BLOCK_STATISTICS, 12 + 24 + (received >= 0 ? 12u : 0) + (dropped >= 0 ? 12u : 0) + 4);

	put32(out, interface);
	put_time(out, units(w, to_ns));
	put_time_option(out, OPTION_ISB_STARTTIME, units(w, from_ns));
	put_time_option(out, OPTION_ISB_ENDTIME, units(w, to_ns));
	if (received >= 0)
		put_number(out, OPTION_ISB_IFRECV, (uint64_t)received);
	if (dropped >= 0)
		put_number(out, OPTION_ISB_IFDROP, (uint64_t)dropped);
	put32(out, OPTION_END);
	put32(out, length);
}
