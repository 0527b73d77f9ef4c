$prog run -o case.db outside=$fixtures/policy/ports/fw-out.pcap inside=$fixtures/policy/ports/fw-in.pcap >/dev/null 2>&1
$prog compare case.db
$prog compare --group "server_port <> 80" --against "server_port = 80" case.db
$prog compare --port 81 case.db
$prog compare --group "nosuch = 1" case.db; echo $?
$prog compare --group "1); DELETE FROM packet; --" case.db; echo $?
$prog compare --group "id IN (SELECT writefile('x', 'y'))" case.db; echo $?
$prog compare --group "json(verdict)" case.db; echo $?
$prog compare --against "1" case.db; echo $?
$prog compare --group "id < 0" case.db; echo $?
