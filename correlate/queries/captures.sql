-- Which captures can be trusted: of what provably passed their point, how much did they miss?
SELECT p.name AS point, sum(v.packets) AS recorded, sum(v.proved) AS passed, sum(v.missed) AS missed,
       round(100.0 * sum(v.missed) / nullif(sum(v.proved), 0), 3) AS percent
FROM coverage v
JOIN point p ON p.id = v.point_id
GROUP BY p.name
ORDER BY percent DESC, p.name;
