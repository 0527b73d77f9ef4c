-- What each hop translates, for people, by address: near, far, client (1: the client's side, 0: the server's), before_addr, after_addr, connections, kept
-- (of these, with the port kept), before_port, after_port (-1: several); and of the whole side: pairs of addresses, different addresses before and
-- after, connections, kept; of (connections that both points saw, of those that have their client on the side of near; NULL: not neighbours).
WITH n AS (
  SELECT from_point, to_point, side = 'client' AS client, before_addr, after_addr, sum(connections) AS connections,
         sum(iif(before_port = after_port, connections, 0)) AS kept,
         iif(min(before_port) = max(before_port), min(before_port), -1) AS before_port, iif(min(after_port) = max(after_port), min(after_port), -1) AS after_port
  FROM v_nat
  GROUP BY from_point, to_point, side, before_addr, after_addr),
a AS (
  SELECT from_point, to_point, client, count(*) AS pairs, count(DISTINCT before_addr) AS befores, count(DISTINCT after_addr) AS afters,
         sum(connections) AS connections, sum(kept) AS kept
  FROM n
  GROUP BY from_point, to_point, client)
SELECT n.from_point, n.to_point, n.client, n.before_addr, n.after_addr, n.connections, n.kept, n.before_port, n.after_port,
       a.pairs, a.befores, a.afters, a.connections, a.kept,
       (SELECT max(c.connections) FROM compared c
        WHERE c.field = 'src' AND (c.from_point, c.to_point, c.direction) IN (VALUES (p.id, q.id, 0), (q.id, p.id, 1)))
FROM n
JOIN a USING(from_point, to_point, client)
JOIN point p ON p.name = n.from_point
JOIN point q ON q.name = n.to_point
JOIN path h ON h.point_id = p.id
JOIN path i ON i.point_id = q.id
ORDER BY h.position, i.position, n.from_point, n.to_point, n.client DESC, n.connections DESC, n.before_addr, n.after_addr;
