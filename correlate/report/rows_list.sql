-- list for programs: v_connection, what the verdict rests on. :ids JSON array, in this order.
SELECT v.*, c.severity,
       (SELECT r.confidence FROM report_confidence r WHERE r.connection_id = v.id) AS confidence,
       (SELECT group_concat(kind) FROM (SELECT DISTINCT kind FROM v_finding f WHERE f.connection_id = v.id ORDER BY kind)) AS kinds,
       (SELECT group_concat(id) FROM (
          SELECT o.connection_id AS id FROM flow f CROSS JOIN f5_peer y ON y.flow_id = f.id CROSS JOIN flow o ON o.id = y.peer_flow_id
          WHERE f.connection_id = v.id
          UNION SELECT back_id FROM tie WHERE front_id = v.id
          UNION SELECT front_id FROM tie WHERE back_id = v.id
          ORDER BY 1)) AS peers,
       t.handshake_ns, t.first_byte_ns, t.server_ns, t.client_ns, t.network_ns, t.transfer_ns, t.total_ns, t.exchanges, t.slowest
FROM json_each(:ids) j
CROSS JOIN v_connection v ON v.id = j.value
CROSS JOIN connection c ON c.id = j.value
LEFT JOIN timing t ON t.connection_id = j.value
ORDER BY j.key;
