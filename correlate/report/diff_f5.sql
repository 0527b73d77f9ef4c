-- What F5 trailers say of connection ?1: the virtual server, which side of the BIG-IP it is on, and the other side, from its client to its server.
SELECT DISTINCT v.point, v.side, v.virtual_server, v.peer_connection_id,
       coalesce(CASE v.side WHEN 'client' THEN v.peer_local_addr ELSE v.peer_remote_addr END, c.client_addr),
       coalesce(CASE v.side WHEN 'client' THEN v.peer_local_port ELSE v.peer_remote_port END, c.client_port),
       coalesce(CASE v.side WHEN 'client' THEN v.peer_remote_addr ELSE v.peer_local_addr END, c.server_addr),
       coalesce(CASE v.side WHEN 'client' THEN v.peer_remote_port ELSE v.peer_local_port END, c.server_port)
FROM v_f5 v
LEFT JOIN v_connection c ON c.id = v.peer_connection_id
WHERE v.connection_id = ?1
ORDER BY v.point, v.peer_connection_id, 5, 6, 7, 8, v.virtual_server
LIMIT 12;
