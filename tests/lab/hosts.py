"""Applications on the two hosts, all played by one thread: what happens first is written first."""
import errno
import os
import select
import socket
import struct
import time

from net import LabError

TCP_REPAIR = 19  # linux/tcp.h; a socket closed in this mode is gone without a packet
SO_RCVBUFFORCE = 33  # asm-generic/socket.h
ROOM = 1 << 20  # bytes; more than any scenario sends at once, so that no window closes unless it is meant to
WAIT = 20  # seconds, for what must happen
FAMILY = {4: socket.AF_INET, 6: socket.AF_INET6}


def make(node, family):
    with node.inside():
        s = socket.socket(FAMILY[family])
    s.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, ROOM)
    s.setblocking(False)
    return s


def vanish(s):
    """The host forgets the connection and says nothing."""
    if s.fileno() >= 0:
        try:
            s.setsockopt(socket.IPPROTO_TCP, TCP_REPAIR, 1)
        except OSError:
            pass
        s.close()


def readable(s, seconds):
    return bool(select.select([s], [], [], seconds)[0])


class Connection:
    """A connection of the application: its socket at the client, and at the server once that accepted it."""

    def __init__(self, client):
        self.client, self.server = client, None
        self.error = errno.EINPROGRESS

    def wait(self, seconds):
        """Is it connected? error is 0, ETIMEDOUT while nothing came, or what connect(2) says."""
        if self.error in (errno.EINPROGRESS, errno.ETIMEDOUT):
            done = select.select([], [self.client], [], seconds)[1]
            self.error = self.client.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) if done else errno.ETIMEDOUT
        return self.error == 0

    def move(self, source, sink, size, seconds=WAIT):
        """Send size random bytes and read them; how many came before time was up."""
        data, sent, came, end = os.urandom(size), 0, bytearray(), time.monotonic() + seconds
        while len(came) < size and (left := end - time.monotonic()) > 0:
            r, w, _ = select.select([sink], [source] if sent < size else [], [], left)
            if w:
                sent += source.send(data[sent:])
            if r:
                piece = sink.recv(1 << 16)
                if not piece:
                    break
                came += piece
        if bytes(came) != data[:len(came)]:
            raise LabError("other bytes came than were sent")
        return len(came)

    def ask(self, size, seconds=WAIT):
        return self.move(self.client, self.server, size, seconds)

    def answer(self, size, seconds=WAIT):
        return self.move(self.server, self.client, size, seconds)

    def talk(self, ask=400, answer=6000):
        if self.ask(ask) != ask or self.answer(answer) != answer:
            raise LabError("the bytes did not arrive in %d s" % WAIT)

    def finish(self, seconds=WAIT, first="client"):
        """Both sides close, one after the other; True when each saw the end of the other."""
        near, far = (self.client, self.server) if first == "client" else (self.server, self.client)
        near.shutdown(socket.SHUT_WR)
        if not readable(far, seconds) or far.recv(1):
            return False
        far.shutdown(socket.SHUT_WR)
        return readable(near, seconds) and not near.recv(1)

    def abort(self, who):
        """Close with SO_LINGER 0: a reset."""
        s = getattr(self, who)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        s.close()


class Hosts:
    """The client and the server of a net, and every socket that was opened there."""

    def __init__(self, net):
        self.net = net
        self.listeners, self.sockets = {}, []

    def meet(self):
        """Everybody on the way learns who is where, so that no connection has to wait for that."""
        for family in FAMILY:
            if self.refused(family, 9, WAIT) != errno.ECONNREFUSED:
                raise LabError("the hosts do not reach each other")

    def listen(self, port, backlog=64, **options):
        for family in FAMILY:
            s = make(self.net.server, family)
            s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == 6:
                s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            for name, value in options.items():
                s.setsockopt(socket.SOL_SOCKET, getattr(socket, name), value)
            s.bind(("", port))
            s.listen(backlog)
            self.listeners[family, port] = s

    def start(self, family, port, source=0, to=None):
        """Begin to connect, and go on."""
        s = make(self.net.client, family)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if source:
            s.bind(("", source))
        c = Connection(s)
        self.sockets.append(s)
        c.error = s.connect_ex((to or self.net.server_address(family), port))
        return c

    def accept(self, c, family, port):
        listener = self.listeners[family, port]
        if not readable(listener, WAIT):
            raise LabError("the server accepted nothing on port %d" % port)
        c.server, _ = listener.accept()
        c.server.setblocking(False)
        self.sockets.append(c.server)
        return c

    def connect(self, family, port, source=0, to=None, at=None):
        """A connection that the server (on port at, behind a translation) accepted."""
        c = self.start(family, port, source, to)
        if not c.wait(WAIT):
            raise LabError("port %d: %s" % (port, os.strerror(c.error)))
        return self.accept(c, family, at or port)

    def refused(self, family, port, seconds):
        """How a connection fails that nobody takes: an errno; the client gives it up after some seconds."""
        c = self.start(family, port)
        if c.wait(seconds):
            raise LabError("port %d: connected" % port)
        vanish(c.client)
        return c.error

    def forget(self, s):
        self.sockets.remove(s)
        vanish(s)

    def end(self):
        for s in [*self.sockets, *self.listeners.values()]:
            vanish(s)
