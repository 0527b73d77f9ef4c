-- Pairs of points that have the same interface of the same file: one host, and its clock, made the captures of both. No parameters.
SELECT DISTINCT a.point_id, b.point_id
FROM capture a
JOIN interface i ON i.capture_id = a.id
JOIN capture b ON b.digest = a.digest AND b.point_id <> a.point_id
JOIN interface k ON k.capture_id = b.id AND k.number = i.number;
