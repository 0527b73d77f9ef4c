-- The connections that pass a filter, worst first. Every parameter may be NULL: no such condition.
-- :kind :what :at :from :to  one finding that fits all of them (:kind undecided: also what is only possible)
-- :seen   a point that saw it        :host :port  an endpoint at any point
-- :failed it did not do what it was opened for       :unclean  it is not clean
-- :telling with findings, one of every verdict before the second of any, and of the merely curious only the first
-- :limit  at most so many (-1: all)
WITH chosen AS (
  SELECT c.id, k.severity, c.start_ns,
         iif(k.severity > 0, (SELECT count(*) FROM finding_row f WHERE f.connection_id = c.id), 0) AS findings,
         -- A verdict is its format and its numbers.
         CASE WHEN :telling THEN row_number() OVER (PARTITION BY k.verdict, c.verdict_numbers ORDER BY k.severity DESC, c.start_ns, c.id) ELSE 1 END AS nth
  FROM connection_row c
  CROSS JOIN conclusion k ON k.id = c.conclusion_id
  WHERE (:failed IS NULL OR k.outcome NOT IN ('completed', 'open', 'unknown'))
    AND ((:unclean IS NULL AND :telling IS NULL) OR k.severity > 0)
    AND (:finding IS NULL OR EXISTS (
          SELECT 1 FROM v_finding f
          WHERE f.connection_id = c.id
            AND (:kind IS NULL OR (f.kind = :kind AND f.confidence <> 'possible') OR (:kind = 'undecided' AND (f.kind = 'undecided' OR f.confidence = 'possible')))
            AND (:what IS NULL OR f.what = :what)
            AND (:at IS NULL OR :at IN (f.point, f.from_point, f.to_point))
            AND (:from IS NULL OR (f.from_point = :from AND f.to_point = :to) OR (f.from_point = :to AND f.to_point = :from))))
    AND (:seen IS NULL OR EXISTS (
          SELECT 1 FROM v_flow f WHERE f.connection_id = c.id AND f.point = :seen))
    AND (:host IS NULL OR EXISTS (
          SELECT 1 FROM v_flow f WHERE f.connection_id = c.id AND :host IN (f.client_addr, f.server_addr)))
    AND (:port IS NULL OR EXISTS (
          SELECT 1 FROM flow f WHERE f.connection_id = c.id AND :port IN (f.client_port, f.server_port))))
SELECT id FROM chosen
WHERE :telling IS NULL OR severity >= 2 OR (severity = 1 AND nth = 1)
ORDER BY severity DESC, nth, findings DESC, start_ns, id
LIMIT :limit;
