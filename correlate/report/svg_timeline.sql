-- When findings happened, in ?1 bins from ?2 ns to ?3 ns: lane (1: the one with the most connections; doubts last), kind, what, place, connections, count of the lane, bin,
-- packets in it. A packet's time is that of its first sighting, on the reference clock as far as its offset goes. What is only possible is undecided; what only accompanies is left out.
WITH f AS MATERIALIZED (
  SELECT id, connection_id, iif(confidence = 'possible', 'undecided', kind) AS kind, what, coalesce(from_point || ' → ' || to_point, point, '') AS place, count
  FROM v_finding
  WHERE kind NOT IN ('modified', 'retransmitted', 'capture_duplicate', 'not_captured', 'keepalive', 'ecn_bleached', 'port_reuse',
                                                  'reordered', 'resegmented', 'fragmented', 'inserted', 'terminated', 'originated')),
lanes AS (
  SELECT row_number() OVER (ORDER BY kind = 'undecided', count(DISTINCT connection_id) DESC, sum(count) DESC, kind, what, place) AS lane, kind, what, place,
         count(DISTINCT connection_id) AS connections, sum(count) AS count
  FROM f
  GROUP BY kind, what, place),
times AS (
  SELECT f.kind, f.what, f.place, q.first_ns + k.t - coalesce(c.offset_ns, 0) AS ns
  FROM f
  CROSS JOIN finding_packet fp ON fp.finding_id = f.id
  CROSS JOIN packet k ON k.id = fp.transmission_id
  CROSS JOIN flow w ON w.connection_id = f.connection_id
  CROSS JOIN flow_part x ON x.flow_id = w.id
  CROSS JOIN run r ON r.part_id = x.part_id AND k.id >= r.first_packet AND k.id < r.first_packet + r.packets
  CROSS JOIN part q ON q.id = x.part_id
  LEFT JOIN clock c ON c.point_id = w.point_id AND q.first_ns + k.t >= c.from_ns AND q.first_ns + k.t < c.to_ns),
bins AS (
  SELECT kind, what, place, max(0, min(?1 - 1, CAST((ns - ?2) * 1.0 * ?1 / (?3 - ?2) AS INTEGER))) AS bin, count(*) AS n
  FROM times
  GROUP BY 1, 2, 3, 4)
SELECT l.lane, l.kind, l.what, l.place, l.connections, l.count, b.bin, b.n
FROM lanes l
LEFT JOIN bins b USING(kind, what, place)
ORDER BY l.lane, b.bin;
