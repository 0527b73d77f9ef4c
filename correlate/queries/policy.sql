-- What does a policy drop or refuse: which ports, addresses or options do all of the packets have in common, and none that passed?
SELECT kind, what, from_point, to_point, description, hit, connections, others_hit, others, confidence
FROM v_pattern
WHERE state = 'all'
ORDER BY rank;
