-- What is to be known of points, path order first.
SELECT p.name || ' ' || n.text
FROM note n
JOIN point p ON p.id = n.point_id
LEFT JOIN path h ON h.point_id = p.id
ORDER BY h.position IS NULL, h.position, p.name;
