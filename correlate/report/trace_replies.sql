-- Which SYNs the first answer of connection ?1 may answer, and how that is known: one row each.
SELECT DISTINCT json_extract(a.value, '$.packet'), s.value, json_extract(a.value, '$.how')
FROM finding f
JOIN json_each(f.evidence, '$.answers') a
JOIN json_each(a.value, '$.to') s
WHERE f.connection_id = ?1
ORDER BY 1, 2;
