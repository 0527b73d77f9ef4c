-- What is exported: collected connection by connection, then read in order of time. Both go with the program.
CREATE TEMP TABLE export_packet(
  packet_id     INTEGER NOT NULL,
  aligned_ns    INTEGER NOT NULL,       -- as recorded, if the clock of the point is not known
  place         INTEGER NOT NULL,       -- which capture
  frame         INTEGER NOT NULL,
  time_ns       INTEGER NOT NULL,       -- as recorded
  connection_id INTEGER NOT NULL,
  transmission  INTEGER,                -- its number in the ladder; NULL: the point is not on the path
  verdict       INTEGER,                -- export_verdict.id; NULL: nothing is found of it
  delay_from    INTEGER,                -- the place before; NULL: no delay is known
  delay_ns      INTEGER,                -- as in v_delay
  low_ns        INTEGER,
  high_ns       INTEGER
);
CREATE TEMP TABLE export_verdict(
  id   INTEGER PRIMARY KEY,
  text TEXT NOT NULL UNIQUE             -- what is found of a transmission, one a line
);
