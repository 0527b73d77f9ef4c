-- What is exported of connections :ids as a table: v_packet, and what the comment of the packet says.
SELECT p.*, x.transmission, replace(v.text, char(10), '; ') AS verdict, (SELECT name FROM export_point n WHERE n.place = x.delay_from) AS delay_from, x.delay_ns,
       x.low_ns AS delay_low_ns, x.high_ns AS delay_high_ns
FROM json_each(:ids) j
CROSS JOIN v_packet p ON p.connection_id = j.value
CROSS JOIN export_packet x ON x.packet_id = p.packet_id
LEFT JOIN export_verdict v ON v.id = x.verdict
ORDER BY x.aligned_ns, x.place, x.frame;
