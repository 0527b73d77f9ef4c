#include "correlate/pipeline.h"

#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#define JOBS 64                 /* connections that are on their way at most ... */
#define PACKETS 32768           /* ... or as many as have so many packets together, or one */
#define WORTH 32                /* small connections that are worth waking a thread, and having one */
#define KEPT 1024               /* packets: the room of a larger connection is not kept for the next one */

struct pipeline {
	const struct facts *f;
	struct slot {
		struct job job;
		struct err e;
		int rc;
		bool done;
	} slot[JOBS];
	const struct stages *stages;
	void *ctx;
	pthread_mutex_t lock;
	pthread_cond_t room, done;      /* the next one may be begun; the one to be put down is done */
	struct lane {
		struct pipeline *p;
		unsigned number;
		pthread_t thread;
	} lane[PIPELINE_LANES];
	unsigned lanes;                 /* lane[0] is the caller's thread */
	unsigned asleep;
	/* Connections are counted: slot[i % JOBS] has the i-th, from put to begun. */
	uint32_t put, begun, end;
	uint64_t held;                  /* packets of those */
	bool quit;
};

static uint64_t packets_of(const struct facts *f, uint32_t index)
{
	const struct conn_ref *r = &f->conn[index];
	uint64_t n = 0;

	for (uint32_t i = 0; i < r->flows; i++)
		n += f->flow[r->flow + i].packets;
	return n;
}

static bool may_begin(const struct pipeline *p)
{
	if (p->begun == p->end)
		return false;
	return p->begun == p->put || (p->begun - p->put < JOBS && p->held + packets_of(p->f, p->begun) <= PACKETS);
}

/* Begin the next one and end it; p->lock is held before and after. */
static void work_on_one(struct pipeline *p, unsigned lane)
{
	uint32_t i = p->begun++;
	struct slot *s = &p->slot[i % JOBS];

	p->held += packets_of(p->f, i);
	s->done = false;
	s->job.index = i;
	pthread_mutex_unlock(&p->lock);
	s->rc = p->stages->work(p->ctx, lane, &s->job, &s->e);
	pthread_mutex_lock(&p->lock);
	s->done = true;
	if (lane && i == p->put)
		pthread_cond_signal(&p->done);
}

static void *work(void *lane)
{
	struct pipeline *p = ((struct lane *)lane)->p;

	pthread_mutex_lock(&p->lock);
	while (!p->quit) {
		if (may_begin(p)) {
			work_on_one(p, ((struct lane *)lane)->number);
			continue;
		}
		p->asleep++;
		pthread_cond_wait(&p->room, &p->lock);
		p->asleep--;
	}
	pthread_mutex_unlock(&p->lock);
	return NULL;
}

static void job_open(struct job *j, const struct facts *f)
{
	conn_init(&j->conn, f);
	proof_init(&j->proof);
}

static void job_close(struct job *j)
{
	proof_free(&j->proof);
	conn_free(&j->conn);
	findings_free(&j->found);
	changes_free(&j->changed);
	delays_free(&j->delays);
	*j = (struct job){ 0 };
}

unsigned pipeline_lanes(const struct facts *f)
{
	long processors = sysconf(_SC_NPROCESSORS_ONLN);
	uint32_t worth = 1 + f->conns / WORTH;
	unsigned n = processors < 1 ? 1 : processors > PIPELINE_LANES ? PIPELINE_LANES : (unsigned)processors;

	return n < worth ? n : worth;
}

struct pipeline *pipeline_new(const struct facts *f, unsigned lanes)
{
	struct pipeline *p = calloc(1, sizeof *p);

	if (!p)
		return NULL;
	p->f = f;
	for (unsigned i = 0; i < JOBS; i++)
		job_open(&p->slot[i].job, f);
	pthread_mutex_init(&p->lock, NULL);
	pthread_cond_init(&p->room, NULL);
	pthread_cond_init(&p->done, NULL);
	for (p->lanes = 1; p->lanes < lanes; p->lanes++) {
		struct lane *l = &p->lane[p->lanes];
		*l = (struct lane){ .p = p, .number = p->lanes };
		if (pthread_create(&l->thread, NULL, work, l) != 0)
			break;
	}
	return p;
}

void pipeline_free(struct pipeline *p)
{
	if (!p)
		return;
	pthread_mutex_lock(&p->lock);
	p->quit = true;
	pthread_cond_broadcast(&p->room);
	pthread_mutex_unlock(&p->lock);
	for (unsigned i = 1; i < p->lanes; i++)
		pthread_join(p->lane[i].thread, NULL);
	for (unsigned i = 0; i < JOBS; i++)
		job_close(&p->slot[i].job);
	pthread_cond_destroy(&p->room);
	pthread_cond_destroy(&p->done);
	pthread_mutex_destroy(&p->lock);
	free(p);
}

/* A thread that sleeps is not woken for every small one: that would take longer than most of them. */
static void wake(struct pipeline *p)
{
	if (p->asleep && may_begin(p) && (p->begun - p->put <= JOBS - WORTH || p->held > PACKETS / 2))
		pthread_cond_signal(&p->room);
}

/* Put down the next one, which is done; p->lock is held before and after. */
static int put_one(struct pipeline *p, struct err *e)
{
	struct slot *s = &p->slot[p->put % JOBS];
	int rc = s->rc;

	pthread_mutex_unlock(&p->lock);
	if (rc < 0)
		*e = s->e;
	else
		rc = p->stages->put(p->ctx, &s->job, e);
	if (s->job.conn.pkt_room > KEPT) {
		job_close(&s->job);
		job_open(&s->job, p->f);
	}
	pthread_mutex_lock(&p->lock);
	if (rc < 0)
		return -1;
	p->held -= packets_of(p->f, p->put++);
	wake(p);
	return 0;
}

/* Nothing may be under way when the slots are used anew; p->lock is held. */
static void drain(struct pipeline *p)
{
	for (p->end = p->begun; p->put < p->begun; p->put++)
		while (!p->slot[p->put % JOBS].done)
			pthread_cond_wait(&p->done, &p->lock);
	p->held = 0;
}

int pipeline_run(struct pipeline *p, const struct stages *s, void *ctx, struct err *e)
{
	int rc = 0;

	pthread_mutex_lock(&p->lock);
	p->stages = s;
	p->ctx = ctx;
	p->put = p->begun = 0;
	p->end = p->f->conns;
	pthread_cond_broadcast(&p->room);
	while (rc == 0 && p->put < p->end) {
		if (p->put < p->begun && p->slot[p->put % JOBS].done)
			rc = put_one(p, e);
		else if (may_begin(p))
			work_on_one(p, 0);
		else
			pthread_cond_wait(&p->done, &p->lock);
	}
	drain(p);
	pthread_mutex_unlock(&p->lock);
	return rc;
}
