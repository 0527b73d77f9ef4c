#include "schema/progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#define FIRST_NS 1000000000
#define EVERY_NS 200000000

static int64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* Is it time to show something? */
static bool due(struct progress *p)
{
	int64_t t = now();

	if (!p->begun_ns)
		p->begun_ns = t;
	if (t - p->begun_ns < FIRST_NS || t - p->shown_ns < EVERY_NS || !isatty(STDERR_FILENO))
		return false;
	p->shown_ns = t;
	p->shown = true;
	return true;
}

static double seconds(const struct progress *p)
{
	return (double)(now() - p->begun_ns) * 1e-9;
}

void progress_connections(void *ctx, uint32_t done, uint32_t all)
{
	struct progress *p = ctx;

	if (due(p))
		fprintf(stderr, "\r\033[Kcorrelating: %.0f %%, %.0f s", all ? 100.0 * done / all : 0.0, seconds(p));
}

void progress_packets(void *ctx, uint64_t done, uint64_t size, uint64_t packets)
{
	struct progress *p = ctx;

	if (!due(p))
		return;
	fprintf(stderr, "\r\033[K%s: ", p->what ? p->what : "importing");
	if (size)
		fprintf(stderr, "%.0f %%, ", 100.0 * (double)done / (double)size);
	fprintf(stderr, "%" PRIu64 " packets, %.1f M/s", packets, (double)packets / seconds(p) * 1e-6);
}

void progress_done(struct progress *p)
{
	if (p->shown)
		fputs("\r\033[K", stderr);
	p->shown = false;
}
