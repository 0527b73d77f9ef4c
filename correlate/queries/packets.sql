-- What happened in one connection, packet by packet, on one clock? (replace the number of the connection)
SELECT transmission_id, round((min(aligned_ns) - (SELECT start_ns FROM v_connection WHERE id = 3)) / 1e6, 3) AS ms, direction, flags, rel_seq, length,
       group_concat(point, ' ') AS seen_at
FROM (SELECT * FROM v_packet WHERE connection_id = 3 ORDER BY time_ns)
GROUP BY transmission_id
ORDER BY ms, transmission_id;
