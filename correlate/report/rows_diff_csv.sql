-- diff as a flat table: one row per sighting. :ids JSON array, in this order.
SELECT p.*, coalesce(s.duplicate, 0) AS duplicate,
       (SELECT group_concat(f.kind, ' ') FROM finding_packet fp JOIN finding f ON f.id = fp.finding_id
        WHERE f.connection_id = p.connection_id AND fp.transmission_id = p.transmission_id) AS findings
FROM json_each(:ids) j
CROSS JOIN v_packet p ON p.connection_id = j.value
CROSS JOIN packet k ON k.id = p.packet_id
LEFT JOIN sighting s ON s.from_a = ((k.flags & 512) <> 0) AND k.id < s.first_packet + s.packets
      AND s.first_packet = (SELECT max(x.first_packet) FROM sighting x WHERE x.from_a = ((k.flags & 512) <> 0) AND x.first_packet <= k.id)
ORDER BY j.key, coalesce(p.aligned_ns, p.time_ns), p.packet_id;
