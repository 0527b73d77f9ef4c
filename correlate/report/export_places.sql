-- The captures of the case in an order that does not depend on that of their import: by point along the path, then by time.
SELECT c.id, p.id, p.name, c.name, c.digest, h.position
FROM capture c
JOIN point p ON p.id = c.point_id
LEFT JOIN path h ON h.point_id = p.id
ORDER BY h.position IS NULL, h.position, p.name, c.first_ns, c.digest, c.selector, coalesce(c.filter, ''), c.id;
