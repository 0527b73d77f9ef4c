/* Writes simulated captures and their truth: one POINT.pcap per point, and truth.json, into a folder. */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "tests/sim/sim.h"

static const char usage_text[] =
    "usage: simgen [options] --out FOLDER\n"
    "  --seed N             the same seed gives the same bytes (1)\n"
    "  --troubles A,B|all   a random world with these: drops rejects resets rewrites network kinds clocks steps capture-loss\n"
    "                       mirror windows snaplen links mangling crowds ways; path: the first six; without it a clean world\n"
    "  --connections N      how many\n"
    "  --points N           2 to 6\n"
    "  --clients N          hosts that connect\n"
    "  --gap US             mean time between two connections that begin\n"
    "  --response BYTES     largest response\n"
    "  --nat                all connections look alike and cross a full NAT in the midst: one address for clients, one for servers\n"
    "  --nat-seq            such a NAT that moves sequence numbers, too\n"
    "  --load               what a busy NAT sees (--connections of it): short connections of 1000 hosts, three in 1000 long, two clocks\n"
    "  --lengthy P          chance that a connection is a long one ...\n"
    "  --lengthy-response BYTES  ... and how long each of its responses is\n"
    "  --elephant N         as --load, but one connection of about so many packets; headers only\n"
    "  --flood N            so many SYNs from as many addresses, one in 100 answered, half of them dropped\n"
    "  --loss P             chance that the first device drops a packet\n"
    "  --capture-loss P     chance that the last point misses a packet\n"
    "  --mirror P           chance that the last point holds a packet twice\n"
    "  --snaplen N          of every point\n"
    "  --nano               files count nanoseconds\n"
    "  --no-truth           no truth.json\n"
    "With --troubles, every other option changes the random world after it was drawn; give none to repeat a failed test.\n";

struct request {
	struct sim_world world;
	const char *folder;
	bool no_truth;
};

struct output {
	const struct sim_world *w;
	FILE *truth;
	bool any;
};

static const struct {
	const char *name;
	unsigned bit;
} trouble_names[] = {
    {"drops", SIM_DROPS},
    {"rejects", SIM_REJECTS},
    {"resets", SIM_RESETS},
    {"rewrites", SIM_REWRITES},
    {"network", SIM_NETWORK},
    {"kinds", SIM_KINDS_ALL},
    {"clocks", SIM_CLOCKS},
    {"capture-loss", SIM_CAPTURE_LOSS},
    {"mirror", SIM_MIRROR},
    {"windows", SIM_WINDOWS},
    {"snaplen", SIM_SNAPLEN},
    {"links", SIM_LINKS},
    {"steps", SIM_STEPS},
    {"path", SIM_PATH_TROUBLE},
    {"mangling", SIM_MANGLING},
    {"crowds", SIM_CROWDS},
    {"ways", SIM_WAYS},
    {"all", SIM_ALL},
};

enum {
	OPT_SEED,
	OPT_TROUBLES,
	OPT_CONNECTIONS,
	OPT_POINTS,
	OPT_CLIENTS,
	OPT_GAP,
	OPT_RESPONSE,
	OPT_NAT,
	OPT_NAT_SEQ,
	OPT_LOAD,
	OPT_LENGTHY,
	OPT_LENGTHY_RESPONSE,
	OPT_ELEPHANT,
	OPT_FLOOD,
	OPT_LOSS,
	OPT_CAPTURE_LOSS,
	OPT_MIRROR,
	OPT_SNAPLEN,
	OPT_NANO,
	OPT_NO_TRUTH,
	OPT_OUT,
	OPT_HELP
};

static const struct option options[] = {
    {"seed", required_argument, NULL, OPT_SEED},
    {"troubles", required_argument, NULL, OPT_TROUBLES},
    {"connections", required_argument, NULL, OPT_CONNECTIONS},
    {"points", required_argument, NULL, OPT_POINTS},
    {"clients", required_argument, NULL, OPT_CLIENTS},
    {"gap", required_argument, NULL, OPT_GAP},
    {"response", required_argument, NULL, OPT_RESPONSE},
    {"nat", no_argument, NULL, OPT_NAT},
    {"nat-seq", no_argument, NULL, OPT_NAT_SEQ},
    {"load", no_argument, NULL, OPT_LOAD},
    {"lengthy", required_argument, NULL, OPT_LENGTHY},
    {"lengthy-response", required_argument, NULL, OPT_LENGTHY_RESPONSE},
    {"elephant", required_argument, NULL, OPT_ELEPHANT},
    {"flood", required_argument, NULL, OPT_FLOOD},
    {"loss", required_argument, NULL, OPT_LOSS},
    {"capture-loss", required_argument, NULL, OPT_CAPTURE_LOSS},
    {"mirror", required_argument, NULL, OPT_MIRROR},
    {"snaplen", required_argument, NULL, OPT_SNAPLEN},
    {"nano", no_argument, NULL, OPT_NANO},
    {"no-truth", no_argument, NULL, OPT_NO_TRUTH},
    {"out", required_argument, NULL, OPT_OUT},
    {"help", no_argument, NULL, OPT_HELP},
    {NULL, 0, NULL, 0},
};

static int wrong_usage(void)
{
	fputs(usage_text, stderr);
	return 2;
}

/* Bits of enum sim_trouble; a number, or names with commas. */
static int parse_troubles(char *text, unsigned *troubles)
{
	char *end;

	*troubles = (unsigned)strtoul(text, &end, 0);
	if (*end == '\0')
		return 0;
	*troubles = 0;
	for (char *name = strtok(text, ","); name; name = strtok(NULL, ",")) {
		size_t i, n = sizeof trouble_names / sizeof *trouble_names;

		for (i = 0; i < n && strcmp(name, trouble_names[i].name) != 0; i++)
			;
		if (i == n)
			return -1;
		*troubles |= trouble_names[i].bit;
	}
	return 0;
}

static void set_all(struct sim_world *w, int option, const char *value)
{
	unsigned n = (unsigned)strtoul(value ? value : "0", NULL, 0);

	for (unsigned i = 0; i < w->points; i++) {
		if (option == OPT_SNAPLEN)
			w->point[i].snaplen = n;
		else
			w->point[i].nano = true;
	}
}

/* A few packets each, from many hosts, in bursts: nothing but numbers tells the connections apart. */
static void add_nat(struct sim_world *w, bool shift_seq)
{
	struct sim_device *d = &w->device[(w->points - 1) / 2];

	d->snat = d->new_ports = d->dnat = d->vip = true;
	d->nat_ports = 45000;
	d->shift_seq = shift_seq;
	w->alike = true;
	w->clients = 1000;
	w->burst = 200;
	w->gap = 300 * SIM_US;
	w->exchanges = 1;
	w->request_max = w->response_max = 500;
}

static void add_loss(struct sim_world *w, double chance)
{
	struct sim_device *d = &w->device[0];

	if (d->drop_count < SIM_DROPS_MAX)
		d->drops[d->drop_count++] = (struct sim_drop){.whats = ~0u, .dirs = 3, .probability = chance};
}

/* Nothing of it is left to chance: another seed means other numbers, not another kind of network. */
static void load_world(struct sim_world *w)
{
	struct sim_device *nat = &w->device[(w->points - 1) / 2];

	w->clients = 1000;
	w->servers = 20;
	w->gap = 300 * SIM_US;
	w->exchanges = 3;
	w->request_max = 1000;
	w->response_max = 8000;
	w->lengthy = 0.003;
	w->lengthy_response = 1000000;
	w->ipv6 = w->no_timestamps = 0.2;
	for (unsigned i = 0; i + 1 < w->points; i++) {
		w->device[i].bridge = false;
		w->device[i].delay[0] = w->device[i].delay[1] = 2 * SIM_MS;
		w->device[i].jitter[0] = w->device[i].jitter[1] = 50 * SIM_US;
		w->point[i + 1].clock_offset = (i + 1) * 2500 * SIM_MS;
		w->point[i + 1].clock_ppm = 10;
	}
	nat->snat = nat->new_ports = nat->dnat = true;
	nat->nat_ports = 45000;
	add_loss(w, 0.002);
}

/* Two thirds of the packets are segments, in as many responses as there may be: one alone could not be that long. */
static void elephant_world(struct sim_world *w, uint64_t packets)
{
	load_world(w);
	w->connections = 1;
	w->ipv6 = w->no_timestamps = w->no_sack = 0;
	w->exchanges = SIM_EXCHANGES_MAX;
	w->lengthy = 1;
	w->lengthy_response = (uint32_t)(packets * 2 / 3 * 1448 / SIM_EXCHANGES_MAX);
	for (unsigned i = 0; i < w->points; i++)
		w->point[i].snaplen = 96;
}

static void flood_world(struct sim_world *w, uint64_t syns)
{
	load_world(w);
	w->device[(w->points - 1) / 2].snat = w->device[(w->points - 1) / 2].dnat = false;
	w->device[0].drops[0] = (struct sim_drop){.whats = 1u << SIM_SYN, .dirs = 3, .probability = 0.5};
	w->connections = syns;
	w->clients = (unsigned)syns;
	w->gap = 100 * SIM_US;
	w->ipv6 = 0;
	w->one_try = true;
	w->weight[SIM_SILENT] = 99; /* beside one that is answered: two clocks need both directions */
}

static void adjust(struct sim_world *w, int option, const char *value)
{
	double chance = value ? strtod(value, NULL) : 0;
	unsigned n = (unsigned)(value ? strtoul(value, NULL, 0) : 0);

	if (option == OPT_CONNECTIONS)
		w->connections = strtoull(value, NULL, 0);
	else if (option == OPT_CLIENTS)
		w->clients = n ? n : 1;
	else if (option == OPT_GAP)
		w->gap = (int64_t)(strtod(value, NULL) * 1000);
	else if (option == OPT_RESPONSE)
		w->response_max = n ? n : 1;
	else if (option == OPT_NAT || option == OPT_NAT_SEQ)
		add_nat(w, option == OPT_NAT_SEQ);
	else if (option == OPT_LOAD)
		load_world(w);
	else if (option == OPT_LENGTHY)
		w->lengthy = chance;
	else if (option == OPT_LENGTHY_RESPONSE)
		w->lengthy_response = n;
	else if (option == OPT_ELEPHANT)
		elephant_world(w, strtoull(value, NULL, 0));
	else if (option == OPT_FLOOD)
		flood_world(w, strtoull(value, NULL, 0));
	else if (option == OPT_LOSS)
		add_loss(w, chance);
	else if (option == OPT_CAPTURE_LOSS)
		w->point[w->points - 1].loss = chance;
	else if (option == OPT_MIRROR)
		w->point[w->points - 1].mirror = chance;
	else if (option == OPT_SNAPLEN || option == OPT_NANO)
		set_all(w, option, value);
}

/* First what the world is drawn from, then what is changed in it. */
static int parse(int argc, char **argv, struct request *r)
{
	uint64_t seed = 1;
	unsigned troubles = 0, points = 2;
	bool random = false;
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == OPT_SEED)
			seed = strtoull(optarg, NULL, 0);
		else if (option == OPT_POINTS)
			points = (unsigned)strtoul(optarg, NULL, 0);
		else if (option == OPT_TROUBLES && (random = true) && parse_troubles(optarg, &troubles) < 0)
			return -1;
		else if (option == OPT_OUT)
			r->folder = optarg;
		else if (option == OPT_NO_TRUTH)
			r->no_truth = true;
		else if (option == '?' || option == OPT_HELP)
			return option == OPT_HELP ? 1 : -1;
	}
	if (!r->folder || optind < argc || points < 2 || points > SIM_POINTS_MAX)
		return -1;
	if (random)
		sim_world_random(&r->world, seed, troubles);
	else
		sim_world_clean(&r->world, seed, points);
	optind = 1;
	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1)
		adjust(&r->world, option, optarg);
	return 0;
}

static void take(void *context, struct sim_truth *t)
{
	struct output *o = context;

	if (o->truth) {
		sim_json_connection(o->truth, o->w, t, !o->any);
		o->any = true;
	}
	sim_truth_free(t);
}

static int generate(const struct request *r, struct sim_totals *totals, struct err *e)
{
	struct output o = {.w = &r->world};
	struct sim_sink sink = {take, &o};
	char path[1024], title[32];
	int rc = 0;

	mkdir(r->folder, 0777); /* that it is there already is fine; that it is not will be noticed below */
	snprintf(path, sizeof path, "%s/truth.json", r->folder);
	snprintf(title, sizeof title, "sim_%" PRIu64, r->world.seed);
	if (!r->no_truth && !(o.truth = fopen(path, "w")))
		return err_set(e, "%s: cannot be written", path);
	if (o.truth)
		rc = sim_json_open(o.truth, &r->world, title, e);
	if (rc == 0)
		rc = sim_run(&r->world, r->folder, &sink, totals, e);
	if (o.truth && rc == 0)
		rc = sim_json_close(o.truth, e);
	if (o.truth && fclose(o.truth) != 0 && rc == 0)
		rc = err_set(e, "%s: cannot be written", path);
	return rc;
}

int main(int argc, char **argv)
{
	static struct request r;
	struct sim_totals totals;
	struct err e;

	int parsed = parse(argc, argv, &r);
	if (parsed == 1)
		fputs(usage_text, stdout);
	if (parsed != 0)
		return parsed == 1 ? 0 : wrong_usage();
	if (generate(&r, &totals, &e) < 0) {
		fprintf(stderr, "simgen: %s\n", e.msg);
		return 1;
	}
	fprintf(stderr, "%" PRIu64 " connections, %" PRIu64 " transmissions, at most %" PRIu64 " open;", totals.connections,
	    totals.transmissions, totals.peak_open);
	for (unsigned i = 0; i < r.world.points; i++)
		fprintf(stderr, " %s %" PRIu64, r.world.point[i].name, totals.frames[i]);
	fputs(" frames\n", stderr);
	return 0;
}
