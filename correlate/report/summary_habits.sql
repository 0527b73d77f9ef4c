-- What each hop does, for people: near, far (ends of the hop, the one nearer to the beginning of the path first), way (0: either way, 1: near to far,
-- 2: far to near), rank (order of the fields), field, habit, before, after, connections, of, nth (of the values of a field), kinds (how many values there
-- are), client (1: all of it is what clients sent, 0: servers; NULL: both).
-- What server to client says once more is left out: addresses and ports (summary_nat.sql), acknowledgments of shifted numbers, echoed timestamps.
WITH ends AS (
  SELECT p.name, h.position FROM path h JOIN point p ON p.id = h.point_id),
-- Both hosts may open connections: what passes a hop one way is then sent by clients and by servers.
u AS (
  SELECT x.*, direction = 'c2s' AS client, iif(f.position < t.position, from_point, to_point) AS near, iif(f.position < t.position, to_point, from_point) AS far,
         iif(f.position < t.position, 1, 2) AS way
  FROM v_habit x
  JOIN ends f ON f.name = from_point
  JOIN ends t ON t.name = to_point),
n AS (
  SELECT near, far, way, field, sum("of") AS "of"
  FROM (SELECT DISTINCT near, far, way, client, field, "of" FROM u)
  GROUP BY near, far, way, field),
v AS (
  SELECT near, far, way, field, habit, before, after, sum(connections) AS connections, n."of", iif(min(client) = max(client), client, NULL) AS client
  FROM u
  JOIN n USING(near, far, way, field)
  GROUP BY near, far, way, field, habit, before, after),
t AS (
  SELECT DISTINCT near, far FROM v WHERE habit <> 'kept'),
s AS (
  SELECT near, far, way, habit, field FROM v WHERE field IN ('seq', 'opt.tsval') AND habit <> 'kept'),
w AS (
  SELECT v.* FROM v
  WHERE field NOT IN ('src', 'dst', 'sport', 'dport')
    AND NOT (field = 'ack' AND EXISTS (SELECT 1 FROM s WHERE s.near = v.near AND s.far = v.far AND s.field = 'seq' AND s.way <> v.way))
    AND NOT (field = 'opt.tsecr' AND EXISTS (SELECT 1 FROM s WHERE s.near = v.near AND s.far = v.far AND s.field = 'opt.tsval'
                                             AND (s.way <> v.way OR s.habit = v.habit)))),
m AS (
  SELECT near, far, iif(count(*) = 2, 0, way) AS way, field, habit, before, after, connections, "of",
         iif(count(*) = 1, client, NULL) AS client
  FROM w
  WHERE habit <> 'kept'
  GROUP BY near, far, field, habit, before, after, connections, "of"),
r AS (
  SELECT *, row_number() OVER (PARTITION BY near, far, way, field, habit ORDER BY connections DESC, before, after) AS nth,
         count(*) OVER (PARTITION BY near, far, way, field, habit) AS kinds
  FROM m),
o(field, rank) AS (
  VALUES ('seq', 1), ('ack', 2), ('opt.sack', 3), ('opt.tsval', 4), ('opt.tsecr', 5), ('opt.mss', 6), ('opt.ws', 7), ('opt.sackok', 8), ('syn.ecn', 60),
         ('flags', 61), ('win', 62), ('dscp', 63), ('ecn', 64), ('ttl', 65), ('ip_id', 66), ('payload', 67)),
-- What nothing was done to, on hops that do something: by this a packet is found on the other side.
k AS (
  SELECT near, far, field, sum("of") AS connections
  FROM w
  WHERE field IN ('seq', 'ip_id', 'opt.tsval') AND (near, far) IN (SELECT near, far FROM t)
  GROUP BY near, far, field
  HAVING sum(iif(habit = 'kept', connections, 0)) = sum(connections)
     AND NOT EXISTS (SELECT 1 FROM s WHERE s.near = w.near AND s.far = w.far AND s.field = w.field))
SELECT * FROM (
  SELECT r.near, r.far, r.way, coalesce(o.rank, 50) AS rank, r.field, r.habit, r.before, r.after, r.connections, r."of", r.nth, r.kinds, r.client
  FROM r
  LEFT JOIN o USING(field)
  WHERE r.nth <= 3
  UNION ALL
  SELECT near, far, 0, 1000 + o.rank, field, 'kept', NULL, NULL, connections, connections, 1, 1, NULL FROM k JOIN o USING(field))
ORDER BY (SELECT position FROM ends WHERE name = near), (SELECT position FROM ends WHERE name = far), near, far, way, rank, field, habit, nth;
