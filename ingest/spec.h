/* POINT=FILE[@INTERFACE] on the command line: which captures to import, and as what. */
#ifndef INGEST_SPEC_H
#define INGEST_SPEC_H

#include <stddef.h>

#include "schema/err.h"

struct spec {
	char *point, *path;
	char *selector;         /* name or number of an interface, "": all */
};

struct specs {
	struct spec *list;
	size_t n, room;
};

/* Take one argument. A folder stands for the files in it (hidden ones left out), in order of their names. */
int specs_add(struct specs *s, const char *argument, struct err *e);

/* By point, then path: what is made of the captures does not depend on the order in which they are named. */
void specs_sort(struct specs *s);
void specs_free(struct specs *s);

#endif
