-- ?1 part_id, ?2 flow_id, ?3 peer_id, ?4 tmm, ?5 a_is_remote, ?6 virtual_server, ?7 .. ?10 remote address and port, local address and port of the
-- peer, ?11 its VLAN. What a trailer does not say, an earlier one may have.
INSERT INTO f5(part_id, flow_id, peer_id, tmm, a_is_remote, virtual_server, peer_remote_addr, peer_remote_port, peer_local_addr, peer_local_port, peer_vlan)
VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
ON CONFLICT(part_id, flow_id, peer_id) DO UPDATE SET
  tmm = excluded.tmm,
  virtual_server = coalesce(excluded.virtual_server, virtual_server),
  peer_remote_addr = coalesce(excluded.peer_remote_addr, peer_remote_addr),
  peer_remote_port = coalesce(excluded.peer_remote_port, peer_remote_port),
  peer_local_addr = coalesce(excluded.peer_local_addr, peer_local_addr),
  peer_local_port = coalesce(excluded.peer_local_port, peer_local_port),
  peer_vlan = coalesce(excluded.peer_vlan, peer_vlan);
