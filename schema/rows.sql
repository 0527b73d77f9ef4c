-- Rows put together again from what is stored once (derived.sql).
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
