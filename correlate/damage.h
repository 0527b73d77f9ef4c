/*
 * Packets whose bytes were changed on the way without the checksum: their receiver finds that out and discards them (RFC 9293 3.10.7.4, RFC 1122
 * 4.2.2.7), so for it they are lost. At a host's own point a wrong checksum is one that the network card has yet to fill in.
 */
#ifndef CORRELATE_DAMAGE_H
#define CORRELATE_DAMAGE_H

#include "correlate/finding.h"
#include "correlate/proof.h"

/*
 * Fills pkt.damaged and conn.sound. Damaged: a wrong checksum, at a point where most of that direction of the connection are right. Where most are wrong,
 * or the packet is the only one, or at the first point of its way, it is offload, or cannot be told from it.
 */
void damage_mark(struct conn *c);

/*
 * May packet q be packet p, recorded nearer to its sender, with something changed by accident? If q is damaged, all fields are equal but one, or all:
 * a flipped bit or byte lies in one place, or where no field is kept; if it is not, all but one bit of the IP ID is. Returns how many bits of the
 * fields differ, -1: it is another packet. Times are not looked at, nor are IP IDs of damaged packets.
 */
int damage_explains(const struct conn *c, const struct pkt *p, const struct pkt *q);

/* Did transmission x come to the k-th point of its way damaged, and had not been so at the one before? */
bool damage_at(const struct conn *c, uint32_t x, unsigned k);

/* Was transmission x damaged before any point recorded it, so that none of its fields can be relied on? */
bool damage_only(const struct conn *c, uint32_t x);

/* Was it so, or is it of a connection in which no checksum is right, perhaps because of damaged ports or addresses? Then nobody need have made it. */
bool damage_nobody(const struct conn *c, uint32_t x);

/*
 * Did the point record a damaged packet of that direction at about the time that nothing nearer explains? It may be any packet that is missing there.
 */
bool damage_riddle(const struct conn *c, uint32_t x, unsigned point);

/* First pass: packets that belong to no connection that is known otherwise, into facts.stray; once it is through, put them in order. */
int damage_learn(const struct conn *c, struct facts *f, struct err *e);
void damage_learned(struct facts *f);

/*
 * Did transmission x, which the point lacks, come there with other ports or addresses, or with numbers of another connection? All else of a stray
 * packet with a wrong checksum is equal, but for a bit or two.
 */
bool damage_strayed(const struct conn *c, uint32_t x, unsigned from, unsigned point);

/* Add what is to be said of transmission x. */
void damage_judge(const struct proof *t, uint32_t x, struct findings *out);

struct words;
void damage_say(const struct conn *c, const struct finding *f, struct words *w);

#endif
