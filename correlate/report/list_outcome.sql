-- How the connections in :ids (JSON array) ended.
SELECT c.outcome, count(*)
FROM json_each(:ids) j
CROSS JOIN connection c ON c.id = j.value
GROUP BY c.outcome
ORDER BY count(*) DESC, c.outcome;
