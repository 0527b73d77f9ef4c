-- What is exported, in order of time.
SELECT x.aligned_ns, x.place, x.frame, x.time_ns, x.connection_id, x.transmission, x.delay_from, x.delay_ns, x.low_ns, x.high_ns, v.text
FROM export_packet x
LEFT JOIN export_verdict v ON v.id = x.verdict
ORDER BY x.aligned_ns, x.place, x.frame;
