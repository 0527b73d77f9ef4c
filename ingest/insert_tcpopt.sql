-- ?1 packet_id, ?2 layout_id, ?3 edges
INSERT INTO tcpopt(packet_id, layout_id, edges) VALUES(?1, ?2, ?3);
