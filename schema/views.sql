-- What people and scripts query. Only plain SQL: every SQLite client can read a case.
CREATE VIEW v_connection AS
SELECT c.id, ca.text AS client_addr, f.client_port, sa.text AS server_addr, f.server_port,
       c.start_ns, strftime('%Y-%m-%dT%H:%M:%S', c.start_ns / 1000000000, 'unixepoch') || printf('.%09dZ', c.start_ns % 1000000000) AS start_time,
       c.end_ns, c.outcome, c.verdict, c.points, c.packets, c.bytes
FROM connection c
JOIN flow f ON f.id = (SELECT f2.id FROM flow f2 LEFT JOIN path p ON p.point_id = f2.point_id
                       WHERE f2.connection_id = c.id ORDER BY p.position IS NULL, p.position, f2.id LIMIT 1)
JOIN addr ca ON ca.id = f.client_addr
JOIN addr sa ON sa.id = f.server_addr;

CREATE VIEW v_flow AS
SELECT f.connection_id, f.id AS flow_id, p.name AS point,
       ca.text AS client_addr, f.client_port, sa.text AS server_addr, f.server_port,
       f.client_isn, f.server_isn, f.packets, f.join_state, f.join_evidence,
       (SELECT group_concat(text, ', ') FROM (
          SELECT DISTINCT t.kind || CASE WHEN t.number = 0 AND t.kind IN ('IPIP', 'GRE') THEN '' ELSE ' ' || t.number END ||
                 coalesce(' ' || ts.text || ' > ' || td.text, '') AS text
          FROM flow_part fp
          JOIN part q ON q.id = fp.part_id
          JOIN tunnel t ON t.id = q.tunnel_id
          LEFT JOIN addr ts ON ts.id = t.src
          LEFT JOIN addr td ON td.id = t.dst
          WHERE fp.flow_id = f.id
          ORDER BY 1)) AS tunnel
FROM flow f
JOIN point p ON p.id = f.point_id
JOIN addr ca ON ca.id = f.client_addr
JOIN addr sa ON sa.id = f.server_addr;

CREATE VIEW v_packet AS
SELECT k.id AS packet_id, f.connection_id, f.id AS flow_id,
       k.id + coalesce(s.shift, 0) AS transmission_id,
       pt.name AS point, cap.name AS capture, k.frame,
       q.first_ns + k.t AS time_ns,
       strftime('%Y-%m-%dT%H:%M:%S', (q.first_ns + k.t) / 1000000000, 'unixepoch') || printf('.%09dZ', (q.first_ns + k.t) % 1000000000) AS time,
       q.first_ns + k.t - c.offset_ns - CAST(round((q.first_ns + k.t - c.origin_ns) * c.skew_ppm * 1e-6) AS INTEGER) AS aligned_ns,
       CASE WHEN ((k.flags & 512) <> 0) = fp.a_is_client THEN 'c2s' ELSE 's2c' END AS direction,
       CASE WHEN k.flags & 1024 THEN isrc.text WHEN k.flags & 512 THEN aa.text ELSE ba.text END AS src_addr,
       CASE WHEN k.flags & 1024 THEN NULL WHEN k.flags & 512 THEN q.a_port ELSE q.b_port END AS src_port,
       CASE WHEN k.flags & 512 THEN ba.text ELSE aa.text END AS dst_addr,
       CASE WHEN k.flags & 1024 THEN NULL WHEN k.flags & 512 THEN q.b_port ELSE q.a_port END AS dst_port,
       CASE WHEN k.flags & 263168 THEN NULL ELSE substr(
         CASE WHEN k.flags & 2 THEN ',SYN' ELSE '' END || CASE WHEN k.flags & 1 THEN ',FIN' ELSE '' END ||
         CASE WHEN k.flags & 4 THEN ',RST' ELSE '' END || CASE WHEN k.flags & 8 THEN ',PSH' ELSE '' END ||
         CASE WHEN k.flags & 16 THEN ',ACK' ELSE '' END || CASE WHEN k.flags & 32 THEN ',URG' ELSE '' END ||
         CASE WHEN k.flags & 64 THEN ',ECE' ELSE '' END || CASE WHEN k.flags & 128 THEN ',CWR' ELSE '' END ||
         CASE WHEN k.flags & 256 THEN ',AE' ELSE '' END, 2) END AS flags,
       CASE WHEN k.flags & 263168 THEN NULL ELSE (k.seq + iif(k.flags & 512, q.a_seq0, q.b_seq0)) & 4294967295 END AS seq,
       CASE WHEN k.flags & 263168 THEN NULL WHEN k.flags & 16 THEN (k.ack + iif(k.flags & 512, q.b_seq0, q.a_seq0)) & 4294967295 ELSE NULL END AS ack,
       CASE WHEN k.flags & 263168 THEN NULL
            WHEN ((k.flags & 512) <> 0) = fp.a_is_client THEN (k.seq + iif(k.flags & 512, q.a_seq0, q.b_seq0) - f.client_isn) & 4294967295
            ELSE (k.seq + iif(k.flags & 512, q.a_seq0, q.b_seq0) - f.server_isn) & 4294967295 END AS rel_seq,
       CASE WHEN k.flags & 263168 OR NOT k.flags & 16 THEN NULL
            WHEN ((k.flags & 512) <> 0) = fp.a_is_client THEN (k.ack + iif(k.flags & 512, q.b_seq0, q.a_seq0) - f.server_isn) & 4294967295
            ELSE (k.ack + iif(k.flags & 512, q.b_seq0, q.a_seq0) - f.client_isn) & 4294967295 END AS rel_ack,
       CASE WHEN k.flags & 263168 THEN NULL ELSE k.win END AS "window",
       CASE WHEN k.flags & 1024 THEN NULL ELSE k.len END AS length,
       CASE WHEN k.flags & 1024 THEN NULL ELSE (k.tsval + iif(k.flags & 512, q.a_ts0, q.b_ts0)) & 4294967295 END AS tsval,
       CASE WHEN k.flags & 1024 THEN NULL ELSE (k.tsecr + iif(k.flags & 16, iif(k.flags & 512, q.b_ts0, q.a_ts0), 0)) & 4294967295 END AS tsecr,
       k.ip_id, k.ttl, k.tos >> 2 AS dscp, k.tos & 3 AS ecn,
       o.mss, o.wscale, o.sack_permitted,
       coalesce(CASE WHEN ot.edges IS NULL THEN o.options ELSE printf(o.options,
           json_extract('[' || ot.edges || ']', '$[0]'), json_extract('[' || ot.edges || ']', '$[1]'), json_extract('[' || ot.edges || ']', '$[2]'),
           json_extract('[' || ot.edges || ']', '$[3]'), json_extract('[' || ot.edges || ']', '$[4]'), json_extract('[' || ot.edges || ']', '$[5]'),
           json_extract('[' || ot.edges || ']', '$[6]'), json_extract('[' || ot.edges || ']', '$[7]')) END, CASE WHEN k.flags & 65536 AND NOT k.flags & 1024 THEN 'nop,nop,TS' END) AS options,
       i.type AS icmp_type, i.code AS icmp_code,
       CASE WHEN x.peer THEN '{peer} ' ELSE '' END || x.cause AS rst_cause
FROM flow f
CROSS JOIN flow_part fp ON fp.flow_id = f.id
CROSS JOIN part q ON q.id = fp.part_id
CROSS JOIN capture cap ON cap.id = q.capture_id
CROSS JOIN point pt ON pt.id = cap.point_id
CROSS JOIN addr aa ON aa.id = q.a_addr
CROSS JOIN addr ba ON ba.id = q.b_addr
CROSS JOIN run r ON r.part_id = q.id
CROSS JOIN packet k ON k.id >= r.first_packet AND k.id < r.first_packet + r.packets
LEFT JOIN clock c ON c.point_id = pt.id AND q.first_ns + k.t >= c.from_ns AND q.first_ns + k.t < c.to_ns
LEFT JOIN sighting s ON s.from_a = ((k.flags & 512) <> 0) AND k.id < s.first_packet + s.packets
      AND s.first_packet = (SELECT max(x.first_packet) FROM sighting x WHERE x.from_a = ((k.flags & 512) <> 0) AND x.first_packet <= k.id)
LEFT JOIN tcpopt ot ON ot.packet_id = k.id AND NOT k.flags & 1024
LEFT JOIN layout o ON o.id = ot.layout_id
LEFT JOIN icmp i ON i.packet_id = k.id
LEFT JOIN addr isrc ON isrc.id = i.src
LEFT JOIN f5_rst x ON x.packet_id = k.id;

CREATE VIEW v_hop AS
SELECT h.connection_id, fp.name AS from_point, tp.name AS to_point, CASE h.direction WHEN 0 THEN 'c2s' ELSE 's2c' END AS direction,
       h.sent, h.arrived, h.dropped, h.generated, h.modified, h.not_captured, h.retransmitted, h.duplicated,
       h.delay_min_ns, h.delay_median_ns, h.delay_p99_ns, h.delay_max_ns, (h.error_high_ns - h.error_low_ns) / 2 AS delay_uncertainty_ns,
       h.variation_median_ns, h.variation_p99_ns
FROM hop h
JOIN point fp ON fp.id = h.from_point
JOIN point tp ON tp.id = h.to_point;

-- What each packet took over each hop: no less than low_ns, no more than high_ns, delay_ns if both ways take equally long. Packets that equal others are
-- left out: which of them is which at the other point is not certain.
CREATE VIEW v_delay AS
WITH first AS (
  -- From where a packet was first seen: its name is its row there, and rows that come in the same order are read in one go.
  SELECT h.connection_id, k.id AS transmission_id, h.direction, h.from_point, h.to_point, h.error_low_ns, h.error_high_ns,
         q2.first_ns + k2.t - c2.offset_ns - CAST(round((q2.first_ns + k2.t - c2.origin_ns) * c2.skew_ppm * 1e-6) AS INTEGER)
           - (q.first_ns + k.t - c.offset_ns - CAST(round((q.first_ns + k.t - c.origin_ns) * c.skew_ppm * 1e-6) AS INTEGER)) AS difference_ns
  FROM hop h
  CROSS JOIN flow f2 ON f2.connection_id = h.connection_id AND f2.point_id = h.to_point
  CROSS JOIN flow_part fp2 ON fp2.flow_id = f2.id
  CROSS JOIN part q2 ON q2.id = fp2.part_id
  CROSS JOIN run r2 ON r2.part_id = q2.id
  CROSS JOIN sighting s ON s.from_a = (h.direction <> fp2.a_is_client) AND s.first_packet < r2.first_packet + r2.packets
      AND s.first_packet >= coalesce((SELECT max(x.first_packet) FROM sighting x WHERE x.from_a = (h.direction <> fp2.a_is_client)
                                      AND x.first_packet <= r2.first_packet), r2.first_packet)
  CROSS JOIN flow f ON f.connection_id = h.connection_id AND f.point_id = h.from_point
  CROSS JOIN flow_part fp ON fp.flow_id = f.id
  CROSS JOIN part q ON q.id = fp.part_id
  CROSS JOIN run r ON r.part_id = q.id AND r.first_packet < s.first_packet + s.packets + s.shift
      AND r.first_packet >= coalesce((SELECT max(x.first_packet) FROM run x WHERE x.part_id = q.id AND x.first_packet <= s.first_packet + s.shift), 0)
  CROSS JOIN packet k2 ON k2.id >= max(s.first_packet, r2.first_packet, r.first_packet - s.shift)
      AND k2.id < min(s.first_packet + s.packets, r2.first_packet + r2.packets, r.first_packet + r.packets - s.shift)
      AND (k2.flags & 1536) = s.from_a * 512
  CROSS JOIN packet k ON k.id = k2.id + s.shift
  CROSS JOIN clock c2 ON c2.point_id = h.to_point AND q2.first_ns + k2.t >= c2.from_ns AND q2.first_ns + k2.t < c2.to_ns
  CROSS JOIN clock c ON c.point_id = h.from_point AND q.first_ns + k.t >= c.from_ns AND q.first_ns + k.t < c.to_ns
  WHERE s.duplicate + s.fragment = 0),
again AS (
  -- From where it was seen again, where there are more than two points.
  SELECT f.connection_id, k.id + s.shift AS transmission_id, f.point_id, h.position,
         ((k.flags & 512) <> 0) <> fp.a_is_client AS direction, o.reversed,
         q.first_ns + k.t - c.offset_ns - CAST(round((q.first_ns + k.t - c.origin_ns) * c.skew_ppm * 1e-6) AS INTEGER) AS aligned_ns
  FROM flow f
  CROSS JOIN connection o ON o.id = f.connection_id
  CROSS JOIN path h ON h.point_id = f.point_id
  CROSS JOIN flow_part fp ON fp.flow_id = f.id
  CROSS JOIN part q ON q.id = fp.part_id
  CROSS JOIN run r ON r.part_id = q.id
  CROSS JOIN packet k ON k.id >= r.first_packet AND k.id < r.first_packet + r.packets
  CROSS JOIN clock c ON c.point_id = f.point_id AND q.first_ns + k.t >= c.from_ns AND q.first_ns + k.t < c.to_ns
  CROSS JOIN sighting s ON s.from_a = ((k.flags & 512) <> 0) AND k.id < s.first_packet + s.packets
      AND s.first_packet = (SELECT max(x.first_packet) FROM sighting x WHERE x.from_a = ((k.flags & 512) <> 0) AND x.first_packet <= k.id)
  WHERE NOT k.flags & 1024 AND s.duplicate + s.fragment = 0 AND (SELECT count(*) FROM path) > 2),
hops AS (
  SELECT connection_id, transmission_id, direction, point_id AS from_point, lead(point_id) OVER travel AS to_point,
         lead(aligned_ns) OVER travel - aligned_ns AS difference_ns
  FROM again
  WINDOW travel AS (PARTITION BY connection_id, transmission_id ORDER BY iif(direction = reversed, position, -position))),
both AS (
  SELECT connection_id, transmission_id, direction, from_point, to_point, error_low_ns, error_high_ns, difference_ns
  FROM first
  UNION ALL
  SELECT x.connection_id, x.transmission_id, x.direction, x.from_point, x.to_point, h.error_low_ns, h.error_high_ns, x.difference_ns
  FROM hops x
  CROSS JOIN hop h ON h.connection_id = x.connection_id AND h.direction = x.direction AND h.from_point = x.from_point AND h.to_point = x.to_point)
SELECT x.connection_id, x.transmission_id, fp.name AS from_point, tp.name AS to_point, iif(x.direction, 's2c', 'c2s') AS direction,
       max(0, x.difference_ns - x.error_high_ns, x.difference_ns - x.error_low_ns - (x.error_high_ns - x.error_low_ns) / 2) AS delay_ns,
       max(0, coalesce(x.difference_ns - x.error_high_ns, 0)) AS low_ns, x.difference_ns - x.error_low_ns AS high_ns
FROM both x
CROSS JOIN point fp ON fp.id = x.from_point
CROSS JOIN point tp ON tp.id = x.to_point
WHERE NOT EXISTS (SELECT 1 FROM alike a WHERE a.transmission_id = x.transmission_id);

-- The same, all connections together.
CREATE VIEW v_hop_delay AS
SELECT fp.name AS from_point, tp.name AS to_point, CASE t.direction WHEN 0 THEN 'c2s' ELSE 's2c' END AS direction, t.packets,
       t.min_ns, t.min_low_ns, t.min_high_ns, t.median_ns, t.median_low_ns, t.median_high_ns, t.p99_ns, t.p99_low_ns, t.p99_high_ns,
       t.max_ns, t.max_low_ns, t.max_high_ns, t.variation_median_ns, t.variation_p99_ns
FROM hop_total t
JOIN point fp ON fp.id = t.from_point
JOIN point tp ON tp.id = t.to_point
LEFT JOIN path p ON p.point_id = t.from_point
LEFT JOIN path q ON q.point_id = t.to_point
ORDER BY min(p.position, q.position), t.direction, fp.name, tp.name;

CREATE VIEW v_round_trip AS
SELECT fp.name AS from_point, tp.name AS to_point, r.pairs, r.min_ns, r.median_ns, r.p99_ns, r.max_ns
FROM round_trip r
JOIN point fp ON fp.id = r.from_point
JOIN point tp ON tp.id = r.to_point
LEFT JOIN path p ON p.point_id = r.from_point
ORDER BY p.position, fp.name, tp.name;

CREATE VIEW v_timing AS
SELECT t.connection_id, t.handshake_ns, t.first_byte_ns, t.server_ns, t.client_ns, t.network_ns, t.transfer_ns, t.total_ns, t.exchanges, t.slowest,
       t.unclear, t.server_max_ns, t.handshake_server_ns, t.handshake_network_ns, fp.name AS first_point, lp.name AS last_point
FROM timing t
JOIN point fp ON fp.id = t.first_point
JOIN point lp ON lp.id = t.last_point;

CREATE VIEW v_server_time AS
SELECT p.name AS point, s.exchanges, s.min_ns, s.median_ns, s.p99_ns, s.max_ns
FROM server_time s
JOIN point p ON p.id = s.point_id
ORDER BY p.name;

-- The translations that were found: addresses and ports of one side as two points saw them, next to each other of those that saw the connection, the
-- one nearer to its client first.
CREATE VIEW v_nat AS
WITH seen AS (
  SELECT f.connection_id, h.point_id, iif(o.reversed, -h.position, h.position) AS position, min(f.id) AS flow_id
  FROM flow f
  CROSS JOIN connection o ON o.id = f.connection_id
  CROSS JOIN path h ON h.point_id = f.point_id
  GROUP BY f.connection_id, h.point_id),
hops AS (
  SELECT connection_id, position, point_id AS from_id, flow_id AS from_flow, lead(point_id) OVER along AS to_id, lead(flow_id) OVER along AS to_flow
  FROM seen
  WINDOW along AS (PARTITION BY connection_id ORDER BY position)),
ends AS (
  SELECT p.connection_id, p.position, p.from_id, p.to_id, s.side,
         iif(s.side = 'client', x.client_addr, x.server_addr) AS before, iif(s.side = 'client', x.client_port, x.server_port) AS before_port,
         iif(s.side = 'client', y.client_addr, y.server_addr) AS after, iif(s.side = 'client', y.client_port, y.server_port) AS after_port
  FROM hops p
  CROSS JOIN flow x ON x.id = p.from_flow
  CROSS JOIN flow y ON y.id = p.to_flow
  CROSS JOIN (SELECT 'client' AS side UNION ALL SELECT 'server') s)
SELECT fp.name AS from_point, tp.name AS to_point, e.side, ba.text AS before_addr, e.before_port, aa.text AS after_addr, e.after_port,
       count(*) AS connections, min(c.start_ns) AS first_ns, max(c.end_ns) AS last_ns
FROM ends e
CROSS JOIN connection c ON c.id = e.connection_id
CROSS JOIN point fp ON fp.id = e.from_id
CROSS JOIN point tp ON tp.id = e.to_id
CROSS JOIN addr ba ON ba.id = e.before
CROSS JOIN addr aa ON aa.id = e.after
WHERE e.before <> e.after OR e.before_port <> e.after_port
GROUP BY e.position, fp.name, tp.name, e.side, ba.text, e.before_port, aa.text, e.after_port
ORDER BY e.position, e.side, ba.text, e.before_port, aa.text, e.after_port;

-- Addresses and ports that a hop changes, as the only flows at its ends tell.
CREATE VIEW endpoint_change AS
WITH f(number, field) AS (VALUES (0, 'src'), (1, 'dst'), (2, 'sport'), (3, 'dport')),
e AS (
  SELECT h.connection_id, h.from_point, h.to_point, h.direction, f.number, f.field, h.translated AS count,
         CASE f.number WHEN 0 THEN iif(h.direction, x.server_addr, x.client_addr) WHEN 1 THEN iif(h.direction, x.client_addr, x.server_addr)
                       WHEN 2 THEN iif(h.direction, x.server_port, x.client_port) ELSE iif(h.direction, x.client_port, x.server_port) END AS before,
         CASE f.number WHEN 0 THEN iif(h.direction, y.server_addr, y.client_addr) WHEN 1 THEN iif(h.direction, y.client_addr, y.server_addr)
                       WHEN 2 THEN iif(h.direction, y.server_port, y.client_port) ELSE iif(h.direction, y.client_port, y.server_port) END AS after
  FROM hop h
  CROSS JOIN flow_row x ON x.connection_id = h.connection_id AND x.point_id = h.from_point
  CROSS JOIN flow_row y ON y.connection_id = h.connection_id AND y.point_id = h.to_point
  CROSS JOIN f
  WHERE h.translated > 0)
SELECT connection_id, from_point, to_point, direction, number, field, count,
       iif(number < 2, (SELECT text FROM addr WHERE id = before), CAST(before AS TEXT)) AS before,
       iif(number < 2, (SELECT text FROM addr WHERE id = after), CAST(after AS TEXT)) AS after,
       iif(number < 2, NULL, after - before) AS delta
FROM e
WHERE before <> after;

CREATE VIEW v_change AS
SELECT h.connection_id, fp.name AS from_point, tp.name AS to_point, CASE h.direction WHEN 0 THEN 'c2s' ELSE 's2c' END AS direction,
       h.field, h.before, h.after, h.delta, h.count
FROM change h
JOIN point fp ON fp.id = h.from_point
JOIN point tp ON tp.id = h.to_point
WHERE h.field NOT IN ('dscp', 'ecn', 'syn.ecn')         -- these are in tos and flags
UNION ALL
SELECT h.connection_id, fp.name, tp.name, CASE h.direction WHEN 0 THEN 'c2s' ELSE 's2c' END, h.field, h.before, h.after, h.delta, h.count
FROM endpoint_change h
CROSS JOIN point fp ON fp.id = h.from_point
CROSS JOIN point tp ON tp.id = h.to_point;

-- What each hop does to each field, in how many of the connections that it could be seen in. The rows of a hop, direction and field add up to `of`.
CREATE VIEW v_habit AS
WITH d AS (
  -- Values of their own in every connection: only one that all have in common is a habit.
  SELECT from_point, to_point, direction, field, habit, before, after,
         field IN ('seq', 'ack', 'win', 'flags', 'ip_id', 'opt.sack', 'opt.tsval', 'opt.tsecr') OR habit = 'set' AS own
  FROM change
  WHERE habit IS NOT NULL AND field NOT IN ('src', 'dst', 'sport', 'dport')),
g AS (
  SELECT from_point, to_point, direction, field, habit,
         iif(count(before) = count(*) AND min(before) = max(before) AND habit NOT IN ('shifted', 'not shifted'), min(before), NULL) AS before,
         iif(count(after) = count(*) AND min(after) = max(after) AND habit NOT IN ('shifted', 'not shifted'), min(after), NULL) AS after,
         count(*) AS connections
  FROM d
  GROUP BY from_point, to_point, direction, field, habit, iif(own, NULL, before), iif(own, NULL, after)
  UNION ALL
  SELECT from_point, to_point, direction, field, 'rewritten', before, after, connections FROM translated),
c AS (
  SELECT from_point, to_point, direction, field, sum(connections) AS connections
  FROM g
  GROUP BY from_point, to_point, direction, field),
h AS (
  SELECT g.from_point, g.to_point, g.direction, g.field, g.habit, g.before, g.after, g.connections, x.connections AS "of"
  FROM g
  JOIN compared x USING(from_point, to_point, direction, field)
  UNION ALL
  SELECT x.from_point, x.to_point, x.direction, x.field, 'kept', NULL, NULL, x.connections - coalesce(c.connections, 0), x.connections
  FROM compared x
  LEFT JOIN c USING(from_point, to_point, direction, field)
  WHERE x.connections > coalesce(c.connections, 0))
SELECT fp.name AS from_point, tp.name AS to_point, CASE h.direction WHEN 0 THEN 'c2s' ELSE 's2c' END AS direction,
       h.field, h.habit, h.before, h.after, h.connections, h."of"
FROM h
JOIN point fp ON fp.id = h.from_point
JOIN point tp ON tp.id = h.to_point
LEFT JOIN path p ON p.point_id = h.from_point
LEFT JOIN path q ON q.point_id = h.to_point
ORDER BY min(p.position, q.position), h.direction, fp.name, tp.name, h.field, h.connections DESC, h.habit, h.before, h.after;

CREATE VIEW v_clock AS
SELECT p.name AS point, r.name AS reference_point,
       -- The first and the last piece reach to the ends of time; people want to see the capture's own.
       c.origin_ns AS from_ns, min(c.to_ns, coalesce(w.last_ns, c.origin_ns)) AS to_ns,
       c.offset_ns, c.offset_low_ns, c.offset_high_ns, c.skew_ppm, c.skew_low_ppm, c.skew_high_ppm, c.pairs, c.state, c.doubt, c.remark, c.settings
FROM clock c
JOIN point p ON p.id = c.point_id
JOIN point r ON r.id = c.reference_id
LEFT JOIN (SELECT point_id, min(first_ns) AS first_ns, max(last_ns) AS last_ns FROM capture GROUP BY point_id) w ON w.point_id = c.point_id;

CREATE VIEW v_finding AS
SELECT f.id, f.connection_id, f.kind, f.what, CASE f.direction WHEN 0 THEN 'c2s' WHEN 1 THEN 's2c' END AS direction, f.count,
       fp.name AS from_point, tp.name AS to_point, p.name AS point, f.confidence, f.rule, f.text, f.evidence
FROM finding f
LEFT JOIN point fp ON fp.id = f.from_point
LEFT JOIN point tp ON tp.id = f.to_point
LEFT JOIN point p ON p.id = f.point
UNION ALL
-- That the flows at both ends of a hop differ is not stored once more. These ids come behind those of the table.
SELECT (SELECT coalesce(max(id), 0) FROM finding_row) + ((h.connection_id * 2 + h.direction) * 1024 + h.from_point) * 4 + h.number, h.connection_id,
       'modified', 'any', CASE h.direction WHEN 0 THEN 'c2s' ELSE 's2c' END, h.count, fp.name, tp.name, NULL, 'certain', 'modified',
       'Field ' || h.field || ' was rewritten in ' || h.count || iif(h.count = 1, ' packet', ' packets') || ' of the ' || iif(h.direction, 'server.', 'client.'),
       '{"packets":[]}'
FROM endpoint_change h
CROSS JOIN point fp ON fp.id = h.from_point
CROSS JOIN point tp ON tp.id = h.to_point;

CREATE VIEW v_rule AS
SELECT r.number, r.name AS rule, r.pattern, r.says, r.highest, r.source, r.wrong, r.would_change,
       coalesce(f.findings, 0) AS findings, coalesce(f.connections, 0) AS connections
FROM rule r
LEFT JOIN (SELECT rule, count(*) AS findings, count(DISTINCT connection_id) AS connections FROM v_finding GROUP BY rule) f ON f.rule = r.name
ORDER BY r.id;

CREATE VIEW v_summary AS
SELECT kind, what, direction, from_point, to_point, point, count(DISTINCT connection_id) AS connections, sum(count) AS count
FROM v_finding
GROUP BY kind, what, direction, from_point, to_point, point
ORDER BY kind, what, direction, from_point, to_point, point;

-- What connections with the same trouble at the same place have in common, the most telling first.
CREATE VIEW v_pattern AS
SELECT row_number() OVER (
         ORDER BY CASE x.state WHEN 'all' THEN 0 WHEN 'more' THEN 1 WHEN 'every' THEN 2 ELSE 3 END, x.confidence, x.chance, x.hit DESC, x.id) AS rank,
       x.id, x.kind, x.what, CASE x.direction WHEN 0 THEN 'c2s' WHEN 1 THEN 's2c' END AS direction, fp.name AS from_point, tp.name AS to_point,
       p.name AS point, x.state, x.confidence, x.description, x.hit, x.connections, x.undecided, x.before, x.after, x.others_hit, x.others,
       x.first_ns, x.last_ns, x.chance, x.text
FROM pattern x
LEFT JOIN point fp ON fp.id = x.from_point
LEFT JOIN point tp ON tp.id = x.to_point
LEFT JOIN point p ON p.id = x.point
ORDER BY rank;

-- Parts that F5 trailers name as the two sides of one connection, either way round. A flow id is unique only within its slot and TMM, and is used again:
-- both must be of about the same time, and the addresses must be those that the trailer gives (tcpdump :nnn); without these (:nn), both must name each
-- other, in one capture.
CREATE VIEW f5_pair AS
WITH said AS (
  SELECT x.part_id, x.a_is_remote, x.flow_id, y.part_id AS peer_part_id, y.a_is_remote AS peer_a_is_remote, y.flow_id AS peer_id
  FROM f5 x
  CROSS JOIN f5 y ON y.flow_id = x.peer_id AND y.tmm = x.tmm AND y.part_id <> x.part_id
  CROSS JOIN part p ON p.id = x.part_id
  CROSS JOIN part q ON q.id = y.part_id
  WHERE x.peer_id <> 0 AND p.min_ns <= q.max_ns + 1000000000 AND q.min_ns <= p.max_ns + 1000000000
    AND CASE WHEN x.peer_remote_addr IS NULL THEN y.peer_id = x.flow_id AND q.capture_id = p.capture_id
             WHEN y.a_is_remote THEN q.a_addr = x.peer_remote_addr AND q.a_port = x.peer_remote_port AND q.b_addr = x.peer_local_addr AND q.b_port = x.peer_local_port
             ELSE q.b_addr = x.peer_remote_addr AND q.b_port = x.peer_remote_port AND q.a_addr = x.peer_local_addr AND q.a_port = x.peer_local_port END)
SELECT part_id, a_is_remote, peer_part_id, peer_a_is_remote, peer_id AS f5_peer_id FROM said
UNION
SELECT peer_part_id, peer_a_is_remote, part_id, a_is_remote, flow_id FROM said;

CREATE VIEW v_f5 AS
SELECT DISTINCT f.connection_id, f.id AS flow_id, p.name AS point,
       CASE WHEN x.a_is_remote = fp.a_is_client THEN 'client' ELSE 'server' END AS side,
       x.virtual_server, nullif(x.flow_id, 0) AS f5_flow_id, nullif(x.peer_id, 0) AS f5_peer_id,
       ra.text AS peer_remote_addr, x.peer_remote_port, la.text AS peer_local_addr, x.peer_local_port, x.peer_vlan,
       o.connection_id AS peer_connection_id, o.id AS peer_flow_id
FROM flow f
CROSS JOIN flow_part fp ON fp.flow_id = f.id
CROSS JOIN f5 x ON x.part_id = fp.part_id
JOIN point p ON p.id = f.point_id
LEFT JOIN addr ra ON ra.id = x.peer_remote_addr
LEFT JOIN addr la ON la.id = x.peer_local_addr
LEFT JOIN f5_peer y ON y.flow_id = f.id AND y.f5_peer_id = x.peer_id
LEFT JOIN flow_row o ON o.id = y.peer_flow_id
-- Before the other side was made, and after it was gone, trailers say less.
WHERE x.peer_id <> 0 OR NOT EXISTS (SELECT 1 FROM f5 z WHERE z.part_id = x.part_id AND z.peer_id <> 0);
