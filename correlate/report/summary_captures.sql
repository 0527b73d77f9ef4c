-- Each point's captures added up, and how well they see.
SELECT p.name, count(*), sum(c.frames), sum(c.packets), min(c.first_ns), max(c.last_ns),
       (SELECT group_concat(reason || ' ' || n, ', ')
        FROM (SELECT k.reason, sum(k.count) AS n FROM skipped k JOIN capture d ON d.id = k.capture_id
              WHERE d.point_id = p.id GROUP BY k.reason ORDER BY n DESC, k.reason)),
       (SELECT sum(proved) FROM coverage v WHERE v.point_id = p.id), (SELECT sum(missed) FROM coverage v WHERE v.point_id = p.id),
       (SELECT max(running) FROM path h WHERE h.point_id = p.id), p.id
FROM point p
JOIN capture c ON c.point_id = p.id
LEFT JOIN path h ON h.point_id = p.id
GROUP BY p.id
ORDER BY h.position, p.name;
