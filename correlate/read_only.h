/* What SQL of users may do to a case. */
#ifndef CORRELATE_READ_ONLY_H
#define CORRELATE_READ_ONLY_H

/*
 * Reading is allowed, and nothing else: not another database, not a setting, and no file but the captures that the query itself names. (The
 * views of a case cannot name any: capture_table.h.) For sqlite3_set_authorizer.
 */
int read_only(void *unused, int action, const char *a, const char *b, const char *database, const char *trigger);

#endif
