-- Parts in the order in which flows are put together: by point, addresses and ports, tunnel, time. No parameters.
-- The same tunnel may have its outer addresses either way round, as its first packet of a capture went; its row id depends on the order of import.
WITH world AS (SELECT id, dense_rank() OVER (ORDER BY kind, number) AS n FROM tunnel)
SELECT q.id, c.point_id, q.a_addr, q.a_port, q.b_addr, q.b_port, coalesce(w.n, 0), q.first_ns, q.min_ns, q.max_ns, q.packets,
       q.a_is_client, q.client_isn, q.server_isn, q.syn_tsval, q.a_seq_min, q.a_seq_max, q.b_seq_min, q.b_seq_max, q.flags,
       q.a_packets, q.b_packets, q.a_ttl, q.b_ttl, q.bytes, q.capture_id,
       q.a_said, q.b_said, q.opening, coalesce(v.header, 0), v.src_addr, v.src_port, v.request, q.a_mac, q.b_mac, q.a_seq0, q.b_seq0, q.a_ts0, q.b_ts0
FROM part q
JOIN capture c ON c.id = q.capture_id
JOIN point p ON p.id = c.point_id
LEFT JOIN world w ON w.id = q.tunnel_id
LEFT JOIN forwarded v ON v.part_id = q.id
ORDER BY p.name, 3, 4, 5, 6, 7, q.min_ns, q.max_ns, q.id;
