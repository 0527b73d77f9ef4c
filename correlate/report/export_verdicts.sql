-- What is found of the transmissions of connection ?1, in a few words. The points of a hop are named along the path, whichever way the packet went.
SELECT m.transmission_id,
       replace(f.kind, '_', ' ') ||
       CASE WHEN f.from_point IS NULL THEN coalesce(' at ' || p.name, '')
            WHEN hb.position < ha.position THEN ' between ' || b.name || ' and ' || a.name
            ELSE ' between ' || a.name || ' and ' || b.name END ||
       ' (' || f.confidence || ')'
FROM finding f
CROSS JOIN finding_packet m ON m.finding_id = f.id
LEFT JOIN point p ON p.id = f.point
LEFT JOIN point a ON a.id = f.from_point
LEFT JOIN point b ON b.id = f.to_point
LEFT JOIN path ha ON ha.point_id = f.from_point
LEFT JOIN path hb ON hb.point_id = f.to_point
WHERE f.connection_id = ?1
ORDER BY 1, f.id;
