-- Which servers take the longest to answer?
SELECT c.server_addr, c.server_port, count(*) AS connections, sum(t.exchanges) AS answers, round(sum(t.server_ns) / 1e6 / sum(t.exchanges), 3) AS mean_ms,
       round(max(t.server_max_ns) / 1e6, 3) AS longest_ms
FROM v_timing t
JOIN v_connection c ON c.id = t.connection_id
WHERE t.exchanges > 0
GROUP BY c.server_addr, c.server_port
ORDER BY longest_ms DESC, c.server_addr, c.server_port;
