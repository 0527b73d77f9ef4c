/* Blocks of a pcapng file (draft-ietf-opsawg-pcapng), written in order: a section, its interfaces, packets, statistics. */
#ifndef CORRELATE_REPORT_PCAPNG_WRITE_H
#define CORRELATE_REPORT_PCAPNG_WRITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/*
 * Little-endian whatever the host. Texts are UTF-8 (clean_text makes them so); NULL or "": left out; an option has
 * room for 65535 bytes, and what is behind that is cut at a character. Failures to write stay in the stream: ferror(out) at the end.
 */
struct pcapng_writer {
	FILE *out;
	uint32_t interfaces;            /* described so far */
	int64_t origin_s;               /* if_tsoffset of all interfaces: what a time stamp of 0 means. Times in a file cannot be negative */
	uint8_t resolution;             /* if_tsresol of the interface that is written of next: 9 from the beginning, nanoseconds. The caller may change it */
};

/* The section header; earliest_ns: no time is before that. */
void pcapng_write_section(struct pcapng_writer *w, FILE *out, int64_t earliest_ns, const char *application, const char *comment);

/* Returns its number. snaplen 0: no limit. What is written of it needs its resolution. */
uint32_t pcapng_write_interface(struct pcapng_writer *w, uint16_t linktype, uint32_t snaplen, const char *name, const char *description);

void pcapng_write_packet(struct pcapng_writer *w, uint32_t interface, int64_t ns, const uint8_t *bytes, uint32_t caplen, uint32_t len, const char *comment);

/* When the interface was captured, and what it is known to have lost (-1: not known). */
void pcapng_write_statistics(struct pcapng_writer *w, uint32_t interface, int64_t from_ns, int64_t to_ns, int64_t received, int64_t dropped);

#endif
