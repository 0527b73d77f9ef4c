/* Other connections to the server of a scene (conn_build.h), for the scene to be held against. */
#ifndef TESTS_SIBLINGS_BUILD_H
#define TESTS_SIBLINGS_BUILD_H

#include "tests/conn_build.h"

#include "correlate/siblings.h"

/* One that works: SYN-ACK after 30 ms, TTL 60, window 14480, timestamps, DF, IP IDs. */
#define SIBLING "0.000 a > S 1000 mss 1460 ts 100/0 df\n0.030 a < S. 5000 ack 1001 mss 1460 ts 900/100 ttl 60 win 14480 df\n" \
		"0.031 a > . 1001 ack 5001 ts 130/900 df\n0.062 a < P. 5001 ack 1001 len 9 ts 930/130 ttl 60 id 7 df\n"

static inline void siblings_add(struct scene *s, unsigned n, const char *text)
{
	struct scene *k = scene_proved(s->f.points, text);

	if (!s->f.siblings)
		assert_non_null(s->f.siblings = siblings_new());
	for (unsigned i = 0; i < n; i++) {
		k->c.index = i;
		assert_int_equal(siblings_learn(s->f.siblings, &k->c, &k->e), 0);
	}
	scene_free(k);
}

/* A scene with n connections like `sibling` beside it; its packets are matched, and what became of them is known. */
static inline struct scene *scene_beside(unsigned points, unsigned n, const char *sibling, const char *text)
{
	struct scene *s = scene_new(points);

	siblings_add(s, n, sibling);
	scene_text(s, text);
	scene_fate(s);
	return s;
}

#endif
