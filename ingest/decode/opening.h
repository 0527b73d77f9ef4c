/* What the first bytes of a TCP stream say of the connection that a proxy made it from. Pure; every read is bounds-checked. */
#ifndef INGEST_DECODE_OPENING_H
#define INGEST_DECODE_OPENING_H

#include <stddef.h>

#include "schema/part.h"

/*
 * The header of the PROXY protocol (haproxy, proxy-protocol.txt 2.1, 2.2) at the beginning of `cap` captured of `len` bytes. Returns its length,
 * 0: there is none, or not all of it is in these bytes (its sender must send it at once). What it says goes into *f: the client's address (not for
 * LOCAL and UNKNOWN), and the digest of PP2_TYPE_UNIQUE_ID as request.
 */
uint32_t decode_proxy_header(const uint8_t *p, uint32_t cap, uint32_t len, struct forwarded *f);

/*
 * What tells this stream of a client from others: of a TLS ClientHello (RFC 8446 4.1.2) its random, of an HTTP/1 request (RFC 9112 3) its first line
 * and its Host. *digest is set unless OPENING_NONE. Of an HTTP request, *f gets the last hop of X-Forwarded-For, Forwarded (RFC 7239) or X-Real-IP
 * (unless it has addresses already), and a digest of X-Request-ID or the trace id of traceparent (W3C Trace Context 3.2).
 */
enum opening_kind decode_opening(const uint8_t *p, uint32_t cap, uint64_t *digest, struct forwarded *f);

#endif
