#include "correlate/report/rows_compare.h"

#include <math.h>
#include <stdio.h>

#include "correlate/report/compare_words.h"
#include "correlate/report/out.h"
#include "correlate/report/select.h"

#include "correlate/report/rows_compare_table.sql.h"

static const char insert_sql[] = "INSERT INTO temp.comparison VALUES(:failure, :property, :attribute, :status, :by, :failed_with, :with, :failed_without, "
				 ":without, :difference, :low, :high, :odds, :p, :q, :within, :controls)";

typedef int print_rows(struct db *db, const struct style *s, sqlite3_stmt *st, struct err *e);

/* Programs get every character as it is. */
static const struct style plain = { .utf8 = true };

static void bind_text_copy(sqlite3_stmt *st, const char *name, const char *text)
{
	db_bind_text(st, sqlite3_bind_parameter_index(st, name), text);
}

static void bind_real(sqlite3_stmt *st, const char *name, double v)
{
	if (isfinite(v))
		sqlite3_bind_double(st, sqlite3_bind_parameter_index(st, name), v);
}

static void bind_count(sqlite3_stmt *st, const char *name, uint32_t n)
{
	sqlite3_bind_int64(st, sqlite3_bind_parameter_index(st, name), n);
}

static void bind_table(sqlite3_stmt *st, const struct property *p)
{
	const struct fourfold *t = &p->t;
	uint32_t with = t->fail_with + t->pass_with, without = t->fail_without + t->pass_without;
	struct interval_of ci = stats_newcombe(t);

	bind_count(st, ":failed_with", t->fail_with);
	bind_count(st, ":with", with);
	bind_count(st, ":failed_without", t->fail_without);
	bind_count(st, ":without", without);
	bind_real(st, ":difference", (double)t->fail_with / with - (double)t->fail_without / without);
	bind_real(st, ":low", ci.low);
	bind_real(st, ":high", ci.high);
	bind_real(st, ":odds", stats_odds_ratio(t));
}

static int add_property(struct db *db, sqlite3_stmt *st, const struct contrast *x, uint32_t i, struct err *e)
{
	const struct property *p = &x->property[i], *by = p->leader != i ? &x->property[p->leader] : p->by != NOTHING_ELSE ? &x->property[p->by] : NULL;
	const struct section *section = &x->section[p->section];
	char text[512];

	sqlite3_clear_bindings(st);
	bind_text_copy(st, ":failure", section->way ? section->way : "any");
	bind_text_copy(st, ":property", compare_property(&plain, x, p, text, sizeof text));
	bind_text_copy(st, ":attribute", x->cohort->attribute[p->attribute].name);
	bind_text_copy(st, ":status", compare_standing(p->leader == i || by->standing == STANDING_CHANCE ? p->standing : STANDING_TANGLED));
	if (by)
		bind_text_copy(st, ":by", compare_property(&plain, x, by, text, sizeof text));
	else if (p->by_attribute != NOTHING_ELSE)
		bind_text_copy(st, ":by", x->cohort->attribute[p->by_attribute].name);
	if (p->kind != PROPERTY_ANY)
		bind_table(st, p);
	bind_real(st, ":p", p->p);
	bind_real(st, ":q", p->q);
	bind_real(st, ":within", p->within_p);
	return db_run(db, st, e);
}

static int add_constant(struct db *db, sqlite3_stmt *st, const struct contrast *x, uint32_t attribute, const char *value, struct err *e)
{
	const char *name = x->cohort->attribute[attribute].name;
	char text[512];

	for (uint32_t i = 0; i < x->sections; i++) {
		const struct section *section = &x->section[i];

		sqlite3_clear_bindings(st);
		bind_text_copy(st, ":failure", section->way ? section->way : "any");
		bind_text_copy(st, ":property", compare_class(&plain, name, value, text, sizeof text));
		bind_text_copy(st, ":attribute", name);
		bind_text_copy(st, ":status", "not testable");
		bind_count(st, ":controls", stats_controls(section->fail, section->fail + section->pass));
		if (db_run(db, st, e) < 0)
			return -1;
	}
	return 0;
}

static int rows(struct db *db, const struct style *s, const struct contrast *x, print_rows *print, struct err *e)
{
	sqlite3_stmt *st = NULL;
	int rc = -1;

	if (db_exec(db, rows_compare_table_sql, e) < 0 || db_prepare(db, insert_sql, &st, e) < 0)
		return -1;
	for (uint32_t i = 0; i < x->n; i++)
		if (add_property(db, st, x, i, e) < 0)
			goto out;
	for (uint32_t i = 0; i < x->cohort->attributes; i++) {
		char value[256];

		if (contrast_constant(x->cohort, i, value, sizeof value) && add_constant(db, st, x, i, value, e) < 0)
			goto out;
	}
	sqlite3_finalize(st);
	st = NULL;
	if (db_prepare(db, "SELECT * FROM temp.comparison ORDER BY rowid", &st, e) == 0)
		rc = print(db, s, st, e);
out:
	sqlite3_finalize(st);
	return rc;
}

int rows_compare_json(struct db *db, const struct style *s, const struct contrast *x, bool chosen, struct err *e)
{
	(void)chosen;
	return rows(db, s, x, out_json, e);
}

int rows_compare_csv(struct db *db, const struct style *s, const struct contrast *x, bool chosen, struct err *e)
{
	(void)chosen;
	return rows(db, s, x, out_csv, e);
}
