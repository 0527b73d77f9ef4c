/* The sentences about full proxies. */
#ifndef CORRELATE_TELL_PROXY_H
#define CORRELATE_TELL_PROXY_H

#include "correlate/finding.h"
#include "correlate/words.h"

/* Text of a finding terminated, originated or inserted. */
void tell_proxied(const struct conn *c, const struct finding *f, struct words *w);
void tell_inserted(const struct conn *c, const struct finding *f, struct words *w);

/* Did the proxy that ends this connection open others for it, and reached its server with none of them? */
bool tell_failed(const struct conn *c);
/* That, as a sentence. */
void tell_failure(const struct conn *c, struct words *w);

/* Which proxy has to do with a connection, as a last sentence of its verdict. */
void tell_add_proxy(const struct conn *c, char *verdict, size_t size);

#endif
