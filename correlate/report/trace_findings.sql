-- The findings of connection ?1; lists of the evidence one a line.
SELECT f.id, f.count, CASE f.direction WHEN 'c2s' THEN 0 WHEN 's2c' THEN 1 ELSE -1 END, f.from_point, f.to_point, f.point,
       f.kind, f.what, f.confidence, f.text,
       (SELECT group_concat(value, char(10)) FROM json_each(f.evidence, '$.assumptions')),
       (SELECT group_concat(value, char(10)) FROM json_each(f.evidence, '$.alternatives')),
       json_extract(f.evidence, '$.missing'), json_extract(f.evidence, '$.next'),
       (SELECT group_concat(value, '; ') FROM json_each(f.evidence, '$.reasons')),
       f.rule = 'f5_sent',
       (SELECT group_concat(json_extract(value, '$.text') || iif(json_extract(value, '$.weight') = 0, '',
               printf(' (%s %+.1f)', iif(json_extract(value, '$.weight') > 0, 'device', 'host'), abs(json_extract(value, '$.weight')))), char(10))
        FROM json_each(f.evidence, '$.clues')),
       (SELECT group_concat(json_extract(value, '$.text') || ' [behind: ' || json_extract(value, '$.shows') || ']', char(10))
        FROM json_each(f.evidence, '$.hypotheses')), json_extract(f.evidence, '$.would_change')
FROM v_finding f
WHERE f.connection_id = ?1
ORDER BY f.id;
