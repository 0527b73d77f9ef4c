#include "correlate/field.h"

#include <stdio.h>

const char *field_name(enum field field, unsigned option, char buf[16])
{
	static const char *const name[FIELDS] = { "src", "dst", "sport", "dport", "seq", "ack", "win", "flags", "ttl", "tos", "ip_id", "opt.mss", "opt.ws",
		"opt.sackok", "opt.sack", "opt.tsval", "opt.tsecr", "", "payload", "dscp", "ecn", "syn.ecn" };

	if (field != FIELD_OTHER)
		return name[field];
	switch (option) {
	case 19:
		return "opt.md5";
	case 28:
		return "opt.uto";
	case 29:
		return "opt.ao";
	case 30:
		return "opt.mptcp";
	case 34:
		return "opt.tfo";
	case 172:
		return "opt.accecn0";
	case 174:
		return "opt.accecn1";
	case OPTION_EXP_FASTOPEN:
		return "opt.exp-tfo";
	default:
		snprintf(buf, 16, "opt.%u", option);
		return buf;
	}
}

const char *habit_name(enum habit habit)
{
	static const char *const name[] = { NULL, "rewritten", "shifted", "not shifted", "clamped", "set", "cleared", "marked", "stripped", "inserted" };

	return name[habit];
}

static void flags_text(uint32_t flags, char *out, size_t size)
{
	static const struct {
		uint32_t bit;
		const char *name;
	} names[] = { { TCP_SYN, "SYN" }, { TCP_FIN, "FIN" }, { TCP_RST, "RST" }, { TCP_PSH, "PSH" }, { TCP_ACK, "ACK" }, { TCP_URG, "URG" },
		{ TCP_ECE, "ECE" }, { TCP_CWR, "CWR" }, { TCP_AE, "AE" } };
	size_t n = 0;

	out[0] = '\0';
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (flags & names[i].bit)
			n += (size_t)snprintf(out + n, size - n, "%s%s", n ? "," : "", names[i].name);
}

bool value_text(uint8_t kind, int64_t value, char *out, size_t size)
{
	switch (kind) {
	case VALUE_NUMBER:
		snprintf(out, size, "%lld", (long long)value);
		return true;
	case VALUE_FLAGS:
		flags_text((uint32_t)value, out, size);
		return true;
	case VALUE_PRESENT:
		snprintf(out, size, "%s", value ? "changed" : "present");
		return true;
	default:
		return false;
	}
}
