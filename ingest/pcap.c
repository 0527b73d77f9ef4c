/* pcap: a file header, then records. draft-ietf-opsawg-pcap. */
#include <inttypes.h>

#include "ingest/capture_private.h"

#define FILE_HEADER 24
#define LINKTYPE_MASK 0xffffu           /* above it: the length of the frame check sequence, draft-ietf-opsawg-pcap section 4 */
#define SNAPLEN_TOLERANCE 262144u       /* some writers put down a smaller snaplen than they used; libpcap reads up to this too */

struct magic {
	uint32_t magic, record_header, fraction_ns;
};

static const struct magic magics[] = {
    {0xa1b2c3d4, 16, 1000},
    {0xa1b23c4d, 16, 1},
    {0xa1b2cd34, 24, 1000}, /* Kuznetzov's: interface index, protocol and packet type follow the lengths */
};

static const struct magic *find_magic(const uint8_t *p, bool big_endian)
{
	for (size_t i = 0; i < sizeof magics / sizeof magics[0]; i++) {
		if (magics[i].magic == word32(p, big_endian))
			return &magics[i];
	}
	return NULL;
}

bool pcap_magic(const uint8_t first[4])
{
	return find_magic(first, false) != NULL || find_magic(first, true) != NULL;
}

/* The source has ended inside something: say where, and why if it did not just end. */
static enum reader_result cut_short(const struct capture *c, size_t have, size_t want, const char *what, struct err *e)
{
	uint64_t offset = source_offset(&c->source);
	const char *failure = source_failure(&c->source);

	if (failure != NULL)
		capture_bad_frame(c, offset, e, "%s", failure);
	else
		capture_bad_frame(c, offset, e, "the file ends inside the %s, after %zu of %zu bytes", what, have, want);
	return READER_LOST;
}

/* After a record whose length cannot be true: pcap has no marks by which to find the next one. */
static enum reader_result lost(struct err *e)
{
	capture_say_more(e, "; where the next record begins cannot be known, reading ends here");
	return READER_LOST;
}

/* The lengths and the time of a record that is all there, or why it is no frame. */
static enum reader_result fill_frame(struct capture *c, const uint8_t *p, uint32_t caplen, uint32_t len, struct frame *f, struct err *e)
{
	uint32_t seconds = word32(p, c->big_endian), fraction = word32(p + 4, c->big_endian);

	f->number = c->frames;
	f->offset = source_offset(&c->source);
	f->interface = c->interface_count - 1;
	f->bytes = p + c->record_header;
	f->caplen = caplen;
	/* The draft forbids caplen > len. The bytes are there, so it is len that is wrong. */
	f->len = len < caplen ? caplen : len;
	f->ts_ns = (int64_t)seconds * 1000000000 + (int64_t)fraction * c->fraction_ns;
	source_skip(&c->source, c->record_header + (size_t)caplen);
	if (fraction >= c->fraction_limit) {
		capture_bad_frame(c, f->offset, e, "its time has a fraction of %" PRIu32 "/%" PRIu32 " s, a second or more", fraction,
		    c->fraction_limit);
		return READER_DAMAGE;
	}
	if (len > CAPTURE_FRAME_MAX) {
		capture_bad_frame(c, f->offset, e, "its length of %" PRIu32 " bytes is more than any frame has", len);
		return READER_DAMAGE;
	}
	return READER_FRAME;
}

static bool all_zero(const uint8_t *p, size_t n)
{
	return p[0] == 0 && memcmp(p, p + 1, n - 1) == 0;
}

/* A record of which the header is there. */
static enum reader_result record(struct capture *c, uint32_t caplen, uint32_t len, struct frame *f, struct err *e)
{
	struct source *s = &c->source;
	size_t want = c->record_header + (size_t)caplen;

	if (caplen > c->caplen_max) {
		capture_bad_frame(c, source_offset(s), e, "its record claims %" PRIu32 " captured bytes, the limit is %" PRIu32, caplen,
		    c->caplen_max);
		return lost(e);
	}
	/* A hole: the system went down before the data reached the disk. Sixteen zeros would pass as an empty frame of 1970. */
	if (caplen == 0 && all_zero(s->at, want)) {
		capture_bad_frame(c, source_offset(s), e, "its record header is nothing but zeros");
		return lost(e);
	}
	size_t have = source_peek(s, want);
	if (have < want)
		return cut_short(c, have, want, "record", e);
	return fill_frame(c, s->at, caplen, len, f, e);
}

/*
 * Files joined by cat: another file header where a record should begin. As a record it would be a frame of no bytes at one certain
 * microsecond of the year 2055.
 */
static bool header_again(const uint8_t *p)
{
	static const uint8_t zone_and_accuracy[8];

	return pcap_magic(p) && memcmp(p + 8, zone_and_accuracy, sizeof zone_and_accuracy) == 0;
}

static enum reader_result next(struct capture *c, struct frame *f, struct err *e)
{
	for (;;) {
		size_t have = source_peek(&c->source, c->record_header);
		const uint8_t *p = c->source.at;
		if (have == 0)
			return capture_ended(c, e);
		if (have < c->record_header) {
			c->frames++;
			return cut_short(c, have, c->record_header, "record header", e);
		}
		uint32_t caplen = word32(p + 8, c->big_endian), len = word32(p + 12, c->big_endian);
		if (caplen != 0 || !header_again(p)) {
			bool swapped = c->lengths_may_be_swapped && caplen > len;
			c->frames++;
			return record(c, swapped ? len : caplen, swapped ? caplen : len, f, e);
		}
		uint64_t offset = source_offset(&c->source);
		struct err why;
		if (pcap_start(c, &why) < 0) {
			capture_bad_block(c, offset, e, "another file header begins here, but %s", why.msg);
			return READER_LOST;
		}
	}
}

static uint32_t largest_caplen(uint32_t snaplen)
{
	if (snaplen == 0 || snaplen > CAPTURE_FRAME_MAX)
		return CAPTURE_FRAME_MAX;
	return snaplen < SNAPLEN_TOLERANCE ? SNAPLEN_TOLERANCE : snaplen;
}

int pcap_start(struct capture *c, struct err *e)
{
	size_t have = source_peek(&c->source, FILE_HEADER);
	const uint8_t *p = c->source.at;
	const struct magic *m = find_magic(p, false);

	if (have < FILE_HEADER && source_failure(&c->source) != NULL)
		return err_set(e, "%s", source_failure(&c->source));
	if (have < FILE_HEADER)
		return err_set(e, "the file ends inside the pcap file header, after %zu of %d bytes", have, FILE_HEADER);
	c->big_endian = m == NULL;
	if (m == NULL)
		m = find_magic(p, true);

	uint16_t major = word16(p + 4, c->big_endian), minor = word16(p + 6, c->big_endian);
	if (major != 2 || minor > 4)
		return err_set(e, "at byte 4: pcap version %u.%u, only 2.0 to 2.4 are known", major, minor);
	struct interface *in = capture_add_interface(c, e);
	if (in == NULL)
		return -1;
	in->says.section = c->interface_count - 1;
	in->says.snaplen = word32(p + 16, c->big_endian);
	in->says.linktype = (int)(word32(p + 20, c->big_endian) & LINKTYPE_MASK);
	in->says.resolution_ns = m->fraction_ns;
	c->record_header = m->record_header;
	c->fraction_ns = m->fraction_ns;
	c->fraction_limit = 1000000000 / m->fraction_ns;
	c->caplen_max = largest_caplen(in->says.snaplen);
	/* Before 2.3 the lengths stood the other way round, and 2.3 was written both ways. */
	c->lengths_may_be_swapped = minor < 4;
	c->format = "pcap";
	c->next = next;
	source_skip(&c->source, FILE_HEADER);
	return 0;
}
