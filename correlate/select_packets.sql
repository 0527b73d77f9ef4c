-- The packets of part ?1, each handed to the loader ?2 (load.c).
SELECT 1
FROM run r
CROSS JOIN packet k ON k.id >= r.first_packet AND k.id < r.first_packet + r.packets
WHERE r.part_id = ?1
  AND on_packet(k.id, k.t, k.flags, k.seq, k.ack, k.win, k.len, k.tsval, k.tsecr, k.ip_id, k.ttl, k.tos, k.payload, ?2);
