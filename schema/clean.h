/* Text from captures, file names and command lines, made fit for a terminal. */
#ifndef SCHEMA_CLEAN_H
#define SCHEMA_CLEAN_H

#include <stdbool.h>
#include <stddef.h>

/* Does the locale (setlocale) speak UTF-8? */
bool clean_locale_is_utf8(void);

/*
 * Copy len bytes of foreign text (-1: to the NUL) with every control byte, invalid byte and invisible or direction-changing character
 * written as \xNN or \uNNNN; without utf8 everything beyond ASCII too. What does not fit is cut at a character.
 */
void clean_text(char *buf, size_t size, const char *text, int len, bool utf8);

#endif
