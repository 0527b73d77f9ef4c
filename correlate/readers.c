#include "correlate/readers.h"

int readers_open(struct readers *r, unsigned n, struct db *db, struct err *e)
{
	for (r->n = 0; r->n < n; r->n++) {
		struct reader *x = &r->one[r->n];
		if (db_open_content(&x->db, db, e) < 0)
			return -1;
		if (loader_open(&x->loader, &x->db, e) < 0) {
			loader_close(&x->loader);
			db_close(&x->db);
			return -1;
		}
	}
	return 0;
}

void readers_close(struct readers *r)
{
	for (; r->n > 0; r->n--) {
		loader_close(&r->one[r->n - 1].loader);
		db_close(&r->one[r->n - 1].db);
	}
}
