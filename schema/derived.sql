-- Derived: made by correlate from the content, dropped and rebuilt as a whole.
DROP TABLE IF EXISTS pattern_connection;
DROP TABLE IF EXISTS pattern;
DROP TABLE IF EXISTS ladder;
DROP TABLE IF EXISTS finding_packet;
DROP TABLE IF EXISTS finding_row;
DROP TABLE IF EXISTS statement;
DROP TABLE IF EXISTS rule;
DROP TABLE IF EXISTS translated;
DROP TABLE IF EXISTS compared;
DROP TABLE IF EXISTS change;
DROP TABLE IF EXISTS server_time;
DROP TABLE IF EXISTS timing;
DROP TABLE IF EXISTS round_trip;
DROP TABLE IF EXISTS hop_total;
DROP TABLE IF EXISTS alike;
DROP TABLE IF EXISTS hop;
DROP TABLE IF EXISTS f5_peer;
DROP TABLE IF EXISTS tie;
DROP TABLE IF EXISTS resegmented;
DROP TABLE IF EXISTS sighting;
DROP TABLE IF EXISTS flow_part;
DROP TABLE IF EXISTS flow_row;
DROP TABLE IF EXISTS evidence;
DROP TABLE IF EXISTS connection_row;
DROP TABLE IF EXISTS conclusion;
DROP TABLE IF EXISTS coverage;
DROP TABLE IF EXISTS clock;
DROP TABLE IF EXISTS note;
DROP TABLE IF EXISTS path;

-- The order of the points from client to server. Points that share a position lie beside each other, not in line; a point without a row is not on
-- the path.
CREATE TABLE path(
  point_id INTEGER PRIMARY KEY REFERENCES point(id),
  position INTEGER NOT NULL,
  running  INTEGER NOT NULL,            -- the user vouches that it captured all the time (--running)
  how      TEXT NOT NULL                -- given, handshake gaps, TTL, ..., and what could not be inferred
) STRICT;

-- What the user should know of a point: why it is not on the path, how more could be had from its capture.
CREATE TABLE note(
  point_id INTEGER PRIMARY KEY REFERENCES point(id),
  text     TEXT NOT NULL
) STRICT;

-- This point's clock minus the reference point's, piece by piece; the pieces cover all time.
CREATE TABLE clock(
  point_id       INTEGER NOT NULL REFERENCES point(id),
  reference_id   INTEGER NOT NULL REFERENCES point(id),
  from_ns        INTEGER NOT NULL,      -- on this point's clock
  to_ns          INTEGER NOT NULL,
  origin_ns      INTEGER NOT NULL,      -- offset_ns and its bounds hold here: where the capture begins, or the clock was set
  offset_ns      INTEGER NOT NULL,
  offset_low_ns  INTEGER,               -- hard bounds; NULL: open
  offset_high_ns INTEGER,
  skew_ppm       REAL NOT NULL,
  skew_low_ppm   REAL,
  skew_high_ppm  REAL,
  pairs          INTEGER NOT NULL,
  state          TEXT NOT NULL,         -- both-ways, one-way, same-clock, inconsistent, none
  doubt          TEXT,                  -- why aligned times of this point are doubtful; NULL: they are not
  remark         TEXT,                  -- what else is to be known of its clock: hours ahead, never set, why it is the reference
  settings       INTEGER NOT NULL,      -- times that it, or one on the way to the reference, was set since the piece before
  PRIMARY KEY(point_id, from_ns)
) STRICT, WITHOUT ROWID;

-- How well a point's capture sees: packets proved to have passed, and how many of these it holds.
CREATE TABLE coverage(
  point_id  INTEGER NOT NULL REFERENCES point(id),
  direction INTEGER NOT NULL,           -- 0 c2s, 1 s2c
  packets   INTEGER NOT NULL,           -- recorded
  proved    INTEGER NOT NULL,           -- proved to have passed
  missed    INTEGER NOT NULL,           -- of these, not recorded
  PRIMARY KEY(point_id, direction)
) STRICT, WITHOUT ROWID;

-- What many rows have in common is stored once, and what a table NAME_row holds is put together in the view NAME (rows.sql). Of texts, the numbers (*_numbers)
-- stay with each: an integer, or several with commas, which the text is a format of printf() for.

-- How a connection ended, and what is said of it.
CREATE TABLE conclusion(
  id       INTEGER PRIMARY KEY,
  outcome  TEXT NOT NULL,               -- completed, refused, reset, unreachable, no connection, stalled, open, unknown
  verdict  TEXT NOT NULL,               -- one sentence
  severity INTEGER NOT NULL,            -- 0 clean, 1 curious, 2 doubtful, 3 bad; the order of the list
  points   TEXT NOT NULL,
  reversed INTEGER NOT NULL             -- 1: it runs against the path, its client is at the far end
) STRICT;

-- One TCP connection end to end. Numbered by the time it began.
CREATE TABLE connection_row(
  id              INTEGER PRIMARY KEY,
  start_ns        INTEGER NOT NULL,     -- on the reference clock
  duration_ns     INTEGER NOT NULL,
  packets         INTEGER NOT NULL,     -- transmissions
  bytes           INTEGER NOT NULL,     -- payload of the transmissions, both directions
  conclusion_id   INTEGER NOT NULL REFERENCES conclusion(id),
  verdict_numbers ANY
) STRICT;

-- What a flow was joined with the others of its connection by.
CREATE TABLE evidence(
  id            INTEGER PRIMARY KEY,
  join_state    TEXT NOT NULL,          -- certain, likely, ambiguous, alone
  join_evidence TEXT NOT NULL           -- JSON
) STRICT;

-- One connection as one point saw it.
CREATE TABLE flow_row(
  id            INTEGER PRIMARY KEY,
  connection_id INTEGER NOT NULL REFERENCES connection_row(id),
  point_id      INTEGER NOT NULL REFERENCES point(id),
  client_addr   INTEGER NOT NULL REFERENCES addr(id),
  client_port   INTEGER NOT NULL,
  server_addr   INTEGER NOT NULL REFERENCES addr(id),
  server_port   INTEGER NOT NULL,
  client_isn    INTEGER,                -- NULL: not seen
  server_isn    INTEGER,
  packets       INTEGER NOT NULL,
  evidence_id   INTEGER NOT NULL REFERENCES evidence(id)
) STRICT;

CREATE INDEX flow_connection ON flow_row(connection_id);

CREATE TABLE flow_part(
  flow_id     INTEGER NOT NULL REFERENCES flow_row(id),
  part_id     INTEGER NOT NULL REFERENCES part_row(id),
  a_is_client INTEGER NOT NULL,
  PRIMARY KEY(flow_id, part_id)
) STRICT, WITHOUT ROWID;

-- The two sides of a connection through a BIG-IP: f5_peer_id is how the trailers of the flow name the other one.
CREATE TABLE f5_peer(
  flow_id      INTEGER NOT NULL REFERENCES flow_row(id),
  f5_peer_id   INTEGER NOT NULL,
  peer_flow_id INTEGER NOT NULL REFERENCES flow_row(id),
  PRIMARY KEY(flow_id, f5_peer_id, peer_flow_id)
) STRICT, WITHOUT ROWID;

-- The two connections at a full proxy: the one that it ends, and one that it opened for it. What passes on several clients' requests has no row.
CREATE TABLE tie(
  front_id   INTEGER NOT NULL REFERENCES connection_row(id),
  back_id    INTEGER NOT NULL REFERENCES connection_row(id),
  evidence   TEXT NOT NULL,             -- PROXY header, unique id, TLS ClientHello, equal streams, equal request, times, F5 trailer
  confidence TEXT NOT NULL,             -- certain, likely
  PRIMARY KEY(front_id, back_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX tie_back ON tie(back_id);

-- A transmission is named by its first sighting in the direction of travel; here are all others. They come in much the same order everywhere: those of one
-- sender at one point that are as far as each other from their names share a row.
CREATE TABLE sighting(
  from_a       INTEGER NOT NULL,        -- 1: packets with flag 512 (sent by a) ...
  first_packet INTEGER NOT NULL REFERENCES packet(id),
  packets      INTEGER NOT NULL,        -- ... among so many ids from there on, all of which are of one connection and point
  shift        INTEGER NOT NULL,        -- packet id plus this is the transmission's
  duplicate    INTEGER NOT NULL,        -- 1: a second copy at the same point (the capture's own); 2: the same frame, in another capture of the point that overlaps
  fragment     INTEGER NOT NULL,        -- 1: a fragment of it: a later one, or the first of those that came where it was whole before
  PRIMARY KEY(from_a, first_packet)
) STRICT, WITHOUT ROWID;

-- What is cut up or put together on the way (offload) is another packet there, and another transmission, named by its own first sighting. Here is how
-- they hang together: a row for every transmission that has bytes of another one, or whose bytes another one has.
CREATE TABLE resegmented(
  transmission_id INTEGER PRIMARY KEY REFERENCES packet(id),
  origin_id       INTEGER REFERENCES packet(id),        -- the earliest transmission that it has bytes of; NULL: it was sent like this
  into_id         INTEGER REFERENCES packet(id)         -- the first transmission that goes on with its bytes; NULL: it goes on itself, or nowhere
) STRICT;

CREATE TABLE hop(
  connection_id   INTEGER NOT NULL REFERENCES connection_row(id),
  from_point      INTEGER NOT NULL REFERENCES point(id),
  to_point        INTEGER NOT NULL REFERENCES point(id),
  direction       INTEGER NOT NULL,     -- 0 c2s, 1 s2c
  sent            INTEGER NOT NULL,     -- transmissions seen at from_point or before it, cut as they are there
  arrived         INTEGER NOT NULL,     -- of these, seen whole at to_point, or proved to have passed it, as they were or cut otherwise
  dropped         INTEGER NOT NULL,     -- of one that arrived in part: as many segments as are missing, cut as the others of it are
  generated       INTEGER NOT NULL,
  modified        INTEGER NOT NULL,     -- transmissions with a change
  not_captured    INTEGER NOT NULL,     -- passed to_point, but its capture missed them
  retransmitted   INTEGER NOT NULL,
  duplicated      INTEGER NOT NULL,
  delay_min_ns    INTEGER,              -- of those seen at both; in the middle of what the clocks leave open
  delay_median_ns INTEGER,
  delay_p99_ns    INTEGER,
  delay_max_ns    INTEGER,
  variation_median_ns INTEGER,          -- delay above delay_min_ns: whatever the offset of the clocks is
  variation_p99_ns INTEGER,
  error_low_ns    INTEGER,              -- aligned time at to_point minus that at from_point is the delay plus this much; NULL: open
  error_high_ns   INTEGER,
  translated      INTEGER NOT NULL,     -- transmissions whose addresses or ports differ at both ends as the flows do: see v_change
  PRIMARY KEY(connection_id, direction, from_point, to_point)
) STRICT, WITHOUT ROWID;

-- Transmissions of which equal ones were about: which of them is which at the other points rests on their order.
CREATE TABLE alike(
  transmission_id INTEGER PRIMARY KEY REFERENCES packet(id),
  connection_id   INTEGER NOT NULL REFERENCES connection_row(id)
) STRICT;

-- What a hop costs, all connections together: quantiles of the middle, the lower and the upper end of what the clocks leave open for each packet.
CREATE TABLE hop_total(
  from_point     INTEGER NOT NULL REFERENCES point(id),
  to_point       INTEGER NOT NULL REFERENCES point(id),
  direction      INTEGER NOT NULL,      -- 0 along the path, 1 against it
  packets        INTEGER NOT NULL,      -- recorded at both points
  min_ns         INTEGER,               -- NULL: the clocks are not known
  median_ns      INTEGER,
  p99_ns         INTEGER,
  max_ns         INTEGER,
  min_low_ns     INTEGER,
  median_low_ns  INTEGER,
  p99_low_ns     INTEGER,
  max_low_ns     INTEGER,
  min_high_ns    INTEGER,               -- NULL: open
  median_high_ns INTEGER,
  p99_high_ns    INTEGER,
  max_high_ns    INTEGER,
  variation_median_ns INTEGER,          -- above the shortest one between two settings of the clocks
  variation_p99_ns    INTEGER,
  PRIMARY KEY(from_point, to_point)
) STRICT, WITHOUT ROWID;

-- There and back between neighbouring points, which no clock has a part in. from_point comes first on the path.
CREATE TABLE round_trip(
  from_point INTEGER NOT NULL REFERENCES point(id),
  to_point   INTEGER NOT NULL REFERENCES point(id),
  pairs      INTEGER NOT NULL,
  min_ns     INTEGER NOT NULL,
  median_ns  INTEGER NOT NULL,
  p99_ns     INTEGER NOT NULL,
  max_ns     INTEGER NOT NULL,
  PRIMARY KEY(from_point, to_point)
) STRICT, WITHOUT ROWID;

-- Who a connection waits for (correlate/timing.h). NULL: not known.
CREATE TABLE timing(
  connection_id        INTEGER PRIMARY KEY REFERENCES connection_row(id),
  handshake_ns         INTEGER,
  first_byte_ns        INTEGER,
  server_ns            INTEGER,
  client_ns            INTEGER,
  network_ns           INTEGER,
  transfer_ns          INTEGER,
  total_ns             INTEGER,
  exchanges            INTEGER NOT NULL,
  slowest              TEXT,
  unclear              INTEGER NOT NULL,
  server_max_ns        INTEGER,
  handshake_server_ns  INTEGER,
  handshake_network_ns INTEGER,
  first_point          INTEGER NOT NULL REFERENCES point(id),
  last_point           INTEGER NOT NULL REFERENCES point(id)
) STRICT;

-- How long answers took behind a point, all connections whose last point it is.
CREATE TABLE server_time(
  point_id  INTEGER PRIMARY KEY REFERENCES point(id),
  exchanges INTEGER NOT NULL,
  min_ns    INTEGER NOT NULL,
  median_ns INTEGER NOT NULL,
  p99_ns    INTEGER NOT NULL,
  max_ns    INTEGER NOT NULL
) STRICT;

-- What a hop does to a field, but for addresses and ports that are those of the flows at its ends (hop.translated).
CREATE TABLE change(
  id            INTEGER PRIMARY KEY,
  connection_id INTEGER NOT NULL REFERENCES connection_row(id),
  from_point    INTEGER NOT NULL REFERENCES point(id),
  to_point      INTEGER NOT NULL REFERENCES point(id),
  direction     INTEGER NOT NULL,
  field         TEXT NOT NULL,
  before        TEXT,                   -- NULL: inserted
  after         TEXT,                   -- NULL: stripped
  delta         INTEGER,                -- after minus before where that is what stays the same
  count         INTEGER NOT NULL,
  habit         TEXT                    -- rewritten, shifted, ...: see v_habit; NULL: another field tells it
) STRICT;
CREATE INDEX change_connection ON change(connection_id);

-- Connections that a field could be compared in: in a packet recorded at both ends of the hop; an option, where one of the two has it.
CREATE TABLE compared(
  from_point  INTEGER NOT NULL REFERENCES point(id),
  to_point    INTEGER NOT NULL REFERENCES point(id),
  direction   INTEGER NOT NULL,
  field       TEXT NOT NULL,
  connections INTEGER NOT NULL,
  PRIMARY KEY(from_point, to_point, direction, field)
) STRICT, WITHOUT ROWID;

-- Connections in which a hop changes an address or a port, hop.translated and change together.
CREATE TABLE translated(
  from_point  INTEGER NOT NULL REFERENCES point(id),
  to_point    INTEGER NOT NULL REFERENCES point(id),
  direction   INTEGER NOT NULL,
  field       TEXT NOT NULL,            -- src, dst, sport, dport
  connections INTEGER NOT NULL,
  before      TEXT,                     -- the same in all of them; NULL: it is not
  after       TEXT,
  PRIMARY KEY(from_point, to_point, direction, field)
) STRICT, WITHOUT ROWID;

-- Every rule by which something is said, whether it fired or not (correlate/rules.c).
CREATE TABLE rule(
  id           INTEGER PRIMARY KEY,     -- the order of the table
  number       TEXT NOT NULL,
  name         TEXT NOT NULL UNIQUE,    -- finding.rule
  pattern      TEXT NOT NULL,
  says         TEXT NOT NULL,
  highest      TEXT NOT NULL,           -- confidence that a finding by it may have
  source       TEXT NOT NULL,
  wrong        TEXT NOT NULL,           -- where it can be wrong
  would_change TEXT NOT NULL            -- what would change the verdict
) STRICT;

-- What a finding says, but for its packets and numbers.
CREATE TABLE statement(
  id            INTEGER PRIMARY KEY,
  kind          TEXT NOT NULL,
  what          TEXT NOT NULL,
  direction     INTEGER,                -- 0 c2s, 1 s2c; NULL: both
  from_point    INTEGER REFERENCES point(id),
  to_point      INTEGER REFERENCES point(id),
  point         INTEGER REFERENCES point(id),
  confidence    TEXT NOT NULL,
  rule          TEXT NOT NULL REFERENCES rule(name),
  text          TEXT NOT NULL,
  evidence      TEXT NOT NULL           -- JSON behind packets: reasons, assumptions, alternatives, clues, answers, hypotheses, missing, next
) STRICT;

CREATE TABLE finding_row(
  id               INTEGER PRIMARY KEY,
  connection_id    INTEGER NOT NULL REFERENCES connection_row(id),
  statement_id     INTEGER NOT NULL REFERENCES statement(id),
  count            INTEGER NOT NULL,
  packets          TEXT,                -- first members of its evidence, with commas; NULL: the first 20 of finding_packet
  text_numbers     ANY,
  evidence_numbers ANY
) STRICT;
CREATE INDEX finding_connection ON finding_row(connection_id);

-- The transmissions that a finding is about.
CREATE TABLE finding_packet(
  finding_id      INTEGER NOT NULL REFERENCES finding_row(id),
  transmission_id INTEGER NOT NULL REFERENCES packet(id),
  PRIMARY KEY(finding_id, transmission_id)
) STRICT, WITHOUT ROWID;

-- Of connections of many packets: those that a ladder shows when the others are folded away, and those that they are compared with. The others need not be
-- read. Rows are transmissions in order of time, from 1 on.
CREATE TABLE ladder(
  connection_id   INTEGER NOT NULL REFERENCES connection_row(id),
  row             INTEGER NOT NULL,
  packet_id       INTEGER NOT NULL REFERENCES packet(id),       -- a sighting of it
  transmission_id INTEGER NOT NULL REFERENCES packet(id),
  show            INTEGER NOT NULL,     -- 1: the row is shown; 0: one that is shown says something of it
  hidden_c2s      INTEGER NOT NULL,     -- of a shown one: rows between the shown one before and this one
  hidden_s2c      INTEGER NOT NULL,
  trouble         TEXT,                 -- what went wrong among these; NULL: nothing
  pieces          INTEGER NOT NULL,     -- transmissions that have bytes of it (resegmented)
  PRIMARY KEY(connection_id, row, packet_id)
) STRICT, WITHOUT ROWID;

-- What connections with the same trouble at the same place have in common (correlate/pattern.h).
CREATE TABLE pattern(
  id          INTEGER PRIMARY KEY,
  kind        TEXT NOT NULL,            -- undecided: no connection of it is more than that
  what        TEXT NOT NULL,
  direction   INTEGER,                  -- 0 c2s, 1 s2c; NULL: both
  from_point  INTEGER REFERENCES point(id),
  to_point    INTEGER REFERENCES point(id),
  point       INTEGER REFERENCES point(id),
  state       TEXT NOT NULL,            -- all of a class, more of it than of others, every connection, spread over all
  confidence  TEXT,                     -- likely; possible: so few that it may be chance; NULL: nothing is claimed
  description TEXT,                     -- of the class; NULL: there is none
  hit         INTEGER NOT NULL,         -- connections of the class that have the trouble
  connections INTEGER NOT NULL,         -- connections of the class
  undecided   INTEGER NOT NULL,         -- of those hit: the trouble is not shown, only possible
  before      INTEGER NOT NULL,         -- connections of the class but for the time: earlier ones, later ones
  after       INTEGER NOT NULL,
  others_hit  INTEGER NOT NULL,         -- connections outside the class
  others      INTEGER NOT NULL,
  first_ns    INTEGER NOT NULL,         -- first and last packet that it is about
  last_ns     INTEGER NOT NULL,
  chance      REAL,                     -- log10 of how likely that is by chance, the other descriptions that there are considered
  text        TEXT NOT NULL
) STRICT;

CREATE TABLE pattern_connection(
  connection_id INTEGER NOT NULL REFERENCES connection_row(id),
  pattern_id    INTEGER NOT NULL REFERENCES pattern(id),
  PRIMARY KEY(connection_id, pattern_id)
) STRICT, WITHOUT ROWID;
