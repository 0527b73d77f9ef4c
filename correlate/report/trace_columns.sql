-- The points of the path from the client's end, with what each saw of connection ?1. A point beside others is left out when only the others saw it.
SELECT pt.id, pt.name, p.position, f.client_addr, f.client_port, f.server_addr, f.server_port, f.join_state
FROM path p
JOIN point pt ON pt.id = p.point_id
LEFT JOIN v_flow f ON f.connection_id = ?1 AND f.point = pt.name
                  AND f.flow_id = (SELECT min(g.flow_id) FROM v_flow g WHERE g.connection_id = ?1 AND g.point = pt.name)
WHERE f.flow_id IS NOT NULL
   OR NOT EXISTS (SELECT 1 FROM path q JOIN flow g ON g.point_id = q.point_id AND g.connection_id = ?1
                  WHERE q.position = p.position AND q.point_id <> p.point_id)
ORDER BY (SELECT iif(reversed, -p.position, p.position) FROM connection WHERE id = ?1), pt.name;
