#include "correlate/pipeline.h"

#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#define JOBS 64                 /* connections that are on their way at most ... */
#define PACKETS 32768           /* ... or as many as have so many packets together, or one */
#define BATCH 32                /* jobs that are worth waking a thread ... */
#define BATCH_PACKETS 4096      /* ... or so many packets */
#define KEPT 8192               /* packets: the room of a larger connection is not kept for the next one */
#define THREADS 15              /* one thread reads and writes: more than this have nothing to do */

struct pipeline {
	const struct facts *f;
	struct slot {
		struct job job;
		struct err e;
		int rc;
		bool done;
	} slot[JOBS];
	const struct stages *stages;
	pthread_mutex_t lock;
	pthread_cond_t more, done;      /* there is work; some is done */
	pthread_t thread[THREADS];
	unsigned threads;
	/* Connections are counted: slot[i % JOBS] has the i-th. */
	uint32_t begun, read;
	uint64_t waiting;       /* packets of those that are read and not begun */
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

/* Begin the next one and end it; p->lock is held before and after. */
static void work_on_one(struct pipeline *p)
{
	uint32_t i = p->begun++;
	struct slot *s = &p->slot[i % JOBS];

	p->waiting -= packets_of(p->f, i);
	pthread_mutex_unlock(&p->lock);
	s->rc = p->stages->work(&s->job, &s->e);
	pthread_mutex_lock(&p->lock);
	s->done = true;
	pthread_cond_signal(&p->done);
}

static void *work(void *pipeline)
{
	struct pipeline *p = pipeline;

	pthread_mutex_lock(&p->lock);
	while (!p->quit) {
		if (p->begun < p->read)
			work_on_one(p);
		else
			pthread_cond_wait(&p->more, &p->lock);
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

struct pipeline *pipeline_new(const struct facts *f)
{
	struct pipeline *p = calloc(1, sizeof *p);
	long processors = sysconf(_SC_NPROCESSORS_ONLN);

	if (!p)
		return NULL;
	p->f = f;
	for (unsigned i = 0; i < JOBS; i++)
		job_open(&p->slot[i].job, f);
	pthread_mutex_init(&p->lock, NULL);
	pthread_cond_init(&p->more, NULL);
	pthread_cond_init(&p->done, NULL);
	while (p->threads < THREADS && p->threads + 1 < processors && pthread_create(&p->thread[p->threads], NULL, work, p) == 0)
		p->threads++;
	return p;
}

void pipeline_free(struct pipeline *p)
{
	if (!p)
		return;
	pthread_mutex_lock(&p->lock);
	p->quit = true;
	pthread_cond_broadcast(&p->more);
	pthread_mutex_unlock(&p->lock);
	for (unsigned i = 0; i < p->threads; i++)
		pthread_join(p->thread[i], NULL);
	for (unsigned i = 0; i < JOBS; i++)
		job_close(&p->slot[i].job);
	pthread_cond_destroy(&p->done);
	pthread_cond_destroy(&p->more);
	pthread_mutex_destroy(&p->lock);
	free(p);
}

static int read_one(struct pipeline *p, void *ctx, uint32_t i, struct err *e)
{
	struct slot *s = &p->slot[i % JOBS];

	s->job.index = i;
	s->done = false;
	if (p->stages->read(ctx, &s->job, e) < 0)
		return -1;
	pthread_mutex_lock(&p->lock);
	p->read = i + 1;
	p->waiting += packets_of(p->f, i);
	/* A thread that sleeps is not woken for every one: that would take longer than most of them. */
	if (p->read - p->begun >= BATCH || p->waiting >= BATCH_PACKETS)
		pthread_cond_signal(&p->more);
	pthread_mutex_unlock(&p->lock);
	return 0;
}

/* The i-th is the next: until it is done, this thread does what there is to be done. */
static int put_one(struct pipeline *p, void *ctx, uint32_t i, struct err *e)
{
	struct slot *s = &p->slot[i % JOBS];
	int rc;

	pthread_mutex_lock(&p->lock);
	while (!s->done) {
		if (p->begun < p->read)
			work_on_one(p);
		else
			pthread_cond_wait(&p->done, &p->lock);
	}
	pthread_mutex_unlock(&p->lock);
	if (s->rc < 0)
		*e = s->e;
	rc = s->rc < 0 ? -1 : p->stages->put(ctx, &s->job, e);
	if (s->job.conn.pkt_room > KEPT) {
		job_close(&s->job);
		job_open(&s->job, p->f);
	}
	return rc;
}

/* Nothing may be under way when the slots are used anew. */
static void drain(struct pipeline *p, uint32_t put)
{
	pthread_mutex_lock(&p->lock);
	p->read = p->begun;
	p->waiting = 0;
	for (; put < p->begun; put++)
		while (!p->slot[put % JOBS].done)
			pthread_cond_wait(&p->done, &p->lock);
	p->begun = p->read = 0;
	pthread_mutex_unlock(&p->lock);
}

int pipeline_run(struct pipeline *p, const struct stages *s, void *ctx, struct err *e)
{
	uint32_t n = p->f->conns, put = 0;
	uint64_t held = 0;
	int rc = 0;

	p->stages = s;
	for (uint32_t i = 0; rc == 0 && put < n;) {
		bool room = i < n && (put == i || (i - put < JOBS && held + packets_of(p->f, i) <= PACKETS));
		if (room) {
			held += packets_of(p->f, i);
			rc = read_one(p, ctx, i++, e);
		} else {
			held -= packets_of(p->f, put);
			rc = put_one(p, ctx, put, e);
			put += rc == 0;
		}
	}
	drain(p, put);
	return rc;
}
