/* A pcap file being written. Written by hand, so that tests do not lean on the library that the program reads with. */
#ifndef TESTS_SIM_WRITER_H
#define TESTS_SIM_WRITER_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "schema/err.h"
#include "tests/sim/encode.h"

struct sim_writer {
	FILE *file;
	enum sim_link link;
	bool nano; /* the file counts nanoseconds, not microseconds */
	uint32_t snaplen;
	uint64_t frames;
	uint8_t *frame;
};

int sim_writer_open(struct sim_writer *w, const char *path, enum sim_link link, bool nano, uint32_t snaplen, struct err *e);

/* Adds a frame; its number, from 1, is then w->frames. */
int sim_writer_packet(struct sim_writer *w, int64_t time_ns, const struct sim_packet *p, struct err *e);

/* Closing one that was never opened (all zero) is fine. */
int sim_writer_close(struct sim_writer *w, struct err *e);

#endif
