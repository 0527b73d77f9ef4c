/* POINT=FILE[@SELECTOR] on the command line: which captures to import, and as what. */
#ifndef INGEST_SPEC_H
#define INGEST_SPEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "schema/err.h"

struct spec {
	char *point, *path;     /* point "": it is only split off */
	char *selector;         /* which interface, VLAN or MAC of the file (split.h), "": all */
	bool in_folder;         /* not named itself: what is no capture there is only told */
};

struct specs {
	struct spec *list;
	uint32_t n, room;
};

/*
 * Take one argument. A folder stands for the files in it (hidden ones left out), in order of their names. nameless: FILE alone will do, because
 * it is split into points that have names of their own.
 */
int specs_add(struct specs *s, const char *argument, bool nameless, struct err *e);

/* By point, then path: what is made of the captures does not depend on the order in which they are named. */
void specs_sort(struct specs *s);
void specs_free(struct specs *s);

#endif
