#include "tests/sim/encode.h"

#include <arpa/inet.h>
#include <string.h>

#include "tests/sim/rng.h"

enum sim_what sim_packet_what(const struct sim_packet *p)
{
	uint8_t f = p->h.flags;

	if (p->icmp)
		return SIM_ICMP;
	if (f & TCP_SYN)
		return f & TCP_ACK ? SIM_SYNACK : SIM_SYN;
	if (f & TCP_RST)
		return f & TCP_ACK ? SIM_RSTACK : SIM_RST;
	if (p->h.len > 0)
		return SIM_DATA;
	return f & TCP_FIN ? SIM_FIN : SIM_ACK;
}

const char *sim_what_name(enum sim_what w)
{
	static const char *const names[SIM_WHATS] = {"SYN", "SYN-ACK", "RST", "RST,ACK", "data", "FIN", "ACK", "ICMP"};

	return names[w];
}

const char *sim_dir_name(enum sim_dir d)
{
	return d == SIM_C2S ? "c2s" : "s2c";
}

struct ipaddr sim_addr4(uint32_t host_order)
{
	struct ipaddr a = {.family = 4};

	for (int i = 0; i < 4; i++)
		a.b[i] = (uint8_t)(host_order >> (24 - 8 * i));
	return a;
}

struct ipaddr sim_addr6(uint64_t prefix, uint64_t host)
{
	struct ipaddr a = {.family = 6};

	for (int i = 0; i < 8; i++) {
		a.b[i] = (uint8_t)(prefix >> (56 - 8 * i));
		a.b[8 + i] = (uint8_t)(host >> (56 - 8 * i));
	}
	return a;
}

/* RFC 6052 2.1, 2.2: the IPv4 address behind the well-known prefix. */
struct ipaddr sim_addr64(const struct ipaddr *four)
{
	struct ipaddr a = sim_addr6(0x0064ff9b00000000u, 0);

	memcpy(a.b + 12, four->b, 4);
	return a;
}

const char *sim_addr_text(const struct ipaddr *a, char text[46])
{
	inet_ntop(a->family == 4 ? AF_INET : AF_INET6, a->b, text, 46);
	return text;
}

void sim_stream_bytes(uint64_t stream, uint64_t offset, uint8_t *to, uint32_t n)
{
	while (n > 0) {
		uint64_t word = sim_mix(stream ^ (offset / 8) * 0xd1342543de82ef95u);
		uint8_t bytes[8];
		uint32_t skip = (uint32_t)(offset % 8), take = 8 - skip < n ? 8 - skip : n;

		for (int i = 0; i < 8; i++)
			bytes[i] = (uint8_t)(word >> (8 * i));
		memcpy(to, bytes + skip, take);
		to += take;
		offset += take;
		n -= take;
	}
}

unsigned sim_packet_fragments(const struct sim_packet *p)
{
	return p->h.fragment ? (unsigned)((sim_encode_segment(p) + p->h.fragment - 1) / p->h.fragment) : 1;
}
