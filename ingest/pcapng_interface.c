/* What a pcapng file says of its interfaces: description and statistics blocks and their options. */
#include <inttypes.h>
#include <stdlib.h>

#include "ingest/capture_private.h"

/* Option codes of both blocks; the first two mean the same everywhere. draft-ietf-opsawg-pcapng sections 4.2 and 4.6 */
enum option_code {
	OPTION_END = 0,
	OPTION_IF_NAME = 2,
	OPTION_IF_DESCRIPTION = 3,
	OPTION_IF_TSRESOL = 9,
	OPTION_IF_FILTER = 11,
	OPTION_IF_TSOFFSET = 14,
	OPTION_ISB_STARTTIME = 2,
	OPTION_ISB_ENDTIME = 3,
	OPTION_ISB_IFRECV = 4,
	OPTION_ISB_IFDROP = 5,
	OPTION_ISB_OSDROP = 7,
};

#define NS_PER_S 1000000000

struct option {
	uint16_t code, length;
	const uint8_t *value;
};

/* The option at *p, which then moves behind it: 1, 0 at the end of the list, -1 when it does not fit into the block. */
static int next_option(const uint8_t **p, const uint8_t *end, bool big_endian, struct option *o)
{
	size_t left = (size_t)(end - *p);

	if (left == 0)
		return 0;               /* the end mark may be left out */
	if (left < 4)
		return -1;
	o->code = word16(*p, big_endian);
	o->length = word16(*p + 2, big_endian);
	o->value = *p + 4;
	if (o->code == OPTION_END)
		return 0;
	size_t padded = (o->length + 3u) & ~3u;
	if (padded > left - 4)
		return -1;
	*p += 4 + padded;
	return 1;
}

/* So far from 1970 either way, the difference of any two times still fits. */
#define TIME_MAX ((INT64_C(1) << 62) - 1)

int pcapng_time(const struct interface *in, uint64_t units, int64_t *ns)
{
	uint64_t t;

	if (in->shift != 0) {
		unsigned __int128 wide = (unsigned __int128)units * in->mul >> in->shift;
		if (wide > INT64_MAX)
			return -1;
		t = (uint64_t)wide;
	} else {
		if (__builtin_mul_overflow(units, in->mul, &t))
			return -1;
		if (in->div != 1)
			t /= in->div;
		if (t > INT64_MAX)
			return -1;
	}
	return __builtin_add_overflow((int64_t)t, in->offset_ns, ns) || *ns < -TIME_MAX || *ns > TIME_MAX ? -1 : 0;
}

/* if_tsresol: a power of ten, or of two when the top bit is set. */
static void set_resolution(struct interface *in, uint8_t tsresol)
{
	unsigned power = tsresol & 0x7f;

	in->mul = in->div = 1;
	in->shift = 0;
	in->says.resolution_ns = 1;
	if (tsresol & 0x80) {
		in->mul = NS_PER_S;
		in->shift = power;
		if (power < 30)
			in->says.resolution_ns = NS_PER_S >> power;
		return;
	}
	for (unsigned i = power; i < 9; i++)
		in->mul *= 10;
	in->says.resolution_ns = (int64_t)in->mul;
	/* Below 10^-28 s no 64-bit number of units makes a nanosecond: the divisor may as well stop where it still fits. */
	for (unsigned i = 9; i < power && i < 28; i++)
		in->div *= 10;
	if (power > 28)
		in->mul = 0;
}

/* A string option without its padding; a file may repeat one, the latest counts. NULL when memory is out. */
static char *set_text(char **text, const uint8_t *value, size_t length)
{
	char *copy = strndup((const char *)value, length);

	if (copy != NULL) {
		free(*text);
		*text = copy;
	}
	return copy;
}

/* if_filter: its first byte says whether a filter expression or BPF instructions follow. */
static int set_filter(struct interface *in, const struct option *o)
{
	char compiled[48];
	int n;

	if (o->length == 0)
		return -1;
	if (o->value[0] == 0)
		return set_text(&in->filter, o->value + 1, o->length - 1u) ? 0 : -1;
	n = snprintf(compiled, sizeof compiled, "(compiled, %u instructions)", (o->length - 1u) / 8);
	return set_text(&in->filter, (const uint8_t *)compiled, (size_t)n) ? 0 : -1;
}

/* 0, or -1 when the option cannot be what it says it is. */
static int describe_option(struct interface *in, const struct option *o, bool big_endian)
{
	int64_t seconds;

	switch (o->code) {
	case OPTION_IF_NAME:
		return set_text(&in->name, o->value, o->length) ? 0 : -1;
	case OPTION_IF_DESCRIPTION:
		return set_text(&in->description, o->value, o->length) ? 0 : -1;
	case OPTION_IF_FILTER:
		return set_filter(in, o);
	case OPTION_IF_TSRESOL:
		if (o->length != 1)
			return -1;
		set_resolution(in, o->value[0]);
		return 0;
	case OPTION_IF_TSOFFSET:
		if (o->length != 8)
			return -1;
		seconds = (int64_t)word64(o->value, big_endian);
		return __builtin_mul_overflow(seconds, NS_PER_S, &in->offset_ns) ? -1 : 0;
	default:
		return 0;
	}
}

/* An interface that cannot be read keeps its place, so that the numbers of the others stay right. */
static enum reader_result unreadable(struct capture *c, struct interface *in, const struct block *b, const char *why, struct err *e)
{
	in->unreadable = true;
	capture_bad_block(c, b->offset, e, "the description of interface %" PRIu32 " %s", c->interface_count - 1 - c->section_base, why);
	return READER_DAMAGE;
}

enum reader_result pcapng_describe(struct capture *c, const struct block *b, struct err *e)
{
	struct interface *in;
	const uint8_t *p = b->body;
	struct option o;
	struct err why;
	int more;

	/* Its number cannot be told, and a section may have begun unseen: from here to the next section no number means anything. */
	if (c->section_gap) {
		c->section_base = c->interface_count;
		capture_bad_block(c, b->offset, e, "an interface is described behind damage: no interface number is certain from here on");
		return READER_DAMAGE;
	}
	if ((in = capture_add_interface(c, &why)) == NULL) {
		capture_bad_block(c, b->offset, e, "%s", why.msg);
		return READER_LOST;
	}
	in->says.section = c->sections - 1;
	set_resolution(in, 6);
	if (b->end - p < 8)
		return unreadable(c, in, b, "is too short", e);
	in->says.linktype = word16(p, c->big_endian);
	in->says.snaplen = word32(p + 4, c->big_endian);
	p += 8;
	while ((more = next_option(&p, b->end, c->big_endian, &o)) > 0) {
		if (describe_option(in, &o, c->big_endian) < 0)
			break;
	}
	in->says.name = in->name;
	in->says.description = in->description;
	in->says.filter = in->filter;
	return more == 0 ? READER_END : unreadable(c, in, b, "has a damaged option", e);
}

/* A time in an option: two words, the high one first, whatever the byte order. What does not fit is not said. */
static void set_time(int64_t *ns, const struct interface *in, const struct option *o, bool big_endian)
{
	uint64_t units;

	if (o->length != 8)
		return;
	units = (uint64_t)word32(o->value, big_endian) << 32 | word32(o->value + 4, big_endian);
	if (pcapng_time(in, units, ns) < 0)
		*ns = 0;
}

static uint64_t counter(const struct option *o, bool big_endian)
{
	return o->length == 8 ? word64(o->value, big_endian) : 0;
}

enum reader_result pcapng_statistics(struct capture *c, const struct block *b, struct err *e)
{
	struct interface *in = b->end - b->body < 12 ? NULL : pcapng_interface(c, word32(b->body, c->big_endian));
	const uint8_t *p = b->body + 12;
	uint64_t received = 0, ifdrop = 0, osdrop = 0;
	int64_t start_ns = 0, end_ns = 0;
	struct option o;
	int more;

	if (in == NULL) {
		capture_bad_block(c, b->offset, e, "interface statistics are too short or of an interface without a readable description");
		return READER_DAMAGE;
	}
	while ((more = next_option(&p, b->end, c->big_endian, &o)) > 0) {
		if (o.code == OPTION_ISB_STARTTIME)
			set_time(&start_ns, in, &o, c->big_endian);
		else if (o.code == OPTION_ISB_ENDTIME)
			set_time(&end_ns, in, &o, c->big_endian);
		else if (o.code == OPTION_ISB_IFRECV)
			received = counter(&o, c->big_endian);
		else if (o.code == OPTION_ISB_IFDROP)
			ifdrop = counter(&o, c->big_endian);
		else if (o.code == OPTION_ISB_OSDROP)
			osdrop = counter(&o, c->big_endian);
	}
	if (more < 0) {
		capture_bad_block(c, b->offset, e, "interface statistics have a damaged option and are not used");
		return READER_DAMAGE;
	}
	in->says.has_stats = true;
	in->says.received = received;
	in->says.dropped = ifdrop > UINT64_MAX - osdrop ? UINT64_MAX : ifdrop + osdrop;
	in->says.start_ns = start_ns;
	in->says.end_ns = end_ns;
	return READER_END;
}
