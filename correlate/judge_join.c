#include "correlate/judge.h"

static bool is_likely(const struct conn *c, uint8_t point)
{
	return point != NO_POINT && c->flow[point] && c->flow[point]->state == JOIN_LIKELY;
}

void judge_join(const struct conn *c, struct findings *out)
{
	for (uint32_t i = 0; i < out->n; i++) {
		struct finding *f = &out->list[i];
		/* What is sent or repeated at a point is so whatever other flow it goes with. */
		bool rests = is_likely(c, f->from) || is_likely(c, f->to) || (f->kind == KIND_NOT_CAPTURED && is_likely(c, f->point));
		if (!rests || f->confidence != CERTAIN)
			continue;
		f->confidence = LIKELY;
		if (!f->assumptions[0])
			f->assumptions = "the flows of the points are one connection, which is likely";
	}
}
