-- Patterns between ?1 and ?2 in that order of travel, or at single points (both NULL), of connection ?3 (NULL: any, wherever they are); the most telling
-- first, and how many there are.
SELECT v.kind, v.what, v.from_point, v.to_point, v.point, v.confidence, v.text, count(*) OVER () AS patterns
FROM v_pattern v
WHERE CASE WHEN ?3 IS NULL THEN v.from_point IS ?1 AND v.to_point IS ?2
      ELSE v.id IN (SELECT pattern_id FROM pattern_connection WHERE connection_id = ?3) END
ORDER BY v.rank;
