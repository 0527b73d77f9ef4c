-- Views are part of the program, not of the case: they are made anew with the derived tables.
DROP VIEW IF EXISTS v_f5;
DROP VIEW IF EXISTS f5_pair;
DROP VIEW IF EXISTS v_summary;
DROP VIEW IF EXISTS v_finding;
DROP VIEW IF EXISTS v_clock;
DROP VIEW IF EXISTS v_nat;
DROP VIEW IF EXISTS v_habit;
DROP VIEW IF EXISTS v_change;
DROP VIEW IF EXISTS v_server_time;
DROP VIEW IF EXISTS v_timing;
DROP VIEW IF EXISTS v_round_trip;
DROP VIEW IF EXISTS v_hop_delay;
DROP VIEW IF EXISTS v_delay;
DROP VIEW IF EXISTS v_hop;
DROP VIEW IF EXISTS v_packet;
DROP VIEW IF EXISTS v_flow;
DROP VIEW IF EXISTS v_connection;
