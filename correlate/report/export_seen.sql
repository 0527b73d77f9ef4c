-- Every packet of connection ?1, transmission by transmission. times as in v_packet, plain as in v_delay. A frame that two captures of a point both hold
-- counts once.
SELECT k.id AS packet_id, k.id + coalesce(s.shift, 0) AS transmission_id, q.capture_id, k.frame, q.first_ns + k.t AS time_ns,
       q.first_ns + k.t - c.offset_ns - CAST(round((q.first_ns + k.t - c.origin_ns) * c.skew_ppm * 1e-6) AS INTEGER) AS aligned_ns,
       ((k.flags & 512) <> 0) <> fp.a_is_client AS s2c,
       NOT k.flags & 1024 AND coalesce(s.duplicate + s.fragment, 0) = 0
         AND NOT EXISTS (SELECT 1 FROM alike a WHERE a.transmission_id = k.id + coalesce(s.shift, 0)) AS plain
FROM flow f
CROSS JOIN flow_part fp ON fp.flow_id = f.id
CROSS JOIN part q ON q.id = fp.part_id
CROSS JOIN run r ON r.part_id = q.id
CROSS JOIN packet k ON k.id >= r.first_packet AND k.id < r.first_packet + r.packets
LEFT JOIN clock c ON c.point_id = f.point_id AND q.first_ns + k.t >= c.from_ns AND q.first_ns + k.t < c.to_ns
LEFT JOIN sighting s ON s.from_a = ((k.flags & 512) <> 0) AND k.id < s.first_packet + s.packets
      AND s.first_packet = (SELECT max(x.first_packet) FROM sighting x WHERE x.from_a = ((k.flags & 512) <> 0) AND x.first_packet <= k.id)
WHERE f.connection_id = ?1 AND coalesce(s.duplicate, 0) <> 2
ORDER BY 2, 1;
