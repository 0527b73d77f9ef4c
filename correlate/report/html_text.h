/* Foreign text put into a page: nothing of it is ever markup or script. */
#ifndef CORRELATE_REPORT_HTML_TEXT_H
#define CORRELATE_REPORT_HTML_TEXT_H

#include <stdio.h>

/* Inside an element, or an attribute in double quotes. text is clean (schema/clean.h). */
void html_text(FILE *out, const char *text);

/* The same of text that is not clean yet; NULL prints nothing. */
void html_foreign(FILE *out, const char *text);

/* A JSON string with its quotes, which may stand inside <script>: no '<' is left in it. text is clean. */
void html_json(FILE *out, const char *text);

#endif
