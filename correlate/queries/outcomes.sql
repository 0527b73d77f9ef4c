-- How did connections end, minute by minute?
SELECT substr(start_time, 1, 16) AS minute, count(*) AS connections, sum(outcome = 'completed') AS completed, sum(outcome = 'no connection') AS no_connection,
       sum(outcome = 'refused') AS refused, sum(outcome = 'unreachable') AS unreachable, sum(outcome = 'reset') AS reset,
       sum(outcome NOT IN ('completed', 'no connection', 'refused', 'unreachable', 'reset')) AS other
FROM v_connection
GROUP BY minute
ORDER BY minute;
