/* IEEE 802.11 data frames, bare or behind a radio header. */
#include "ingest/decode/layers.h"

/*
 * Frame control is little-endian. Only data frames that carry data in the clear can hold IP. Aggregates (A-MSDU) would be several packets in
 * one frame: they are left alone. `padded`: the header is filled up to a multiple of 4 (radiotap flag 0x20).
 */
enum decode_result decode_wlan(struct decoder *d, bool padded)
{
	enum decode_result r = bytes_need(&d->in, 24);
	unsigned control, header = 24;

	if (r != DECODE_OK)
		return r;
	control = le16(d->in.p);
	/* Version 0, type 2 (data), not of the subtypes without data, not protected. */
	if ((control & 0x000f) != 0x0008 || (control & 0x4040) != 0)
		return DECODE_SKIP_NON_IP;
	if ((control & 0x0300) == 0x0300)
		header += 6;
	if ((control & 0x0080) != 0) {
		header += 2;
		if ((r = bytes_need(&d->in, header)) != DECODE_OK)
			return r;
		if ((d->in.p[header - 2] & 0x80) != 0)
			return DECODE_SKIP_NON_IP;
		if ((control & 0x8000) != 0)
			header += 4;
	}
	if (padded)
		header = (header + 3) & ~3u;
	if ((r = bytes_need(&d->in, header)) != DECODE_OK)
		return r;
	bytes_note(&d->in, LAYER_WLAN, header);
	/* To and from the distribution system: destination in address 3, else 1; source in address 4, 3 or 2 (802.11 table "address fields"). */
	d->seg->dst_mac = be48(d->in.p + ((control & 0x0100) != 0 ? 16 : 4));
	if ((control & 0x0200) == 0)
		d->seg->src_mac = be48(d->in.p + 10);
	else
		d->seg->src_mac = be48(d->in.p + ((control & 0x0100) != 0 ? 24 : 16));
	bytes_skip(&d->in, header);
	return decode_llc(d);
}

/* radiotap.org: version, pad, length, presence words (bit 31: another follows), then fields; TSFT (bit 0) comes before Flags (bit 1). */
enum decode_result decode_radiotap(struct decoder *d)
{
	enum decode_result r = bytes_need(&d->in, 8);
	uint32_t present, size, at = 4;
	bool padded = false;

	if (r != DECODE_OK)
		return r;
	size = le16(d->in.p + 2);
	if (d->in.p[0] != 0 || size < 8 || size > d->in.len)
		return DECODE_BAD;
	if ((r = bytes_need(&d->in, size)) != DECODE_OK)
		return r;
	present = le32(d->in.p + 4);
	do {
		at += 4;
	} while ((d->in.p[at - 1] & 0x80) != 0 && at + 4 <= size);
	bytes_note(&d->in, LAYER_PLAIN, at);
	if ((present & 1) != 0)
		at = ((at + 7) & ~7u) + 8;
	if ((present & 2) != 0 && at < size)
		padded = (d->in.p[at] & 0x20) != 0;
	bytes_note_at(&d->in, LAYER_PLAIN, at, at < size ? 1 : 0);
	bytes_skip(&d->in, size);
	return decode_wlan(d, padded);
}

/* AVS begins with a magic number and its big-endian length; a Prism header is always 144 bytes. */
enum decode_result decode_prism(struct decoder *d)
{
	enum decode_result r = bytes_need(&d->in, 8);
	uint32_t size = 144;

	if (r != DECODE_OK)
		return r;
	bytes_note(&d->in, LAYER_PLAIN, 8);
	if ((be32(d->in.p) & 0xfffff000u) == 0x80211000u)
		size = be32(d->in.p + 4);
	if (size < 8 || size > d->in.len)
		return DECODE_BAD;
	if ((r = bytes_need(&d->in, size)) != DECODE_OK)
		return r;
	bytes_skip(&d->in, size);
	return decode_wlan(d, false);
}
