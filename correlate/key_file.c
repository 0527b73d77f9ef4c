#include "correlate/key_file.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

int key_new(uint8_t key[KEY_BYTES], struct err *e)
{
	return getrandom(key, KEY_BYTES, 0) == KEY_BYTES ? 0 : err_set(e, "no random numbers for a key: %s", strerror(errno));
}

static int nibble(int c)
{
	return isdigit(c) ? c - '0' : tolower(c) - 'a' + 10;
}

/* Digits, perhaps with white space behind them, and nothing else. */
static int parse(FILE *f, uint8_t key[KEY_BYTES])
{
	int c;

	for (unsigned i = 0; i < 2 * KEY_BYTES; i++) {
		if ((c = getc(f)) == EOF || !isxdigit(c))
			return -1;
		key[i / 2] = (uint8_t)(key[i / 2] << 4 | nibble(c));
	}
	while ((c = getc(f)) != EOF)
		if (!isspace(c))
			return -1;
	return 0;
}

static int make(const char *path, uint8_t key[KEY_BYTES], struct err *e)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	FILE *f = fd < 0 ? NULL : fdopen(fd, "w");
	bool bad;

	if (!f)
		return err_set(e, "%s: %s", path, strerror(errno));
	if (key_new(key, e) < 0) {
		fclose(f);
		return -1;
	}
	for (unsigned i = 0; i < KEY_BYTES; i++)
		fprintf(f, "%02x", key[i]);
	fputc('\n', f);
	bad = ferror(f);
	return fclose(f) == 0 && !bad ? 0 : err_set(e, "%s: %s", path, strerror(errno));
}

int key_file_read(const char *path, uint8_t key[KEY_BYTES], bool *made, struct err *e)
{
	FILE *f = fopen(path, "r");
	int rc;

	*made = !f && errno == ENOENT;
	if (*made)
		return make(path, key, e);
	if (!f)
		return err_set(e, "%s: %s", path, strerror(errno));
	rc = parse(f, key);
	fclose(f);
	return rc == 0 ? 0 : err_set(e, "%s: a key is 64 hexadecimal digits (a file that does not exist is made, with a new key)", path);
}
