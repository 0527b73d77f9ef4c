-- What happened on each hop, all connections added up, in the order of the path. Delays: of the connections' own, weighted by packets.
WITH h AS (
  SELECT *, sum(arrived) OVER (PARTITION BY from_point, to_point) AS whole,
         sum(arrived) OVER (PARTITION BY from_point, to_point ORDER BY delay_median_ns NULLS FIRST ROWS UNBOUNDED PRECEDING) AS by_median,
         sum(arrived) OVER (PARTITION BY from_point, to_point ORDER BY delay_p99_ns NULLS FIRST ROWS UNBOUNDED PRECEDING) AS by_p99
  FROM v_hop)
SELECT h.from_point AS start, h.to_point AS stop,
       sum(sent), sum(dropped), sum(generated), sum(not_captured),
       (SELECT coalesce(sum(f.count), 0) FROM v_finding f
        WHERE f.from_point = h.from_point AND f.to_point = h.to_point
          AND (f.kind = 'undecided' OR (f.confidence = 'possible' AND f.kind IN ('dropped', 'generated')))) AS undecided,
       sum(retransmitted), min(delay_min_ns), min(CASE WHEN by_median * 2 >= whole THEN delay_median_ns END),
       min(CASE WHEN by_p99 * 100 >= whole * 99 THEN delay_p99_ns END), max(delay_uncertainty_ns)
FROM h
JOIN point a ON a.name = h.from_point JOIN path fp ON fp.point_id = a.id
JOIN point b ON b.name = h.to_point JOIN path tp ON tp.point_id = b.id
GROUP BY h.from_point, h.to_point
ORDER BY min(fp.position, tp.position), max(fp.position, tp.position), min(h.from_point, h.to_point), max(h.from_point, h.to_point), fp.position > tp.position;
