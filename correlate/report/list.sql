-- The list for people. :ids JSON array, in this order; equal verdicts are put together, and without :all only :few of each are
-- given, and without :clean none that is clean.
WITH listed AS (
  SELECT j.key AS place, v.id, v.client_addr, v.client_port, v.server_addr, v.server_port, v.start_ns, v.end_ns, v.outcome, v.verdict, c.severity,
         (SELECT r.confidence FROM report_confidence r WHERE r.connection_id = v.id) AS confidence
  FROM json_each(:ids) j
  CROSS JOIN connection c ON c.id = j.value AND (c.severity > 0 OR :clean IS NOT NULL)
  CROSS JOIN v_connection v ON v.id = j.value),
numbered AS (
  SELECT *, min(place) OVER same AS head, row_number() OVER (PARTITION BY severity, verdict, confidence ORDER BY place) AS nth, count(*) OVER same AS members,
         outcome = first_value(outcome) OVER (PARTITION BY severity, verdict, confidence ORDER BY place) AS same_outcome,
         max(length(client_addr) + length(server_addr) + length(client_port) + length(server_port) +
             2 * (instr(client_addr, ':') > 0) + 2 * (instr(server_addr, ':') > 0)) OVER () AS widest,
         max(start_ns / 86400000000000) OVER () <> min(start_ns / 86400000000000) OVER () AS days
  FROM listed
  WINDOW same AS (PARTITION BY severity, verdict, confidence))
SELECT id, client_addr, client_port, server_addr, server_port, start_ns, end_ns - start_ns, outcome, verdict, confidence, severity, nth, members, widest, days, same_outcome
FROM numbered
WHERE severity = 0 OR nth <= :few OR :all IS NOT NULL
ORDER BY severity DESC, head, nth;
