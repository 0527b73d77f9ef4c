-- diff for programs: one row per transmission. :ids JSON array, in this order.
WITH seen AS (
  SELECT j.key AS place, p.*, coalesce(s.duplicate, 0) AS duplicate,
         p.packet_id = p.transmission_id AS first,
         first_value(coalesce(p.aligned_ns, p.time_ns)) OVER (PARTITION BY j.key, p.transmission_id ORDER BY p.packet_id <> p.transmission_id, p.packet_id) AS sent_ns
  FROM json_each(:ids) j
  CROSS JOIN v_packet p ON p.connection_id = j.value
  CROSS JOIN packet k ON k.id = p.packet_id
  LEFT JOIN sighting s ON s.from_a = ((k.flags & 512) <> 0) AND k.id < s.first_packet + s.packets
      AND s.first_packet = (SELECT max(x.first_packet) FROM sighting x WHERE x.from_a = ((k.flags & 512) <> 0) AND x.first_packet <= k.id))
SELECT connection_id, transmission_id, sent_ns, direction,
       max(CASE WHEN first THEN flags END) AS flags, max(CASE WHEN first THEN length END) AS length,
       max(CASE WHEN first THEN rel_seq END) AS rel_seq, max(CASE WHEN first THEN rel_ack END) AS rel_ack,
       (SELECT json_group_array(json_object('id', f.id, 'kind', f.kind, 'what', f.what, 'from_point', f.from_point, 'to_point', f.to_point,
               'point', f.point, 'confidence', f.confidence))
        FROM finding_packet fp JOIN v_finding f ON f.id = fp.finding_id
        WHERE f.connection_id = seen.connection_id AND fp.transmission_id = seen.transmission_id) AS "findings JSON",
       json_group_array(json_object('point', point, 'packet_id', packet_id, 'capture', capture, 'frame', frame, 'time_ns', time_ns,
               'aligned_ns', aligned_ns, 'duplicate', duplicate, 'src_addr', src_addr, 'src_port', src_port, 'dst_addr', dst_addr,
               'dst_port', dst_port, 'flags', flags, 'seq', seq, 'ack', ack, 'window', "window", 'length', length, 'tsval', tsval,
               'tsecr', tsecr, 'ip_id', ip_id, 'ttl', ttl, 'dscp', dscp, 'ecn', ecn, 'options', options, 'mss', mss, 'wscale', wscale,
               'icmp_type', icmp_type, 'icmp_code', icmp_code, 'rst_cause', rst_cause)) AS "sightings JSON"
FROM seen
GROUP BY place, connection_id, sent_ns, transmission_id, direction
ORDER BY place, sent_ns, transmission_id;
