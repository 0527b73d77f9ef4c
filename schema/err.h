/* One sentence that says what went wrong; owned by the caller, never allocated. */
#ifndef SCHEMA_ERR_H
#define SCHEMA_ERR_H

#define ERR_MAX 512

struct err {
	char msg[ERR_MAX];
};

/* Set the message. Always returns -1, so that a caller can `return err_set(...)`. */
int err_set(struct err *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Put context in front of the message: "context: message". Always returns -1. */
int err_prefix(struct err *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
