#include "correlate/handout_say.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "schema/clean.h"

#define ARGUMENT 8192

static void say(const char *text)
{
	char clean[ARGUMENT];

	clean_text(clean, sizeof clean, text, -1, clean_locale_is_utf8());
	fputs(clean, stdout);
}

/* As a shell takes it. */
static void say_argument(const char *text)
{
	char quoted[ARGUMENT];
	size_t n = 0;

	if (strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./=@:,+%") == strlen(text) && text[0]) {
		fputs(text, stdout);
		return;
	}
	quoted[n++] = '\'';
	for (; *text && n < sizeof quoted - 8; text++)
		n += (size_t)snprintf(quoted + n, sizeof quoted - n, *text == '\'' ? "'\\''" : "%c", *text);
	snprintf(quoted + n, sizeof quoted - n, "'");
	say(quoted);
}

/* ---- how they are used ---- */

/* Has one that was split off the same file been named before? */
static bool is_named(const struct handout *h, uint32_t i)
{
	const struct handout_capture *c = &h->capture[i];

	for (uint32_t k = 0; k < i && c->split != SPLIT_NOT; k++)
		if (h->capture[k].file == c->file && h->capture[k].split == c->split)
			return true;
	return false;
}

/* The arguments of captures that are split like this. Returns how many there are. */
static unsigned arguments(const struct handout *h, enum split split, bool print)
{
	char argument[ARGUMENT];
	unsigned n = 0;

	for (uint32_t i = 0; i < h->captures; i++) {
		if (handout_argument(h, i, argument, sizeof argument) != split || is_named(h, i))
			continue;
		n++;
		if (print) {
			putchar(' ');
			say_argument(argument);
		}
	}
	return n;
}

/* What the user had said, of which correlate cannot know: an option with the points of a query, if there are any. */
static int say_option(struct db *db, const char *option, const char *sql, struct err *e)
{
	sqlite3_stmt *st;
	int rc, n = 0;

	if (db_prepare(db, sql, &st, e) < 0)
		return -1;
	while ((rc = db_step(db, st, e)) == 1) {
		if (n++ == 0)
			printf(" %s ", option);
		else
			putchar(',');
		say_argument((const char *)sqlite3_column_text(st, 0));
	}
	sqlite3_finalize(st);
	return rc;
}

static int say_options(struct db *db, struct err *e)
{
	int64_t derived;

	if (db_int(db, "SELECT count(*) FROM sqlite_master WHERE name = 'path'", 0, &derived, e) < 0)
		return -1;
	if (!derived)
		return 0;
	if (say_option(db, "--path", "SELECT p.name FROM path h JOIN point p ON p.id = h.point_id WHERE h.how LIKE 'given%' ORDER BY h.position, p.name", e) < 0)
		return -1;
	return say_option(db, "--running", "SELECT p.name FROM path h JOIN point p ON p.id = h.point_id WHERE h.running ORDER BY p.name", e);
}

static int say_commands(const struct handout *h, struct db *db, struct err *e)
{
	static const char *const option[] = {[SPLIT_NOT] = "", [SPLIT_INTERFACE] = " --split interface", [SPLIT_VLAN] = " --split vlan"};
	unsigned whole = arguments(h, SPLIT_NOT, false);

	puts("\nto correlate them:");
	for (unsigned i = SPLIT_NOT; i <= SPLIT_VLAN && whole < h->captures; i++) {
		if (arguments(h, (enum split)i, false) == 0)
			continue;
		printf("  pcaphop import copies.db%s", option[i]);
		arguments(h, (enum split)i, true);
		putchar('\n');
	}
	fputs(whole < h->captures ? "  pcaphop correlate copies.db" : "  pcaphop run", stdout);
	if (say_options(db, e) < 0)
		return -1;
	if (whole == h->captures)
		arguments(h, SPLIT_NOT, true);
	putchar('\n');
	if (whole < h->captures)
		puts("  pcaphop list copies.db");
	return 0;
}

/* ---- what they tell ---- */

static const char remains[] =
"what they still tell:\n"
"  points     their names, here and in the names of the files\n"
"  addresses  two pseudonyms begin alike as far as the addresses do (Crypto-PAn): who knows a few of them, or\n"
"             had own packets recorded, knows these and what is near them\n"
"  packets    times, lengths, ports, sequence numbers, timestamps, IP IDs, TTLs, windows, options, tunnel and\n"
"             VLAN numbers are as they were: hosts, and what they fetched, can be known by these\n"
"  payload    which packets carry the same, and whether they begin alike for 8, 64 or 512 bytes; where many of\n"
"             up to 7 bytes come (a terminal session), letters can be guessed by how often they come\n"
"  HTTP, TLS  that it is a request (and its method) or a ClientHello, and which are the same\n"
"  the rest   of DNS, ARP and all else that is no TCP: time, length and type\n"
"  F5         why a reset was sent, in the words of the BIG-IP\n"
"  Names of hosts, virtual servers and interfaces, comments, filters and payload are gone.\n";

static void say_key(const char *key_file, bool made)
{
	if (!key_file) {
		puts("key     thrown away: nobody can tell who is who, or make pseudonyms like these again (--key FILE keeps one)");
		return;
	}
	fputs("key     ", stdout);
	say(key_file);
	puts(made ? ", made new: whoever has it can tell who is who" : ": whoever has it can tell who is who");
}

static void say_files(const struct handout *h)
{
	uint64_t lost = 0;

	for (uint32_t i = 0; i < h->files; i++) {
		fputs(i == 0 ? "copies  " : "        ", stdout);
		say(h->file[i].path);
		printf("  %" PRIu64 " frames\n", h->file[i].frames);
		lost += h->file[i].lost;
	}
	if (lost)
		printf("        %" PRIu64 " frames cannot be copied so that nobody is named and the same is read of them: they are left out\n", lost);
	if (h->nameless)
		printf("        %" PRIu64 " headers of proxies have no room for a pseudonym: it is left out\n", h->nameless);
}

int handout_say(const struct handout *h, struct db *db, const char *key_file, bool made, struct err *e)
{
	say_key(key_file, made);
	say_files(h);
	if (say_commands(h, db, e) < 0)
		return -1;
	putchar('\n');
	fputs(remains, stdout);
	return 0;
}
