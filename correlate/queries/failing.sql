-- Which servers and ports could not be reached, and how often?
SELECT server_addr, server_port, count(*) AS connections, sum(outcome IN ('no connection', 'refused', 'unreachable')) AS failed,
       round(100.0 * sum(outcome IN ('no connection', 'refused', 'unreachable')) / count(*), 1) AS percent
FROM v_connection
GROUP BY server_addr, server_port
HAVING failed > 0
ORDER BY failed DESC, server_addr, server_port;
