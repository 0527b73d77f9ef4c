#include "ingest/decode/decode.h"

#include "ingest/decode/layers.h"

#define LINKTYPE_ETHERNET 1

const char *decode_result_name(enum decode_result r)
{
	static const char *const names[DECODE_RESULTS] = {
	    [DECODE_OK] = "ok",
	    [DECODE_SKIP_LINKTYPE] = "link type",
	    [DECODE_SKIP_NON_IP] = "not IP",
	    [DECODE_SKIP_NON_TCP] = "not TCP",
	    [DECODE_SKIP_FRAGMENT] = "fragment",
	    [DECODE_SKIP_DEPTH] = "too deep",
	    [DECODE_SHORT] = "cut short",
	    [DECODE_BAD] = "malformed",
	};

	return r < DECODE_RESULTS ? names[r] : "unknown";
}

const char *decode_tunnel_name(uint8_t kind)
{
	static const char *const names[] = {"none", "GRE", "ERSPAN", "VXLAN", "GENEVE", "IPIP", "GTP-U", "L2TPv3", "MPLS", "PPPoE"};

	return kind < sizeof names / sizeof *names ? names[kind] : "?";
}

/* An F5 trailer can only be told from padding when the end of the frame is there. */
static void trailer(const struct decoder *d, const uint8_t *end)
{
	if (d->ip_end == NULL || end <= d->ip_end)
		return;
	d->seg->f5.present = f5_decode(d->ip_end, (uint32_t)(end - d->ip_end), &d->seg->f5);
}

enum decode_result decode_layout(int linktype, const uint8_t *bytes, uint32_t caplen, uint32_t len, struct segment *seg, struct layout *layout)
{
	struct decoder d = {.in = {.p = bytes, .cap = caplen, .len = len < caplen ? caplen : len, .layout = layout}, .seg = seg};
	enum decode_result r;

	/* Only the trailer strings are too many bytes to be cleared for each packet. */
	memset(seg, 0, offsetof(struct segment, f5));
	seg->f5.present = false;
	r = linktype == LINKTYPE_ETHERNET ? decode_ethernet(&d) : decode_link(&d, linktype);
	if (r == DECODE_OK && linktype == LINKTYPE_ETHERNET && caplen >= len)
		trailer(&d, bytes + caplen);
	if (layout)
		layout->ip_end = d.ip_end;
	return r;
}

enum decode_result decode_frame(int linktype, const uint8_t *bytes, uint32_t caplen, uint32_t len, struct segment *seg)
{
	return decode_layout(linktype, bytes, caplen, len, seg, NULL);
}
