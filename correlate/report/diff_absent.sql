-- How many connections point ?3 captured within ?4 ns of the time from ?1 to ?2 (aligned).
SELECT count(DISTINCT f.connection_id)
FROM flow f
CROSS JOIN flow_part fp ON fp.flow_id = f.id
CROSS JOIN part q ON q.id = fp.part_id
LEFT JOIN clock c ON c.point_id = f.point_id AND q.min_ns >= c.from_ns AND q.min_ns < c.to_ns
WHERE f.point_id = ?3
  AND q.min_ns - coalesce(c.offset_ns + CAST(round((q.min_ns - c.origin_ns) * c.skew_ppm * 1e-6) AS INTEGER), 0) <= ?2 + ?4
  AND q.max_ns - coalesce(c.offset_ns + CAST(round((q.max_ns - c.origin_ns) * c.skew_ppm * 1e-6) AS INTEGER), 0) >= ?1 - ?4;
