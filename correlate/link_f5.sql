-- Which flow is the other side of which, once flows are in the case. No parameters.
INSERT OR IGNORE INTO f5_peer(flow_id, f5_peer_id, peer_flow_id)
SELECT a.flow_id, y.f5_peer_id, b.flow_id
FROM f5_pair y
CROSS JOIN flow_part a ON a.part_id = y.part_id
CROSS JOIN flow_part b ON b.part_id = y.peer_part_id;
