#include "correlate/words.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void words_say(struct words *w, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	int k = vsnprintf(w->out + w->n, w->size - w->n, fmt, ap);
	va_end(ap);
	if (k > 0)
		w->n = w->n + (size_t)k < w->size ? w->n + (size_t)k : w->size - 1;
}

struct words words_into(char *out, size_t size)
{
	out[0] = '\0';
	return (struct words){ out, 0, size };
}

const char *words_point(const struct conn *c, unsigned point)
{
	return c->facts->point[point].name;
}

const char *words_host(unsigned dir)
{
	return dir == C2S ? "client" : "server";
}

const char *words_sender(const struct conn *c, unsigned dir, bool by_f5)
{
	uint8_t tie = c->facts->conn[c->index].proxy[dir].tie;

	if (by_f5 || tie == TIE_F5)
		return "BIG-IP";
	return tie ? "proxy" : words_host(dir);
}

/* The words are configured by people: a quote among them must not end them. */
void words_f5(struct words *w, const struct conn *c, uint32_t tx)
{
	const struct rst_cause *r = conn_rst_cause(c, tx);
	char text[sizeof r->text];

	if (!r)
		return;
	for (size_t i = 0; i < sizeof text; i++)
		text[i] = (char)(r->text[i] == '"' ? '\'' : r->text[i]);
	words_say(w, " F5 says: \"%s%s\".", r->peer ? "{peer} " : "", text);
}

/* "SYN", "3 SYNs", "2 packets with data" */
void words_count(struct words *w, uint32_t n, uint8_t what)
{
	static const char *const many[] = { "SYNs", "SYN-ACKs", "RSTs", "RST,ACKs", "packets with data", "FINs", "ACKs", "ICMP errors", "connections", "packets" };
	static const char *const one[] = { "SYN", "SYN-ACK", "RST", "RST,ACK", "packet with data", "FIN", "ACK", "ICMP error", "connection", "packet" };

	if (n == 1)
		words_say(w, "%s %s", strchr("AEIO", one[what][0]) ? "an" : "a", one[what]);
	else
		words_say(w, "%u %s", n, many[what]);
}

void words_duration(struct words *w, int64_t ns)
{
	double s = (double)ns * 1e-9;

	if (s < 0.001)
		words_say(w, "%.0f us", s * 1e6);
	else if (s < 1)
		words_say(w, "%.*f ms", s < 0.1 ? 1 : 0, s * 1e3);
	else
		words_say(w, "%.*f s", s < 10 ? 2 : s < 100 ? 1 : 0, s);
}

void words_capital(char *text)
{
	if (text[0] >= 'a' && text[0] <= 'z')
		text[0] = (char)(text[0] - 'a' + 'A');
}
