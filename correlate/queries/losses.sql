-- Which connection lost what, on which hop?
SELECT f.connection_id, c.client_addr, c.client_port, c.server_addr, c.server_port, f.from_point, f.to_point, f.what, f.count AS dropped, f.confidence
FROM v_finding f
JOIN v_connection c ON c.id = f.connection_id
WHERE f.kind = 'dropped'
ORDER BY f.count DESC, f.connection_id, f.id;
