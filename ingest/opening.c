#include "ingest/opening.h"

#include "ingest/decode/bytes.h"
#include "ingest/decode/opening.h"

/* FNV-1a, but eight bytes at a time: that much of state for each stream that is open. */
#define WORD 8
#define HASH_BASIS 0xcbf29ce484222325ull
#define HASH_PRIME 0x9e3779b97f4a7c15ull

static void begin(struct part *p, struct head_reader *r, bool client)
{
	if (client ? !p->has_client_isn : !p->has_server_isn)
		return;
	r->next = (client ? p->client_isn : p->server_isn) + 1;
	r->hash = HASH_BASIS;
	r->begun = true;
}

static void digest(struct stream_head *h, struct head_reader *r, const uint8_t *p, uint32_t n)
{
	/* A word that is cut is put together byte by byte: the same, however the stream was cut. */
	for (uint32_t take; n > 0 && h->rungs < OPENING_RUNGS; p += take, n -= take) {
		uint32_t at = r->n % WORD;

		take = at == 0 && n >= WORD ? WORD : 1;
		r->hash ^= take == WORD ? be64(p) : (uint64_t)*p << (56 - 8 * at);
		r->n = (uint16_t)(r->n + take);
		if (r->n % WORD)
			continue;
		r->hash *= HASH_PRIME;
		r->hash ^= r->hash >> 32;
		if (r->n == opening_bytes[h->rungs])
			h->rung[h->rungs++] = (uint32_t)r->hash;
	}
}

/* What only the first bytes of a client tell. Returns how many of them are a PROXY header. */
static uint32_t read_first(struct part *p, const uint8_t *bytes, uint32_t cap, uint32_t len)
{
	uint32_t header = p->forwarded.header ? 0 : decode_proxy_header(bytes, cap, len, &p->forwarded);

	if (header)
		p->forwarded.header = header;
	if (header < cap)
		p->opening.kind = (uint8_t)decode_opening(bytes + header, cap - header, &p->opening.digest, &p->forwarded);
	return header;
}

void opening_read(struct part *p, const struct segment *seg, int side, int64_t ts_ns)
{
	struct head_reader *r = &p->reader[side];
	struct stream_head *h = &p->opening.head[side];
	bool client = p->client == !side;
	uint32_t done, cap, len, header = 0;

	if (seg->flags & (SEG_LATER | SEG_CSUM_BAD) || r->over)
		return;
	if (!p->has_said[side]) {
		p->has_said[side] = true;
		p->said_ns[side] = ts_ns;
	}
	if (!r->begun)
		begin(p, r, client);
	/* A SYN counts before its payload (RFC 9293 3.4). */
	done = r->next - (seg->seq + !!(seg->flags & TCP_SYN));
	if (!r->begun || done >= seg->len)
		return;
	len = seg->len - done;
	cap = seg->caplen > done ? seg->caplen - done : 0;
	if (client && r->n == 0 && cap > 0)
		header = read_first(p, seg->payload + done, cap, len);
	if (header < cap)
		digest(h, r, seg->payload + done + header, cap - header);
	r->next += len;
	r->over = cap < len || h->rungs == OPENING_RUNGS;
}
