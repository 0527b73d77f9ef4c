/* qsort_r */
#define _GNU_SOURCE
#include "correlate/report/trace.h"

#include <stdlib.h>
#include <string.h>

#include "correlate/report/text.h"
#include "schema/segment.h"

bool finding_holds(const struct finding *f)
{
	return strcmp(f->confidence, "possible") != 0 && strcmp(f->kind, "undecided") != 0;
}

void trace_free(struct trace *t)
{
	for (size_t i = 0; i < t->sightings; i++) {
		free(t->sighting[i].options);
		free(t->sighting[i].from);
		free(t->sighting[i].rst_cause);
	}
	for (size_t i = 0; i < t->findings; i++) {
		struct finding *f = &t->finding[i];

		free(f->kind), free(f->what), free(f->confidence), free(f->text);
		free(f->assumptions), free(f->alternatives), free(f->clues), free(f->hypotheses), free(f->missing), free(f->next), free(f->change);
		free(f->reasons);
	}
	for (size_t i = 0; i < t->choices; i++)
		free(t->choice[i].trouble);
	for (size_t i = 0; i < t->captures; i++)
		free(t->capture[i]);
	free(t->capture);
	free(t->verdict);
	free(t->column);
	free(t->sighting);
	free(t->row);
	free(t->finding);
	free(t->mark);
	free(t->reply);
	free(t->hop);
	free(t->choice);
	*t = (struct trace){0};
}

const struct sighting *trace_at(const struct trace *t, const struct row *r, int column)
{
	for (size_t i = r->first; i < r->first + r->n; i++)
		if (t->sighting[i].column == column && !t->sighting[i].duplicate && !t->sighting[i].fragment)
			return &t->sighting[i];
	return NULL;
}

const struct sighting *trace_first(const struct trace *t, const struct row *r)
{
	for (size_t i = r->first; i < r->first + r->n; i++)
		if (t->sighting[i].packet_id == r->transmission_id)
			return &t->sighting[i];
	return &t->sighting[r->first];
}

const struct finding *trace_finding(const struct trace *t, const struct row *r, const char *kind, int from, int to)
{
	for (size_t i = r->finding; i < r->finding + r->findings; i++) {
		const struct finding *f = &t->finding[t->mark[i].finding];
		bool hop = (f->from == from && f->to == to) || (f->from == to && f->to == from);

		if (strcmp(f->kind, kind) == 0 && (to < 0 ? f->at == from : hop && f->from >= 0))
			return f;
	}
	return NULL;
}

/* What the sequence space is taken by: a SYN-ACK says more than the SYN of the same host before it (simultaneous open). */
static unsigned taken_by(const struct sighting *p)
{
	return p->flags & (TCP_SYN | TCP_FIN | TCP_RST | (p->flags & TCP_SYN ? TCP_ACK : 0));
}

static int row_by_key(const void *x, const void *y, void *trace)
{
	const struct trace *t = trace;
	const struct row *a = &t->row[*(const size_t *)x], *b = &t->row[*(const size_t *)y];
	const struct sighting *p = trace_first(t, a), *q = trace_first(t, b);

	if (a->s2c != b->s2c)
		return a->s2c - b->s2c;
	if (p->column != q->column)
		return p->column - q->column;
	if (p->seq != q->seq)
		return p->seq < q->seq ? -1 : 1;
	if (p->length != q->length)
		return p->length < q->length ? -1 : 1;
	if (taken_by(p) != taken_by(q))
		return taken_by(p) < taken_by(q) ? -1 : 1;
	return a < b ? -1 : a > b;
}

bool trace_beyond(const struct trace *t, int column)
{
	for (size_t i = 0; i < t->findings; i++) {
		const struct finding *f = &t->finding[i];

		if (f->from < 0 || f->to < 0)
			continue;
		if ((strcmp(f->kind, "terminated") == 0 && column >= f->to) || (strcmp(f->kind, "originated") == 0 && column <= f->from))
			return true;
	}
	return false;
}

/* Two rows carry the same sequence space from the same side, seen first at the same point. */
static bool is_repeat(const struct trace *t, const struct row *a, const struct row *b)
{
	const struct sighting *p = trace_first(t, a), *q = trace_first(t, b);

	return a->s2c == b->s2c && p->column == q->column && p->seq == q->seq && p->length == q->length && p->seq >= 0 &&
	       p->icmp_type < 0 && q->icmp_type < 0 && taken_by(p) == taken_by(q) &&
	       (p->length > 0 || p->flags & (TCP_SYN | TCP_FIN));
}

static int find_repeats(struct trace *t, struct err *e)
{
	size_t *order = malloc((t->rows + 1) * sizeof *order);

	if (order == NULL)
		return err_set(e, "out of memory");
	for (size_t i = 0; i < t->rows; i++)
		order[i] = i;
	qsort_r(order, t->rows, sizeof *order, row_by_key, t);
	for (size_t i = 1; i < t->rows; i++) {
		struct row *before = &t->row[order[i - 1]], *r = &t->row[order[i]];

		if (is_repeat(t, before, r))
			r->repeats = before->repeats ? before->repeats : order[i - 1] + 1;
	}
	free(order);
	return 0;
}

static int row_by_id(const void *x, const void *y, void *trace)
{
	const struct trace *t = trace;
	int64_t a = t->row[*(const size_t *)x].transmission_id, b = t->row[*(const size_t *)y].transmission_id;

	return a < b ? -1 : a > b;
}

/* 1-based row of a transmission, 0: none. order: rows by transmission. */
static size_t row_of(const struct trace *t, const size_t *order, int64_t id)
{
	size_t lo = 0, hi = t->rows;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		if (t->row[order[mid]].transmission_id < id)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < t->rows && t->row[order[lo]].transmission_id == id ? order[lo] + 1 : 0;
}

/* Which rows go on in which others, cut otherwise. */
static int find_resegmented(struct trace *t, struct err *e)
{
	size_t *order = malloc((t->rows + 1) * sizeof *order);

	if (order == NULL)
		return err_set(e, "out of memory");
	for (size_t i = 0; i < t->rows; i++)
		order[i] = i;
	qsort_r(order, t->rows, sizeof *order, row_by_id, t);
	for (size_t i = 0; i < t->rows; i++) {
		struct row *r = &t->row[i];
		const struct sighting *k = trace_first(t, r);

		r->origin = k->origin ? row_of(t, order, k->origin) : 0;
		r->into = k->into ? row_of(t, order, k->into) : 0;
		if (r->origin && !t->choices)
			t->row[r->origin - 1].pieces++;
		if (r->choice)
			r->pieces = r->choice->pieces;
	}
	free(order);
	return 0;
}

/* Which rows there are before and between those that were loaded is known by their numbers. */
static int row_by_number(const void *x, const void *y)
{
	const struct row *a = x, *b = y;

	return a->number < b->number ? -1 : a->number > b->number;
}

static int row_by_time(const void *x, const void *y)
{
	const struct row *a = x, *b = y;

	if (a->sent_ns != b->sent_ns)
		return a->sent_ns < b->sent_ns ? -1 : 1;
	return a->transmission_id < b->transmission_id ? -1 : a->transmission_id > b->transmission_id;
}

/* What the first fragment says of the segment is true of all of it, but for its length: that is what all of them carry. */
static void join_fragments(struct trace *t, const struct row *r)
{
	for (size_t i = r->first; i < r->first + r->n; i++) {
		struct sighting *k = &t->sighting[i];

		for (size_t n = r->first; !k->fragment && !k->duplicate && n < r->first + r->n; n++) {
			const struct sighting *q = &t->sighting[n];
			if (q->column == k->column && q->later_fragment && q->fragment && !q->duplicate)
				k->length += q->length;
		}
	}
}

static void put_in_order(struct trace *t)
{
	qsort(t->row, t->rows, sizeof *t->row, t->choices ? row_by_number : row_by_time);
	for (size_t i = 0; !t->choices && i < t->rows; i++)
		t->row[i].number = i + 1;
}

/* Sightings, marks and choices come sorted by transmission: a row is a run of each. */
static int make_rows(struct trace *t, struct err *e)
{
	size_t mark = 0, choice = 0;

	t->row = calloc(t->sightings + 1, sizeof *t->row);
	if (t->row == NULL)
		return err_set(e, "out of memory");
	for (size_t i = 0; i < t->sightings;) {
		struct row *r = &t->row[t->rows++];

		r->transmission_id = t->sighting[i].transmission_id;
		r->first = i;
		while (i < t->sightings && t->sighting[i].transmission_id == r->transmission_id)
			i++;
		r->n = i - r->first;
		join_fragments(t, r);
		r->s2c = trace_first(t, r)->s2c;
		r->sent_ns = trace_first(t, r)->time_ns;
		while (mark < t->marks && t->mark[mark].transmission_id < r->transmission_id)
			mark++;
		r->finding = mark;
		while (mark < t->marks && t->mark[mark].transmission_id == r->transmission_id)
			mark++;
		r->findings = mark - r->finding;
		while (choice < t->choices && t->choice[choice].transmission_id < r->transmission_id)
			choice++;
		if (t->choices && (choice == t->choices || t->choice[choice].transmission_id != r->transmission_id)) {
			*r = (struct row){0};
			t->rows--;
			continue;
		}
		r->choice = t->choices ? &t->choice[choice] : NULL;
		r->number = t->choices ? r->choice->number : 0;
	}
	put_in_order(t);
	return find_resegmented(t, e) < 0 ? -1 : find_repeats(t, e);
}

int trace_load(struct trace *t, struct db *db, const struct style *s, int64_t id, bool all, struct err *e)
{
	*t = (struct trace){.id = id};
	if (trace_read(t, db, s, all, e) < 0 || make_rows(t, e) < 0) {
		trace_free(t);
		return err_prefix(e, "connection %lld", (long long)id);
	}
	return 0;
}
