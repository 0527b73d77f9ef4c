-- ?1 id, ?2 capture_id, ?3-?6 endpoints, ?7 tunnel_id, ?8 vlans, ?9 ?10 MACs, ?11-?13 times (the first, and how far from it), ?14 packets, ?15 bytes, ?16 a_is_client,
-- ?17 client_isn, ?18 server_isn, ?19 syn_tsval, ?20 synack_tsval, ?21-?24 sequence ranges, ?25 flags, ?26 ?27 packets and ?28 ?29 TTL of a and b,
-- ?30 ?31 when a and b first said anything, ?32 how their streams begin, ?33-?36 what numbers of packets are relative to
INSERT OR REPLACE INTO part_row(id, capture_id, a_addr, a_port, b_addr, b_port, tunnel_id, vlans, a_mac, b_mac, first_ns, before_ns, after_ns, packets, bytes, a_is_client,
                 client_isn, server_isn, syn_tsval, synack_tsval, a_seq_min, a_seq_max, b_seq_min, b_seq_max, flags, a_packets, b_packets, a_ttl, b_ttl,
                 a_said, b_said, opening, a_seq0, b_seq0, a_ts0, b_ts0)
VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24, ?25, ?26, ?27, ?28, ?29, ?30, ?31, ?32, ?33, ?34, ?35, ?36);
