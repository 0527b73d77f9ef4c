-- Which handshakes took the longest, and was it the network or the server?
SELECT t.connection_id, c.client_addr, c.client_port, c.server_addr, c.server_port, c.start_time, round(t.handshake_ns / 1e6, 3) AS handshake_ms,
       round(t.handshake_network_ns / 1e6, 3) AS network_ms, round(t.handshake_server_ns / 1e6, 3) AS server_ms
FROM v_timing t
JOIN v_connection c ON c.id = t.connection_id
WHERE t.handshake_ns IS NOT NULL
ORDER BY t.handshake_ns DESC
LIMIT 20;
