-- By what: findings between ?1 and ?2, in that order of travel, claims and doubts apart.
SELECT CASE WHEN kind = 'undecided' OR confidence = 'possible' THEN 'undecided' ELSE kind END AS word, what, sum(count)
FROM v_finding
WHERE kind IN ('dropped', 'generated', 'undecided', 'duplicated', 'reordered', 'corrupted') AND from_point = ?1 AND to_point = ?2
GROUP BY word, what
ORDER BY CASE word WHEN 'dropped' THEN 0 WHEN 'generated' THEN 1 WHEN 'undecided' THEN 2 ELSE 3 END, word, sum(count) DESC, what;
