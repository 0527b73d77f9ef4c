/* A progress line on standard error: only on a terminal, only when the work takes more than a second. */
#ifndef SCHEMA_PROGRESS_H
#define SCHEMA_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct progress {
	const char *what;       /* shown in front; NULL: nothing */
	int64_t begun_ns, shown_ns;
	bool shown;
};

/* For correlate_options.progress and import_options.progress; ctx is a struct progress. */
void progress_connections(void *ctx, uint32_t done, uint32_t all);
void progress_packets(void *ctx, uint64_t done, uint64_t size, uint64_t packets);

/* Remove the line. */
void progress_done(struct progress *p);

#endif
