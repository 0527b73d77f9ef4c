-- Which transmissions the findings of connection ?1 are about; how they are ordered, and which of them, is added (trace_read.c).
SELECT fp.transmission_id, f.id
FROM finding f
JOIN finding_packet fp ON fp.finding_id = f.id
WHERE f.connection_id = ?1
