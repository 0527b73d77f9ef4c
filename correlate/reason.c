#include "correlate/reason.h"

#include <stdio.h>

size_t reasons_json(reason_set set, char *out, size_t size)
{
	static const struct {
		reason_set why;
		const char *text;
	} reasons[] = {
		{ WHY_SEEN_BEYOND, "it was recorded further on" },
		{ WHY_ACKED, "the other side acknowledged it" },
		{ WHY_SACKED, "the other side acknowledged it selectively" },
		{ WHY_ECHOED, "the other side echoed its timestamp" },
		{ WHY_HOST_WENT_ON, "the sender went on behind its bytes" },
		{ WHY_IP_ID_FITS, "its IP ID closes a gap in the sender's own sequence" },
		{ WHY_CONVERSATION, "the connection went on normally, and others of the same server are recorded there unchanged" },
		{ WHY_REPEATED, "its sender repeated it" },
		{ WHY_ACK_WAITED, "it was not acknowledged before the repeat had passed" },
		{ WHY_UNANSWERED, "nothing from beyond answers it" },
		{ WHY_COMPANY, "other packets of the connection are missing there as well" },
		{ WHY_REFUSED, "an answer that refuses it was made on the same hop" },
		{ WHY_PEER_REPEATED, "the other side repeated what it acknowledges" },
		{ WHY_ALL_MISS, "every point further on misses it, too" },
		{ WHY_STILL_HELD, "the other side still held the connection afterwards" },
		{ WHY_RATE, "more packets of this kind are missing than the capture can have lost" },
		{ WHY_FIRST_ONLY, "of several datagrams the first fragment came, and no other one: no capture misses just those" },
		{ WHY_NOTHING_TO_ANSWER, "what it answers never came to the host" },
		{ WHY_TTL, "its TTL is not that of the host" },
		{ WHY_NO_TIMESTAMP, "it has no timestamp, although both hosts had agreed on timestamps" },
		{ WHY_BOTH_SIDES, "both sides were reset, and neither reset was seen on the other side" },
		{ WHY_HOST_CONTRADICTS, "the host went on as if it had not sent it" },
		{ WHY_F5, "the BIG-IP that recorded it says so in its F5 trailer" },
		{ WHY_SYN_PROXY, "a SYN proxy stands between: the two sides have handshakes of their own" },
		{ WHY_WINDOW, "the capture was not running at the time, or that is not known (--running vouches for it)" },
		{ WHY_ORDER, "nothing tells which of the two points is nearer to the client (--path says so): what is lost one way is made the other way" },
		{ WHY_INSIDE, "the point holds both sides of a device, and recorded it on one of them only: the device may have taken it, or made it" },
		{ WHY_ELSEWHERE, "the point never saw packets of this host: they may take another way" },
		{ WHY_ORPHANS, "connections begin beyond that the near side does not know: it may be one of them, translated" },
		{ WHY_UNREAD, "the capture cut frames off before the TCP header, has some of an unknown link type, or shows no ICMP errors at all: it may have come by unread" },
		{ WHY_NO_FRAGMENTS, "the capture holds no later IP fragment at all: they have no ports, and a capture filter with a port leaves them out" },
		{ WHY_DAMAGED, "a packet with a wrong TCP checksum came at the time, and in some of its fields it is like no other; or one that cannot be read" },
		{ WHY_STRAYED, "a packet with other ports or addresses and a wrong TCP checksum came there, and all else of the two is equal" },
		{ WHY_DOUBLED, "an equal packet came at the same time, and it was recorded before as well" },
		{ WHY_CAPTURE_GOOD, "the capture holds (nearly) every packet that is proved to have passed" },
		{ WHY_CAPTURE_BAD, "the capture is known to miss packets" },
	};
	size_t n = 0;

	out[0] = '\0';
	for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++)
		if (set & reasons[i].why && n < size)
			n += (size_t)snprintf(out + n, size - n, "%s\"%s\"", n ? "," : "", reasons[i].text);
	return n;
}
