-- What the hops change in connection ?1 beside addresses and ports, most frequent first.
SELECT from_point, to_point, field, before, after, delta, sum(count)
FROM v_change
WHERE connection_id = ?1 AND field NOT IN ('src', 'dst', 'sport', 'dport')
GROUP BY from_point, to_point, field, before, after, delta
ORDER BY from_point, to_point, sum(count) DESC, field, before, after
LIMIT 12;
