# The same connections, as wide and as narrow as terminals are. Two points:
cp $fixtures/founding/client.pcap $fixtures/founding/behind-silent.pcap .
$prog run -o two.db client=client.pcap behind=behind-silent.pcap >/dev/null 2>&1
COLUMNS=200 $prog diff two.db 6 | sed '/^finding/,$d'
# Three, with a long connection:
cp $fixtures/offload/*.pcap .
$prog run -o three.db --path client,wire,server --running all client=client.pcap wire=wire.pcap server=server.pcap >/dev/null 2>&1
for w in 80 200; do COLUMNS=$w $prog diff three.db 1 | sed '/^finding/,$d'; done
# Six: the summary and the list as a narrow terminal shows them, and ladders of a loss, a refusal and a long connection.
cp $fixtures/six/*.pcap .
points="client fw-outside fw-inside lb-outside lb-inside server"
COLUMNS=80 $prog run -o six.db --running all $(for p in $points; do echo $p=$p.pcap; done) 2>/dev/null | sed '/^─/,$d'
for w in 80 200; do COLUMNS=$w $prog diff six.db 37 | sed '/^finding/,$d'; done
COLUMNS=100 $prog diff six.db 5 | sed '/^finding/,$d'
LC_ALL=C COLUMNS=80 $prog diff six.db 18
COLUMNS=80 $prog diff --color always six.db 4 | sed '/finding/,$d' | sed 's/\x1b/ESC/g'
