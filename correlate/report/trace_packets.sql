-- The sightings of connection ?1; how they are ordered, and which of them, is added (trace_read.c).
SELECT p.packet_id, p.transmission_id, coalesce(p.aligned_ns, p.time_ns), p.rel_seq, p.rel_ack, p.tsval, p.tsecr, p.seq, p.ack,
       p."window", p.length, p.mss, p.wscale, p.ip_id, p.icmp_type, p.icmp_code, p.flags, p.point, p.dscp << 2 | p.ecn, p.ttl,
       p.direction = 's2c', coalesce(s.duplicate, 0), coalesce(p.sack_permitted, 0), p.flags IS NULL AND p.icmp_type IS NULL, coalesce(s.fragment, 0),
       CASE WHEN p.options <> 'nop,nop,TS' THEN p.options END, CASE WHEN p.icmp_type IS NOT NULL THEN p.src_addr END,
       p.rst_cause, coalesce(g.origin_id, 0), coalesce(g.into_id, 0), EXISTS(SELECT 1 FROM alike a WHERE a.transmission_id = p.transmission_id),
       p.frame, p.capture
FROM v_packet p
CROSS JOIN packet k ON k.id = p.packet_id
LEFT JOIN sighting s ON s.from_a = ((k.flags & 512) <> 0) AND k.id < s.first_packet + s.packets
      AND s.first_packet = (SELECT max(x.first_packet) FROM sighting x WHERE x.from_a = ((k.flags & 512) <> 0) AND x.first_packet <= k.id)
LEFT JOIN resegmented g ON g.transmission_id = p.packet_id
WHERE p.connection_id = ?1
