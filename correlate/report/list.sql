-- The list for people. :ids JSON array, in this order; equal verdicts are put together, and without :all only :few of each are
-- given, and without :clean none that is clean.
WITH listed AS (
  -- A verdict is its format and its numbers: it need not be spelled out to be compared.
  SELECT j.key AS place, c.id, k.severity, k.outcome, k.verdict, c.verdict_numbers AS numbers,
         (SELECT r.confidence FROM report_confidence r WHERE r.connection_id = c.id) AS confidence
  FROM json_each(:ids) j
  CROSS JOIN connection_row c ON c.id = j.value
  CROSS JOIN conclusion k ON k.id = c.conclusion_id AND (k.severity > 0 OR :clean IS NOT NULL)),
numbered AS (
  SELECT *, min(place) OVER same AS head, row_number() OVER same_by_place AS nth, count(*) OVER same AS members,
         outcome = first_value(outcome) OVER same_by_place AS same_outcome
  FROM listed
  WINDOW same AS (PARTITION BY severity, verdict, numbers, confidence), same_by_place AS (PARTITION BY severity, verdict, numbers, confidence ORDER BY place)),
shown AS (
  SELECT n.head, n.nth, n.members, n.same_outcome, n.severity, n.confidence, v.*
  FROM numbered n
  CROSS JOIN v_connection v ON v.id = n.id
  WHERE n.severity = 0 OR n.nth <= :few OR :all IS NOT NULL)
SELECT id, client_addr, client_port, server_addr, server_port, start_ns, end_ns - start_ns, outcome, verdict, confidence, severity, nth, members,
       max(length(client_addr) + length(server_addr) + length(client_port) + length(server_port) +
           2 * (instr(client_addr, ':') > 0) + 2 * (instr(server_addr, ':') > 0)) OVER () AS widest,
       max(start_ns / 86400000000000) OVER () <> min(start_ns / 86400000000000) OVER () AS days, same_outcome
FROM shown
ORDER BY severity DESC, head, nth;
