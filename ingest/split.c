#include "ingest/split.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int split_parse(const char *word, enum split *split)
{
	if (strcmp(word, "interface") == 0)
		*split = SPLIT_INTERFACE;
	else if (strcmp(word, "vlan") == 0)
		*split = SPLIT_VLAN;
	else
		return -1;
	return 0;
}

static bool only_one(const struct capture *c, uint32_t interface)
{
	const struct capture_interface *me = capture_interface(c, interface), *other;

	for (uint32_t i = interface; i-- > 0 && (other = capture_interface(c, i))->section == me->section;)
		if (other->name && strcmp(other->name, me->name) == 0)
			return false;
	return true;
}

void split_interface_name(const struct capture *c, uint32_t interface, char name[SPLIT_NAME])
{
	const struct capture_interface *itf = capture_interface(c, interface);

	name[0] = '\0';
	if (itf->name && itf->name[0] && only_one(c, interface))
		snprintf(name, SPLIT_NAME, "%s", itf->name);
	else if (strcmp(capture_format(c), "pcapng") == 0)
		snprintf(name, SPLIT_NAME, "%" PRIu32, interface);
	/* Lists of points are separated by commas. */
	for (char *p = name; *p; p++)
		if (*p == ',')
			*p = '_';
}

static void index_name(uint32_t ifindex, char name[SPLIT_NAME])
{
	snprintf(name, SPLIT_NAME, "if%" PRIu32, ifindex);
}

/* The stack has 12 bits for each tag, outermost lowest. */
static void vlan_name(uint32_t vlans, char name[SPLIT_NAME])
{
	size_t n = (size_t)snprintf(name, SPLIT_NAME, vlans ? "vlan%" PRIu32 : "untagged", vlans & 0xfff);

	for (vlans >>= 12; vlans; vlans >>= 12)
		n += (size_t)snprintf(name + n, SPLIT_NAME - n, ".%" PRIu32, vlans & 0xfff);
}

void split_name(enum split split, const struct capture *c, const struct link *link, enum part_client client, char name[SPLIT_NAME])
{
	name[0] = '\0';
	if (split == SPLIT_VLAN)
		vlan_name(link->vlans, name);
	else if (split == SPLIT_INTERFACE && link->ifindex)
		index_name(link->ifindex, name);
	else if (split == SPLIT_INTERFACE && link->side != LINK_SIDE_NONE)
		snprintf(name, SPLIT_NAME, "%s", (client == PART_CLIENT_A) == (link->side == LINK_SIDE_A) ? "client-side" : "server-side");
	else if (split == SPLIT_INTERFACE)
		split_interface_name(c, link->interface, name);
}

static bool parse_mac(const char *text, uint64_t *out)
{
	unsigned b[6];
	int end = 0;

	if (sscanf(text, "%2x:%2x:%2x:%2x:%2x:%2x%n", &b[0], &b[1], &b[2], &b[3], &b[4], &b[5], &end) != 6 || text[end])
		return false;
	*out = 0;
	for (int i = 0; i < 6; i++)
		*out = *out << 8 | b[i];
	return true;
}

static bool parse_number(const char *text, const char *prefix, uint32_t *out)
{
	size_t n = strlen(prefix);
	char *end;
	unsigned long v;

	if (strncmp(text, prefix, n) != 0 || text[n] < '0' || text[n] > '9')
		return false;
	v = strtoul(text + n, &end, 10);
	*out = (uint32_t)v;
	return !*end && v <= UINT32_MAX;
}

/* vlanN, vlanN.M, vlanN.M.O, untagged. */
static bool parse_vlans(const char *text, uint32_t *out)
{
	char back[SPLIT_NAME];
	unsigned v[3] = { 0 };

	if (strcmp(text, "untagged") != 0 && sscanf(text, "vlan%u.%u.%u", &v[0], &v[1], &v[2]) < 1)
		return false;
	*out = (v[0] & 0xfff) | (v[1] & 0xfff) << 12 | (v[2] & 0xff) << 24;
	vlan_name(*out, back);
	return strcmp(text, back) == 0;
}

void selector_parse(struct selector *s, const char *text)
{
	*s = (struct selector){ .text = text };
	s->is_number = parse_number(text, "", &s->number);
	s->is_ifindex = parse_number(text, "if", &s->ifindex);
	s->is_vlans = parse_vlans(text, &s->vlans);
	s->is_mac = parse_mac(text, &s->mac);
}

bool selector_takes_interface(const struct selector *s, const struct capture *c, uint32_t interface)
{
	const char *name = capture_interface(c, interface)->name;

	return !s->text[0] || (s->is_number && s->number == interface) || (name && strcmp(s->text, name) == 0);
}

bool selector_takes_packets(const struct selector *s)
{
	return s->is_ifindex || s->is_vlans || s->is_mac;
}

bool selector_takes(const struct selector *s, const struct segment *seg)
{
	return (s->is_ifindex && seg->ifindex == s->ifindex) || (s->is_vlans && seg->vlans == s->vlans) ||
	    (s->is_mac && (seg->src_mac == s->mac || seg->dst_mac == s->mac));
}
