-- Points whose aligned times are doubtful, and why; clocks that were set during the captures. Path order first. No parameters.
SELECT p.name || ': ' || c.doubt, 0 AS later, h.position IS NULL, h.position, p.name, min(c.from_ns)
FROM clock c
JOIN point p ON p.id = c.point_id
LEFT JOIN path h ON h.point_id = p.id
WHERE c.doubt IS NOT NULL
GROUP BY p.id, c.doubt
UNION ALL
SELECT p.name || ': its clock, or one that it is compared through, was set ' ||
       CASE count(*) WHEN 2 THEN 'once' WHEN 3 THEN 'twice' ELSE count(*) - 1 || ' times' END || ' during its capture', 1, h.position IS NULL, h.position, p.name, 0
FROM clock c
JOIN point p ON p.id = c.point_id
LEFT JOIN path h ON h.point_id = p.id
GROUP BY p.id
HAVING count(*) > 1
ORDER BY 3, 4, 5, 2, 6;
