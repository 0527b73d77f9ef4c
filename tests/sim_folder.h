/* A folder for the captures of simulated worlds: set up and torn down around a group of tests. */
#ifndef TESTS_SIM_FOLDER_H
#define TESTS_SIM_FOLDER_H

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/sim/sim.h"

static char folder[256];

static int make_folder(void **state)
{
	const char *base = getenv("TMPDIR");

	(void)state;
	snprintf(folder, sizeof folder, "%s/test_sim.XXXXXX", base ? base : "/tmp");
	return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
	char path[512];

	(void)state;
	for (int i = 0; i < SIM_POINTS_MAX; i++) {
		snprintf(path, sizeof path, "%s/p%d.pcap", folder, i);
		unlink(path);
	}
	return rmdir(folder);
}

#endif
