/* TCP options: those whose numbers packets are matched and judged by stay; what may name a host, or is not known, is replaced. */
#include "ingest/anonymize/private.h"

/* IANA, TCP Option Kind Numbers. */
enum option {
	OPTION_MSS = 2,
	OPTION_SCALE = 3,
	OPTION_SACK_PERMITTED = 4,
	OPTION_SACK = 5,
	OPTION_TIMESTAMP = 8,
	OPTION_MD5 = 19,
	OPTION_USER_TIMEOUT = 28,
	OPTION_AO = 29,
	OPTION_MPTCP = 30,
	OPTION_FASTOPEN = 34,
};

#define MPTCP_ADD_ADDR 3        /* RFC 8684 3.4.1: subtype and flags, id, address, perhaps port, perhaps digest */

/* Length of its address, 0: none. */
static unsigned mptcp_address(const uint8_t *o, unsigned size)
{
	if (size < 8 || o[2] >> 4 != MPTCP_ADD_ADDR)
		return 0;
	switch (size) {
	case 8:
	case 10:
	case 16:
	case 18:
		return 4;
	case 20:
	case 22:
	case 28:
	case 30:
		return 16;
	default:
		return 0;
	}
}

static bool is_number(uint8_t kind, unsigned size)
{
	switch (kind) {
	case OPTION_MSS:
		return size == 4;
	case OPTION_SCALE:
		return size == 3;
	case OPTION_SACK_PERMITTED:
		return size == 2;
	case OPTION_SACK:
		return size % 8 == 2;
	case OPTION_TIMESTAMP:
		return size == 10;
	case OPTION_USER_TIMEOUT:
		return size == 4;
	case OPTION_MD5:
	case OPTION_AO:
	case OPTION_FASTOPEN:
	case OPTION_MPTCP:
		return true;
	default:
		return false;
	}
}

/* Devices put addresses into options of their own. Kind and length stay. */
static void pseudonym(struct anonymizer *a, const uint8_t *in, unsigned n, uint8_t *out)
{
	static const uint8_t none[TAG];
	uint8_t tag[TAG];

	secret_tag(&a->secret, none, in, n, tag);
	memcpy(out, in, n < 2 ? n : 2);
	if (n > 2)
		secret_bytes(&a->secret, tag, 0, out + 2, n - 2);
}

void options_replace(struct anonymizer *a, const uint8_t *in, unsigned n, uint8_t *out)
{
	unsigned at = 0, size, address;
	uint8_t kind;

	for (; (size = decode_option(in, n, at, &kind)) != 0; at += size) {
		if (kind == 1 || is_number(kind, size))
			memcpy(out + at, in + at, size);
		else
			pseudonym(a, in + at, size, out + at);
		address = kind == OPTION_MPTCP ? mptcp_address(in + at, size) : 0;
		if (address)
			replace_address(a, address == 4 ? 4 : 6, in + at + 4, out + at + 4);
	}
	/* Behind the end of the list, or what is malformed. */
	if (at < n && kind == 0)
		memset(out + at, 0, n - at);
	else if (at < n)
		pseudonym(a, in + at, n - at, out + at);
}
