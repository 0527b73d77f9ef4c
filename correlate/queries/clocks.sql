-- How far are the clocks apart, how well is that known, and can the times be trusted?
SELECT point, reference_point, round(offset_ns / 1e6, 3) AS offset_ms, round((offset_high_ns - offset_low_ns) / 2e6, 3) AS plus_minus_ms,
       round(skew_ppm, 2) AS drift_ppm, pairs, state, doubt
FROM v_clock
ORDER BY point, from_ns;
