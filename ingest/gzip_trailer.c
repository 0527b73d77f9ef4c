#include "ingest/gzip_trailer.h"

#include <endian.h>
#include <string.h>

static uint32_t little32(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof v);
	return le32toh(v);
}

/* table[k][b] is the CRC of byte b followed by k zero bytes: eight bytes are then folded in with eight look-ups. */
void gzip_trailer_init(struct gzip_trailer *t)
{
	memset(t, 0, sizeof *t);
	for (uint32_t b = 0; b < 256; b++) {
		uint32_t crc = b;
		for (int bit = 0; bit < 8; bit++)
			crc = (crc >> 1) ^ (crc & 1 ? 0xedb88320u : 0);
		t->table[0][b] = crc;
	}
	for (uint32_t b = 0; b < 256; b++) {
		for (int k = 1; k < 8; k++)
			t->table[k][b] = (t->table[k - 1][b] >> 8) ^ t->table[0][t->table[k - 1][b] & 0xff];
	}
}

void gzip_trailer_packed(struct gzip_trailer *t, const uint8_t *p, size_t n)
{
	size_t keep = n < sizeof t->last ? sizeof t->last - n : 0;

	memmove(t->last, t->last + sizeof t->last - keep, keep);
	memcpy(t->last + keep, p + n - (sizeof t->last - keep), sizeof t->last - keep);
}

void gzip_trailer_unpacked(struct gzip_trailer *t, const uint8_t *p, size_t n)
{
	uint32_t crc = ~t->crc;

	t->length += (uint32_t)n;
	for (; n >= 8; p += 8, n -= 8) {
		uint32_t a = crc ^ little32(p), b = little32(p + 4);
		crc = t->table[7][a & 0xff] ^ t->table[6][a >> 8 & 0xff] ^ t->table[5][a >> 16 & 0xff] ^ t->table[4][a >> 24] ^
		    t->table[3][b & 0xff] ^ t->table[2][b >> 8 & 0xff] ^ t->table[1][b >> 16 & 0xff] ^ t->table[0][b >> 24];
	}
	for (; n > 0; p++, n--)
		crc = (crc >> 8) ^ t->table[0][(crc ^ *p) & 0xff];
	t->crc = ~crc;
}

bool gzip_trailer_ok(const struct gzip_trailer *t)
{
	return little32(t->last + 4) != t->length || little32(t->last) == t->crc;
}
