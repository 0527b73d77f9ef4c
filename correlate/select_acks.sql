-- What packets of one side acknowledge. ?1 part, ?2 1: those of a, 0: those of b. Resets, ICMP errors and later fragments have no say.
SELECT (k.ack + (SELECT iif(?2, b_seq0, a_seq0) FROM part WHERE id = ?1)) & 4294967295
FROM run r
CROSS JOIN packet k ON k.id >= r.first_packet AND k.id < r.first_packet + r.packets
WHERE r.part_id = ?1 AND k.flags & 263188 = 16 AND ((k.flags & 512) <> 0) = ?2
ORDER BY k.id;
