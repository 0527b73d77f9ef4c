#include "tests/sim/program.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define TIME_LIMIT 120 /* seconds */

void sim_args_add(struct sim_args *a, const char *fmt, ...)
{
	va_list ap;

	if (a->count == SIM_ARGS_MAX)
		abort();
	va_start(ap, fmt);
	vsnprintf(a->text[a->count++], sizeof a->text[0], fmt, ap);
	va_end(ap);
}

void sim_args_world(struct sim_args *a, const struct sim_world *w, unsigned not_running)
{
	char path[256] = "", running[256] = "";

	for (unsigned i = 0; i < w->points; i++) {
		const struct sim_point *p = &w->point[i];
		bool ran = !p->window_from && !p->window_to && !(not_running & 1u << i);

		snprintf(path + strlen(path), sizeof path - strlen(path), "%s%s", *path ? "," : "", p->name);
		if (ran)
			snprintf(running + strlen(running), sizeof running - strlen(running), "%s%s", *running ? "," : "", p->name);
	}
	sim_args_add(a, "--path");
	sim_args_add(a, "%s", path);
	if (!*running)
		return;
	sim_args_add(a, "--running");
	sim_args_add(a, "%s", running);
}

void sim_args_files(struct sim_args *a, const struct sim_world *w, const char *folder)
{
	for (unsigned i = 0; i < w->points; i++)
		sim_args_add(a, "%s=%s/%s.pcap", w->point[i].name, folder, w->point[i].name);
}

static void exec_program(const char *program, const char *folder, const char *errors, const struct sim_args *a)
{
	char path[512], run[] = "run", o[] = "-o", name[512], text[SIM_ARGS_MAX][512];
	char *argv[SIM_ARGS_MAX + 5];
	int n = 0, null = open("/dev/null", O_RDWR), err = open(errors, O_WRONLY | O_CREAT | O_TRUNC, 0666);

	snprintf(path, sizeof path, "%s/case.db", folder);
	snprintf(name, sizeof name, "%s", program);
	argv[n++] = name;
	argv[n++] = run;
	argv[n++] = o;
	argv[n++] = path;
	for (int i = 0; i < a->count; i++) {
		memcpy(text[i], a->text[i], sizeof text[i]);
		argv[n++] = text[i];
	}
	argv[n] = NULL;
	dup2(null, 0);
	dup2(null, 1);
	dup2(err, 2);
	alarm(TIME_LIMIT);
	execv(program, argv);
	_exit(127);
}

/* The last thing that the program said. */
static void last_words(const char *errors, char *text, size_t size)
{
	FILE *f = fopen(errors, "r");
	size_t n = 0;

	if (f) {
		if (fseek(f, 0, SEEK_END) == 0 && ftell(f) > (long)size)
			fseek(f, -(long)size + 1, SEEK_END);
		else
			rewind(f);
		n = fread(text, 1, size - 1, f);
		fclose(f);
	}
	text[n] = '\0';
}

int sim_program_run(sqlite3 **db, const char *folder, const struct sim_args *a, struct err *e)
{
	const char *program = getenv("PROG");
	char path[512], errors[512], said[256];
	int status = 0;

	*db = NULL;
	program = program ? program : "build/pcaphop";
	snprintf(path, sizeof path, "%s/case.db", folder);
	snprintf(errors, sizeof errors, "%s/stderr", folder);
	unlink(path);
	pid_t pid = fork();
	if (pid < 0)
		return err_set(e, "fork: %s", strerror(errno));
	if (pid == 0)
		exec_program(program, folder, errors, a);
	if (waitpid(pid, &status, 0) != pid)
		return err_set(e, "waiting for %s: %s", program, strerror(errno));
	last_words(errors, said, sizeof said);
	if (WIFSIGNALED(status))
		return err_set(e, "%s: ended by signal %d: %s", program, WTERMSIG(status), said);
	if (WEXITSTATUS(status) != 0)
		return err_set(e, "%s: exit status %d: %s", program, WEXITSTATUS(status), said);
	if (sqlite3_open_v2(path, db, SQLITE_OPEN_READONLY, NULL) == SQLITE_OK)
		return 0;
	sqlite3_close(*db);
	*db = NULL;
	return err_set(e, "%s: cannot be opened", path);
}

char *sim_program_dump(sqlite3 *db, const char *sql)
{
	sqlite3_stmt *st = NULL;
	char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);

	if (!f)
		abort();
	if (sqlite3_prepare_v2(db, sql, -1, &st, NULL) != SQLITE_OK)
		fprintf(f, "%s\n", sqlite3_errmsg(db));
	while (st && sqlite3_step(st) == SQLITE_ROW) {
		for (int i = 0; i < sqlite3_column_count(st); i++) {
			const unsigned char *value = sqlite3_column_text(st, i);

			fprintf(f, "%s%s", i ? "|" : "", value ? (const char *)value : "");
		}
		fputc('\n', f);
	}
	sqlite3_finalize(st);
	fclose(f);
	return text;
}

bool sim_program_differ(const char *a, const char *b, char *line, size_t size)
{
	const char *line_a = a, *line_b = b;

	if (strcmp(a, b) == 0)
		return false;
	for (; *a && *a == *b; a++, b++)
		if (*a == '\n') {
			line_a = a + 1;
			line_b = b + 1;
		}
	snprintf(line, size, "\n    %.*s\n    %.*s", (int)strcspn(line_a, "\n"), line_a, (int)strcspn(line_b, "\n"), line_b);
	return true;
}

int sim_program_point(const struct sim_world *w, const unsigned char *name)
{
	for (unsigned i = 0; name && i < w->points; i++)
		if (strcmp((const char *)name, w->point[i].name) == 0)
			return (int)i;
	return -1;
}
