cp $fixtures/crossed/*.pcap .
for points in "client=open-client.pcap middle=open-middle.pcap server=open-server.pcap" "server=open-server.pcap middle=open-middle.pcap" \
	middle=open-middle.pcap "client=split-client.pcap middle=split-middle.pcap"; do
	$prog run $points 2>/dev/null | sed -n '/^path/p;/^changed/p;/^  #/,/^$/p;/^ *[0-9]* *+/p;/^finding/p'
done
