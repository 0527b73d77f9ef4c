/* The key that pseudonyms are made with: 64 hexadecimal digits in a file that the user keeps. */
#ifndef CORRELATE_KEY_FILE_H
#define CORRELATE_KEY_FILE_H

#include <stdbool.h>
#include <stdint.h>

#include "schema/err.h"

#define KEY_BYTES 32

/* Read it; if there is no such file, make one with a new key that only its owner can read (*made). */
int key_file_read(const char *path, uint8_t key[KEY_BYTES], bool *made, struct err *e);

/* A key that nobody has had before. */
int key_new(uint8_t key[KEY_BYTES], struct err *e);

#endif
