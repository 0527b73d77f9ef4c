-- Did the SYN of connection ?1 as point ?2 saw it, sent to the same server by the connections around it (?3 on either side), get answers? Two rows at
-- most: same (1: the same flags, window, options; 0: others), connections, how many of these got a SYN-ACK. (A connection has one flow at a point;
-- of its parts the earliest counts: with min() alone, bare columns come from that row.)
WITH first_syn AS MATERIALIZED (
  SELECT f.connection_id, f.server_addr, f.server_port, f.server_isn IS NOT NULL AS answered,
         k.flags & 450 AS flags, k.win, k.tos & 3 AS ecn, o.mss, o.wscale, o.options, min(q.first_ns + k.t)
  FROM flow f
  CROSS JOIN flow_part fp ON fp.flow_id = f.id
  CROSS JOIN part q ON q.id = fp.part_id
  CROSS JOIN packet k ON k.id = (SELECT min(r.first_packet) FROM run r WHERE r.part_id = q.id)
  LEFT JOIN tcpopt t ON t.packet_id = k.id
  LEFT JOIN layout o ON o.id = t.layout_id
  WHERE f.connection_id BETWEEN ?1 - ?3 AND ?1 + ?3 AND f.point_id = ?2
    AND (f.server_addr, f.server_port) = (SELECT g.server_addr, g.server_port FROM flow g WHERE g.connection_id = ?1 AND g.point_id = ?2 LIMIT 1)
    AND k.flags & 1042 = 2 AND ((k.flags & 512) <> 0) = fp.a_is_client
  GROUP BY f.connection_id)
SELECT x.flags = y.flags AND x.win = y.win AND x.ecn = y.ecn AND x.mss IS y.mss AND x.wscale IS y.wscale AND x.options IS y.options AS same,
       count(*), sum(y.answered)
FROM first_syn x
JOIN first_syn y ON y.connection_id <> x.connection_id AND y.server_addr = x.server_addr AND y.server_port = x.server_port
WHERE x.connection_id = ?1
GROUP BY same;
