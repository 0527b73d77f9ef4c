/* One character of text that nobody promised to be UTF-8. */
#ifndef SCHEMA_UTF8_H
#define SCHEMA_UTF8_H

#include <stdint.h>

/* Decode one character (RFC 3629: shortest form, no surrogates). Returns the bytes it takes, 0 when invalid. */
int utf8_decode(const unsigned char *p, int len, uint32_t *c);

/* Its bytes, with a NUL; returns how many. */
int utf8_encode(uint32_t c, char buf[5]);

/* Columns that it takes: 0, 1 or 2. */
int utf8_columns(uint32_t c);

#endif
