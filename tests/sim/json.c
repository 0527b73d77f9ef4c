/* truth.json: the truth in the form that other tools compare with. */
#include "tests/sim/truth.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

static const char *link_name(enum sim_link link)
{
	return link == SIM_ETHERNET ? "EN10MB" : link == SIM_RAW ? "RAW" : "LINUX_SLL2";
}

static double seconds(int64_t ns)
{
	return (double)ns / 1e9;
}

static void put_time(FILE *f, int64_t ns)
{
	fprintf(f, "%" PRId64 ".%09" PRId64, ns / SIM_SECOND, ns % SIM_SECOND);
}

static void put_vantage(FILE *f, const struct sim_world *w, unsigned i)
{
	const struct sim_point *p = &w->point[i];

	fprintf(f, "%s\n  {\"name\":\"%s\",\"file\":\"%s.pcap\",\"node\":\"%s\",\"link\":%u,\"pos\":%u,\"snaplen\":%u,\"linktype\":\"%s\",",
	    i ? "," : "", p->name, p->name, p->name, i, i, p->snaplen, link_name(p->link));
	fprintf(f, "\"directions\":\"both\",\"clock\":{\"offset_s\":%.9f,\"skew_ppm\":%.6f,\"skew_ref\":", seconds(p->clock_offset),
	    p->clock_ppm);
	put_time(f, w->start);
	fputs(",\"steps\":[", f);
	if (p->clock_step) {
		fputs("{\"at_true\":", f);
		put_time(f, w->start + p->clock_step_at);
		fprintf(f, ",\"by\":%.9f}", seconds(p->clock_step));
	}
	fputs("]}", f);
	if (p->window_from || p->window_to) {
		fputs(",\"covers\":{\"from\":", f);
		put_time(f, w->start + p->window_from);
		if (p->window_to) {
			fputs(",\"to\":", f);
			put_time(f, w->start + p->window_to);
		}
		fputs("}", f);
	}
	fputs("}", f);
}

int sim_json_open(FILE *f, const struct sim_world *w, const char *title, struct err *e)
{
	fprintf(f, "{\"schema\":1,\"scenario\":\"%s\",\"title\":\"%s\",\"oracle\":[\"by construction\"],\n\"path\":[", title, title);
	for (unsigned i = 0; i < w->points; i++)
		fprintf(f, "%s\"%s\"", i ? "," : "", w->point[i].name);
	fputs("],\n\"vantages\":[", f);
	for (unsigned i = 0; i < w->points; i++)
		put_vantage(f, w, i);
	fputs("],\n\"devices\":[", f);
	for (unsigned i = 0; i + 1 < w->points; i++)
		fprintf(f, "%s\n  {\"name\":\"d%u\",\"kind\":\"%s\",\"between\":[\"%s\",\"%s\"],\"ttl_decrement\":%d}", i ? "," : "", i,
		    w->device[i].bridge ? "l2" : "router", w->point[i].name, w->point[i + 1].name, !w->device[i].bridge);
	fputs("],\n\"connections\":[", f);
	return ferror(f) ? err_set(e, "truth.json: %s", strerror(errno)) : 0;
}

int sim_json_close(FILE *f, struct err *e)
{
	fputs("\n]}\n", f);
	return ferror(f) ? err_set(e, "truth.json: %s", strerror(errno)) : 0;
}

static void put_places(FILE *f, const struct sim_world *w, const struct sim_truth *t)
{
	char client[46], server[46];

	fputs("\"tuples\":{", f);
	for (unsigned i = 0; i < w->points; i++) {
		const struct sim_view *v = &t->view[i];

		fprintf(f, "%s\"%s\":[\"%s\",%u,\"%s\",%u]", i ? "," : "", w->point[i].name, sim_addr_text(&v->client, client),
		    v->client_port, sim_addr_text(&v->server, server), v->server_port);
	}
	fputs("},\"isn\":{", f);
	for (unsigned i = 0; i < w->points; i++) {
		fprintf(f, "%s\"%s\":{", i ? "," : "", w->point[i].name);
		for (int side = 0; side < 2; side++) {
			uint32_t isn;

			fprintf(f, "%s\"%s\":", side ? "," : "", side ? "server" : "client");
			if (sim_truth_isn(t, i, (enum sim_dir)side, &isn))
				fprintf(f, "%" PRIu32, isn);
			else
				fputs("null", f);
		}
		fputs("}", f);
	}
	fputs("},", f);
}

/* Events are written with a comma before each but the first. */
struct events {
	FILE *f;
	const struct sim_world *w;
	const struct sim_truth *t;
	bool any;
};

static void put_event(struct events *ev, const char *kind, const char *what, enum sim_dir dir, long count)
{
	fprintf(ev->f, "%s\n    {\"kind\":\"%s\",\"what\":\"%s\",\"dir\":\"%s\",", ev->any ? "," : "", kind, what, sim_dir_name(dir));
	if (count >= 0)
		fprintf(ev->f, "\"count\":%ld,", count);
	else
		fputs("\"count\":null,", ev->f);
	ev->any = true;
}

static void put_between(struct events *ev, const char *kind, const char *what, enum sim_dir dir, unsigned device, long count)
{
	put_event(ev, kind, what, dir, count);
	fprintf(ev->f, "\"between\":[\"%s\",\"%s\"],\"by\":\"d%u\"", ev->w->point[sim_truth_from(dir, (int)device)].name,
	    ev->w->point[sim_truth_to(dir, (int)device)].name, device);
}

static void put_at(struct events *ev, const char *kind, const char *what, enum sim_dir dir, unsigned point, long count)
{
	put_event(ev, kind, what, dir, count);
	fprintf(ev->f, "\"at\":\"%s\"}", ev->w->point[point].name);
}

static void device_events(struct events *ev, unsigned device)
{
	const struct sim_truth *t = ev->t;
	long dropped[2][SIM_WHATS] = {0}, made[2][SIM_WHATS] = {0}, copied[2][SIM_WHATS] = {0};

	for (size_t i = 0; i < t->count; i++) {
		const struct sim_transmission *s = &t->sent[i];

		dropped[s->dir][s->what] += s->dropped_by == (int)device;
		made[s->dir][s->what] += s->maker == (int)device && s->copy_of == SIM_NEVER;
		copied[s->dir][s->what] += s->maker == (int)device && s->copy_of != SIM_NEVER;
	}
	for (int i = 0; i < 2 * SIM_WHATS; i++) {
		enum sim_dir dir = (enum sim_dir)(i / SIM_WHATS);
		int what = i % SIM_WHATS;
		const struct {
			const char *kind;
			long n;
		} all[] = {{"dropped", dropped[dir][what]}, {"generated", made[dir][what]}, {"duplicated", copied[dir][what]}};

		for (int k = 0; k < 3; k++)
			if (all[k].n) {
				put_between(ev, all[k].kind, sim_what_name((enum sim_what)what), dir, device, all[k].n);
				fputs("}", ev->f);
			}
	}
}

static void change_events(struct events *ev, unsigned device, enum sim_dir dir)
{
	const uint32_t *changed = ev->t->changed[device][dir];
	uint32_t most = 0;
	bool any = false;

	for (int i = 0; i < SIM_FIELDS; i++)
		most = changed[i] > most ? changed[i] : most;
	if (most == 0)
		return;
	put_between(ev, "modified", "any", dir, device, most);
	fputs(",\"fields\":[", ev->f);
	for (int i = 0; i < SIM_FIELDS; i++) {
		if (!changed[i])
			continue;
		fprintf(ev->f, "%s{\"field\":\"%s\",\"count\":%" PRIu32 "}", any ? "," : "", sim_field_name((enum sim_field)i), changed[i]);
		any = true;
	}
	fputs("]}", ev->f);
}

static void point_events(struct events *ev, unsigned point)
{
	const struct sim_truth *t = ev->t;
	long missed[2][SIM_WHATS] = {0}, doubled[2][SIM_WHATS] = {0};

	for (size_t i = 0; i < t->count; i++) {
		const struct sim_sighting *s = sim_truth_at(t, i, point);

		missed[t->sent[i].dir][t->sent[i].what] += s->at && !s->frame;
		doubled[t->sent[i].dir][t->sent[i].what] += s->mirrored != 0;
	}
	for (int i = 0; i < 2 * SIM_WHATS; i++) {
		enum sim_dir dir = (enum sim_dir)(i / SIM_WHATS);
		int what = i % SIM_WHATS;

		if (missed[dir][what])
			put_at(ev, "capture_loss", sim_what_name((enum sim_what)what), dir, point, missed[dir][what]);
		if (doubled[dir][what])
			put_at(ev, "capture_duplicate", sim_what_name((enum sim_what)what), dir, point, doubled[dir][what]);
	}
}

/* A host that had stopped answering: what still reached the last point before it. */
static void silence_events(struct events *ev, enum sim_dir dir)
{
	const struct sim_truth *t = ev->t;
	unsigned last = dir == SIM_C2S ? t->points - 1 : 0;
	int64_t spoke = 0;
	bool reached[SIM_WHATS] = {false};

	for (size_t i = 0; i < t->count; i++)
		if (t->sent[i].dir != dir && t->sent[i].maker == SIM_HOST && t->sent[i].sent > spoke)
			spoke = t->sent[i].sent;
	for (size_t i = 0; i < t->count; i++)
		reached[t->sent[i].what] |= t->sent[i].dir == dir && sim_truth_at(t, i, last)->at > spoke;
	for (int what = 0; what < SIM_WHATS; what++)
		if (reached[what] && (what == SIM_SYN || what == SIM_DATA || what == SIM_FIN || what == SIM_SYNACK))
			put_at(ev, "unanswered", sim_what_name((enum sim_what)what), dir, last, -1);
}

static void host_events(struct events *ev, enum sim_dir dir)
{
	const struct sim_truth *t = ev->t;
	unsigned first = dir == SIM_C2S ? 0 : t->points - 1;
	long repeated[SIM_WHATS] = {0}, notable[SIM_WHATS] = {0};

	for (size_t i = 0; i < t->count; i++) {
		if (t->sent[i].dir != dir)
			continue;
		repeated[t->sent[i].what] += t->sent[i].repeated;
		notable[t->sent[i].what] += t->sent[i].notable;
	}
	for (int what = 0; what < SIM_WHATS; what++) {
		if (repeated[what])
			put_at(ev, "retransmitted", sim_what_name((enum sim_what)what), dir, first, repeated[what]);
		if (notable[what])
			put_at(ev, "sent", sim_what_name((enum sim_what)what), dir, first, notable[what]);
	}
	if (t->silent[dir == SIM_C2S ? SIM_S2C : SIM_C2S])
		silence_events(ev, dir);
}

void sim_json_connection(FILE *f, const struct sim_world *w, const struct sim_truth *t, bool first)
{
	struct events ev = {.f = f, .w = w, .t = t};
	char client[46], server[46];
	const struct sim_view *v = &t->view[0];

	fprintf(f, "%s\n  {\"id\":%" PRIu64 ",\"tag\":\"%s\",\"client\":\"%s:%u\",\"server\":\"%s:%u\",\"ip_version\":%u,\"t_start\":",
	    first ? "" : ",", t->id, sim_kind_name(t->kind), sim_addr_text(&v->client, client), v->client_port,
	    sim_addr_text(&v->server, server), v->server_port, v->client.family);
	put_time(f, t->started);
	fputs(",", f);
	put_places(f, w, t);
	fprintf(f, "\"outcome\":\"%s\",\"app\":{},\"events\":[", t->outcome);
	for (unsigned i = 0; i + 1 < w->points; i++) {
		device_events(&ev, i);
		change_events(&ev, i, SIM_C2S);
		change_events(&ev, i, SIM_S2C);
	}
	host_events(&ev, SIM_C2S);
	host_events(&ev, SIM_S2C);
	for (unsigned i = 0; i < w->points; i++)
		point_events(&ev, i);
	fputs("]}", f);
}
