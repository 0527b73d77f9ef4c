# A folder is a point: its captures in any order; what is no capture is left out and said, and what the case has already.
mkdir ring
cp $fixtures/founding/client.pcap ring/a.pcap
cp $fixtures/founding/behind-silent.pcap ring/b.pcap
echo "notes" >ring/notes.txt
: >ring/c.pcap
$prog import case.db client=ring 2>&1
cp $fixtures/formats/nanoseconds.pcap ring/d.pcap
$prog import case.db client=ring 2>&1
echo $?
$prog import case.db client=ring 2>&1 | tail -n 1
rm ring/*.pcap
$prog import other.db client=ring 2>&1
