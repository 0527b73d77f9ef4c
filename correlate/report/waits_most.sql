-- What takes the most of their time, in how many connections.
SELECT CASE slowest WHEN 'network' THEN 'the network' WHEN 'server' THEN 'the server' WHEN 'client' THEN 'the client' WHEN 'beyond' THEN 'what lies behind the only point'
       ELSE slowest END, count(*) AS n
FROM v_timing
WHERE slowest IS NOT NULL
GROUP BY slowest
ORDER BY n DESC, slowest;
