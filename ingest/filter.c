#include "ingest/filter.h"

#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINKTYPES 16

struct filter {
	const char *expression;
	int n;
	struct {
		int linktype;
		struct bpf_program program;
	} compiled[LINKTYPES];
};

/* libpcap compiles for a DLT, files name LINKTYPEs, and only its file reader knows how the two correspond: let it read an empty file. */
static pcap_t *dead(int linktype, struct err *e)
{
	struct pcap_file_header header = { .magic = 0xa1b2c3d4, .version_major = PCAP_VERSION_MAJOR, .version_minor = PCAP_VERSION_MINOR,
		.snaplen = 262144, .linktype = (uint32_t)linktype };
	char errbuf[PCAP_ERRBUF_SIZE];
	FILE *file = fmemopen(&header, sizeof header, "r");
	pcap_t *p;

	if (!file) {
		err_set(e, "out of memory");
		return NULL;
	}
	p = pcap_fopen_offline(file, errbuf);
	if (!p) {
		err_set(e, "%s", errbuf);
		fclose(file);
	}
	return p;
}

static int compile(struct filter *f, int linktype, struct err *e)
{
	pcap_t *p;
	int rc;

	if (f->n == LINKTYPES)
		return err_set(e, "more than %d link types in one capture", LINKTYPES);
	if (!(p = dead(linktype, e)))
		return -1;
	rc = pcap_compile(p, &f->compiled[f->n].program, f->expression, 1, PCAP_NETMASK_UNKNOWN);
	if (rc < 0)
		err_set(e, "filter \"%s\" (link type %d): %s", f->expression, linktype, pcap_geterr(p));
	else
		f->compiled[f->n++].linktype = linktype;
	pcap_close(p);
	return rc < 0 ? -1 : 0;
}

struct filter *filter_new(const char *expression, struct err *e)
{
	struct filter *f = calloc(1, sizeof *f);

	if (!f) {
		err_set(e, "out of memory");
		return NULL;
	}
	f->expression = expression;
	if (compile(f, 1, e) < 0) {
		free(f);
		return NULL;
	}
	return f;
}

void filter_free(struct filter *f)
{
	if (!f)
		return;
	for (int i = 0; i < f->n; i++)
		pcap_freecode(&f->compiled[i].program);
	free(f);
}

int filter_match(struct filter *f, int linktype, int64_t ts_ns, uint32_t caplen, uint32_t len, const uint8_t *bytes, struct err *e)
{
	struct pcap_pkthdr h = { .ts = { ts_ns / 1000000000, ts_ns % 1000000000 / 1000 }, .caplen = caplen, .len = len };
	int i = 0;

	while (i < f->n && f->compiled[i].linktype != linktype)
		i++;
	if (i == f->n && compile(f, linktype, e) < 0)
		return -1;
	return pcap_offline_filter(&f->compiled[i].program, &h, bytes) != 0;
}
