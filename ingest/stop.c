#include "ingest/stop.h"

#include <signal.h>
#include <stddef.h>

static const int signals[] = { SIGINT, SIGTERM };
static struct sigaction before[sizeof signals / sizeof *signals];
static volatile sig_atomic_t asked, caught;

static void on_signal(int sig)
{
	(void)sig;
	asked = 1;
	stop_release();
}

void stop_catch(void)
{
	/* Without SA_RESTART: a read that waits for the stream is to end. */
	struct sigaction action = { .sa_handler = on_signal };

	asked = 0;
	caught = 1;
	for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
		sigaction(signals[i], &action, &before[i]);
}

void stop_release(void)
{
	if (!caught)
		return;
	caught = 0;
	for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
		sigaction(signals[i], &before[i], NULL);
}

bool stop_asked(void)
{
	return asked;
}
