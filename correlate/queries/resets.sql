-- Who resets or refuses connections: a host, or a device on which hop?
SELECT iif(kind = 'sent', 'host', 'device') AS made_by, coalesce(point, from_point) AS point, to_point, direction, what, sum(count) AS packets,
       count(DISTINCT connection_id) AS connections, sum(confidence = 'certain') AS certain, sum(confidence = 'possible') AS possible
FROM v_finding
WHERE kind IN ('sent', 'generated') AND what IN ('RST', 'RST,ACK')
GROUP BY made_by, point, from_point, to_point, direction, what
ORDER BY packets DESC, point, to_point, what;
