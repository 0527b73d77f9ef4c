-- What happened on each hop, all connections added up, in the order of the path. Delays: of the connections' own, weighted by packets.
WITH h AS (
  SELECT *, sum(arrived) OVER (PARTITION BY from_point, to_point, direction) AS whole,
         sum(arrived) OVER (PARTITION BY from_point, to_point, direction ORDER BY delay_median_ns NULLS FIRST ROWS UNBOUNDED PRECEDING) AS by_median,
         sum(arrived) OVER (PARTITION BY from_point, to_point, direction ORDER BY delay_p99_ns NULLS FIRST ROWS UNBOUNDED PRECEDING) AS by_p99
  FROM v_hop)
SELECT CASE WHEN (fp.position < tp.position) = (h.direction = 'c2s') THEN h.from_point ELSE h.to_point END AS start,
       CASE WHEN (fp.position < tp.position) = (h.direction = 'c2s') THEN h.to_point ELSE h.from_point END AS stop,
       sum(sent), sum(dropped), sum(generated), sum(not_captured),
       (SELECT coalesce(sum(f.count), 0) FROM v_finding f
        WHERE f.direction = h.direction AND f.from_point IN (h.from_point, h.to_point) AND f.to_point IN (h.from_point, h.to_point)
          AND (f.kind = 'undecided' OR (f.confidence = 'possible' AND f.kind IN ('dropped', 'generated')))) AS undecided,
       sum(retransmitted), min(delay_min_ns), min(CASE WHEN by_median * 2 >= whole THEN delay_median_ns END),
       min(CASE WHEN by_p99 * 100 >= whole * 99 THEN delay_p99_ns END), max(delay_uncertainty_ns), h.direction, sum(duplicated)
FROM h
JOIN point a ON a.name = h.from_point JOIN path fp ON fp.point_id = a.id
JOIN point b ON b.name = h.to_point JOIN path tp ON tp.point_id = b.id
GROUP BY h.from_point, h.to_point, h.direction
ORDER BY min(fp.position, tp.position), max(fp.position, tp.position), min(h.from_point, h.to_point), max(h.from_point, h.to_point), h.direction;
