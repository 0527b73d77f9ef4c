/* TCP options in words, in the order of the wire, as tcpdump names them: mss,sackOK,TS,nop,wscale. */
#ifndef INGEST_OPTION_TEXT_H
#define INGEST_OPTION_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct option_text {
	char text[400];
	size_t n;               /* length of text */
	int mss, wscale;        /* -1: not there */
	int sack_permitted;
	bool format;            /* edges of SACK blocks are %d */
};

void option_text(struct option_text *o, const uint8_t *options, unsigned optlen);

/* The same as a format of printf(): %d for each edge of a SACK block. */
void option_format(struct option_text *o, const uint8_t *options, unsigned optlen);

#endif
