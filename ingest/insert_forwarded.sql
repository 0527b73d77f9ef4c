-- ?1 part_id, ?2 bytes of the PROXY header, ?3 ?4 address and port it speaks for, ?5 digest of a unique id
INSERT OR REPLACE INTO forwarded(part_id, header, src_addr, src_port, request) VALUES(?1, ?2, ?3, ?4, ?5);
