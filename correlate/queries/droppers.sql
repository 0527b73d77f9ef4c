-- On which hop were how many packets dropped, of what kind, and from how many connections?
SELECT from_point, to_point, direction, what, sum(count) AS dropped, count(DISTINCT connection_id) AS connections
FROM v_finding
WHERE kind = 'dropped' AND confidence IN ('certain', 'likely')
GROUP BY from_point, to_point, direction, what
ORDER BY dropped DESC, from_point, to_point, what;
