/* What capture.c and the readers of the formats share. A reader takes blocks or records off the source and says what it found. */
#ifndef INGEST_CAPTURE_PRIVATE_H
#define INGEST_CAPTURE_PRIVATE_H

#include <endian.h>
#include <string.h>

#include "ingest/capture.h"
#include "ingest/source.h"

/* What a reader's next returns. */
enum reader_result {
	READER_LOST = -2,       /* damage, and nothing behind it can be read */
	READER_DAMAGE = -1,     /* damage, stepped over: ask again */
	READER_END = 0,
	READER_FRAME = 1,
};

/* An interface and how its time stamps become nanoseconds: units * mul / div, then >> shift. */
struct interface {
	struct capture_interface says;
	char *name, *description, *filter;      /* what `says` points to, owned here */
	bool unreadable;                        /* its description is damaged: resolution and link type are not certain */
	uint64_t mul, div;
	unsigned shift;
	int64_t offset_ns;
};

struct capture {
	struct source source;
	enum reader_result (*next)(struct capture *c, struct frame *f, struct err *e);
	const char *format;
	struct interface **interfaces;          /* each on its own, so that a pointer given out stays good */
	uint32_t interface_count, interface_room;
	uint64_t frames;                        /* seen so far, the damaged ones too: Wireshark's numbers */
	unsigned damages;
	bool ended, drained;
	bool big_endian;                        /* the file (pcap), the section (pcapng) */

	/* pcap */
	uint32_t record_header;                 /* bytes */
	uint32_t fraction_ns, fraction_limit;   /* unit of the second half of a time stamp, units per second */
	uint32_t caplen_max;
	bool lengths_may_be_swapped;

	/* pcapng */
	uint32_t sections;                      /* begun so far */
	uint32_t section_base;                  /* interface 0 of the section is this one of the file */
	bool section_known;                     /* its header was understood */
	bool section_gap;                       /* bytes of it were skipped unread: an interface may have been described there */
	int64_t last_ns;                        /* of the latest frame, for blocks that have no time */
};

static inline uint16_t word16(const uint8_t *p, bool big_endian)
{
	uint16_t v;

	memcpy(&v, p, sizeof v);
	return big_endian ? be16toh(v) : le16toh(v);
}

static inline uint32_t word32(const uint8_t *p, bool big_endian)
{
	uint32_t v;

	memcpy(&v, p, sizeof v);
	return big_endian ? be32toh(v) : le32toh(v);
}

static inline uint64_t word64(const uint8_t *p, bool big_endian)
{
	uint64_t v;

	memcpy(&v, p, sizeof v);
	return big_endian ? be64toh(v) : le64toh(v);
}

/* The source stands at the first byte of the file, whose first four are there. -1: not of this format, or its header is damaged. */
int pcap_start(struct capture *c, struct err *e);
int pcapng_start(struct capture *c, struct err *e);

/* Do the first four bytes belong to the format? */
bool pcap_magic(const uint8_t first[4]);
bool pcapng_magic(const uint8_t first[4]);

/* One block of a pcapng section; its bytes are valid until the next peek. */
struct block {
	uint32_t type;
	bool big_endian;                /* as the section, except that a section header brings its own */
	uint64_t offset;
	const uint8_t *body, *end;      /* between the two lengths */
};

/* pcapng_interface.c: an interface description block, an interface statistics block. */
enum reader_result pcapng_describe(struct capture *c, const struct block *b, struct err *e);
enum reader_result pcapng_statistics(struct capture *c, const struct block *b, struct err *e);

/* Interface `id` of the current section, NULL when the file does not (readably) describe it. */
static inline struct interface *pcapng_interface(const struct capture *c, uint32_t id)
{
	struct interface *in;

	if (id >= c->interface_count - c->section_base)
		return NULL;
	in = c->interfaces[c->section_base + id];
	return in->unreadable ? NULL : in;
}

/* Time stamp in units of the interface to ns since 1970. -1 when it does not fit. */
int pcapng_time(const struct interface *in, uint64_t units, int64_t *ns);

/* A new, zeroed interface at the end of the list; NULL and a message when there are too many or no memory is left. */
struct interface *capture_add_interface(struct capture *c, struct err *e);

/* The source has no more bytes where a block or record may begin: READER_END, or READER_LOST when it failed. */
enum reader_result capture_ended(const struct capture *c, struct err *e);

/* Set the message of a damage: "frame 12 at byte 3456: ...", for what is not a frame "after frame 12, at byte 3456: ...". */
void capture_bad_frame(const struct capture *c, uint64_t offset, struct err *e, const char *fmt, ...) __attribute__((format(printf, 4, 5)));
void capture_bad_block(const struct capture *c, uint64_t offset, struct err *e, const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/* Add to the end of the message. */
void capture_say_more(struct err *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
