/*
 * capture(FILE): the packets of a capture as a table in SQL, without a case and without an import:
 *
 *      SELECT frame, time, src_addr, flags FROM capture('x.pcapng.gz') WHERE flags LIKE '%SYN%'
 *
 * FILE is what capture_open takes. A row is a packet that import would keep, in the order of the file; the columns are those of v_packet as far
 * as one file can know them, and interface (name, else number), captured (bytes of the frame), vlan, tunnel, tunnel_id, src_mac, dst_mac,
 * damage. Only what a query asks for is worked out. A later IP fragment has no ports of its own. In a case, whose own table of this name comes
 * first, it is temp.capture(FILE).
 *
 * A damaged file gives every packet that can be read, and no error: most of them are captures that were killed, with a packet cut at the end.
 * What is wrong stands in column damage of the packet in front of it (or of the first, if it is in front of that), and goes to SQLite's error
 * log. Only a file without any packet to carry it, or one that is no capture, is an error.
 *
 * Reading a file by its name is for the one who writes the query: views and triggers of a database, which may come from anywhere, cannot use it
 * (SQLITE_VTAB_DIRECTONLY).
 */
#ifndef INGEST_CAPTURE_TABLE_H
#define INGEST_CAPTURE_TABLE_H

#include <sqlite3.h>

/* Make the table known to a connection: SQLITE_OK or an error code. The loadable extension does the same by itself. */
int capture_table_register(sqlite3 *db);

#endif
