/* What fuzz targets that take any bytes as a frame share. */
#ifndef TESTS_FUZZ_FRAME_H
#define TESTS_FUZZ_FRAME_H

#include <stdbool.h>
#include <stdlib.h>

/* Chosen by a byte of the input: a new one goes to the end, so that the corpus means what it meant. */
static const int linktypes[] = {
    1, 0, 9, 12, 50, 51, 101, 104, 105, 108, 113, 119, 127, 149, 163, 228, 229, 239, 258, 276, 9999,
    100, 107, 109, 117, 166, 192, 204, 281, 282, 284, 285,
};

static void require(bool holds)
{
	if (!holds)
		abort();
}

#endif
