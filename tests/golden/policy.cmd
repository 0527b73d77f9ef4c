cp -r $fixtures/policy/* .
# What a device refuses, or drops, is described by what all of it has in common and nothing that passed has; what the captures leave open is said.
for c in ports reject ecn; do
  echo "== $c"
  $prog run -o $c.db fw-out=$c/fw-out.pcap fw-in=$c/fw-in.pcap 2>/dev/null | sed -n '/packets  dropped/,/^$/p'
done
$prog query ports.db "SELECT * FROM v_pattern"
COLUMNS=80 $prog diff ecn.db 4 | sed -n '/^alike/,/^$/p'
# Imported in the other order: the same.
$prog run -o other.db --path fw-out,fw-in fw-in=ecn/fw-in.pcap fw-out=ecn/fw-out.pcap >/dev/null 2>&1
$prog query --format csv other.db "SELECT state, confidence, description, hit, connections, others, text FROM v_pattern"
# Two connections are no pattern.
$prog run -o silent.db fw-out=silent/fw-out.pcap fw-in=silent/fw-in.pcap >/dev/null 2>&1
$prog query --format csv silent.db "SELECT count(*) FROM v_pattern"
