-- How much has to be repeated, by the server that it was for or from? (of each connection and direction, the hop that saw the most)
SELECT c.server_addr, c.server_port, h.direction, count(*) AS connections, sum(h.packets) AS packets, sum(h.repeats) AS repeats,
       round(100.0 * sum(h.repeats) / sum(h.packets), 2) AS percent
FROM (SELECT connection_id, direction, max(sent + generated) AS packets, max(retransmitted) AS repeats FROM v_hop GROUP BY connection_id, direction) h
JOIN v_connection c ON c.id = h.connection_id
GROUP BY c.server_addr, c.server_port, h.direction
HAVING repeats > 0
ORDER BY percent DESC, c.server_addr, c.server_port, h.direction;
