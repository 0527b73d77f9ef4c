cp $fixtures/founding/client.pcap $fixtures/founding/behind-silent.pcap .
$prog import case.db client=client.pcap behind=behind-silent.pcap
$prog export case.db -o out.pcapng; echo "not correlated $?"
$prog correlate case.db
$prog export case.db; echo "no file $?"
$prog export -o out.pcapng; echo "no case $?"
$prog export case.db -o out.pcapng 99; echo "no such connection $?"
$prog export case.db -o out.pcapng --from yesterday; echo "no time $?"
$prog export case.db -o out.pcapng --to 2012-13-17T01:01:17; echo "no month $?"
$prog export case.db -o out.pcapng --format text; echo "no format $?"
$prog export case.db -o client.pcap; echo "onto a capture $?"
$prog export case.db -o case.db; echo "onto the case $?"
$prog export case.db -o nowhere/out.pcapng; echo "no folder $?"
$prog export case.db -o /dev/full; echo "no room $?"
$prog export case.db -o out.pcapng 6; echo "done $?"
$prog export case.db --format csv 6 | cut -d , -f 1-7,9
mkdir elsewhere; mv client.pcap elsewhere
$prog export case.db -o lost.pcapng; echo "moved $?"
$prog export case.db -o lost.pcapng --captures elsewhere; echo "found $?"
cp behind-silent.pcap client.pcap
$prog export case.db -o lost.pcapng; echo "replaced $?"
$prog export case.db -o more.pcapng --findings-only --format json --captures nowhere; echo "rows need no captures $?"
head -c 100 more.pcapng; echo
rm client.pcap
sqlite3 case.db "UPDATE packet SET frame = 9999 WHERE id = 1"
$prog export case.db -o lost.pcapng --captures elsewhere; echo "tampered with $?"
sqlite3 case.db "UPDATE packet SET frame = 9007199254740993 WHERE id = 1"
$prog export case.db -o lost.pcapng --captures elsewhere; echo "tampered with $?"
sqlite3 case.db "UPDATE packet SET frame = 2 WHERE id = 1"
$prog export case.db -o lost.pcapng --captures elsewhere; echo "tampered with $?"
sqlite3 case.db "UPDATE part_row SET capture_id = 7 WHERE id = 1"
$prog export case.db -o lost.pcapng --captures elsewhere; echo "tampered with $?"
rm -f lost.pcapng; ls
$prog run -o stream.db client=- <behind-silent.pcap >/dev/null
$prog export stream.db -o lost.pcapng; echo "stream $?"
