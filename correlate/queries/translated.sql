-- What is a connection called at every point? (replace the address and the port by those of a log)
SELECT g.connection_id, g.point, g.client_addr, g.client_port, g.server_addr, g.server_port, g.join_state
FROM (SELECT DISTINCT connection_id FROM v_flow WHERE client_addr = '10.1.0.3' AND client_port = 52162) f
JOIN v_flow g ON g.connection_id = f.connection_id
ORDER BY g.connection_id, g.flow_id;
