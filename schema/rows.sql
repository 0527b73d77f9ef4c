-- Rows put together again from what is stored once (derived.sql), or as what lies between numbers (content.sql).
CREATE VIEW part AS
SELECT r.id, r.capture_id, r.a_addr, r.a_port, r.b_addr, r.b_port, r.tunnel_id, r.vlans, r.a_mac, r.b_mac,
       r.first_ns, r.first_ns - r.before_ns AS min_ns, r.first_ns + r.after_ns AS max_ns, r.packets, r.bytes, r.a_is_client,
       (r.client_isn + iif(r.a_is_client, r.a_seq0, r.b_seq0)) & 4294967295 AS client_isn,
       (r.server_isn + iif(r.a_is_client, r.b_seq0, r.a_seq0)) & 4294967295 AS server_isn,
       (r.syn_tsval + iif(r.a_is_client, r.a_ts0, r.b_ts0)) & 4294967295 AS syn_tsval,
       (r.synack_tsval + iif(r.a_is_client, r.b_ts0, r.a_ts0)) & 4294967295 AS synack_tsval,
       (r.a_seq_min + r.a_seq0) & 4294967295 AS a_seq_min, (r.a_seq_max + r.a_seq0) & 4294967295 AS a_seq_max,
       (r.b_seq_min + r.b_seq0) & 4294967295 AS b_seq_min, (r.b_seq_max + r.b_seq0) & 4294967295 AS b_seq_max,
       r.flags, r.a_packets, r.b_packets, r.a_ttl, r.b_ttl, r.a_said, r.b_said, r.opening, r.a_seq0, r.b_seq0, r.a_ts0, r.b_ts0
FROM part_row r;

CREATE VIEW connection AS
SELECT r.id, r.start_ns, r.start_ns + r.duration_ns AS end_ns, c.outcome,
       printf(c.verdict,
         json_extract('[' || r.verdict_numbers || ']', '$[0]'), json_extract('[' || r.verdict_numbers || ']', '$[1]'), json_extract('[' || r.verdict_numbers || ']', '$[2]'),
         json_extract('[' || r.verdict_numbers || ']', '$[3]'), json_extract('[' || r.verdict_numbers || ']', '$[4]'), json_extract('[' || r.verdict_numbers || ']', '$[5]'),
         json_extract('[' || r.verdict_numbers || ']', '$[6]'), json_extract('[' || r.verdict_numbers || ']', '$[7]')) AS verdict,
       c.severity, c.points, r.packets, r.bytes, c.reversed
FROM connection_row r
LEFT JOIN conclusion c ON c.id = r.conclusion_id;

CREATE VIEW flow AS
SELECT r.id, r.connection_id, r.point_id, r.client_addr, r.client_port, r.server_addr, r.server_port, r.client_isn, r.server_isn, r.packets,
       e.join_state, e.join_evidence
FROM flow_row r
LEFT JOIN evidence e ON e.id = r.evidence_id;

CREATE VIEW finding AS
SELECT r.id, r.connection_id, s.kind, s.what, s.direction, r.count, s.from_point, s.to_point, s.point, s.confidence, s.rule,
       printf(s.text,
         json_extract('[' || r.text_numbers || ']', '$[0]'), json_extract('[' || r.text_numbers || ']', '$[1]'), json_extract('[' || r.text_numbers || ']', '$[2]'),
         json_extract('[' || r.text_numbers || ']', '$[3]'), json_extract('[' || r.text_numbers || ']', '$[4]'), json_extract('[' || r.text_numbers || ']', '$[5]'),
         json_extract('[' || r.text_numbers || ']', '$[6]'), json_extract('[' || r.text_numbers || ']', '$[7]')) AS text,
       '{"packets":[' || coalesce(r.packets, (
           SELECT group_concat(transmission_id) FROM (
             SELECT p.transmission_id FROM finding_packet p WHERE p.finding_id = r.id ORDER BY p.transmission_id LIMIT 20)), '') || ']' ||
         printf(s.evidence,
           json_extract('[' || r.evidence_numbers || ']', '$[0]'), json_extract('[' || r.evidence_numbers || ']', '$[1]'), json_extract('[' || r.evidence_numbers || ']', '$[2]'),
           json_extract('[' || r.evidence_numbers || ']', '$[3]'), json_extract('[' || r.evidence_numbers || ']', '$[4]'), json_extract('[' || r.evidence_numbers || ']', '$[5]'),
           json_extract('[' || r.evidence_numbers || ']', '$[6]'), json_extract('[' || r.evidence_numbers || ']', '$[7]')) AS evidence
FROM finding_row r
LEFT JOIN statement s ON s.id = r.statement_id;
