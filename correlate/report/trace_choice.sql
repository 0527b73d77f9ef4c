-- What is stored of the ladder of connection ?1, if it is a long one.
SELECT DISTINCT transmission_id, row, show, hidden_c2s, hidden_s2c, trouble, pieces
FROM ladder
WHERE connection_id = ?1
ORDER BY transmission_id;
