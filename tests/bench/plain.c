/*
 * The baseline: what anyone would write. libpcap, one prepared INSERT per TCP packet of the information that import keeps (a fingerprint of the
 * payload and the options too), addresses as text, in one transaction. IPv4 and IPv6 on Ethernet only. usage: plain CASE FILE.pcap
 */
#include <arpa/inet.h>
#include <pcap/pcap.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

static const char table[] =
    "PRAGMA synchronous = NORMAL; CREATE TABLE packet(frame INTEGER, time_ns INTEGER, src TEXT, dst TEXT, sport INTEGER, dport INTEGER, "
    "flags INTEGER, seq INTEGER, ack INTEGER, win INTEGER, len INTEGER, tsval INTEGER, tsecr INTEGER, ip_id INTEGER, ttl INTEGER, tos INTEGER, payload INTEGER, options BLOB); BEGIN";

static unsigned be16(const u_char *p)
{
	return (unsigned)p[0] << 8 | p[1];
}

static unsigned be32(const u_char *p)
{
	return be16(p) << 16 | be16(p + 2);
}

/* The timestamp option, and all of them as they are if there is another. */
static void bind_options(sqlite3_stmt *st, const u_char *options, const u_char *end)
{
	bool others = false;

	sqlite3_bind_null(st, 12);
	sqlite3_bind_null(st, 13);
	for (const u_char *o = options; o < end && *o; o += *o == 1 ? 1 : end - o >= 2 && o[1] >= 2 ? o[1] : end - o) {
		if (*o == 8 && end - o >= 10) {
			sqlite3_bind_int64(st, 12, be32(o + 2));
			sqlite3_bind_int64(st, 13, be32(o + 6));
		} else if (*o != 1) {
			others = true;
		}
	}
	if (others)
		sqlite3_bind_blob(st, 18, options, (int)(end - options), SQLITE_STATIC);
	else
		sqlite3_bind_null(st, 18);
}

/* A fingerprint of the payload, if it was captured whole. */
static void bind_payload(sqlite3_stmt *st, const u_char *payload, unsigned len, const u_char *end)
{
	sqlite3_bind_int64(st, 11, len);
	if (len > 0 && payload + len <= end)
		sqlite3_bind_int64(st, 17, (uint32_t)XXH3_64bits(payload, len));
	else
		sqlite3_bind_null(st, 17);
}

static int insert(sqlite3_stmt *st, long frame, const struct pcap_pkthdr *h, const u_char *b)
{
	char src[INET6_ADDRSTRLEN], dst[INET6_ADDRSTRLEN];
	int v6 = h->caplen >= 14 && be16(b + 12) == 0x86dd;
	const u_char *ip = b + 14, *tcp, *end = b + h->caplen;

	if (h->caplen < 54 || (!v6 && be16(b + 12) != 0x800) || (v6 ? ip[6] : ip[9]) != 6)
		return 0;
	tcp = ip + (v6 ? 40 : (ip[0] & 15) * 4);
	if (tcp + 20 > end)
		return 0;
	unsigned header = (tcp[12] >> 4) * 4u;
	inet_ntop(v6 ? AF_INET6 : AF_INET, v6 ? ip + 8 : ip + 12, src, sizeof src);
	inet_ntop(v6 ? AF_INET6 : AF_INET, v6 ? ip + 24 : ip + 16, dst, sizeof dst);
	sqlite3_bind_int64(st, 1, frame);
	sqlite3_bind_int64(st, 2, (long long)h->ts.tv_sec * 1000000000 + h->ts.tv_usec);
	sqlite3_bind_text(st, 3, src, -1, SQLITE_STATIC);
	sqlite3_bind_text(st, 4, dst, -1, SQLITE_STATIC);
	sqlite3_bind_int64(st, 5, be16(tcp));
	sqlite3_bind_int64(st, 6, be16(tcp + 2));
	sqlite3_bind_int64(st, 7, be16(tcp + 12) & 0x1ff);
	sqlite3_bind_int64(st, 8, be32(tcp + 4));
	sqlite3_bind_int64(st, 9, be32(tcp + 8));
	sqlite3_bind_int64(st, 10, be16(tcp + 14));
	bind_options(st, tcp + 20, tcp + header < end ? tcp + header : end);
	sqlite3_bind_int64(st, 14, v6 ? 0 : be16(ip + 4));
	sqlite3_bind_int64(st, 15, v6 ? ip[7] : ip[8]);
	sqlite3_bind_int64(st, 16, v6 ? be16(ip) >> 4 & 255 : ip[1]);
	bind_payload(st, tcp + header, (v6 ? be16(ip + 4) + 40u : be16(ip + 2)) - (unsigned)(tcp - ip) - header, end);
	int rc = sqlite3_step(st);
	sqlite3_reset(st);
	return rc == SQLITE_DONE ? 0 : -1;
}

int main(int argc, char **argv)
{
	char errbuf[PCAP_ERRBUF_SIZE];
	struct pcap_pkthdr *h;
	const u_char *b;
	sqlite3_stmt *st;
	sqlite3 *db;
	pcap_t *p;
	long frame = 0;

	if (argc != 3)
		return 2;
	p = pcap_open_offline_with_tstamp_precision(argv[2], PCAP_TSTAMP_PRECISION_NANO, errbuf);
	if (!p || sqlite3_open(argv[1], &db) != SQLITE_OK || sqlite3_exec(db, table, NULL, NULL, NULL) != SQLITE_OK ||
	    sqlite3_prepare_v2(db, "INSERT INTO packet VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)", -1, &st, NULL) != SQLITE_OK) {
		fprintf(stderr, "plain: %s\n", p ? sqlite3_errmsg(db) : errbuf);
		return 1;
	}
	while (pcap_next_ex(p, &h, &b) == 1)
		if (insert(st, ++frame, h, b) < 0)
			return 1;
	sqlite3_finalize(st);
	sqlite3_exec(db, "COMMIT", NULL, NULL, NULL);
	sqlite3_close(db);
	pcap_close(p);
	return 0;
}
