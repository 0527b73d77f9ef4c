-- Points by name (row ids depend on the order of import), and what their captures say of themselves. No parameters.
-- The last but one has the same number for points whose captures are the same interfaces of the same files, all of them.
SELECT p.id, p.name,
       coalesce((SELECT max(i.resolution_ns) FROM capture c JOIN interface i ON i.capture_id = c.id WHERE c.point_id = p.id), 1000),
       coalesce((SELECT sum(i.dropped) FROM capture c JOIN interface i ON i.capture_id = c.id WHERE c.point_id = p.id), 0),
       (SELECT count(*) FROM capture c WHERE c.point_id = p.id),
       coalesce((SELECT sum(s.count) FROM capture c JOIN skipped s ON s.capture_id = c.id WHERE c.point_id = p.id AND s.reason IN ('cut short', 'link type')), 0),
       EXISTS (SELECT 1 FROM capture c JOIN part q ON q.capture_id = c.id WHERE c.point_id = p.id AND q.packets > q.a_packets + q.b_packets),
       dense_rank() OVER (ORDER BY (SELECT group_concat(source, ' ')
                                    FROM (SELECT hex(c.digest) || '@' || i.number AS source FROM capture c JOIN interface i ON i.capture_id = c.id
                                          WHERE c.point_id = p.id ORDER BY source))),
       EXISTS (SELECT 1 FROM capture c WHERE c.point_id = p.id AND c.damage IS NOT NULL),
       coalesce((SELECT sum(s.count) FROM capture c JOIN skipped s ON s.capture_id = c.id WHERE c.point_id = p.id AND s.reason = 'malformed'), 0)
FROM point p
ORDER BY p.name;
