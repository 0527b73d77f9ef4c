#include "correlate/syn_proxy.h"

#include <string.h>

#define EPS_NS 1000000          /* time stamps are taken before or after a queue */
#define FIRSTS 64               /* packets of a point among which its handshake is */

/* What a point recorded of the handshake, NULL: nothing. */
struct greeting {
	struct pkt *syn, *synack;
	struct pkt *third;      /* the client's bare ACK for the SYN-ACK */
	struct pkt *opening;    /* the first bare ACK of the server's side that acknowledges no more than the SYN-ACK did */
	unsigned openings;      /* how many of them there are */
	uint8_t ttl;            /* of what the server said later, 0: it said nothing */
	bool ttls;              /* there was more than one */
};

static void read_packet(struct greeting *g, struct pkt *p)
{
	bool bare = p->len == 0 && !(p->flags & TCP_FIN);

	if (p->flags & TCP_SYN) {
		struct pkt **first = p->dir == C2S ? &g->syn : &g->synack;
		if (!*first && (p->dir == S2C) == !!(p->flags & TCP_ACK))
			*first = p;
	} else if (g->synack && p->dir == C2S) {
		if (!g->third && bare && p->seq == g->synack->ack && p->ack == pkt_end(g->synack))
			g->third = p;
	} else if (g->synack) {
		if (bare && p->seq == pkt_end(g->synack) && p->ack == g->synack->ack && g->openings++ == 0)
			g->opening = p;
		g->ttls |= g->ttl && g->ttl != p->ttl && p != g->opening;
		g->ttl = p == g->opening ? g->ttl : p->ttl;
	}
}

static void read_greeting(struct greeting *g, const struct conn *c, unsigned point)
{
	memset(g, 0, sizeof *g);
	for (uint32_t k = c->at[point]; k < c->at[point + 1] && k < c->at[point] + FIRSTS; k++) {
		struct pkt *p = &c->pkt[k];
		if (!p->copy && !(p->flags & (SEG_ICMP | SEG_LATER | TCP_RST)))
			read_packet(g, p);
	}
}

/* Was the client answered before the server was asked? DOUBTFUL: it may have been, as far as is known of the clocks. */
enum order { ASKED_FIRST, DOUBTFUL, ANSWERED_FIRST };

static enum order order_of(const struct conn *c, const struct pkt *synack, const struct pkt *syn)
{
	int64_t doubt = facts_doubt_between(c->facts, &c->facts->point[synack->point], synack->t_raw, &c->facts->point[syn->point], syn->t_raw);

	if (doubt == INT64_MAX)
		return DOUBTFUL;
	return synack->t - syn->t > doubt + EPS_NS ? ASKED_FIRST : syn->t - synack->t > doubt + EPS_NS ? ANSWERED_FIRST : DOUBTFUL;
}

/* A device that holds a packet back and passes it on keeps its IP ID. */
static bool kept(const struct pkt *a, const struct pkt *b)
{
	return a && b && a->ip_id && a->ip_id == b->ip_id;
}

/* ... *shown: nothing else explains it. Where the order is not known, a device that shifts numbers may be slow with the first packets, and say it so. */
static bool intercepted(const struct conn *c, const struct greeting *near, unsigned n, const struct greeting *far, unsigned f, bool *shown)
{
	enum order order;

	if (!near->syn || !near->synack || !far->syn)
		return false;
	*shown = true;
	if (near->synack->flags & far->syn->flags & SEG_TS && far->syn->tsecr && far->syn->tsecr == near->synack->tsval &&
	    far->syn->tsecr != near->syn->tsecr)
		return true;
	if (!far->synack || c->shift[n][S2C] == c->shift[f][S2C] || kept(near->synack, far->synack))
		return false;
	order = order_of(c, near->synack, far->syn);
	*shown = order == ANSWERED_FIRST;
	if (order == ASKED_FIRST)
		return false;
	if (near->synack->win == 0 && far->synack->win != 0)
		return true;
	return near->ttl && !near->ttls && far->ttl && !far->ttls && near->synack->ttl != near->ttl && far->synack->ttl == far->ttl;
}

/* Mark what a point has of the handshake on its side. near, far: on either side of the device. */
static void mark(const struct conn *c, unsigned point, const struct greeting *near, const struct greeting *far)
{
	struct greeting g;

	read_greeting(&g, c, point);
	if (g.third && !kept(near->third, far->third))
		g.third->greeting = true;
	/* The proxy opens the window that it had closed; if its ACK was not recorded, the first one is the server's. */
	if (g.opening && !(c->beyond >> point & 1) && g.synack->win == 0 && g.openings > far->openings)
		g.opening->greeting = true;
	for (uint32_t k = c->at[point]; k < c->at[point + 1]; k++) {
		struct pkt *p = &c->pkt[k];
		if (p->flags & TCP_SYN && !(p->flags & (SEG_ICMP | SEG_LATER)))
			p->greeting = p->dir == S2C || !kept(near->syn, far->syn);
	}
}

void syn_proxy_find(struct conn *c)
{
	struct greeting near = { 0 }, far = { 0 };
	unsigned last = 0;

	c->beyond = 0;
	c->beyond_shown = false;
	for (unsigned p = 0; p < c->facts->points && !c->beyond; p++) {
		if (!c->flow[p])
			continue;
		near = far;
		read_greeting(&far, c, p);
		if (intercepted(c, &near, last, &far, p, &c->beyond_shown))
			c->beyond = UINT64_MAX << p;
		last = p;
	}
	for (unsigned p = 0; c->beyond && p < c->facts->points; p++)
		mark(c, p, &near, &far);
}
