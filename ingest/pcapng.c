/* pcapng: sections of blocks, each with its length at both ends. draft-ietf-opsawg-pcapng. */
#include <inttypes.h>

#include "ingest/capture_private.h"

enum block_type {
	BLOCK_SECTION = 0x0a0d0d0a,     /* the same in both byte orders */
	BLOCK_INTERFACE = 1,
	BLOCK_PACKET = 2,               /* obsolete */
	BLOCK_SIMPLE = 3,
	BLOCK_NAMES = 4,
	BLOCK_STATISTICS = 5,
	BLOCK_ENHANCED = 6,
	BLOCK_JOURNAL = 9,
	BLOCK_SECRETS = 10,
	BLOCK_CUSTOM = 0xbad,
	BLOCK_CUSTOM_LOCAL = 0x40000bad,
};

#define BYTE_ORDER_MAGIC 0x1a2b3c4du
#define FRAME_HEAD 12                           /* type and length in front, length behind */
#define BLOCK_MAX (16u << 20)                   /* secrets may be this large; Wireshark and libpcap draw the same line */
#define BLOCK_KEPT_MAX (CAPTURE_FRAME_MAX + (64u << 10))        /* a frame with its options: blocks up to here are looked at as a whole */
#define SEARCH_BLOCK_MAX (256u << 10)           /* a block to find the way by need not be larger */

bool pcapng_magic(const uint8_t first[4])
{
	return word32(first, false) == BLOCK_SECTION;
}

static bool length_possible(uint32_t type, uint32_t length)
{
	bool ours = type == BLOCK_SECTION || (type <= BLOCK_ENHANCED && type != BLOCK_NAMES);

	return length >= FRAME_HEAD && length % 4 == 0 && length <= (ours ? BLOCK_KEPT_MAX : BLOCK_MAX);
}

/* Byte order of the section header at p (12 bytes); false: it is none. */
static bool section_order(const uint8_t *p, bool *big_endian)
{
	*big_endian = word32(p + 8, true) == BYTE_ORDER_MAGIC;
	return *big_endian || word32(p + 8, false) == BYTE_ORDER_MAGIC;
}

static enum reader_result cut_short(const struct capture *c, size_t have, uint32_t length, struct err *e)
{
	uint64_t offset = source_offset(&c->source);

	if (source_failure(&c->source) != NULL)
		capture_bad_block(c, offset, e, "%s", source_failure(&c->source));
	else if (length == 0)
		capture_bad_block(c, offset, e, "the file ends inside a block header, after %zu bytes", have);
	else
		capture_bad_block(c, offset, e, "the file ends inside a block, after %zu of %" PRIu32 " bytes", have, length);
	return READER_LOST;
}

/* Is this an enhanced packet block that the section can have? Only asked where the way was lost. */
static bool packet_plausible(const struct capture *c, const uint8_t *p, uint32_t length)
{
	if (length < 32 || word32(p + 8, c->big_endian) >= c->interface_count - c->section_base)
		return false;
	return word32(p + 20, c->big_endian) <= length - 32;
}

/* Do `skip` bytes further on begin a whole block of a known type and then the next, or the end? */
static bool block_at(struct capture *c, size_t skip)
{
	struct source *s = &c->source;
	bool big_endian = c->big_endian;

	if (source_peek(s, skip + FRAME_HEAD) < skip + FRAME_HEAD)
		return false;
	const uint8_t *p = s->at + skip;
	uint32_t type = word32(p, big_endian);
	if (type == BLOCK_SECTION) {
		if (!section_order(p, &big_endian))
			return false;
	} else if (!c->section_known || type == 0 || type == 7 || type == 8 ||
	    (type > BLOCK_SECRETS && type != BLOCK_CUSTOM && type != BLOCK_CUSTOM_LOCAL)) {
		return false;
	}
	uint32_t length = word32(p + 4, big_endian);
	if (!length_possible(type, length) || length > SEARCH_BLOCK_MAX)
		return false;
	size_t have = source_peek(s, skip + length + 8) - skip;
	p = s->at + skip;
	if (have < length || word32(p + length - 4, big_endian) != length)
		return false;
	if (type == BLOCK_ENHANCED && !packet_plausible(c, p, length))
		return false;
	if (have < length + 8 || word32(p + length, false) == BLOCK_SECTION)
		return true;
	return length_possible(word32(p + length, big_endian), word32(p + length + 4, big_endian));
}

/*
 * After block b, which does not hold together, its message being set: step to the next one that does. It may follow at once, `length`
 * bytes on (0: no length is known); else every byte is tried. Two in a row must fit, for a captured payload may itself hold pcapng.
 */
static enum reader_result find_way(struct capture *c, const struct block *b, size_t length, struct err *e)
{
	struct source *s = &c->source;
	uint64_t from = source_offset(s);

	if (c->next == NULL)
		return READER_LOST;     /* still at the first section header: what begins with damage is no capture */
	c->section_gap = true;
	if (b->type == BLOCK_SECTION)
		c->section_known = false;       /* what follows is of a section of which nothing is known: look for the next */
	if (length != 0 && block_at(c, length))
		source_skip(s, length);
	while (!block_at(c, 0)) {
		if (source_discard(s, 1) == 0) {
			capture_say_more(e, "; no whole block was found behind it, reading ends here");
			return READER_LOST;
		}
	}
	if (source_offset(s) > from)
		capture_say_more(e, "; %" PRIu64 " bytes are skipped", source_offset(s) - from);
	return READER_DAMAGE;
}

/* A block too large to keep, but not too large to be: only its two lengths are compared. */
static enum reader_result skip_large(struct capture *c, const struct block *b, uint32_t length, struct err *e)
{
	uint64_t gone = source_discard(&c->source, length - 4);
	size_t have = source_peek(&c->source, 4);

	if (have < 4)
		return cut_short(c, (size_t)gone + have, length, e);
	uint32_t behind = word32(c->source.at, c->big_endian);
	source_skip(&c->source, 4);
	if (behind == length)
		return READER_FRAME;
	capture_bad_block(c, b->offset, e, "a block has length %" PRIu32 " in front and %" PRIu32 " behind", length, behind);
	return find_way(c, b, 0, e);
}

/* Type and length of the block at the source, of which FRAME_HEAD bytes are there. READER_FRAME: they are possible. */
static enum reader_result block_head(struct capture *c, struct block *b, uint32_t *length, struct err *e)
{
	const uint8_t *p = c->source.at;
	bool big_endian = c->big_endian;

	b->offset = source_offset(&c->source);
	b->type = word32(p, big_endian);
	if (b->type == BLOCK_SECTION && !section_order(p, &big_endian)) {
		capture_bad_block(c, b->offset, e, "a section header has no byte order mark");
		return find_way(c, b, 0, e);
	}
	b->big_endian = big_endian;
	*length = word32(p + 4, big_endian);
	if (length_possible(b->type, *length))
		return READER_FRAME;
	capture_bad_block(c, b->offset, e, "a block length of %" PRIu32 " is not possible", *length);
	return find_way(c, b, 0, e);
}

/* The next block that can be kept: READER_FRAME and *b, and the source stands behind it. */
static enum reader_result next_block(struct capture *c, struct block *b, struct err *e)
{
	struct source *s = &c->source;
	size_t have = source_peek(s, FRAME_HEAD);
	uint32_t length = 0;
	enum reader_result r;

	if (have == 0)
		return capture_ended(c, e);
	if (have < FRAME_HEAD)
		return cut_short(c, have, 0, e);
	r = block_head(c, b, &length, e);
	if (r != READER_FRAME)
		return r;
	if (length > BLOCK_KEPT_MAX)
		return skip_large(c, b, length, e);
	have = source_peek(s, length);
	if (have < length)
		return cut_short(c, have, length, e);
	uint32_t behind = word32(s->at + length - 4, b->big_endian);
	if (behind != length) {
		capture_bad_block(c, b->offset, e, "a block has length %" PRIu32 " in front and %" PRIu32 " behind", length, behind);
		return find_way(c, b, length, e);
	}
	b->body = s->at + 8;
	b->end = s->at + length - 4;
	source_skip(s, length);
	return READER_FRAME;
}

static enum reader_result section(struct capture *c, const struct block *b, struct err *e)
{
	if (b->end - b->body < 16) {
		capture_bad_block(c, b->offset, e, "a section header is too short");
		return find_way(c, b, 0, e);
	}
	uint16_t major = word16(b->body + 4, b->big_endian), minor = word16(b->body + 6, b->big_endian);
	if (major != 1) {
		capture_bad_block(c, b->offset, e, "pcapng version %u.%u, only 1 is known; reading ends here", major, minor);
		return READER_LOST;
	}
	c->big_endian = b->big_endian;
	c->sections++;
	c->section_base = c->interface_count;
	c->section_known = true;
	c->section_gap = false;
	return READER_END;
}

/* The part that all kinds of packets share. f->caplen, f->bytes are set. */
static enum reader_result hand_over(struct capture *c, const struct block *b, uint32_t len, struct frame *f, struct err *e)
{
	uint32_t longer = len > f->caplen ? len : f->caplen;

	if (longer > CAPTURE_FRAME_MAX) {
		capture_bad_frame(c, b->offset, e, "its length of %" PRIu32 " bytes is more than any frame has", longer);
		return READER_DAMAGE;
	}
	f->number = c->frames;
	f->offset = b->offset;
	/* The draft forbids caplen > len. The bytes are there, so it is len that is wrong. */
	f->len = longer;
	c->last_ns = f->ts_ns;
	return READER_FRAME;
}

/* Enhanced packet block, and the obsolete one, whose only difference is a 16-bit interface with a count of drops behind it. */
static enum reader_result packet(struct capture *c, const struct block *b, struct frame *f, struct err *e)
{
	const uint8_t *p = b->body;
	size_t size = (size_t)(b->end - p);

	c->frames++;
	if (size < 20) {
		capture_bad_frame(c, b->offset, e, "its block is too short");
		return READER_DAMAGE;
	}
	uint32_t id = b->type == BLOCK_PACKET ? word16(p, c->big_endian) : word32(p, c->big_endian);
	const struct interface *in = pcapng_interface(c, id);
	if (in == NULL) {
		capture_bad_frame(c, b->offset, e, "its interface %" PRIu32 " has no readable description in front of it", id);
		return READER_DAMAGE;
	}
	f->interface = c->section_base + id;
	f->caplen = word32(p + 12, c->big_endian);
	f->bytes = p + 20;
	if (f->caplen > size - 20) {
		capture_bad_frame(c, b->offset, e, "it claims %" PRIu32 " captured bytes, its block has %zu", f->caplen, size - 20);
		return READER_DAMAGE;
	}
	uint64_t units = (uint64_t)word32(p + 4, c->big_endian) << 32 | word32(p + 8, c->big_endian);
	if (pcapng_time(in, units, &f->ts_ns) < 0) {
		capture_bad_frame(c, b->offset, e, "its time (%" PRIu64 " units) does not fit between the years 1823 and 2116", units);
		return READER_DAMAGE;
	}
	return hand_over(c, b, word32(p + 16, c->big_endian), f, e);
}

/* Simple packet block: always of interface 0, cut at its snaplen, without a time: that of the frame before it is as near as can be. */
static enum reader_result simple_packet(struct capture *c, const struct block *b, struct frame *f, struct err *e)
{
	size_t size = (size_t)(b->end - b->body);
	const struct interface *in = pcapng_interface(c, 0);

	c->frames++;
	if (size < 4 || in == NULL) {
		capture_bad_frame(c, b->offset, e, "%s",
		    size < 4 ? "its block is too short" : "its interface 0 has no readable description in front of it");
		return READER_DAMAGE;
	}
	uint32_t len = word32(b->body, c->big_endian);
	f->interface = c->section_base;
	f->caplen = in->says.snaplen != 0 && len > in->says.snaplen ? in->says.snaplen : len;
	f->bytes = b->body + 4;
	f->ts_ns = c->last_ns;
	if (f->caplen > size - 4) {
		capture_bad_frame(c, b->offset, e, "%" PRIu32 " bytes of it must have been captured, its block has %zu", f->caplen,
		    size - 4);
		return READER_DAMAGE;
	}
	return hand_over(c, b, len, f, e);
}

static enum reader_result read_block(struct capture *c, const struct block *b, struct frame *f, struct err *e)
{
	switch (b->type) {
	case BLOCK_ENHANCED:
	case BLOCK_PACKET:
		return packet(c, b, f, e);
	case BLOCK_SIMPLE:
		return simple_packet(c, b, f, e);
	case BLOCK_SECTION:
		return section(c, b, e);
	case BLOCK_INTERFACE:
		return pcapng_describe(c, b, e);
	case BLOCK_STATISTICS:
		return pcapng_statistics(c, b, e);
	case BLOCK_JOURNAL:
	case BLOCK_CUSTOM:
	case BLOCK_CUSTOM_LOCAL:
		c->frames++;            /* no packets, but Wireshark numbers them too */
		return READER_END;
	default:
		return READER_END;      /* names, secrets, what programs add: nothing for us */
	}
}

static enum reader_result next(struct capture *c, struct frame *f, struct err *e)
{
	for (;;) {
		struct block b;
		enum reader_result r = next_block(c, &b, e);
		if (r != READER_FRAME)
			return r;
		/* READER_END here: there was no frame in the block. */
		r = read_block(c, &b, f, e);
		if (r != READER_END)
			return r;
	}
}

int pcapng_start(struct capture *c, struct err *e)
{
	struct block b;

	if (next_block(c, &b, e) != READER_FRAME || section(c, &b, e) != READER_END)
		return -1;
	c->format = "pcapng";
	c->next = next;
	return 0;
}
