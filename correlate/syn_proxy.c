#include "correlate/syn_proxy.h"

#include <string.h>

#define EPS_NS 1000000          /* time stamps are taken before or after a queue */
#define FIRSTS 64               /* packets of a point among which its handshake is */

/* What a point recorded of the handshake, NULL: nothing. */
struct greeting {
	struct pkt *syn, *synack;
	struct pkt *third;      /* the client's ACK for the SYN-ACK, if it carries nothing else */
	struct pkt *opening;    /* the first bare ACK of the server's side: opens a window that the SYN-ACK had closed */
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
		g->third = g->third ? g->third : p;
	} else if (g->synack && bare && !g->opening && g->synack->win == 0) {
		g->opening = p;
	} else if (g->synack) {
		g->ttls |= g->ttl && g->ttl != p->ttl;
		g->ttl = p->ttl;
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
	if (g->third && (g->third->len > 0 || g->third->flags & TCP_FIN))
		g->third = NULL;
}

/* Was the client answered before the server was asked - or may it have been, as far as is known of the clocks? */
static bool answered_first(const struct conn *c, const struct pkt *synack, const struct pkt *syn)
{
	int64_t doubt = facts_doubt_between(&c->facts->point[synack->point], synack->t_raw, &c->facts->point[syn->point], syn->t_raw);

	return doubt == INT64_MAX || synack->t - syn->t <= doubt + EPS_NS;
}

static bool intercepted(const struct conn *c, const struct greeting *near, unsigned n, const struct greeting *far, unsigned f)
{
	if (!near->syn || !near->synack || !far->syn)
		return false;
	if (near->synack->flags & far->syn->flags & SEG_TS && far->syn->tsecr && far->syn->tsecr == near->synack->tsval &&
	    far->syn->tsecr != near->syn->tsecr)
		return true;
	if (!far->synack || c->shift[n][S2C] == c->shift[f][S2C] || !answered_first(c, near->synack, far->syn))
		return false;
	if (near->synack->win == 0 && far->synack->win != 0)
		return true;
	return near->ttl && !near->ttls && far->ttl && !far->ttls && near->synack->ttl != near->ttl && far->synack->ttl == far->ttl;
}

/* Mark what a point has of the handshake; a closed window is opened by the proxy, on the client's side. */
static void mark(const struct conn *c, unsigned point)
{
	struct greeting g;

	read_greeting(&g, c, point);
	if (g.third)
		g.third->greeting = true;
	if (g.opening && !(c->beyond >> point & 1))
		g.opening->greeting = true;
	for (uint32_t k = c->at[point]; k < c->at[point + 1]; k++)
		c->pkt[k].greeting |= c->pkt[k].flags & TCP_SYN && !(c->pkt[k].flags & (SEG_ICMP | SEG_LATER));
}

void syn_proxy_find(struct conn *c)
{
	struct greeting near = { 0 }, far;
	unsigned last = 0;

	c->beyond = 0;
	for (unsigned i = 0; i < c->ways[C2S] && !c->beyond; i++) {
		unsigned p = c->way[C2S][i];
		if (!c->flow[p])
			continue;
		read_greeting(&far, c, p);
		if (intercepted(c, &near, last, &far, p))
			for (unsigned k = i; k < c->ways[C2S]; k++)
				c->beyond |= UINT64_C(1) << c->way[C2S][k];
		near = far;
		last = p;
	}
	for (unsigned p = 0; c->beyond && p < c->facts->points; p++)
		mark(c, p);
}
