-- What the hops change in connection ?1 beside addresses and ports, along the path, most frequent first.
SELECT from_point, to_point, field, before, after, delta, sum(count), field IN ('seq', 'ack', 'opt.tsval', 'opt.tsecr', 'ip_id')
FROM v_change
WHERE connection_id = ?1 AND field NOT IN ('src', 'dst', 'sport', 'dport')
GROUP BY from_point, to_point, direction, field, before, after, delta
ORDER BY (SELECT min(h.position) FROM path h JOIN point p ON p.id = h.point_id WHERE p.name IN (from_point, to_point)), direction, sum(count) DESC, field, before, after
LIMIT 12;
