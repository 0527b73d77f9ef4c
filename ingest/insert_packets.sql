-- The packets of a run (run.h), in order. Without an id each goes behind the last: SQLite need not look whether it is free.
INSERT INTO packet(frame, t, flags, seq, ack, win, len, tsval, tsecr, ip_id, ttl, tos, payload)
SELECT frame, t, flags, seq, ack, win, len, tsval, tsecr, ip_id, ttl, tos, payload FROM packets_of_run;
