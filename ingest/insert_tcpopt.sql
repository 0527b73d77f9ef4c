-- ?1 packet_id, ?2 mss, ?3 wscale, ?4 sack_permitted, ?5 options, ?6 raw
INSERT INTO tcpopt(packet_id, mss, wscale, sack_permitted, options, raw) VALUES(?1, ?2, ?3, ?4, ?5, ?6);
