#include "correlate/join.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "correlate/flows.h"
#include "correlate/hosts.h"
#include "correlate/join_private.h"

#define TWIN_NS 5000000000      /* connections this close on the same addresses may be one, seen with other numbers: clocks may not be known */
#define TICKS_APART 200000      /* of SYNs of one connection: a client gives up after some two minutes */
#define DEVICE_NS 50000000      /* a device that translates takes less */
#define NEAR (1u << 20)         /* sequence ranges this close are one stream seen in two windows */

static const struct facts *sort_facts;  /* qsort has no context argument; joins run on one thread */

uint32_t join_root(struct joiner *j, uint32_t i)
{
	while (j->parent[i] != i)
		i = j->parent[i] = j->parent[j->parent[i]];
	return i;
}

void join_strengthen(struct flow *w, enum join_state state, unsigned evidence)
{
	if (state > w->state)
		w->state = (uint8_t)state;
	w->evidence |= (uint16_t)evidence;
}

void join_unite(struct joiner *j, uint32_t x, uint32_t y, enum join_state state, unsigned evidence)
{
	uint32_t a = join_root(j, x), b = join_root(j, y);

	if (a != b) {
		/* The lower index stays root, so that the result does not depend on the order of unions. */
		uint32_t keep = a < b ? a : b, go = a < b ? b : a;
		j->parent[go] = keep;
		j->points[keep] |= j->points[go];
	}
	join_strengthen(&j->f->flow[x], state, evidence);
	join_strengthen(&j->f->flow[y], state, evidence);
}

static int cmp64(int64_t x, int64_t y)
{
	return (x > y) - (x < y);
}

/* Addresses and ports whichever way round, as one comparable thing. */
static int cmp_tuple(const struct flow *x, const struct flow *y)
{
	int a = x->addr[0] > x->addr[1] || (x->addr[0] == x->addr[1] && x->port[0] > x->port[1]);
	int b = y->addr[0] > y->addr[1] || (y->addr[0] == y->addr[1] && y->port[0] > y->port[1]);
	int c;

	if ((c = cmp64(x->addr[a], y->addr[b])) || (c = cmp64(x->addr[!a], y->addr[!b])))
		return c;
	return (c = x->port[a] - y->port[b]) ? c : x->port[!a] - y->port[!b];
}

static int by_tuple(const void *a, const void *b)
{
	const struct flow *x = &sort_facts->flow[*(const uint32_t *)a], *y = &sort_facts->flow[*(const uint32_t *)b];
	int c = cmp_tuple(x, y);

	if (c)
		return c;
	if (x->has_isn[0] != y->has_isn[0])
		return y->has_isn[0] - x->has_isn[0];
	if (x->has_isn[0] && x->isn[0] != y->isn[0])
		return x->isn[0] < y->isn[0] ? -1 : 1;
	return (c = (int)x->point - (int)y->point) ? c : cmp64(x->first_ns, y->first_ns);
}

static int by_isn(const void *a, const void *b)
{
	const struct flow *x = &sort_facts->flow[*(const uint32_t *)a], *y = &sort_facts->flow[*(const uint32_t *)b];
	int c;

	if (x->has_isn[0] != y->has_isn[0])
		return y->has_isn[0] - x->has_isn[0];
	if (x->isn[0] != y->isn[0])
		return x->isn[0] < y->isn[0] ? -1 : 1;
	if ((c = cmp64(x->has_syn_tsval ? (int64_t)x->syn_tsval : -1, y->has_syn_tsval ? (int64_t)y->syn_tsval : -1)))
		return c;
	return (c = (int)x->point - (int)y->point) ? c : cmp64(x->first_ns, y->first_ns);
}

static unsigned agreement(const struct flow *x, const struct flow *y)
{
	unsigned e = 0;

	if (x->has_isn[0] && y->has_isn[0] && x->isn[0] == y->isn[0])
		e |= JOIN_CLIENT_ISN;
	if (x->has_isn[1] && y->has_isn[1] && x->isn[1] == y->isn[1])
		e |= JOIN_SERVER_ISN;
	if (x->has_syn_tsval && y->has_syn_tsval && x->syn_tsval == y->syn_tsval)
		e |= JOIN_TSVAL;
	if (x->port[0] == y->port[0] || x->port[1] == y->port[1])
		e |= JOIN_PORT;
	if (x->f5_link && x->f5_link == y->f5_link)
		e |= JOIN_F5;
	return e;
}

/* Ranges that overlap, or nearly: captures of one stream begin and end at different packets. */
static bool near(const struct flow *x, const struct flow *y, int d)
{
	if (!x->has_seq[d] || !y->has_seq[d])
		return false;
	return (int32_t)(x->seq_min[d] - y->seq_max[d]) <= (int32_t)NEAR && (int32_t)(y->seq_min[d] - x->seq_max[d]) <= (int32_t)NEAR;
}

/* Which of x's directions is d of y? The roles may have been guessed differently. */
static unsigned sequence_evidence(const struct flow *x, const struct flow *y)
{
	bool turned = x->addr[0] != y->addr[0] || x->port[0] != y->port[0];
	struct flow t = *y;

	if (turned) {
		for (int d = 0; d < 2; d++) {
			t.has_seq[d] = y->has_seq[!d];
			t.seq_min[d] = y->seq_min[!d];
			t.seq_max[d] = y->seq_max[!d];
		}
	}
	bool c = near(x, &t, C2S), s = near(x, &t, S2C);
	return c && s ? JOIN_SEQUENCE : c || s ? JOIN_ONE_SIDE : 0;
}

/* A flow without a handshake among others on the same addresses: to the one whose sequence numbers it continues. */
static void join_midstream(struct joiner *j, uint32_t i, uint32_t from, uint32_t to)
{
	const struct flow *w = &j->f->flow[i];
	uint32_t best = UINT32_MAX, second = UINT32_MAX;
	unsigned strength = 0;

	for (uint32_t k = from; k < to; k++) {
		const struct flow *o = &j->f->flow[j->order[k]];
		unsigned s;
		if (o->point == w->point || !(s = sequence_evidence(w, o)))
			continue;
		s = s == JOIN_SEQUENCE ? 2 : 1;
		if (best != UINT32_MAX && join_root(j, best) == join_root(j, j->order[k])) {
			strength = s > strength ? s : strength;
			continue;
		}
		if (s > strength) {
			best = j->order[k];
			strength = s;
			second = UINT32_MAX;
		} else if (s == strength) {
			second = j->order[k];
		}
	}
	if (best == UINT32_MAX)
		return;
	if (second != UINT32_MAX)
		join_strengthen(&j->f->flow[i], JOIN_AMBIGUOUS, JOIN_ADDRESSES);
	else
		join_unite(j, best, i, strength == 2 ? JOIN_CERTAIN : JOIN_LIKELY, JOIN_ADDRESSES | (strength == 2 ? JOIN_SEQUENCE : JOIN_ONE_SIDE));
}

/* Same addresses and ports: the same initial sequence number makes the same connection. */
static void join_group(struct joiner *j, uint32_t from, uint32_t to)
{
	for (uint32_t k = from + 1; k < to; k++) {
		uint32_t a = j->order[k - 1], b = j->order[k];
		const struct flow *x = &j->f->flow[a], *y = &j->f->flow[b];
		if (x->has_isn[0] && y->has_isn[0] && x->isn[0] == y->isn[0])
			join_unite(j, a, b, x->point == y->point ? JOIN_ALONE : JOIN_CERTAIN, JOIN_ADDRESSES | agreement(x, y));
	}
	for (uint32_t k = from; k < to; k++)
		if (!j->f->flow[j->order[k]].has_isn[0])
			join_midstream(j, j->order[k], from, to);
}

static void join_by_addresses(struct joiner *j)
{
	uint32_t n = j->f->flows;

	qsort(j->order, n, sizeof *j->order, by_tuple);
	for (uint32_t from = 0, to; from < n; from = to) {
		for (to = from + 1; to < n && cmp_tuple(&j->f->flow[j->order[from]], &j->f->flow[j->order[to]]) == 0; to++)
			;
		join_group(j, from, to);
	}
}

/*
 * Do flows of one initial sequence number contradict each other? Where the first SYN was lost, the first one that a point saw is a repeat: its
 * timestamp is later by seconds (at 1000 ticks per second at most: RFC 7323 5.4), not by anything.
 */
static bool contradict(const struct flow *x, const struct flow *y)
{
	int32_t apart = (int32_t)(x->syn_tsval - y->syn_tsval);

	return x->has_syn_tsval && y->has_syn_tsval && (apart > TICKS_APART || apart < -TICKS_APART);
}

/* Might o, at x's point, be y's instead of x? A point with both sides of a device has a flow by two names. */
static bool is_rival(const struct facts *f, const struct flow *o, const struct flow *x, const struct flow *y)
{
	return o->point == x->point && !contradict(y, o) && !facts_straddles(&f->point[x->point]);
}

/* Both sides of a device are compared by nothing but this, as a point has more than one of each connection: another flow there that fits as well. */
static bool has_rivals(const struct joiner *j, uint32_t from, uint32_t to, uint32_t a, uint32_t b, bool named)
{
	const struct flow *x = &j->f->flow[j->order[a]], *y = &j->f->flow[j->order[b]];

	for (uint32_t c = from; c < to; c++) {
		const struct flow *o = &j->f->flow[j->order[c]];
		/* Who is named by a BIG-IP has no rivals that are not. */
		if (c == a || c == b || (named && o->f5_link != x->f5_link))
			continue;
		if (is_rival(j->f, o, x, y) || is_rival(j->f, o, y, x))
			return true;
	}
	return false;
}

/*
 * Same client ISN, other addresses. The 32 bits are enough when nothing ties (0.02 % of a million connections share one) and something else
 * agrees: a second family of evidence is what makes it certain. What has less is compared by all there is (join_likeness.c), but for points with
 * both sides of a device.
 */
static void join_bucket(struct joiner *j, uint32_t from, uint32_t to)
{
	for (uint32_t a = from; a < to; a++) {
		for (uint32_t b = a + 1; b < to; b++) {
			uint32_t x = j->order[a], y = j->order[b];
			const struct flow *fx = &j->f->flow[x], *fy = &j->f->flow[y];
			unsigned e = agreement(fx, fy);
			bool sure = e & (JOIN_TSVAL | JOIN_SERVER_ISN | JOIN_F5);
			if (join_root(j, x) == join_root(j, y) || contradict(fx, fy) || has_rivals(j, from, to, a, b, e & JOIN_F5) ||
			    j->points[join_root(j, x)] & j->points[join_root(j, y)])
				continue;
			if (sure || facts_straddles(&j->f->point[fx->point]) || facts_straddles(&j->f->point[fy->point]))
				join_unite(j, x, y, sure ? JOIN_CERTAIN : JOIN_LIKELY, e);
		}
	}
}

/* The same handshake at one point under two names, at once: what is recorded there is both sides of a device that translates. */
static void count_translated(struct joiner *j, uint32_t from, uint32_t to)
{
	for (uint32_t a = from; a < to; a++) {
		const struct flow *x = &j->f->flow[j->order[a]];
		bool twice = false;
		if (!x->has_isn[0] || !x->has_isn[1])
			continue;
		for (uint32_t b = from; b < to && !twice; b++) {
			const struct flow *y = &j->f->flow[j->order[b]];
			twice = a != b && x->point == y->point && y->has_isn[1] && x->isn[1] == y->isn[1] && cmp_tuple(x, y) != 0 && !contradict(x, y) &&
			    llabs(x->first_ns - y->first_ns) < DEVICE_NS;
		}
		j->f->point[x->point].handshakes++;
		j->f->point[x->point].translated += twice;
	}
}

/* Flows with one initial sequence number of the client. */
static void each_isn(struct joiner *j, void (*take)(struct joiner *j, uint32_t from, uint32_t to))
{
	uint32_t n = j->f->flows;

	qsort(j->order, n, sizeof *j->order, by_isn);
	for (uint32_t from = 0, to; from < n && j->f->flow[j->order[from]].has_isn[0]; from = to) {
		for (to = from + 1; to < n && j->f->flow[j->order[to]].has_isn[0] &&
		    j->f->flow[j->order[to]].isn[0] == j->f->flow[j->order[from]].isn[0]; to++)
			;
		/* More than this on one number is no coincidence but a broken generator: nothing can be told from it. */
		if (to - from <= 64)
			take(j, from, to);
	}
}

/* Flows of one connection that guessed their roles follow those that know, or the one at the lowest index. */
static void agree_on_roles(struct facts *f, const struct conn_ref *c)
{
	const struct flow *model = &f->flow[c->flow];

	for (uint32_t i = 0; i < c->flows && !model->role_known; i++)
		if (f->flow[c->flow + i].role_known)
			model = &f->flow[c->flow + i];
	for (uint32_t i = 0; i < c->flows; i++) {
		struct flow *w = &f->flow[c->flow + i];
		if (w->role_known || w == model || (w->addr[0] == model->addr[0] && w->port[0] == model->port[0]))
			continue;
		if (w->addr[1] == model->addr[0] && w->port[1] == model->port[0])
			flows_turn(f, w);
	}
}

static int by_root(const void *a, const void *b)
{
	const struct flow *x = a, *y = b;
	int c;

	if (x->conn != y->conn)
		return x->conn < y->conn ? -1 : 1;
	return (c = (int)x->point - (int)y->point) ? c : cmp64(x->first_ns, y->first_ns);
}

static int collect(struct joiner *j, struct err *e)
{
	struct facts *f = j->f;
	uint32_t n = 0;

	for (uint32_t i = 0; i < f->flows; i++) {
		f->flow[i].conn = join_root(j, i);
		n += f->flow[i].conn == i;
	}
	f->conn = calloc(n ? n : 1, sizeof *f->conn);
	if (!f->conn)
		return err_set(e, "out of memory");
	qsort(f->flow, f->flows, sizeof *f->flow, by_root);
	for (uint32_t i = 0, k = 0; i < f->flows; i = k, f->conns++) {
		for (k = i; k < f->flows && f->flow[k].conn == f->flow[i].conn; k++)
			;
		f->conn[f->conns] = (struct conn_ref){ .flow = i, .flows = k - i };
		agree_on_roles(f, &f->conn[f->conns]);
	}
	return 0;
}

int join_flows(struct facts *f, struct db *db, struct err *e)
{
	struct joiner j = { .f = f, .db = db };
	size_t n = f->flows ? f->flows : 1;
	int rc = -1;

	j.order = malloc(n * sizeof *j.order);
	j.parent = malloc(n * sizeof *j.parent);
	j.points = malloc(n * sizeof *j.points);
	if (!j.order || !j.parent || !j.points) {
		err_set(e, "out of memory");
		goto out;
	}
	for (uint32_t i = 0; i < f->flows; i++)
		j.order[i] = j.parent[i] = i;
	sort_facts = f;
	each_isn(&j, count_translated);
	for (uint32_t i = 0; i < f->flows; i++)
		j.points[i] = facts_straddles(&f->point[f->flow[i].point]) ? 0 : 1ull << f->flow[i].point;
	join_by_addresses(&j);
	each_isn(&j, join_bucket);
	rc = join_by_likeness(&j, e) < 0 ? -1 : collect(&j, e);
out:
	free(j.order);
	free(j.parent);
	free(j.points);
	return rc;
}

static int by_start(const void *a, const void *b)
{
	const struct conn_ref *x = a, *y = b;
	const struct flow *p = &sort_facts->flow[x->flow], *q = &sort_facts->flow[y->flow];
	int c;

	if ((c = cmp64(x->start_ns, y->start_ns)) || (c = p->port[0] - q->port[0]) || (c = p->port[1] - q->port[1]))
		return c;
	if (p->isn[0] != q->isn[0])
		return p->isn[0] < q->isn[0] ? -1 : 1;
	if ((c = (int)p->point - (int)q->point) || (c = cmp64(p->last_ns, q->last_ns)))
		return c;
	return cmp64((int64_t)p->packets, (int64_t)q->packets);
}

static int by_tuple_of_conn(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	int c = cmp_tuple(&sort_facts->flow[sort_facts->conn[x].flow], &sort_facts->flow[sort_facts->conn[y].flow]);

	return c ? c : x < y ? -1 : 1;
}

static int64_t last_of(const struct facts *f, const struct conn_ref *c)
{
	int64_t last = INT64_MIN;

	for (uint32_t k = 0; k < c->flows; k++) {
		const struct flow *w = &f->flow[c->flow + k];
		int64_t t = facts_align(&f->point[w->point], w->last_ns);
		last = t > last ? t : last;
	}
	return last;
}

#define BACK 8                  /* connections before on the same addresses and ports, that are looked at */

/*
 * Which connection had the same addresses and ports before? As the first point of each sees them; one that no point of this one knows is none: beyond
 * a transparent proxy it is the same, opened anew.
 */
static uint32_t previous_of(const struct facts *f, const uint32_t *order, uint32_t i)
{
	const struct conn_ref *c = &f->conn[order[i]];

	for (uint32_t k = i, n = 0; k-- > 0 && n < BACK; n++) {
		const struct conn_ref *o = &f->conn[order[k]];
		if (cmp_tuple(&f->flow[o->flow], &f->flow[c->flow]) != 0)
			break;
		if (o->points & c->points)
			return order[k];
	}
	return UINT32_MAX;
}

static int find_previous(struct facts *f, struct err *e)
{
	uint32_t *order = malloc((f->conns ? f->conns : 1) * sizeof *order);

	if (!order)
		return err_set(e, "out of memory");
	for (uint32_t i = 0; i < f->conns; i++)
		order[i] = i;
	qsort(order, f->conns, sizeof *order, by_tuple_of_conn);
	for (uint32_t i = 0; i < f->conns; i++) {
		struct conn_ref *c = &f->conn[order[i]];
		c->previous = previous_of(f, order, i);
		c->next = UINT32_MAX;
		if (c->previous != UINT32_MAX)
			f->conn[c->previous].next = order[i];
	}
	free(order);
	return 0;
}

static int by_tuple_of_flow(const void *a, const void *b)
{
	const struct flow *x = &sort_facts->flow[*(const uint32_t *)a], *y = &sort_facts->flow[*(const uint32_t *)b];
	int c = cmp_tuple(x, y);

	return c ? c : (x->conn > y->conn) - (x->conn < y->conn);
}

/*
 * Connections that have no point in common, and at some points the same addresses and ports at the same time, may be one, seen with other numbers. They
 * are in order of their start; one through many points can have as many twins at most.
 */
static int find_twins(struct facts *f, struct err *e)
{
	uint32_t *order = malloc((f->flows ? f->flows : 1) * sizeof *order);

	if (!order)
		return err_set(e, "out of memory");
	for (uint32_t i = 0; i < f->flows; i++)
		order[i] = i;
	for (uint32_t i = 0; i < f->conns; i++)
		f->conn[i].twin = false;
	qsort(order, f->flows, sizeof *order, by_tuple_of_flow);
	for (uint32_t i = 1; i < f->flows; i++) {
		struct conn_ref *c = &f->conn[f->flow[order[i]].conn];
		for (uint32_t k = i, n = 0; k-- > 0 && n < 4 * f->points; n++) {
			struct conn_ref *o = &f->conn[f->flow[order[k]].conn];
			if (cmp_tuple(&f->flow[order[k]], &f->flow[order[i]]) != 0)
				break;
			if (o != c && !(o->points & c->points) && c->start_ns - TWIN_NS <= last_of(f, o))
				o->twin = c->twin = true;
		}
	}
	free(order);
	return 0;
}

void join_resort(struct facts *f)
{
	for (uint32_t i = 0; i < f->conns; i++) {
		for (uint32_t k = 0; k < f->conn[i].flows; k++)
			f->flow[f->conn[i].flow + k].conn = i;
		qsort(&f->flow[f->conn[i].flow], f->conn[i].flows, sizeof *f->flow, by_root);
	}
}

/* With which other points does a point share connections of these hosts, under these addresses? */
static void note_hosts(struct facts *f, const struct conn_ref *c, const struct flow *w)
{
	for (uint32_t i = 0; i < c->flows; i++) {
		const struct flow *o = &f->flow[c->flow + i];
		for (int d = 0; d < 2 && o->point != w->point; d++)
			if (o->addr[d] == w->addr[d])
				hosts_add(f->hosts, w->point, w->addr[d], 0)->joined |= 1ull << o->point;
	}
}

static void note_joined(struct facts *f)
{
	for (uint32_t i = 0; i < f->conns; i++) {
		struct conn_ref *c = &f->conn[i];
		c->points = 0;
		for (uint32_t k = 0; k < c->flows; k++)
			c->points |= 1ull << f->flow[c->flow + k].point;
		for (uint32_t k = 0; k < c->flows; k++)
			note_hosts(f, c, &f->flow[c->flow + k]);
	}
}

/* Does it lack a neighbour of the point? */
static bool is_orphan(const struct facts *f, const struct conn_ref *c, uint32_t point)
{
	if (point >= f->points)
		return false;
	return (point > 0 && !(c->points >> (point - 1) & 1)) || (point + 1 < f->points && !(c->points >> (point + 1) & 1));
}

/* Connections are in order of their start, and so are these. */
static int find_orphans(struct facts *f, struct err *e)
{
	for (uint32_t i = 0; i < f->flows; i++)
		f->orphans[f->flow[i].point].n += is_orphan(f, &f->conn[f->flow[i].conn], f->flow[i].point);
	for (uint32_t p = 0; p < f->points; p++) {
		f->orphans[p].list = malloc((f->orphans[p].n + 1) * sizeof(struct orphan));
		if (!f->orphans[p].list)
			return err_set(e, "out of memory");
		f->orphans[p].n = 0;
	}
	for (uint32_t i = 0; i < f->conns; i++) {
		const struct conn_ref *c = &f->conn[i];
		int64_t last = last_of(f, c);
		for (uint32_t k = 0; k < c->flows; k++) {
			const struct flow *w = &f->flow[c->flow + k];
			struct orphans *o = &f->orphans[w->point];
			if (is_orphan(f, c, w->point))
				o->list[o->n++] = (struct orphan){ c->start_ns, last, w->has_isn[C2S] || w->has_isn[S2C], w->addr[C2S], c->points };
		}
	}
	return 0;
}

int join_order(struct facts *f, struct err *e)
{
	sort_facts = f;
	for (uint32_t i = 0; i < f->conns; i++) {
		struct conn_ref *c = &f->conn[i];
		c->start_ns = INT64_MAX;
		for (uint32_t k = 0; k < c->flows; k++) {
			const struct flow *w = &f->flow[c->flow + k];
			int64_t t = facts_align(&f->point[w->point], w->first_ns);
			c->start_ns = t < c->start_ns ? t : c->start_ns;
		}
	}
	qsort(f->conn, f->conns, sizeof *f->conn, by_start);
	f->first_ns = INT64_MAX;
	f->last_ns = INT64_MIN;
	for (uint32_t i = 0; i < f->conns; i++)
		for (uint32_t k = 0; k < f->conn[i].flows; k++) {
			struct flow *w = &f->flow[f->conn[i].flow + k];
			w->conn = i;
			int64_t a = facts_align(&f->point[w->point], w->first_ns), b = facts_align(&f->point[w->point], w->last_ns);
			f->first_ns = a < f->first_ns ? a : f->first_ns;
			f->last_ns = b > f->last_ns ? b : f->last_ns;
		}
	note_joined(f);
	return find_orphans(f, e) < 0 || find_previous(f, e) < 0 || find_twins(f, e) < 0 ? -1 : 0;
}

void join_evidence_json(const struct flow *w, char *out, size_t size)
{
	static const char *const name[] = { "addresses", "client_isn", "server_isn", "syn_tsval", "sequence_ranges", "port", "sequence_range_one_way",
		"f5_flows", "client_address", "server_address", "lengths", "payload", "ip_id", "time", "tsval_moved" };
	size_t n = 0;

	n += (size_t)snprintf(out, size, "{\"agree\":[");
	for (int i = 0, first = 1; i < (int)(sizeof name / sizeof *name); i++)
		if (w->evidence >> i & 1) {
			n += (size_t)snprintf(out + n, size - n, "%s\"%s\"", first ? "" : ",", name[i]);
			first = 0;
		}
	snprintf(out + n, size - n, "]}");
}
