cp $fixtures/founding/client.pcap $fixtures/founding/behind-silent.pcap .
$prog run --exit-code client=client.pcap behind=behind-silent.pcap >/dev/null 2>&1; echo "unclean $?"
$prog run client=client.pcap behind=behind-silent.pcap >/dev/null 2>&1; echo "done $?"
$prog run client=nothing.pcap; echo "failed $?"
$prog run nonsense; echo "misused $?"
$prog nonsense; echo "misused $?"
$prog import case.db client=client.pcap; echo "done $?"
$prog import case.db client=client.pcap; echo "same again $?"
$prog import --replace case.db client=client.pcap; echo "replaced $?"
$prog run -f 'tcp port' client=client.pcap; echo "filter $?"
$prog run --path client,nowhere client=client.pcap behind=behind-silent.pcap 2>&1 >/dev/null | tail -n 1
$prog import case.db behind=client.pcap; echo "twin $?"
