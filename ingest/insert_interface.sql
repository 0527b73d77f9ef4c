-- ?1 capture_id, ?2 number, ?3 linktype, ?4 snaplen, ?5 resolution_ns, ?6 name, ?7 description, ?8 filter, ?9 received, ?10 dropped, ?11 start_ns, ?12 end_ns
INSERT INTO interface(capture_id, number, linktype, snaplen, resolution_ns, name, description, filter, received, dropped, start_ns, end_ns)
VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, nullif(?11, 0), nullif(?12, 0));
