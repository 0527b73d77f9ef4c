-- Which clients and servers lose the most packets, and on which hop?
SELECT c.client_addr, c.server_addr, c.server_port, f.from_point, f.to_point, sum(f.count) AS dropped, count(DISTINCT c.id) AS connections
FROM v_finding f
JOIN v_connection c ON c.id = f.connection_id
WHERE f.kind = 'dropped' AND f.confidence IN ('certain', 'likely')
GROUP BY c.client_addr, c.server_addr, c.server_port, f.from_point, f.to_point
ORDER BY dropped DESC, c.client_addr, c.server_addr, c.server_port, f.from_point
LIMIT 20;
