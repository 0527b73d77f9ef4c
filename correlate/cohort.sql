-- Connections and what is known of them when their first SYN passes the first point that saw it. What comes later (anything of the answer) depends on what
-- is to be explained: no column here may tell it.
-- Columns: id, start_ns, failed (1, 0; NULL: cannot be told), why (how it failed, or why it cannot be told), and from the fifth on an attribute each, by
-- its name: text is a class, an integer is a number, NULL is not known. network(ADDRESS) is the /24 or /64.
WITH ends AS MATERIALIZED (
  SELECT min(position) AS first, max(position) AS last FROM path),
seen AS (
  SELECT f.connection_id, f.id AS flow_id, fp.part_id, fp.a_is_client, f.point_id,
         row_number() OVER (PARTITION BY f.connection_id ORDER BY h.position IS NULL, iif(c.reversed, -h.position, h.position), p.name, q.min_ns, q.id) AS nth
  FROM flow f
  CROSS JOIN connection c ON c.id = f.connection_id
  CROSS JOIN point p ON p.id = f.point_id
  CROSS JOIN flow_part fp ON fp.flow_id = f.id
  CROSS JOIN part q ON q.id = fp.part_id
  LEFT JOIN path h ON h.point_id = f.point_id
  WHERE q.flags & 1),
syn AS MATERIALIZED (
  SELECT s.connection_id, s.flow_id, s.part_id, s.point_id, s.a_is_client,
         (SELECT k.id FROM run r CROSS JOIN packet k ON k.id >= r.first_packet AND k.id < r.first_packet + r.packets
          WHERE r.part_id = s.part_id AND k.flags & 263186 = 2 AND ((k.flags & 512) <> 0) = s.a_is_client
          ORDER BY r.first_packet, k.id LIMIT 1) AS packet_id
  FROM seen s
  WHERE s.nth = 1),
watched AS MATERIALIZED (
  SELECT point_id, max(last_ns) AS last_ns FROM capture GROUP BY point_id),
claim AS MATERIALIZED (
  SELECT f.connection_id, max(f.kind IN ('dropped', 'unanswered', 'corrupted') AND f.what IN ('SYN', 'SYN-ACK')) AS handshake,
         substr(min(CASE f.kind WHEN 'dropped' THEN '1' WHEN 'corrupted' THEN '2' WHEN 'generated' THEN '3' WHEN 'unanswered' THEN '4' ELSE '5' END || f.what ||
           CASE f.kind WHEN 'dropped' THEN ' dropped between ' || a.name || ' and ' || b.name
                       WHEN 'corrupted' THEN ' corrupted between ' || a.name || ' and ' || b.name
                       WHEN 'generated' THEN ' made between ' || b.name || ' and ' || a.name
                       WHEN 'unanswered' THEN ' not answered by what is behind ' || p.name
                       ELSE ' sent by the host at ' || p.name END), 2) AS why
  FROM finding f
  LEFT JOIN point a ON a.id = f.from_point
  LEFT JOIN point b ON b.id = f.to_point
  LEFT JOIN point p ON p.id = f.point
  WHERE f.confidence IN ('certain', 'likely')
    AND ((f.kind IN ('dropped', 'unanswered', 'corrupted') AND f.what IN ('SYN', 'SYN-ACK')) OR
         (f.kind IN ('generated', 'sent') AND f.direction = 1 AND f.what IN ('RST', 'RST,ACK', 'ICMP')))
  GROUP BY f.connection_id),
judged AS (
  -- That a SYN was repeated in vain is enough, and so is that nothing came in 10 s; else the capture may end too early.
  SELECT c.id, c.start_ns, c.end_ns, c.outcome, s.flow_id, s.part_id, s.point_id, s.packet_id, m.why,
         CASE WHEN s.packet_id IS NULL THEN NULL
              WHEN c.severity >= 3 AND m.handshake THEN 1
              WHEN c.outcome IN ('refused', 'unreachable') THEN 1
              WHEN c.outcome = 'reset' AND c.bytes = 0 THEN 1
              WHEN c.outcome = 'no connection' THEN iif(q.flags & 64 OR w.last_ns - q.min_ns >= 10000000000 OR
                (iif(s.a_is_client, q.a_packets, q.b_packets) > 1 AND q.max_ns - q.min_ns >= 500000000), 1, NULL)
              WHEN t.handshake_ns > 10000000000 THEN 1
              WHEN c.outcome <> 'unknown' THEN 0 END AS failed,
         coalesce(t.handshake_ns > 10000000000, 0) AS slow
  FROM connection c
  LEFT JOIN syn s ON s.connection_id = c.id
  LEFT JOIN part q ON q.id = s.part_id
  LEFT JOIN watched w ON w.point_id = s.point_id
  LEFT JOIN timing t ON t.connection_id = c.id
  LEFT JOIN claim m ON m.connection_id = c.id),
used AS (
  SELECT j.*, f.client_addr, f.client_port, f.server_addr, f.server_port,
         lag(j.end_ns) OVER same AS before_end_ns, lag(j.outcome) OVER same AS before_outcome,
         lag(j.failed) OVER (PARTITION BY f.client_addr, f.server_addr, f.server_port ORDER BY j.start_ns, j.id) AS before_failed,
         count(*) OVER (ORDER BY j.start_ns RANGE BETWEEN 1000000000 PRECEDING AND CURRENT ROW) AS rate
  FROM judged j
  LEFT JOIN flow_row f ON f.id = j.flow_id
  WINDOW same AS (PARTITION BY f.client_addr, f.client_port, f.server_addr, f.server_port ORDER BY j.start_ns, j.id ROWS UNBOUNDED PRECEDING))
SELECT u.id, u.start_ns, u.failed,
       CASE WHEN u.packet_id IS NULL THEN 'no SYN was recorded'
            WHEN u.failed IS NULL THEN iif(u.outcome = 'no connection', 'the capture ends within 10 s of their only SYN', 'what became of it is not known')
            WHEN u.failed THEN coalesce(u.why, iif(u.outcome = 'reset', 'reset before data', iif(u.slow, 'handshake of more than 10 s', u.outcome))) END AS why,
       CASE WHEN k.flags & 448 THEN substr(iif(k.flags & 256, ',AE', '') || iif(k.flags & 64, ',ECE', '') || iif(k.flags & 128, ',CWR', ''), 2)
            ELSE 'none' END AS "ECN",
       coalesce(o.options, iif(k.flags & 65536, 'nop,nop,TS', 'none')) AS "options",
       iif(k.flags & 65536, 'yes', 'no') AS "timestamps",
       iif(coalesce(o.sack_permitted, 0), 'yes', 'no') AS "SACK permitted",
       iif(instr(coalesce(o.options, ''), 'tfo'), 'yes', 'no') AS "fast open",
       iif(instr(coalesce(o.options, ''), 'mptcp'), 'yes', 'no') AS "multipath",
       coalesce(printf('%d', o.mss), 'none') AS "MSS",
       coalesce(printf('%d', o.wscale), 'none') AS "window scale",
       k.win AS "window",
       iif(a.family = 4, iif(k.flags & 2048, 'yes', 'no'), NULL) AS "don't fragment",
       iif(a.family = 4, iif(k.ip_id = 0, 'yes', 'no'), NULL) AS "IP ID 0",
       printf('%d', k.tos >> 2) AS "DSCP",
       iif(k.tos & 3, printf('%d', k.tos & 3), 'none') AS "ECN field of IP",
       'IPv' || a.family AS "address family",
       iif(k.len > 0, 'yes', 'no') AS "data in the SYN",
       a.text AS "client",
       network(a.text) AS "client network",
       iif(b.family = 6, '[' || b.text || ']', b.text) || ':' || u.server_port AS "server",
       b.text AS "server address",
       printf('%d', u.server_port) AS "server port",
       (SELECT iif(d.family = 6, '[' || d.text || ']', d.text) || ':' || g.server_port
        FROM flow g CROSS JOIN path h ON h.point_id = g.point_id CROSS JOIN addr d ON d.id = g.server_addr
        WHERE g.connection_id = u.id AND ends.first < ends.last AND h.position = iif(n.reversed, ends.first, ends.last)
        ORDER BY g.id LIMIT 1) AS "back end",
       p.name AS "first seen at",
       iif(q.vlans, printf('%d', q.vlans & 4095), 'none') AS "VLAN",
       coalesce(x.kind || ' ' || x.number, 'none') AS "tunnel",
       printf('%d', k.ttl) AS "TTL",
       (k.tsval + iif(k.flags & 512, q.a_ts0, q.b_ts0)) & 4294967295 AS "TSval",
       u.client_port AS "client port",
       iif(u.client_port % 2, 'odd', 'even') AS "parity of the client port",
       CASE WHEN u.before_end_ns IS NULL THEN 'never'
            WHEN u.start_ns - u.before_end_ns < 1000000000 THEN 'less than 1 s'
            WHEN u.start_ns - u.before_end_ns < 10000000000 THEN '1 to 10 s'
            WHEN u.start_ns - u.before_end_ns < 60000000000 THEN '10 to 60 s'
            WHEN u.start_ns - u.before_end_ns < 120000000000 THEN '60 to 120 s'
            WHEN u.start_ns - u.before_end_ns < 240000000000 THEN '120 to 240 s'
            ELSE '240 s or more' END AS "last use of its ports",
       coalesce(u.before_outcome, 'none') AS "last connection with its ports",
       CASE u.before_failed WHEN 1 THEN 'failed' WHEN 0 THEN 'established' ELSE 'none' END AS "last connection of its client",
       u.rate - 1 AS "SYNs in the second before",
       u.start_ns AS "time"
FROM used u
CROSS JOIN connection n ON n.id = u.id
CROSS JOIN ends
LEFT JOIN packet k ON k.id = u.packet_id
LEFT JOIN tcpopt t ON t.packet_id = u.packet_id
LEFT JOIN layout o ON o.id = t.layout_id
LEFT JOIN addr a ON a.id = u.client_addr
LEFT JOIN addr b ON b.id = u.server_addr
LEFT JOIN part q ON q.id = u.part_id
LEFT JOIN point p ON p.id = u.point_id
LEFT JOIN tunnel x ON x.id = q.tunnel_id
ORDER BY u.id;
