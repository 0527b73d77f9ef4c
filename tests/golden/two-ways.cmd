cp $fixtures/two-ways/*.pcap .
# Both hosts open connections to the other: one path, one set of clocks, and every ladder begins at the client.
$prog run -o c.db client=client.pcap fw-out=fw-out.pcap fw-in=fw-in.pcap server=server.pcap 2>/dev/null | sed -n '/^path/,/^captures/p'
$prog diff c.db 1 2 | sed -n '/^connection/p;/ time/p;/ SYN/p'
$prog query c.db "SELECT direction, from_point, to_point, count(*) AS connections, sum(sent) AS sent, sum(arrived) AS arrived FROM v_hop GROUP BY 1, 2, 3 ORDER BY 1, 2, 3"
