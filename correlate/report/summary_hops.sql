-- What happened on each hop, all connections added up, in the order of the path.
SELECT h.from_point AS start, h.to_point AS stop,
       sum(sent), sum(dropped), sum(generated), sum(not_captured),
       (SELECT coalesce(sum(f.count), 0) FROM v_finding f
        WHERE f.from_point = h.from_point AND f.to_point = h.to_point
          AND (f.kind = 'undecided' OR (f.confidence = 'possible' AND f.kind IN ('dropped', 'generated')))) AS undecided,
       sum(retransmitted), t.min_ns, t.min_low_ns, t.min_high_ns, t.median_ns, t.median_low_ns, t.median_high_ns,
       t.p99_ns, t.p99_low_ns, t.p99_high_ns, t.variation_p99_ns,
       (SELECT r.median_ns FROM round_trip r WHERE r.from_point = a.id AND r.to_point = b.id) AS round_trip_ns
FROM v_hop h
JOIN point a ON a.name = h.from_point JOIN path fp ON fp.point_id = a.id
JOIN point b ON b.name = h.to_point JOIN path tp ON tp.point_id = b.id
LEFT JOIN hop_total t ON t.from_point = a.id AND t.to_point = b.id
GROUP BY h.from_point, h.to_point
ORDER BY min(fp.position, tp.position), max(fp.position, tp.position), min(h.from_point, h.to_point), max(h.from_point, h.to_point), fp.position > tp.position;
