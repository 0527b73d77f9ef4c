/* What people should know of copies before they hand them on: how they are used, and what in them still tells of their network. */
#ifndef CORRELATE_HANDOUT_SAY_H
#define CORRELATE_HANDOUT_SAY_H

#include "correlate/handout.h"

/* On standard output. key_file NULL: the key is thrown away; made: it is new. */
int handout_say(const struct handout *h, struct db *db, const char *key_file, bool made, struct err *e);

#endif
