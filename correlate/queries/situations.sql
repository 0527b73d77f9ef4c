-- Which situations have a name here (idle timeouts, black holes, full queues, ports used again), and by which rule?
SELECT f.kind, f.rule, f.what, coalesce(f.point, f.from_point) AS point, f.to_point, count(DISTINCT f.connection_id) AS connections,
       min(f.connection_id) AS first_connection, min(f.text) AS text
FROM v_finding f
WHERE f.kind NOT IN ('dropped', 'generated', 'modified', 'retransmitted', 'not_captured', 'undecided', 'capture_duplicate')
GROUP BY f.kind, f.rule, f.what, f.point, f.from_point, f.to_point
ORDER BY connections DESC, f.kind, f.rule, point;
