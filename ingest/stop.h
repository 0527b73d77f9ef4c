/* The user ends a stream with SIGINT or SIGTERM: what came before is kept. A second signal does what it would without this. */
#ifndef INGEST_STOP_H
#define INGEST_STOP_H

#include <stdbool.h>

/* Between these two, the first such signal only makes stop_asked() true (until the next stop_catch). */
void stop_catch(void);
void stop_release(void);

bool stop_asked(void);

#endif
