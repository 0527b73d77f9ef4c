#include "correlate/report/canvas.h"

#include <stdlib.h>
#include <string.h>

#include "schema/utf8.h"

/* The right half of a wide character. */
#define CELL_TAIL UINT32_MAX

int canvas_open(struct canvas *v, const struct style *s, int width, struct err *e)
{
	*v = (struct canvas){.s = s, .width = width, .cell = calloc((size_t)width, sizeof *v->cell)};
	return v->cell ? 0 : err_set(e, "out of memory");
}

void canvas_close(struct canvas *v)
{
	free(v->cell);
	v->cell = NULL;
}

int canvas_text(struct canvas *v, int x, enum tint t, const char *text)
{
	const unsigned char *p = (const unsigned char *)text;

	while (*p) {
		uint32_t c;
		int n = utf8_decode(p, (int)strnlen((const char *)p, 4), &c), w;

		p += n ? n : 1;
		w = n ? utf8_columns(c) : 0;
		if (w > 0 && x >= 0 && x + w <= v->width) {
			v->cell[x] = (struct cell){c, t};
			if (w == 2)
				v->cell[x + 1] = (struct cell){CELL_TAIL, t};
		}
		x += w;
	}
	return x;
}

void canvas_fill(struct canvas *v, int x, int end, enum tint t, const char *glyph)
{
	while (x < end)
		x = canvas_text(v, x, t, glyph);
}

void canvas_print(struct canvas *v)
{
	enum tint now = TINT_NONE;
	int end = v->width;

	while (end > 0 && (v->cell[end - 1].c == 0 || v->cell[end - 1].c == ' '))
		end--;
	for (int x = 0; x < end; x++) {
		const struct cell *k = &v->cell[x];
		char text[5];

		if (k->c == CELL_TAIL)
			continue;
		if (k->c != 0 && k->tint != now) {
			fputs(now == TINT_NONE ? "" : style_off(v->s), v->s->out);
			fputs(style_on(v->s, k->tint), v->s->out);
			now = k->tint;
		}
		utf8_encode(k->c ? k->c : ' ', text);
		fputs(text, v->s->out);
	}
	fputs(now == TINT_NONE ? "" : style_off(v->s), v->s->out);
	fputc('\n', v->s->out);
	memset(v->cell, 0, (size_t)v->width * sizeof *v->cell);
}
