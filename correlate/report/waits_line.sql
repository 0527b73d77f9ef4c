-- Who connection ?1 waits for, if handshake and answers took at least ?2 ns.
SELECT handshake_ns, handshake_network_ns, handshake_server_ns, first_byte_ns, network_ns, server_ns, client_ns, total_ns, exchanges, unclear, last_point
FROM v_timing
WHERE connection_id = ?1 AND (handshake_ns IS NOT NULL OR first_byte_ns IS NOT NULL) AND coalesce(handshake_ns, 0) + coalesce(first_byte_ns, 0) >= ?2;
