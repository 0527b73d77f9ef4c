-- Points whose aligned times are doubtful, and why; clocks that were set during the captures. Path order first. No parameters.
SELECT p.name || ': ' || c.doubt, 0 AS later, h.position IS NULL, h.position, p.name, min(c.from_ns)
FROM clock c
JOIN point p ON p.id = c.point_id
LEFT JOIN path h ON h.point_id = p.id
WHERE c.doubt IS NOT NULL
GROUP BY p.id, c.doubt
UNION ALL
SELECT p.name || ': its clock, or one that it is compared through, was set ' ||
       CASE sum(c.settings) WHEN 1 THEN 'once' WHEN 2 THEN 'twice' ELSE sum(c.settings) || ' times' END || ' during its capture', 1, h.position IS NULL, h.position, p.name, 0
FROM clock c
JOIN point p ON p.id = c.point_id
LEFT JOIN path h ON h.point_id = p.id
GROUP BY p.id
HAVING sum(c.settings) > 0
ORDER BY 3, 4, 5, 2, 6;
