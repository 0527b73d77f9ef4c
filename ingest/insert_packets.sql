-- The packets of a run (run.h), in order.
INSERT INTO packet(id, frame, t, flags, seq, ack, win, len, tsval, tsecr, ip_id, ttl, tos, payload)
SELECT id, frame, t, flags, seq, ack, win, len, tsval, tsecr, ip_id, ttl, tos, payload FROM packets_of_run;
