-- Where in the files are the packets of a connection's findings, to look at them in Wireshark? (replace the number of the connection)
WITH found AS MATERIALIZED (
  SELECT f.id, f.kind, f.what, p.transmission_id
  FROM v_finding f
  JOIN finding_packet p ON p.finding_id = f.id
  WHERE f.connection_id = 3)
SELECT f.kind, f.what, k.point, k.capture, k.frame, k.time, k.flags, k.rel_seq, k.length
FROM v_packet k
CROSS JOIN found f ON f.transmission_id = k.transmission_id
WHERE k.connection_id = 3
ORDER BY f.id, k.time_ns, k.packet_id;
