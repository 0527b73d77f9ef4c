/*
 * Frames that can be handed on: what names hosts and people is replaced by pseudonyms that are equal where the originals are equal, everything that
 * packets are matched and judged by stays. Pure: bytes in, bytes out, nothing is allocated. What the decoder does not read does not come through.
 */
#ifndef INGEST_ANONYMIZE_ANONYMIZE_H
#define INGEST_ANONYMIZE_ANONYMIZE_H

#include "ingest/anonymize/cryptopan.h"
#include "ingest/anonymize/secret.h"
#include "ingest/decode/decode.h"
#include "ingest/decode/layout.h"

#define ANONYMIZE_ROOM 64       /* the copy of a frame may be so many bytes longer */
#define ANONYMIZE_MACS 1024     /* addresses that are remembered */

struct anonymizer {
	struct cryptopan pan;
	struct secret secret;
	struct known_mac {
		uint64_t from, to;
	} mac[ANONYMIZE_MACS];          /* direct-mapped; 0 is that of nobody, and stays */
	struct layout layout;           /* of the frame at hand */
	uint64_t nameless;              /* proxy headers and HTTP heads that have no room for the pseudonym: it is left out */
};

/* Same key, same pseudonyms. It is large, and has nothing to free. */
void anonymizer_init(struct anonymizer *a, const uint8_t key[SECRET_KEY]);

/*
 * One frame, as decode_frame takes it, to `out`, which has room for caplen + ANONYMIZE_ROOM bytes. A packet of ours stays one, of the same lengths; a
 * frame that import leaves out is cut down to the headers that tell why, without addresses. *caplen and *len become those of the copy. `shown` false:
 * import did not take the frame, whatever it holds. Returns false if no copy can be made that import would read the same way: then there is none.
 */
bool anonymize_frame(struct anonymizer *a, int linktype, const uint8_t *frame, bool shown, uint8_t *out, uint32_t *caplen, uint32_t *len);

#endif
