cp $fixtures/fragments/*.pcap .
$prog run -o lost.db client=client.pcap behind=one-lost.pcap >/dev/null 2>&1
$prog diff lost.db 2
$prog query lost.db "SELECT point, frame, flags, length, transmission_id FROM v_packet WHERE connection_id = 2 AND transmission_id = (SELECT transmission_id FROM v_packet WHERE connection_id = 2 AND length = 1440 LIMIT 1) ORDER BY point, frame"
for behind in firsts.pcap firsts-port-filter.pcap; do $prog run client=client-firsts.pcap behind=$behind | grep -A 7 ^finding | head -8; done
