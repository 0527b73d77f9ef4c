-- Which connections moved the most bytes, and how fast?
SELECT id, client_addr, client_port, server_addr, server_port, bytes, packets, round((end_ns - start_ns) / 1e9, 3) AS seconds,
       round(bytes * 8e3 / nullif(end_ns - start_ns, 0), 3) AS mbit_per_s
FROM v_connection
ORDER BY bytes DESC, id
LIMIT 20;
