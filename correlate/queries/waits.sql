-- What do connections wait for the most: the client, the network, the server, or the transfer?
SELECT coalesce(slowest, 'not known') AS slowest, count(*) AS connections, round(avg(total_ns) / 1e6, 1) AS mean_total_ms,
       round(avg(network_ns) / 1e6, 1) AS network_ms, round(avg(server_ns) / 1e6, 1) AS server_ms, round(avg(client_ns) / 1e6, 1) AS client_ms
FROM v_timing
GROUP BY 1
ORDER BY connections DESC, slowest;
