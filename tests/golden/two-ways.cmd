cp $fixtures/two-ways/*.pcap .
# Both hosts open connections to the other: one path, one set of clocks, and every ladder begins at the client.
$prog run -o c.db client=client.pcap fw-out=fw-out.pcap fw-in=fw-in.pcap server=server.pcap 2>/dev/null | sed -n '/^path/,/^captures/p'
$prog diff c.db 1 2 | sed -n '/^connection/p;/ time/p;/ SYN/p'
$prog query c.db "SELECT direction, from_point, to_point, count(*) AS connections, sum(sent) AS sent, sum(arrived) AS arrived FROM v_hop GROUP BY 1, 2, 3 ORDER BY 1, 2, 3"
# Each hop is translated and marked in both roles, and every change has something to be counted against.
$prog query c.db "SELECT * FROM v_nat"
$prog query c.db "SELECT * FROM v_habit WHERE habit <> 'kept'"
$prog query c.db "SELECT count(*) AS not_counted FROM change h WHERE habit IS NOT NULL AND NOT EXISTS (SELECT 1 FROM compared x
  WHERE (x.from_point, x.to_point, x.direction, x.field) = (h.from_point, h.to_point, h.direction, h.field))"
$prog query c.db "SELECT reversed, direction, count(*) AS delays FROM v_delay d JOIN connection c ON c.id = d.connection_id GROUP BY 1, 2"
$prog query c.db "SELECT from_point, to_point, direction, delay_min_ns, delay_uncertainty_ns FROM v_hop WHERE connection_id = 1"
