#include "correlate/options.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "correlate/report/select.h"

static int take_between(struct options *o, const char *value, struct err *e)
{
	char *comma;

	snprintf(o->between, sizeof o->between, "%s", value);
	comma = strchr(o->between, ',');
	if (comma == NULL || comma == o->between || comma[1] == '\0' || strlen(value) >= sizeof o->between)
		return err_set(e, "--between takes two points, as in --between client,server, not '%s'", value);
	*comma = '\0';
	o->filter.from = o->between;
	o->filter.to = comma + 1;
	return 0;
}

/* As the case spells it: an IPv6 address has many spellings. */
static int take_host(struct options *o, const char *value, struct err *e)
{
	unsigned char bytes[16];
	int family = strchr(value, ':') ? AF_INET6 : AF_INET;

	if (inet_pton(family, value, bytes) != 1 || !inet_ntop(family, bytes, o->host, sizeof o->host))
		return err_set(e, "--host takes an IPv4 or IPv6 address, not '%s'", value);
	o->filter.host = o->host;
	return 0;
}

static int take_port(struct options *o, const char *value, struct err *e)
{
	char *end;
	long port = strtol(value, &end, 10);

	if (*end || port < 1 || port > 65535)
		return err_set(e, "--port takes a number from 1 to 65535, not '%s'", value);
	o->filter.port = (int)port;
	return 0;
}

static int take_format(struct options *o, const char *value, struct err *e)
{
	o->report = report_find(value);
	return o->report ? 0 : err_set(e, "--format takes text, json or csv, not '%s'", value);
}

int options_take(struct options *o, int c, char *value, struct err *e)
{
	switch (c) {
	case OPTION_KIND:
		o->filter.kind = value;
		return 0;
	case OPTION_WHAT:
		o->filter.what = value;
		return 0;
	case OPTION_POINT:
		o->filter.point = value;
		return 0;
	case OPTION_BETWEEN:
		return take_between(o, value, e);
	case OPTION_HOST:
		return take_host(o, value, e);
	case OPTION_PORT:
		return take_port(o, value, e);
	case OPTION_FAILED:
		o->filter.failed = true;
		return 0;
	case OPTION_FORMAT:
		return take_format(o, value, e);
	case OPTION_COLOR:
		o->color = value;
		return 0;
	default:
		return err_set(e, "option %d is not known here", c);
	}
}

int options_finish(struct options *o, FILE *out, struct err *e)
{
	if (select_check_words(&o->filter, e) < 0)
		return -1;
	if (o->report == NULL)
		o->report = report_find(NULL);
	return style_init(&o->style, out, o->color, e);
}

bool options_narrow(const struct options *o)
{
	const struct filter *f = &o->filter;

	return f->kind || f->what || f->point || f->from || f->host || f->port || f->failed;
}

void options_usage_filter(void)
{
	fputs("Only connections\n"
	      "  --kind KIND               with a finding of this kind: dropped, generated, ...\n"
	      "  --what WHAT               about such a packet: SYN, SYN-ACK, RST, \"RST,ACK\", data, FIN, ACK, ICMP\n"
	      "  --between A,B             between these neighbouring points, in either direction\n"
	      "  --point POINT             at this point; without the three above: seen at this point\n"
	      "  --host ADDRESS            from or to this address, as any point saw it\n"
	      "  --port PORT               from or to this port, as any point saw it\n"
	      "  --failed                  that did not do what they were opened for\n", stdout);
}

void options_usage_output(void)
{
	fputs("  --format text|json|csv    text is for people; json is one object a line\n"
	      "  --color auto|always|never auto: on a terminal, unless NO_COLOR is set\n"
	      "  -h, --help                this text\n", stdout);
}
