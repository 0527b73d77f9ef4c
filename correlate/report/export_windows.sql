-- When point ?1 captured, as recorded, and on the reference clock; and what its captures are known to have lost (NULL: not known). A point of which nothing
-- was recorded has no row.
WITH w AS (
  SELECT min(c.first_ns, coalesce(min(i.start_ns), c.first_ns)) AS first_ns, max(c.last_ns, coalesce(max(i.end_ns), c.last_ns)) AS last_ns,
         sum(i.received) AS received, sum(i.dropped) AS dropped
  FROM capture c
  LEFT JOIN interface i ON i.capture_id = c.id
  WHERE c.point_id = ?1 AND c.first_ns IS NOT NULL
  GROUP BY c.id),
a AS (SELECT min(first_ns) AS first_ns, max(last_ns) AS last_ns, sum(received) AS received, sum(dropped) AS dropped FROM w)
SELECT a.first_ns - coalesce(f.offset_ns + CAST(round((a.first_ns - f.origin_ns) * f.skew_ppm * 1e-6) AS INTEGER), 0),
       a.last_ns - coalesce(t.offset_ns + CAST(round((a.last_ns - t.origin_ns) * t.skew_ppm * 1e-6) AS INTEGER), 0), a.received, a.dropped
FROM a
LEFT JOIN clock f ON f.point_id = ?1 AND a.first_ns >= f.from_ns AND a.first_ns < f.to_ns
LEFT JOIN clock t ON t.point_id = ?1 AND a.last_ns >= t.from_ns AND a.last_ns < t.to_ns
WHERE a.first_ns IS NOT NULL;
