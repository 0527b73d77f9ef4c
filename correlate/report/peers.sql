-- The connections on the other side of a full proxy from connection ?1: whether it was made for that one (1) or goes on as it (0), and how that is known.
-- What F5 trailers say is told apart (diff_f5.sql).
SELECT t.back_id = ?1, v.id, v.client_addr, v.client_port, v.server_addr, v.server_port, t.evidence, t.confidence
FROM tie t
CROSS JOIN v_connection v ON v.id = CASE t.back_id WHEN ?1 THEN t.front_id ELSE t.back_id END
WHERE (t.front_id = ?1 OR t.back_id = ?1) AND t.evidence <> 'F5 trailer'
ORDER BY 1 DESC, v.id
LIMIT 12;
