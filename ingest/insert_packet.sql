-- ?1 id, ?2 frame, ?3 t, ?4 flags, ?5 seq, ?6 ack, ?7 win, ?8 len, ?9 tsval, ?10 tsecr, ?11 ip_id, ?12 ttl, ?13 tos, ?14 payload
INSERT INTO packet(id, frame, t, flags, seq, ack, win, len, tsval, tsecr, ip_id, ttl, tos, payload)
VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14);
