/* TCP options in words, in the order of the wire, as tcpdump names them: mss,sackOK,TS,nop,wscale. */
#ifndef INGEST_OPTION_TEXT_H
#define INGEST_OPTION_TEXT_H

#include <stddef.h>
#include <stdint.h>

struct option_text {
	char text[400];
	size_t n;               /* length of text */
	int mss, wscale;        /* -1: not there */
	int sack_permitted;
};

void option_text(struct option_text *o, const uint8_t *options, unsigned optlen);

#endif
