-- The points in path order, how many share a position, and how the order is known: once when it is the same for all.
SELECT p.name, h.position, count(*) OVER beside, row_number() OVER (beside ORDER BY p.name),
       CASE WHEN h.how = '' THEN ''
            WHEN (SELECT count(DISTINCT how) FROM path) > 1 THEN p.name || ' ' || h.how
            WHEN row_number() OVER (ORDER BY h.position, p.name) = 1 THEN h.how END
FROM path h
JOIN point p ON p.id = h.point_id
WINDOW beside AS (PARTITION BY h.position)
ORDER BY h.position, p.name;
