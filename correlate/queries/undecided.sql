-- What can the captures not tell, and what is missing to decide it?
SELECT coalesce(f.from_point || ' > ' || f.to_point, f.point) AS place, f.what, json_extract(f.evidence, '$.missing') AS missing, sum(f.count) AS packets,
       count(DISTINCT f.connection_id) AS connections, min(f.connection_id) AS first_connection
FROM v_finding f
WHERE f.kind = 'undecided'
GROUP BY place, f.what, missing
ORDER BY packets DESC, place, f.what, missing;
