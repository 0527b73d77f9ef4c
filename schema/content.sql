-- Content: written by import, never changed after. Everything else (derived.sql) can be rebuilt from it.
PRAGMA application_id = 1885892464;     -- 'phop'
PRAGMA user_version = 5;

-- Streams that are being imported: row ids of parts that are set aside for them, so that others can import at the same time.
CREATE TABLE stream(
  first_part INTEGER PRIMARY KEY,
  parts      INTEGER NOT NULL
) STRICT;

-- A vantage point: a place where packets were captured.
CREATE TABLE point(
  id   INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE
) STRICT;

-- One file or stream recorded at a point.
CREATE TABLE capture(
  id          INTEGER PRIMARY KEY,
  point_id    INTEGER NOT NULL REFERENCES point(id),
  name        TEXT NOT NULL,            -- as given on the command line
  selector    TEXT NOT NULL,            -- which interface, VLAN or MAC address of the file ('': all)
  digest      BLOB NOT NULL,            -- XXH3-128 of the file: the same bytes are the same capture
  format      TEXT NOT NULL,            -- pcap, pcapng
  compression TEXT NOT NULL,            -- '', gzip, zstd, lz4, xz, bzip2
  filter      TEXT,                     -- pcap-filter(7) expression applied at import
  frames      INTEGER NOT NULL,         -- read from the file: packets + sum of skipped.count
  packets     INTEGER NOT NULL,
  first_ns    INTEGER,                  -- first and last frame of the capture, also of those that were skipped; NULL: none. One whose time is a
                                        -- day away from its neighbours' does not count
  last_ns     INTEGER,
  damage      TEXT,                     -- what was wrong with the file and where; NULL: nothing
  UNIQUE(point_id, digest, selector)
) STRICT;

-- Interfaces of a capture as the file describes them.
CREATE TABLE interface(
  capture_id    INTEGER NOT NULL REFERENCES capture(id),
  number        INTEGER NOT NULL,
  linktype      INTEGER NOT NULL,       -- LINKTYPE_ value
  snaplen       INTEGER NOT NULL,       -- 0: no limit
  resolution_ns INTEGER NOT NULL,       -- of a time stamp
  name          TEXT,
  description   TEXT,
  filter        TEXT,
  received      INTEGER,                -- pcapng interface statistics; NULL: not said
  dropped       INTEGER,
  start_ns      INTEGER,
  end_ns        INTEGER,
  PRIMARY KEY(capture_id, number)
) STRICT, WITHOUT ROWID;

-- Where in a capture packets came by: an interface of the file, an interface of the capturing host (cooked captures), a VLAN.
CREATE TABLE link(
  capture_id INTEGER NOT NULL REFERENCES capture(id),
  interface  INTEGER NOT NULL,          -- interface.number
  ifindex    INTEGER NOT NULL,          -- of the capturing host (LINUX_SLL2); 0: not said
  vlans      INTEGER NOT NULL,          -- VLAN stack, 12 bits each, outermost lowest
  side       INTEGER NOT NULL,          -- LINUX_SLL, which has no ifindex: 1 that of endpoint a (see part), 2 that of b; 0: not said
  packets    INTEGER NOT NULL,
  PRIMARY KEY(capture_id, interface, ifindex, vlans, side)
) STRICT, WITHOUT ROWID;

-- Frames that are no packets of ours, by reason.
CREATE TABLE skipped(
  capture_id INTEGER NOT NULL REFERENCES capture(id),
  reason     TEXT NOT NULL,
  count      INTEGER NOT NULL,
  PRIMARY KEY(capture_id, reason)
) STRICT, WITHOUT ROWID;

CREATE TABLE addr(
  id     INTEGER PRIMARY KEY,
  text   TEXT NOT NULL UNIQUE,
  family INTEGER NOT NULL               -- 4 or 6
) STRICT;

-- Encapsulations that parts were found in (outermost tunnel).
CREATE TABLE tunnel(
  id     INTEGER PRIMARY KEY,
  kind   TEXT NOT NULL,                 -- GRE, ERSPAN, VXLAN, ...
  number INTEGER NOT NULL,              -- VNI, key, session, label
  src    INTEGER REFERENCES addr(id),
  dst    INTEGER REFERENCES addr(id)
) STRICT;

CREATE INDEX tunnel_number ON tunnel(number, kind);

-- The part of a flow (one TCP incarnation at one point) that one capture holds. a is the endpoint with the smaller address, then port. The view part (rows.sql)
-- has absolute times and numbers.
CREATE TABLE part_row(
  id           INTEGER PRIMARY KEY,
  capture_id   INTEGER NOT NULL REFERENCES capture(id),
  a_addr       INTEGER NOT NULL REFERENCES addr(id),
  a_port       INTEGER NOT NULL,
  b_addr       INTEGER NOT NULL REFERENCES addr(id),
  b_port       INTEGER NOT NULL,
  tunnel_id    INTEGER REFERENCES tunnel(id),
  vlans        INTEGER NOT NULL,        -- VLAN stack, 12 bits each, outermost lowest
  a_mac        INTEGER NOT NULL,        -- source MAC of packets from a (0: none)
  b_mac        INTEGER NOT NULL,
  first_ns     INTEGER NOT NULL,        -- time of the first packet in the file
  before_ns    INTEGER NOT NULL,        -- from the earliest one to it
  after_ns     INTEGER NOT NULL,        -- from it to the latest one
  packets      INTEGER NOT NULL,
  bytes        INTEGER NOT NULL,        -- payload
  a_is_client  INTEGER,                 -- 1, 0; NULL: no SYN or SYN-ACK was seen
  client_isn   INTEGER,                 -- NULL: not seen. What follows is relative to seq0, ts0 of its sender (of the client, b is one unless a_is_client)
  server_isn   INTEGER,
  syn_tsval    INTEGER,                 -- TSval of the first SYN and SYN-ACK
  synack_tsval INTEGER,
  a_seq_min    INTEGER,                 -- lowest and highest sequence number of a's packets; NULL: none
  a_seq_max    INTEGER,
  b_seq_min    INTEGER,
  b_seq_max    INTEGER,
  flags        INTEGER NOT NULL,        -- enum part_flag (part.h)
  a_packets    INTEGER NOT NULL,        -- sent by a; ICMP errors belong to neither
  b_packets    INTEGER NOT NULL,
  a_ttl        INTEGER NOT NULL,        -- of a's first packet that is no RST; 0: none
  b_ttl        INTEGER NOT NULL,
  a_said       INTEGER,                 -- ns after first_ns: when a first said anything (payload); NULL: nothing
  b_said       INTEGER,
  opening      BLOB,                    -- how the two streams begin (opening_pack in part.h); NULL: not known
  a_seq0       INTEGER NOT NULL DEFAULT 0, -- what sequence numbers and timestamps of each side are relative to in packet, and what acknowledges them
  b_seq0       INTEGER NOT NULL DEFAULT 0,
  a_ts0        INTEGER NOT NULL DEFAULT 0,
  b_ts0        INTEGER NOT NULL DEFAULT 0
) STRICT;

-- Whom the client of a part says it speaks for: a proxy's PROXY header, or headers of the first HTTP request.
CREATE TABLE forwarded(
  part_id  INTEGER PRIMARY KEY REFERENCES part_row(id),
  header   INTEGER NOT NULL,            -- bytes of the PROXY header; 0: there is none
  src_addr INTEGER REFERENCES addr(id), -- NULL: not said
  src_port INTEGER,
  request  INTEGER                      -- digest of PP2_TYPE_UNIQUE_ID, X-Request-ID or the trace id of traceparent
) STRICT;

-- Where the packets of a part lie: runs of consecutive packet ids. (A packet does not name its part: this is smaller, and as fast.)
CREATE TABLE run(
  part_id      INTEGER NOT NULL REFERENCES part_row(id),
  first_packet INTEGER NOT NULL REFERENCES packet(id),
  packets      INTEGER NOT NULL,
  PRIMARY KEY(part_id, first_packet)
) STRICT, WITHOUT ROWID;

-- One TCP packet (or ICMP error about one) recorded at one point. 32-bit numbers are stored signed, because that is smaller (add & 0xffffffff), and those of
-- the two streams as what lies between them and seq0 or ts0 of the part: of the sender for seq and tsval, of the other side for ack and tsecr, if there is ACK.
-- Without ACK, ack and tsecr are as in the packet; so are all four of an ICMP error and of a later fragment.
CREATE TABLE packet(
  id      INTEGER PRIMARY KEY,
  frame   INTEGER NOT NULL,             -- 1-based in the file
  t       INTEGER NOT NULL,             -- ns after part.first_ns
  flags   INTEGER NOT NULL,             -- enum tcp_flag | enum seg_flag (segment.h)
  seq     INTEGER NOT NULL,
  ack     INTEGER NOT NULL,
  win     INTEGER NOT NULL,             -- raw, not scaled
  len     INTEGER NOT NULL,             -- TCP payload bytes on the wire
  tsval   INTEGER,                      -- NULL: no timestamp option
  tsecr   INTEGER,
  ip_id   INTEGER NOT NULL,
  ttl     INTEGER NOT NULL,
  tos     INTEGER NOT NULL,
  payload INTEGER                       -- 32-bit fingerprint of the payload; NULL: none, or not captured whole
) STRICT;

-- Lists of TCP options, without the numbers that every packet has of its own: the edges of SACK blocks, and time stamps.
CREATE TABLE layout(
  id             INTEGER PRIMARY KEY,
  mss            INTEGER,
  wscale         INTEGER,
  sack_permitted INTEGER NOT NULL,
  options        TEXT NOT NULL,         -- in order, as tcpdump names them: mss,sackOK,TS,nop,wscale; where there are SACK blocks, a format of printf() for edges
  raw            BLOB NOT NULL,         -- 0 for these numbers
  stamped        INTEGER NOT NULL,      -- 1: the timestamp option has tsval and tsecr of the packet; 0: there is none, or it is in raw as it is
  UNIQUE(raw, stamped)
) STRICT;

-- TCP options of packets that have more than one timestamp between NOPs.
CREATE TABLE tcpopt(
  packet_id INTEGER PRIMARY KEY REFERENCES packet(id),
  layout_id INTEGER NOT NULL REFERENCES layout(id),
  edges     TEXT                        -- of SACK blocks, in order, with commas; NULL: there are none
) STRICT;

-- ICMP and ICMPv6 errors: what is not in packet.
CREATE TABLE icmp(
  packet_id INTEGER PRIMARY KEY REFERENCES packet(id),
  type      INTEGER NOT NULL,
  code      INTEGER NOT NULL,
  mtu       INTEGER NOT NULL,
  src       INTEGER NOT NULL REFERENCES addr(id)
) STRICT;

-- What F5 trailers (tcpdump -i 0.0:nnnp on a BIG-IP) say of a part: a row for each pair of flow and peer flow that they name.
CREATE TABLE f5(
  part_id          INTEGER NOT NULL REFERENCES part_row(id),
  flow_id          INTEGER NOT NULL,    -- the BIG-IP's number of this side of the connection, 0: not said
  peer_id          INTEGER NOT NULL,    -- and of the other side, 0: none
  tmm              INTEGER NOT NULL,    -- slot << 8 | tmm: flow ids are unique only within these
  a_is_remote      INTEGER NOT NULL,    -- 1: packets of a came in to the BIG-IP; 0: those of b
  virtual_server   TEXT,                -- NULL: not said
  peer_remote_addr INTEGER REFERENCES addr(id), -- the other side of the connection, with the trailer's high details; NULL: not said
  peer_remote_port INTEGER,
  peer_local_addr  INTEGER REFERENCES addr(id),
  peer_local_port  INTEGER,
  peer_vlan        INTEGER,
  PRIMARY KEY(part_id, flow_id, peer_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX f5_flow ON f5(flow_id);

-- Why there was a reset, in the words of the BIG-IP.
CREATE TABLE f5_rst(
  packet_id INTEGER PRIMARY KEY REFERENCES packet(id),
  cause     TEXT NOT NULL,
  ingress   INTEGER NOT NULL,           -- 1: the packet came in to the BIG-IP; 0: it left
  peer      INTEGER NOT NULL            -- 1: the cause is something that happened on the other side of the connection
) STRICT;
