#include "correlate/report/phrases.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "correlate/report/html_text.h"
#include "schema/array.h"

#define SLOTS_FIRST 1024

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static uint32_t *find(const struct phrases *p, const char *text)
{
	size_t i = XXH3_64bits(text, strlen(text)) & (p->slots - 1);

	while (p->slot[i] && strcmp(p->text[p->slot[i] - 1], text) != 0)
		i = (i + 1) & (p->slots - 1);
	return &p->slot[i];
}

/* Keep the hash table at most half full. */
static int make_room(struct phrases *p, struct err *e)
{
	if (p->n * (size_t)2 < p->slots)
		return 0;
	free(p->slot);
	p->slots = p->slots ? p->slots * 2 : SLOTS_FIRST;
	if ((p->slot = calloc(p->slots, sizeof *p->slot)) == NULL)
		return err_set(e, "out of memory");
	for (uint32_t i = 0; i < p->n; i++)
		*find(p, p->text[i]) = i + 1;
	return 0;
}

static int keep(struct phrases *p, const char *text, uint32_t *place, struct err *e)
{
	uint32_t *slot;

	if (make_room(p, e) < 0)
		return -1;
	slot = find(p, text);
	if (*slot == 0) {
		if (!array_grow(&p->text, &p->room, p->n, sizeof *p->text) || (p->text[p->n] = strdup(text)) == NULL)
			return err_set(e, "out of memory");
		*slot = ++p->n;
		p->bytes += strlen(text) + 3;
	}
	*place = *slot - 1;
	return 0;
}

int phrases_place(struct phrases *p, const char *text, uint32_t *place, struct err *e)
{
	return p->n == 0 && keep(p, "", place, e) < 0 ? -1 : keep(p, text, place, e);
}

void phrases_free(struct phrases *p)
{
	for (uint32_t i = 0; i < p->n; i++)
		free(p->text[i]);
	free(p->text);
	free(p->slot);
	*p = (struct phrases){0};
}

/* The digits at p that may differ from sentence to sentence; 0: none. Those that end a name ("p1") do not. */
static size_t run(const char *text, const char *p)
{
	size_t n = 0;

	if (p > text && ((p[-1] >= 'A' && p[-1] <= 'Z') || (p[-1] >= 'a' && p[-1] <= 'z') || is_digit(p[-1])))
		return 0;
	while (is_digit(p[n]))
		n++;
	return n;
}

/* The text with '#' for every run of digits; digits: the runs, "|4|24". */
static bool split(const char *text, char *phrase, char *digits)
{
	bool any = false;

	for (const char *p = text; *p;) {
		size_t n = run(text, p);

		if (n == 0) {
			*phrase++ = *p++;
			continue;
		}
		*phrase++ = '#';
		*digits++ = '|';
		memcpy(digits, p, n);
		digits += n;
		p += n;
		any = true;
	}
	*phrase = *digits = '\0';
	return any;
}

int phrases_refer(struct phrases *p, FILE *out, const char *text, struct err *e)
{
	size_t size = strlen(text) + 1;
	char *phrase = malloc(3 * size), *digits = phrase + size;
	uint32_t place;
	bool any;
	int rc;

	if (phrase == NULL)
		return err_set(e, "out of memory");
	/* A '#' of its own would be taken for digits. */
	any = strchr(text, '#') == NULL && split(text, phrase, digits);
	rc = phrases_place(p, any ? phrase : text, &place, e);
	if (rc == 0)
		any ? fprintf(out, "\"%" PRIu32 "%s\"", place, digits) : fprintf(out, "%" PRIu32, place);
	free(phrase);
	return rc;
}

void phrases_print(const struct phrases *p, FILE *out)
{
	fputc('[', out);
	for (uint32_t i = 0; i < p->n; i++) {
		fputs(i ? "," : "", out);
		html_json(out, p->text[i]);
	}
	fputc(']', out);
}
