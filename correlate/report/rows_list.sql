-- list for programs: v_connection, what the verdict rests on. :ids JSON array, in this order.
-- confidence: the weakest claim; `possible` when nothing is claimed.
SELECT v.*, c.severity,
       (SELECT CASE WHEN count(*) = 0 THEN NULL
                    WHEN sum(f.kind <> 'undecided' AND f.confidence <> 'possible') = 0 THEN 'possible'
                    WHEN sum(f.kind <> 'undecided' AND f.confidence = 'likely') > 0 THEN 'likely'
                    ELSE 'certain' END
        FROM finding f WHERE f.connection_id = v.id) AS confidence,
       (SELECT group_concat(kind) FROM (SELECT DISTINCT kind FROM finding f WHERE f.connection_id = v.id ORDER BY kind)) AS kinds
FROM json_each(:ids) j
CROSS JOIN v_connection v ON v.id = j.value
CROSS JOIN connection c ON c.id = j.value
ORDER BY j.key;
