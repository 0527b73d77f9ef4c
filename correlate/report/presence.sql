-- When every flow begins and ends on the reference clock: point, from, to.
SELECT f.point_id,
       min(q.min_ns - coalesce(c.offset_ns + CAST(round((q.min_ns - c.origin_ns) * c.skew_ppm * 1e-6) AS INTEGER), 0)),
       max(q.max_ns - coalesce(c.offset_ns + CAST(round((q.max_ns - c.origin_ns) * c.skew_ppm * 1e-6) AS INTEGER), 0))
FROM flow f
CROSS JOIN flow_part fp ON fp.flow_id = f.id
CROSS JOIN part q ON q.id = fp.part_id
LEFT JOIN clock c ON c.point_id = f.point_id AND q.min_ns >= c.from_ns AND q.min_ns < c.to_ns
GROUP BY f.id;
