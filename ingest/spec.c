#include "ingest/spec.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ingest/import.h"
#include "schema/array.h"

static int add(struct specs *s, const char *point, size_t point_len, const char *path, size_t path_len, const char *selector, struct err *e)
{
	struct spec *x;

	if (!array_grow(&s->list, &s->room, s->n, sizeof *s->list))
		return err_set(e, "out of memory");
	x = &s->list[s->n];
	x->in_folder = false;
	x->point = strndup(point, point_len);
	x->path = strndup(path, path_len);
	x->selector = strdup(selector);
	s->n++;
	return x->point && x->path && x->selector ? 0 : err_set(e, "out of memory");
}

static int is_file(const struct dirent *d)
{
	return d->d_name[0] != '.';
}

static int add_folder(struct specs *s, const char *point, size_t point_len, const char *path, struct err *e)
{
	struct dirent **name;
	int n = scandir(path, &name, is_file, alphasort), rc = 0, files = 0;

	if (n < 0)
		return err_set(e, "%s: %s", path, strerror(errno));
	for (int i = 0; i < n; i++) {
		char full[4096];
		struct stat st;
		size_t len = (size_t)snprintf(full, sizeof full, "%s/%s", path, name[i]->d_name);
		if (rc == 0 && len < sizeof full && stat(full, &st) == 0 && S_ISREG(st.st_mode)) {
			rc = add(s, point, point_len, full, len, "", e);
			if (rc == 0)
				s->list[s->n - 1].in_folder = true;
			files++;
		}
		free(name[i]);
	}
	free(name);
	return rc == 0 && files == 0 ? err_set(e, "%s: no files in this folder", path) : rc;
}

int specs_add(struct specs *s, const char *argument, bool nameless, struct err *e)
{
	const char *eq = strchr(argument, '='), *at;
	struct stat st;

	if (nameless && !eq && argument[0])
		eq = argument - 1;
	else if (!eq || eq == argument || !eq[1])
		return err_set(e, "'%s' is not POINT=FILE", argument);
	size_t point_len = eq < argument ? 0 : (size_t)(eq - argument);
	if (memchr(argument, ',', point_len) || point_len >= POINT_NAME)
		return err_set(e, "'%.*s': a point's name has at most %d bytes and no comma", (int)point_len, argument, POINT_NAME - 1);
	const char *path = eq + 1;
	if (strcmp(path, "-") != 0 && stat(path, &st) == 0)
		return S_ISDIR(st.st_mode) ? add_folder(s, argument, point_len, path, e) : add(s, argument, point_len, path, strlen(path), "", e);
	/* A file whose real name contains @INTERFACE has won; now it may be an interface. */
	at = strrchr(path, '@');
	if (at && at > path && at[1])
		return add(s, argument, point_len, path, (size_t)(at - path), at + 1, e);
	return add(s, argument, point_len, path, strlen(path), "", e);
}

static int by_name(const void *a, const void *b)
{
	const struct spec *x = a, *y = b;
	int c;

	if ((c = strcmp(x->point, y->point)) || (c = strcmp(x->path, y->path)))
		return c;
	return strcmp(x->selector, y->selector);
}

void specs_sort(struct specs *s)
{
	if (s->n)
		qsort(s->list, s->n, sizeof *s->list, by_name);
}

void specs_free(struct specs *s)
{
	for (size_t i = 0; i < s->n; i++) {
		free(s->list[i].point);
		free(s->list[i].path);
		free(s->list[i].selector);
	}
	free(s->list);
	memset(s, 0, sizeof *s);
}
