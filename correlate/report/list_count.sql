-- How many of the connections in :ids (JSON array) are how bad.
SELECT count(*), sum(c.severity = 0), sum(c.severity = 1), sum(c.severity = 2), sum(c.severity >= 3), (SELECT count(*) FROM connection)
FROM json_each(:ids) j
CROSS JOIN connection c ON c.id = j.value;
