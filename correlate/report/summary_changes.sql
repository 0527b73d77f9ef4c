-- What the hops change: per hop, direction and field, in how many connections, and the most frequent values.
-- Addresses, ports and numbers of s2c are those of c2s the other way round.
-- Numbers that are different in every connection have no values.
WITH v AS (
  SELECT connection_id, from_point, to_point, direction, field, delta,
         CASE WHEN field NOT IN ('seq', 'ack', 'opt.tsval', 'opt.tsecr', 'ip_id') OR after IS NULL THEN before END AS before,
         CASE WHEN field NOT IN ('seq', 'ack', 'opt.tsval', 'opt.tsecr', 'ip_id') OR before IS NULL THEN after END AS after
  FROM v_change),
c AS (
  SELECT from_point, to_point, direction, field, before, after, max(delta IS NOT NULL) AS shift, count(DISTINCT connection_id) AS connections
  FROM v
  WHERE direction = 'c2s' OR field NOT IN ('src', 'dst', 'sport', 'dport', 'seq', 'ack', 'opt.tsval', 'opt.tsecr')
  GROUP BY from_point, to_point, direction, field, before, after),
r AS (
  SELECT *, row_number() OVER (PARTITION BY from_point, to_point, direction, field ORDER BY connections DESC, before, after) AS nth,
         count(*) OVER (PARTITION BY from_point, to_point, direction, field) AS kinds,
         sum(connections) OVER (PARTITION BY from_point, to_point, direction, field) AS whole
  FROM c)
SELECT from_point, to_point, field, before, after, shift, connections, nth, kinds, whole
FROM r
WHERE nth <= 3
ORDER BY (SELECT min(h.position) FROM path h JOIN point p ON p.id = h.point_id WHERE p.name IN (from_point, to_point)), direction, from_point, to_point,
         CASE WHEN field IN ('src', 'dst', 'sport', 'dport') THEN 0 ELSE 1 END, field, nth;
