-- By what the captures of point ?1 tell where a packet came by: interfaces of the capturing host or sides of it, interfaces of the file, VLANs.
SELECT count(DISTINCT CASE WHEN l.ifindex OR l.side THEN l.ifindex << 2 | l.side END), count(DISTINCT l.interface), count(DISTINCT l.vlans)
FROM capture c
JOIN link l ON l.capture_id = c.id
WHERE c.point_id = ?1;
