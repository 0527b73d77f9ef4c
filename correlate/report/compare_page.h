/* What compare prints for people, in two files: the answer and what it rests on, and what could not be tested. */
#ifndef CORRELATE_REPORT_COMPARE_PAGE_H
#define CORRELATE_REPORT_COMPARE_PAGE_H

#include "correlate/contrast.h"
#include "correlate/report/style.h"

#define PAGE_LABEL 10           /* columns of the words on the left */

struct page {
	const struct style *s;
	const struct contrast *x;
	bool chosen;
	uint32_t fail, pass;
	int count_w;            /* columns of "N of M" */
};

static inline const char *page_plural(uint32_t n)
{
	return n == 1 ? "" : "s";
}

/*
 * What leads in a section: the clearest of what stands, else of what cannot be told from who the client is or when it was, else whatever was found.
 * NULL: nothing was.
 */
const struct property *page_lead(const struct contrast *x, uint32_t section);

void page_untested(const struct page *p);

#endif
