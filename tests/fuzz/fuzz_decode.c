/* Any bytes as a frame: byte 0 chooses the link type, byte 1 how many bytes of the frame's end the capture lacks, the rest is the frame. */
#include <stdlib.h>
#include <string.h>

#include "ingest/decode/decode.h"
#include "ingest/decode/opening.h"
#include "tests/fuzz/frame.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct segment *seg, const uint8_t *frame, uint32_t caplen)
{
	require(seg->caplen <= seg->len && seg->len < 1u << 20);
	require(seg->payload >= frame && seg->payload + seg->caplen <= frame + caplen);
	require(seg->optlen <= TCP_OPTIONS_MAX);
	require(seg->src.family == seg->dst.family && (seg->src.family == 4 || seg->src.family == 6));
	require((seg->caplen == seg->len) || (seg->flags & SEG_CUT) != 0);
	require((seg->flags & (SEG_CSUM_OK | SEG_CSUM_BAD)) != (SEG_CSUM_OK | SEG_CSUM_BAD));
	require((seg->flags & SEG_ICMP) == 0 || seg->icmp_src.family == seg->src.family);
	require(seg->tunnel.depth <= 8 && (seg->tunnel.kind == TUNNEL_NONE) == (seg->tunnel.depth == 0));
	if (seg->f5.present)
		require(memchr(seg->f5.virtual_name, 0, sizeof(seg->f5.virtual_name)) && memchr(seg->f5.rst_cause, 0, sizeof(seg->f5.rst_cause)));
}

/* A cut capture says less than a whole one, but nothing else. (Of a quoted TCP header, nonsense may be in the part that was cut off.) */
static void check_whole(int linktype, const uint8_t *frame, uint32_t len, const struct segment *cut)
{
	struct segment whole;

	if (decode_frame(linktype, frame, len, len, &whole) != DECODE_OK) {
		require((cut->flags & SEG_ICMP) != 0);
		return;
	}
	check(&whole, frame, len);
	require(memcmp(&cut->src, &whole.src, sizeof(whole.src)) == 0 && memcmp(&cut->dst, &whole.dst, sizeof(whole.dst)) == 0);
	require(cut->sport == whole.sport && cut->dport == whole.dport && cut->seq == whole.seq && cut->ttl == whole.ttl);
}

/* The same bytes as the beginning of a stream. */
static void check_opening(const uint8_t *bytes, uint32_t cap, uint32_t len)
{
	struct forwarded f = {0};
	uint64_t digest = 0;
	uint32_t header = decode_proxy_header(bytes, cap, len, &f);

	require(header <= len);
	require(f.src.family == 0 || f.src.family == 4 || f.src.family == 6);
	if (header < cap)
		require(decode_opening(bytes + header, cap - header, &digest, &f) == OPENING_NONE || digest != 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct segment cut;
	uint32_t len, caplen;
	uint8_t *frame;
	int linktype;

	if (size < 2 || size > 1u << 16)
		return 0;
	linktype = linktypes[data[0] % (sizeof(linktypes) / sizeof(linktypes[0]))];
	len = (uint32_t)size - 2;
	caplen = data[1] > len ? 0 : len - data[1];
	frame = malloc(caplen == 0 ? 1 : caplen);
	require(frame != NULL);
	memcpy(frame, data + 2, caplen);
	if (decode_frame(linktype, frame, caplen, len, &cut) == DECODE_OK) {
		check(&cut, frame, caplen);
		check_whole(linktype, data + 2, len, &cut);
	}
	check_opening(frame, caplen, len);
	free(frame);
	return 0;
}
