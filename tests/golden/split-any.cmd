# A capture of all interfaces of a firewall holds what it forwards twice: no place on the path, until it is split.
cp $fixtures/any/* .
three="client=client.pcap fw=fw-any.pcap server=server.pcap"
$prog run -o whole.db --running all $three 2>&1 | sed -n '1,/^changed/p;/^6 conn/,/^  #1/p'
$prog query --format csv whole.db "SELECT point, count(*), count(DISTINCT transmission_id) FROM v_packet GROUP BY point"
$prog run -o split.db --split interface $three 2>&1 | sed -n '1,/^  #1/p'
$prog query --format csv split.db "SELECT DISTINCT point, state, offset_ns BETWEEN offset_low_ns AND offset_high_ns FROM v_clock ORDER BY 1"
# At the end of a path it stays, but what it has on one side only may be the device's own doing: no host is accused.
$prog run --running all client=client.pcap fw=fw-any.pcap 2>&1 | sed -n '1,5p;/^6 conn/,/^$/p;/^  #4/,/^$/p'
# Where the device translates, the two sides have other addresses.
nat="client=nat-client.pcap fw=nat-any.pcap server=nat-server.pcap"
$prog run --running all $nat 2>&1 | sed -n '4,7p;/^changed/p;/^9 conn/,/^  #1/p'
$prog run --split interface $nat 2>&1 | sed -n '4p;/^changed/p;/^9 conn/,/^  #1/p'
$prog run -o nat.db --split interface $nat >/dev/null 2>&1
$prog query nat.db "SELECT from_point, to_point, side, before_addr, before_port, after_addr, after_port, connections FROM v_nat"
# Alone, without a name of its own; and with the older cooked header, which does not say which interface.
$prog run --split interface fw-any.pcap 2>&1 | sed -n '1,3p;/^6 conn/,/^$/p'
$prog run --split interface fw=fw-any-sll1.pcap 2>&1 | sed -n '1,4p;/^9 conn/,/^  #1/p'
# One side by name.
$prog import one.db out=fw-any.pcap@if2 in=fw-any.pcap@if3
$prog import one.db nowhere=fw-any.pcap@if4 2>&1
$prog import one.db a=fw-any.pcap@vlan7 2>&1
$prog import one.db --split port fw=fw-any.pcap
# What only it saw is listed, and not judged; a point that --path leaves out is looked at, too.
for f in client server; do tcpdump -n -r $f.pcap -w $f-80.pcap port 80 2>/dev/null; done
$prog run -o beside.db client=client-80.pcap fw=fw-any.pcap server=server-80.pcap 2>&1 | sed -n '/^6 conn/,/^  #1/p'
$prog diff beside.db 4
$prog correlate --path client,server beside.db
$prog query --format csv beside.db "SELECT p.name, n.text LIKE 'holds what a device forwards twice%' FROM note n JOIN point p ON p.id = n.point_id"
