-- ?1 id, ?2 mss, ?3 wscale, ?4 sack_permitted, ?5 options, ?6 raw, ?7 stamped
INSERT INTO layout(id, mss, wscale, sack_permitted, options, raw, stamped) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7);
