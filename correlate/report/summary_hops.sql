-- What happened on each hop, all connections added up, in the order of the path.
SELECT CASE WHEN (fp.position < tp.position) = (h.direction = 'c2s') THEN h.from_point ELSE h.to_point END AS start,
       CASE WHEN (fp.position < tp.position) = (h.direction = 'c2s') THEN h.to_point ELSE h.from_point END AS stop,
       sum(sent), sum(dropped), sum(generated), sum(not_captured),
       (SELECT coalesce(sum(f.count), 0) FROM v_finding f
        WHERE f.direction = h.direction AND f.from_point IN (h.from_point, h.to_point) AND f.to_point IN (h.from_point, h.to_point)
          AND (f.kind = 'undecided' OR (f.confidence = 'possible' AND f.kind IN ('dropped', 'generated')))) AS undecided,
       sum(retransmitted), h.direction, t.min_ns, t.min_low_ns, t.min_high_ns, t.median_ns, t.median_low_ns, t.median_high_ns,
       t.p99_ns, t.p99_low_ns, t.p99_high_ns, t.variation_p99_ns,
       (SELECT r.median_ns FROM round_trip r WHERE r.from_point = a.id AND r.to_point = b.id) AS round_trip_ns
FROM v_hop h
JOIN point a ON a.name = h.from_point JOIN path fp ON fp.point_id = a.id
JOIN point b ON b.name = h.to_point JOIN path tp ON tp.point_id = b.id
LEFT JOIN hop_total t ON t.from_point = a.id AND t.to_point = b.id
GROUP BY h.from_point, h.to_point, h.direction
ORDER BY min(fp.position, tp.position), max(fp.position, tp.position), min(h.from_point, h.to_point), max(h.from_point, h.to_point), h.direction;
