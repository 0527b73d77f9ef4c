#include "correlate/report/remark.h"

#include <inttypes.h>
#include <string.h>

#include "correlate/report/text.h"
#include "schema/segment.h"

/* False the second time, and when there are too many to remember: then v_change has them. */
static bool is_news(struct told *told, const char *key)
{
	for (size_t i = 0; i < told->n; i++)
		if (strncmp(told->key[i], key, sizeof told->key[i] - 1) == 0)
			return false;
	if (told->n == sizeof told->key / sizeof told->key[0])
		return false;
	snprintf(told->key[told->n++], sizeof told->key[0], "%s", key);
	return true;
}

static void say(struct told *told, const char *key, const char *text, char *buf, size_t size)
{
	if (is_news(told, key))
		text_add(buf, size, "%s%s", buf[0] ? ", " : "", text);
}

/* hop is "2>3": the same change may be news on another hop. */
static void number(
    struct told *told, const struct style *s, const char *hop, const char *field, int64_t before, int64_t after, char *buf, size_t size)
{
	char text[64], key[80];

	if (before == after)
		return;
	if (after < 0)
		snprintf(text, sizeof text, "%s %" PRId64 " stripped", field, before);
	else if (before < 0)
		snprintf(text, sizeof text, "%s %" PRId64 " inserted", field, after);
	else
		snprintf(text, sizeof text, "%s %" PRId64 "%s%" PRId64, field, before, style_pick(s, "→", "->"), after);
	snprintf(key, sizeof key, "%s %s", hop, text);
	say(told, key, text, buf, size);
}

/* A shift that stays the same is one fact. once: any shift is (it differs from packet to packet). */
static void shift(struct told *told, const char *hop, const char *field, int64_t before, int64_t after, bool once, char *buf, size_t size)
{
	int32_t delta = (int32_t)(uint32_t)(after - before);
	char text[64], key[80];

	if (before == after)
		return;
	if (before < 0 || after < 0)
		snprintf(text, sizeof text, "%s %s", field, after < 0 ? "stripped" : "inserted");
	else if (once)
		snprintf(text, sizeof text, "%s rewritten", field);
	else
		snprintf(text, sizeof text, "%s %+" PRId32, field, delta);
	snprintf(key, sizeof key, "%s %s", hop, text);
	say(told, key, text, buf, size);
}

static void options(
    struct told *told, const struct style *s, const char *hop, const struct sighting *a, const struct sighting *b, char *buf, size_t size)
{
	const char *before = a->options ? a->options : "none", *after = b->options ? b->options : "none";
	char text[160], key[240];

	number(told, s, hop, "mss", a->mss, b->mss, buf, size);
	number(told, s, hop, "wscale", a->wscale, b->wscale, buf, size);
	number(told, s, hop, "sack", a->sack_permitted ? 1 : -1, b->sack_permitted ? 1 : -1, buf, size);
	if (strcmp(before, after) == 0)
		return;
	snprintf(text, sizeof text, "options %s%s%s", before, style_pick(s, "→", "->"), after);
	snprintf(key, sizeof key, "%s %s", hop, text);
	say(told, key, text, buf, size);
}

static void flags(struct told *told, const char *hop, const struct sighting *a, const struct sighting *b, char *buf, size_t size)
{
	static const char *const name[] = {"FIN", "SYN", "RST", "PSH", "ACK", "URG", "ECE", "CWR", "AE"};

	for (unsigned bit = 0; bit < 9; bit++) {
		char text[32], key[64];

		if (!((a->flags ^ b->flags) & 1u << bit))
			continue;
		snprintf(text, sizeof text, "%s %s", name[bit], a->flags & 1u << bit ? "cleared" : "set");
		snprintf(key, sizeof key, "%s %s", hop, text);
		say(told, key, text, buf, size);
	}
}

void remark_changes(
    struct told *told, const struct style *s, const struct sighting *from, const struct sighting *to, char *buf, size_t size)
{
	char hop[24];

	buf[0] = '\0';
	if (from->icmp_type >= 0 || to->icmp_type >= 0 || from->later_fragment || to->later_fragment)
		return;
	snprintf(hop, sizeof hop, "%d>%d", from->column, to->column);
	flags(told, hop, from, to, buf, size);
	shift(told, hop, "seq", from->seq, to->seq, false, buf, size);
	if (from->ack >= 0 && to->ack >= 0)
		shift(told, hop, "ack", from->ack, to->ack, false, buf, size);
	number(told, s, hop, "win", from->window, to->window, buf, size);
	number(told, s, hop, "length", from->length, to->length, buf, size);
	options(told, s, hop, from, to, buf, size);
	shift(told, hop, "tsval", from->tsval, to->tsval, false, buf, size);
	if (from->tsecr > 0 && to->tsecr > 0)
		shift(told, hop, "tsecr", from->tsecr, to->tsecr, false, buf, size);
	number(told, s, hop, "dscp", from->tos >> 2, to->tos >> 2, buf, size);
	number(told, s, hop, "ecn", from->tos & 3, to->tos & 3, buf, size);
	shift(told, hop, "ip id", from->ip_id, to->ip_id, true, buf, size);
}
