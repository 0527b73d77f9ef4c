#include "correlate/read_only.h"

#include <sqlite3.h>
#include <string.h>

int read_only(void *unused, int action, const char *a, const char *b, const char *database, const char *trigger)
{
	static const char *const unsafe[] = {"load_extension", "writefile", "edit", "fts3_tokenizer"};

	(void)unused, (void)database, (void)trigger;
	switch (action) {
	case SQLITE_SELECT:
	case SQLITE_READ:
	case SQLITE_RECURSIVE:
		return SQLITE_OK;
	case SQLITE_FUNCTION:
		for (size_t i = 0; i < sizeof unsafe / sizeof unsafe[0]; i++)
			if (b && strcmp(b, unsafe[i]) == 0)
				return SQLITE_DENY;
		return SQLITE_OK;
	case SQLITE_PRAGMA:
		/* Only questions about the tables, and none that sets something. */
		return strcmp(a, "table_info") == 0 || strcmp(a, "table_list") == 0 || strcmp(a, "table_xinfo") == 0 ||
		    ((strcmp(a, "application_id") == 0 || strcmp(a, "user_version") == 0) && b == NULL) ? SQLITE_OK : SQLITE_DENY;
	default:
		return SQLITE_DENY;
	}
}
