/* Any bytes as a frame, as for fuzz_decode: what of it is copied is read like it, lies in the room that it has, and is the same every time. */
#include <stdlib.h>
#include <string.h>

#include "ingest/anonymize/anonymize.h"
#include "tests/fuzz/frame.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct anonymizer *anonymizer(void)
{
	static const uint8_t key[SECRET_KEY] = "a key that everybody may know";
	static struct anonymizer *a;

	if (!a) {
		require((a = malloc(sizeof *a)) != NULL);
		anonymizer_init(a, key);
	}
	return a;
}

/* In memory of just the size that it may need. */
static bool copy(int linktype, const uint8_t *frame, bool shown, uint32_t *caplen, uint32_t *len, uint8_t **out)
{
	uint32_t room = *caplen + ANONYMIZE_ROOM;
	bool there;

	require((*out = malloc(room)) != NULL);
	there = anonymize_frame(anonymizer(), linktype, frame, shown, *out, caplen, len);
	require(!there || (*caplen <= room && *caplen <= *len));
	return there;
}

static void check(int linktype, const uint8_t *frame, uint32_t caplen, uint32_t len, bool shown)
{
	uint32_t cap[2] = {caplen, caplen}, all[2] = {len, len};
	struct segment was, is;
	uint8_t *out[2];
	bool there = copy(linktype, frame, shown, &cap[0], &all[0], &out[0]);

	require(copy(linktype, frame, shown, &cap[1], &all[1], &out[1]) == there);
	require(!there || (cap[0] == cap[1] && all[0] == all[1] && memcmp(out[0], out[1], cap[0]) == 0));
	if (there && shown && decode_frame(linktype, frame, caplen, len, &was) == DECODE_OK) {
		require(cap[0] == caplen && all[0] == len && decode_frame(linktype, out[0], cap[0], all[0], &is) == DECODE_OK);
		require(was.flags == is.flags && was.seq == is.seq && was.len == is.len && was.caplen == is.caplen);
	} else if (there) {
		require(decode_frame(linktype, out[0], cap[0], all[0], &is) != DECODE_OK);
	}
	free(out[0]);
	free(out[1]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint32_t len, caplen;
	uint8_t *frame;
	int linktype;

	if (size < 2 || size > 1u << 16)
		return 0;
	linktype = linktypes[data[0] % (sizeof(linktypes) / sizeof(linktypes[0]))];
	len = (uint32_t)size - 2;
	caplen = data[1] > len ? 0 : len - data[1];
	require((frame = malloc(caplen == 0 ? 1 : caplen)) != NULL);
	memcpy(frame, data + 2, caplen);
	check(linktype, frame, caplen, len, true);
	check(linktype, frame, caplen, len, false);
	free(frame);
	return 0;
}
