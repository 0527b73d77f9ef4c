-- How many SYNs were dropped per minute, and on which hop? (the minute in which their connection began)
SELECT substr(c.start_time, 1, 16) AS minute, f.from_point, f.to_point, sum(f.count) AS syns, count(DISTINCT c.id) AS connections
FROM v_finding f
JOIN v_connection c ON c.id = f.connection_id
WHERE f.kind = 'dropped' AND f.what IN ('SYN', 'SYN-ACK') AND f.confidence IN ('certain', 'likely')
GROUP BY minute, f.from_point, f.to_point
ORDER BY minute, f.from_point;
