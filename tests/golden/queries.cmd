cp $fixtures/six/*.pcap .
points="client fw-outside fw-inside lb-outside lb-inside server"
$prog run -o case.db --running all $(for p in $points; do echo $p=$p.pcap; done) >/dev/null 2>&1
# Every example; see tests/queries.py for other clients.
for q in $fixtures/../correlate/queries/*.sql; do
	printf '\n'; head -n 1 $q
	COLUMNS=160 $prog query case.db - <$q
done
COLUMNS=80 $prog help queries | head -n 12
$prog help queries nosuch
