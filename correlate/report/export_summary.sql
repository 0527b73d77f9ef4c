-- What is found of connections :ids, added up, as v_summary has it but by confidence.
SELECT replace(f.kind, '_', ' ') || ' ' || f.what ||
       CASE WHEN f.from_point IS NULL THEN coalesce(' at ' || f.point, '') ELSE ', ' || f.from_point || ' to ' || f.to_point END ||
       printf(' (%s): %d in %d connection%s', f.confidence, sum(f.count), count(DISTINCT f.connection_id), iif(count(DISTINCT f.connection_id) = 1, '', 's'))
FROM json_each(:ids) j
CROSS JOIN v_finding f ON f.connection_id = j.value
GROUP BY f.kind, f.what, f.direction, f.from_point, f.to_point, f.point, f.confidence
ORDER BY sum(f.count) DESC, 1;
