#include "schema/cmd.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "correlate/handout.h"
#include "correlate/handout_say.h"
#include "correlate/key_file.h"
#include "schema/progress.h"

static const char usage[] =
"Usage: pcaphop anonymize [OPTION]... CASE -o DIR\n"
"Copies of the captures of a case that can be handed on: addresses become pseudonyms, payload goes, and the copies still correlate to the same findings.\n"
"\n"
"  -o, --output DIR       where the copies go, one for each file that was imported; DIR is made if it does not exist\n"
"      --key FILE         the key that pseudonyms are made with: the same key gives the same ones (a FILE that does not exist is made, with a new key).\n"
"                         Without it the key is thrown away\n"
"      --captures FOLDER  where the captures are now, if they are neither where they were imported from nor beside the case\n"
"      --help             this text\n";

static int anonymize(const char *path, struct handout_options *o, const char *key_file, struct progress *bar, struct err *e)
{
	uint8_t key[KEY_BYTES];
	struct handout h = {0};
	bool made = false;
	struct db db;
	int rc;

	if (db_open(&db, path, DB_READ, e) < 0)
		return -1;
	rc = key_file ? key_file_read(key_file, key, &made, e) : key_new(key, e);
	o->key = key;
	if (rc == 0)
		rc = handout_write(&h, &db, o, e);
	progress_done(bar);
	if (rc == 0)
		rc = handout_say(&h, &db, key_file, made, e);
	handout_free(&h);
	explicit_bzero(key, sizeof key);
	db_close(&db);
	return rc;
}

int cmd_anonymize(int argc, char **argv)
{
	static const struct option longs[] = { { "output", required_argument, NULL, 'o' }, { "key", required_argument, NULL, 'k' },
		{ "captures", required_argument, NULL, 'c' }, { "help", no_argument, NULL, 'h' }, { NULL, 0, NULL, 0 } };
	struct progress bar = { 0 };
	struct handout_options o = { .progress = progress_packets, .ctx = &bar };
	const char *key_file = NULL;
	struct err e;
	int opt;

	while ((opt = getopt_long(argc, argv, "o:h", longs, NULL)) != -1) {
		switch (opt) {
		case 'o':
			o.folder = optarg;
			break;
		case 'k':
			key_file = optarg;
			break;
		case 'c':
			o.captures = optarg;
			break;
		case 'h':
			fputs(usage, stdout);
			return CMD_DONE;
		default:
			return cmd_misused(argv[0], NULL);
		}
	}
	if (argc - optind != 1)
		return cmd_misused(argv[0], argc == optind ? "which case?" : "one case, please, not '%s'", argv[argc - 1]);
	if (!o.folder)
		return cmd_misused(argv[0], "-o DIR says where the copies go");
	return anonymize(argv[optind], &o, key_file, &bar, &e) < 0 ? cmd_failed(&e) : CMD_DONE;
}
