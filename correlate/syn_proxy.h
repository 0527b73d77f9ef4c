/*
 * A device that answers the client's handshake itself, and only then opens the server's side in the client's name (RFC 4987 3.6, "Firewalls and
 * proxies"; Linux SYNPROXY; TCP intercept). The handshakes on its two sides are different packets that look alike; what follows is passed on, the
 * server's sequence numbers shifted.
 */
#ifndef CORRELATE_SYN_PROXY_H
#define CORRELATE_SYN_PROXY_H

#include "correlate/conn.h"

/*
 * Find out whether there is one: fills conn.beyond, conn.beyond_shown and pkt.greeting. Any of these shows it:
 * - the SYN beyond echoes the timestamp of the SYN-ACK before: that had been answered when the SYN was sent;
 * - the two SYN-ACKs have different numbers, and the near one closes the window, which no server does that accepts (Linux commit 48b1de4c110a);
 * - they have different numbers, and the near one has not the TTL of all that comes from the server afterwards, the far one has.
 * The latter two only if the client was answered before the server was asked, or may have been as far as the clocks are known: then they show nothing for
 * sure (conn.beyond_shown). What came through with its IP ID was not answered for.
 * A device that does none of this is taken for one that shifts sequence numbers.
 */
void syn_proxy_find(struct conn *c);

#endif
