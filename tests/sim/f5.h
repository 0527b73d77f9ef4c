/* The trailer that tcpdump of a BIG-IP 14 and later writes behind an Ethernet frame (-i 0.0:nnnp). */
#ifndef TESTS_SIM_F5_H
#define TESTS_SIM_F5_H

#include <stddef.h>

#include "schema/segment.h"

#define SIM_F5_MAX 400

/* Low details version 3, medium version 4, high version 1 (left out for a peer without addresses, as :nn does). Returns the length; `out` has room for SIM_F5_MAX. */
size_t sim_f5(const struct f5_trailer *f5, uint8_t *out);

#endif
