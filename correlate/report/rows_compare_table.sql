-- What compare found, for as long as it prints it.
CREATE TEMP TABLE comparison(
  failure         TEXT NOT NULL,        -- how the connections failed; any: all of them
  property        TEXT NOT NULL,
  attribute       TEXT NOT NULL,
  status          TEXT NOT NULL,        -- associated, confounded, inseparable, part, chance, not testable
  by              TEXT,                 -- confounded by, inseparable from, part of; or the property with the same connections
  failed_with     INTEGER,
  "with"          INTEGER,
  failed_without  INTEGER,
  without         INTEGER,
  risk_difference REAL,
  risk_low        REAL,                 -- 95 %
  risk_high       REAL,
  odds_ratio      REAL,
  p               REAL,
  q               REAL,
  p_within        REAL,                 -- among connections alike in `by`
  controls        INTEGER               -- not testable: so many connections without it are needed
);
