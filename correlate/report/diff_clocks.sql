-- What makes times of connection ?1 doubtful: at points that saw it, while they did. Path order first.
WITH seen AS (
  SELECT f.point_id, min(q.min_ns) AS first_ns, max(q.max_ns) AS last_ns
  FROM flow f
  JOIN flow_part fp ON fp.flow_id = f.id
  JOIN part q ON q.id = fp.part_id
  WHERE f.connection_id = ?1
  GROUP BY f.point_id)
SELECT p.name || ': ' || c.doubt, h.position IS NULL, h.position, p.name, 0 AS later, min(c.from_ns)
FROM seen s
JOIN clock c ON c.point_id = s.point_id AND c.from_ns <= s.last_ns AND c.to_ns > s.first_ns
JOIN point p ON p.id = s.point_id
LEFT JOIN path h ON h.point_id = p.id
WHERE c.doubt IS NOT NULL
GROUP BY p.id, c.doubt
UNION ALL
SELECT p.name || ': its clock, or one that it is compared through, was set while this connection lasted', h.position IS NULL, h.position, p.name, 1, 0
FROM seen s
JOIN point p ON p.id = s.point_id
LEFT JOIN path h ON h.point_id = p.id
WHERE EXISTS (SELECT 1 FROM clock c WHERE c.point_id = s.point_id AND c.from_ns > s.first_ns AND c.from_ns <= s.last_ns)
ORDER BY 2, 3, 4, 5, 6;
