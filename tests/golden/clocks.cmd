cp $fixtures/founding/client.pcap client.pcap
cp $fixtures/founding/behind-silent.pcap behind.pcap
$prog run -o case.db client=client.pcap behind=behind.pcap 2>/dev/null | sed -n '/^clock/,/^changed/p'
$prog correlate case.db --reference behind && $prog query case.db "SELECT point, reference_point, state, doubt, remark FROM v_clock ORDER BY 1"
$prog correlate case.db --reference nobody; $prog correlate case.db --reference behind,client; $prog correlate case.db --reference ''
$prog run -o alone.db client=client.pcap other=$fixtures/tunnels/plain.pcap >/dev/null 2>&1; $prog list alone.db | grep -A2 ^clocks
