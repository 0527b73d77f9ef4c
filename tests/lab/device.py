"""A device on the wire: a process that passes frames on between two interfaces, does to some what its policy says, and counts what it did."""
import heapq
import select
import socket
import struct
import threading
import time

SOL_PACKET, PACKET_IGNORE_OUTGOING = 263, 23  # linux/if_packet.h
ETH_P_ALL = 3
SYN, FIN, RST = 2, 1, 4


def payload(frame):
    """Where the payload of a TCP frame lies, (start, end); None: not TCP, or no payload, or SYN, FIN or RST."""
    kind, = struct.unpack_from("!H", frame, 12)
    if kind == 0x0800 and frame[23] == socket.IPPROTO_TCP:
        tcp, end = 14 + 4 * (frame[14] & 15), 14 + struct.unpack_from("!H", frame, 16)[0]
    elif kind == 0x86dd and frame[20] == socket.IPPROTO_TCP:
        tcp, end = 54, 54 + struct.unpack_from("!H", frame, 18)[0]
    else:
        return None
    start = tcp + 4 * (frame[tcp + 12] >> 4)
    return (start, end) if start < end and not frame[tcp + 13] & (SYN | FIN | RST) else None


class Wire(threading.Thread):
    """Every 20th segment with data from server to client becomes what policy(frame) says: [(delay in s, frame), ...]. The rest is passed on."""

    def __init__(self, node, policy):
        super().__init__(daemon=True)
        self.policy = policy
        self.data, self.count = 0, 0
        self.due, self.order = [], 0
        self.going = True
        with node.inside():
            self.ends = [socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL)) for _ in range(2)]
        for s, interface in zip(self.ends, ("out", "in")):
            s.setsockopt(SOL_PACKET, PACKET_IGNORE_OUTGOING, 1)
            s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
            s.bind((interface, 0))
        self.start()

    def run(self):
        out, inside = self.ends
        while self.going:
            wait = max(0, self.due[0][0] - time.monotonic()) if self.due else 0.1
            for s in select.select(self.ends, [], [], wait)[0]:
                self._take(s.recv(65535), inside if s is out else out)
            while self.due and self.due[0][0] <= time.monotonic():
                _, _, frame, to = heapq.heappop(self.due)
                to.send(frame)

    def _take(self, frame, to):
        copies = [(0, frame)]
        if to is self.ends[0] and payload(frame):
            self.data += 1
            if self.data % 20 == 0:
                self.count += 1
                copies = self.policy(frame)
        for delay, copy in copies:
            self.order += 1
            heapq.heappush(self.due, (time.monotonic() + delay, self.order, copy, to))

    def end(self):
        self.going = False
        self.join()
        for s in self.ends:
            s.close()


def lose(_):
    return []


def double(frame):
    return [(0, frame), (0, frame)]


def delay(frame):
    return [(0.004, frame)]


def corrupt(frame):
    last = payload(frame)[1] - 1
    return [(0, frame[:last] + bytes([frame[last] ^ 4]) + frame[last + 1:])]
