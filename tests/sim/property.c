#include "tests/sim/property.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static long number(const char *name, long otherwise)
{
	const char *value = getenv(name);

	return value ? strtol(value, NULL, 0) : otherwise;
}

void sim_property_broken(void *context, const char *text)
{
	struct sim_property *p = context;

	p->wrong_worlds += !p->failed_here;
	p->failed_here = true;
	if (p->failures++ >= number("SIM_LINES", 8))
		return;
	printf("  %s: seed %" PRIu64 ": %s\n    (simgen --seed %" PRIu64 " --troubles 0x%x --out DIR%s)\n", p->name, p->seed, text, p->seed,
	    p->troubles, p->also);
}

static void empty_folder(const char *folder)
{
	DIR *d = opendir(folder);
	struct dirent *entry;
	char path[600];

	while (d && (entry = readdir(d)) != NULL) {
		snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
		if (entry->d_name[0] != '.')
			unlink(path);
	}
	if (d)
		closedir(d);
}

static void print_figures(const struct sim_property *p)
{
	const struct sim_verdict *v = &p->sums;

	printf(
	    "  %s: %ld worlds, %ld connections; %ld claims, %ld false (of %ld certain ones %ld); %ld joins, %ld false; %ld changes, %ld invented; recall %ld of %ld; "
	    "%ld failures in %ld worlds\n",
	    p->name, p->worlds, p->connections, v->claims, v->wrong, v->certain, v->wrong_certain, v->joins, v->false_joins, v->changes, v->invented, v->found, v->events,
	    p->failures, p->wrong_worlds);
	fflush(stdout);
}

long sim_property_check(const char *name, sim_check *check, const unsigned *troubles, size_t kinds, long worlds)
{
	struct sim_property p = {.name = name};
	const char *base = getenv("TMPDIR");
	long n = (number("SIM_WORLDS", 100) * worlds + 99) / 100;
	struct sim_world w;

	snprintf(p.folder, sizeof p.folder, "%s/property.XXXXXX", base ? base : "/tmp");
	if (!mkdtemp(p.folder)) {
		printf("  %s: no folder for temporary files\n", name);
		return 1;
	}
	for (long i = 0; i < n; i++) {
		p.seed = (uint64_t)(number("SIM_SEED", 1) + i);
		p.troubles = troubles[p.seed % kinds];
		p.failed_here = false;
		p.also = "";
		p.worlds++;
		sim_world_random(&w, p.seed, p.troubles);
		check(&p, &w);
		empty_folder(p.folder);
	}
	rmdir(p.folder);
	print_figures(&p);
	return p.failures;
}

void sim_property_equal(struct sim_property *p, const char *what, long got, long expected)
{
	char text[256];

	snprintf(text, sizeof text, "%s: %ld, should be %ld", what, got, expected);
	if (got != expected)
		sim_property_broken(p, text);
}

long sim_property_query(struct sim_property *p, sqlite3 *db, const char *sql)
{
	sqlite3_stmt *st = NULL;
	long n = -1;

	if (sqlite3_prepare_v2(db, sql, -1, &st, NULL) == SQLITE_OK && sqlite3_step(st) == SQLITE_ROW)
		n = (long)sqlite3_column_int64(st, 0);
	else
		sim_property_broken(p, sqlite3_errmsg(db));
	sqlite3_finalize(st);
	return n;
}

bool sim_property_again(struct sim_property *p, const struct sim_args *a, sqlite3 **db)
{
	struct err e = {""};

	if (sim_program_run(db, p->folder, a, &e) < 0)
		sim_property_broken(p, e.msg);
	return *db != NULL;
}

bool sim_property_run(struct sim_property *p, const struct sim_world *w, struct sim_record *r, sqlite3 **db)
{
	struct sim_args a = {.count = 0};
	struct err e = {""};

	*db = NULL;
	if (sim_record_run(r, w, p->folder, &e) < 0) {
		sim_property_broken(p, e.msg);
		return false;
	}
	p->connections += (long)r->count;
	sim_args_world(&a, w, 0);
	sim_args_files(&a, w, p->folder);
	return sim_property_again(p, &a, db);
}

void sim_property_judge(struct sim_property *p, const struct sim_record *r, sqlite3 *db, bool exact)
{
	struct sim_verdict v = {.r = r, .complain = sim_property_broken, .context = p, .exact = exact, .doubt_likely = p->doubt_likely};
	struct sim_verdict *sums = &p->sums;

	sim_verdict_joins(&v, db);
	sim_verdict_claims(&v, db);
	sums->claims += v.claims;
	sums->wrong += v.wrong;
	sums->certain += v.certain;
	sums->wrong_certain += v.wrong_certain;
	sums->events += v.events;
	sums->found += v.found;
	sums->joins += v.joins;
	sums->false_joins += v.false_joins;
	sums->likely += v.likely;
	sums->false_likely += v.false_likely;
	sums->changes += v.changes;
	sums->invented += v.invented;
}

void sim_property_dump(sqlite3 *db, const char *const *sql, size_t n, char **dumps)
{
	for (size_t i = 0; i < n; i++)
		dumps[i] = db ? sim_program_dump(db, sql[i]) : NULL;
}

void sim_property_same(struct sim_property *p, const char *what, char **before, char **after, size_t n)
{
	char line[900], text[1000];
	bool told = false;

	for (size_t i = 0; i < n; i++) {
		if (before[i] && after[i] && !told && sim_program_differ(before[i], after[i], line, sizeof line)) {
			snprintf(text, sizeof text, "%s:%s", what, line);
			sim_property_broken(p, text);
			told = true;
		}
		free(before[i]);
		free(after[i]);
	}
}

static uint64_t copy_records(FILE *in, FILE *out, uint64_t first, uint64_t last)
{
	static uint8_t record[16 + SIM_FRAME_MAX];
	uint64_t n = 0, kept = 0;

	for (; fread(record, 16, 1, in) == 1; n++) {
		size_t len = (size_t)record[8] | (size_t)record[9] << 8 | (size_t)record[10] << 16;

		if (len > SIM_FRAME_MAX || fread(record + 16, 1, len, in) != len)
			break;
		if (n >= first && n < last)
			kept += fwrite(record, 16 + len, 1, out);
	}
	return kept;
}

uint64_t sim_property_cut(struct sim_property *p, const char *from, const char *to, uint64_t first, uint64_t last)
{
	FILE *in = fopen(from, "rb"), *out = fopen(to, "wb");
	uint8_t head[24];
	uint64_t kept = 0;

	if (in && out && fread(head, sizeof head, 1, in) == 1 && fwrite(head, sizeof head, 1, out) == 1)
		kept = copy_records(in, out, first, last);
	else
		sim_property_broken(p, "a capture cannot be cut");
	if (in)
		fclose(in);
	if (out)
		fclose(out);
	return kept;
}

void sim_property_forget(struct sim_record *r, unsigned point, uint64_t kept)
{
	for (size_t c = 0; c < r->count; c++)
		for (size_t i = 0; i < r->truth[c]->count; i++) {
			struct sim_sighting *s = sim_truth_at(r->truth[c], i, point);

			s->frame = s->frame + s->frames > kept + 1 ? 0 : s->frame;
			s->mirrored = s->mirrored > kept ? 0 : s->mirrored;
		}
}
