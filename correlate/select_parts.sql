-- Parts in the order in which flows are put together: by point, addresses and ports, tunnel, time. No parameters.
SELECT q.id, c.point_id, q.a_addr, q.a_port, q.b_addr, q.b_port, coalesce(q.tunnel_id, 0), q.first_ns, q.min_ns, q.max_ns, q.packets,
       q.a_is_client, q.client_isn, q.server_isn, q.syn_tsval, q.a_seq_min, q.a_seq_max, q.b_seq_min, q.b_seq_max, q.flags,
       q.a_packets, q.b_packets, q.a_ttl, q.b_ttl, q.bytes
FROM part q
JOIN capture c ON c.id = q.capture_id
JOIN point p ON p.id = c.point_id
ORDER BY p.name, 3, 4, 5, 6, 7, q.min_ns, q.max_ns, q.id;
