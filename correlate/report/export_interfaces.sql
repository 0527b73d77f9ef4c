-- Interfaces of a merged capture: one for each point and link type by which packets came; of a point without packets, one nevertheless. In the order of the
-- path. Columns: point id, name, link type, snaplen (0: no limit), how many link types the point has.
WITH used AS (
  SELECT DISTINCT c.point_id, i.linktype, i.snaplen
  FROM capture c
  JOIN interface i ON i.capture_id = c.id
  JOIN link l ON l.capture_id = c.id AND l.interface = i.number
  UNION
  SELECT c.point_id, min(i.linktype), max(i.snaplen)
  FROM capture c
  JOIN interface i ON i.capture_id = c.id
  GROUP BY c.point_id
  HAVING NOT EXISTS (SELECT 1 FROM capture d JOIN link l ON l.capture_id = d.id WHERE d.point_id = c.point_id))
SELECT p.id, p.name, u.linktype, iif(min(u.snaplen) = 0, 0, max(u.snaplen)), count(*) OVER (PARTITION BY p.id)
FROM used u
JOIN point p ON p.id = u.point_id
LEFT JOIN path h ON h.point_id = p.id
GROUP BY p.id, u.linktype
ORDER BY h.position IS NULL, h.position, p.name, u.linktype;
