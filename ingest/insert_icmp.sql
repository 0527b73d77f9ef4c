-- ?1 packet_id, ?2 type, ?3 code, ?4 mtu, ?5 src
INSERT INTO icmp(packet_id, type, code, mtu, src) VALUES(?1, ?2, ?3, ?4, ?5);
