-- What does each hop cost in time, there and back (which needs no clock) and one way (with what the clocks leave open)?
SELECT h.from_point, h.to_point, h.packets, round(r.median_ns / 1e6, 3) AS there_and_back_ms, round(r.p99_ns / 1e6, 3) AS there_and_back_p99_ms,
       round(h.median_ns / 1e6, 3) AS one_way_ms, round(h.median_low_ns / 1e6, 3) AS at_least_ms, round(h.median_high_ns / 1e6, 3) AS at_most_ms
FROM v_hop_delay h
LEFT JOIN v_round_trip r ON r.from_point = h.from_point AND r.to_point = h.to_point
WHERE h.direction = 'c2s'
ORDER BY r.median_ns DESC;
