-- Which transmissions the findings of connection ?1 are about.
SELECT fp.transmission_id, f.id
FROM finding f
JOIN finding_packet fp ON fp.finding_id = f.id
WHERE f.connection_id = ?1
ORDER BY fp.transmission_id, f.id;
