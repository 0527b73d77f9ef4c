-- How sure the verdict of a connection is: its weakest claim; `possible` when nothing is claimed, NULL when nothing is wrong.
-- What only accompanies (a repeat, a rewritten field) does not make a verdict more certain - but of what is rewritten, broken SACK is a verdict.
CREATE TEMP VIEW IF NOT EXISTS report_confidence AS
SELECT c.id AS connection_id,
       CASE WHEN c.severity >= 2 THEN
         (SELECT CASE WHEN sum(f.kind <> 'undecided' AND f.confidence = 'likely') > 0 THEN 'likely'
                      WHEN sum(f.kind <> 'undecided' AND f.confidence = 'certain') > 0 THEN 'certain'
                      WHEN count(*) > 0 THEN 'possible' END
          FROM finding f
          WHERE f.connection_id = c.id
            AND (f.kind <> 'modified' OR f.rule = 'sack_not_shifted')
            AND f.kind NOT IN ('retransmitted', 'capture_duplicate', 'not_captured', 'port_reuse', 'keepalive', 'ecn_bleached', 'reordered',
                               'resegmented', 'fragmented', 'inserted')) END AS confidence
FROM connection c;
