#include "tests/sim/writer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static uint8_t *le32(uint8_t *b, uint32_t v)
{
	for (int i = 0; i < 4; i++)
		b[i] = (uint8_t)(v >> (8 * i));
	return b + 4;
}

int sim_writer_open(struct sim_writer *w, const char *path, enum sim_link link, bool nano, uint32_t snaplen, struct err *e)
{
	uint8_t head[24], *b = head;

	*w = (struct sim_writer){.link = link, .nano = nano, .snaplen = snaplen};
	w->file = fopen(path, "wb");
	if (!w->file)
		return err_set(e, "%s: %s", path, strerror(errno));
	w->frame = malloc(SIM_FRAME_MAX);
	if (!w->frame) {
		fclose(w->file);
		w->file = NULL;
		return err_set(e, "%s: out of memory", path);
	}
	setvbuf(w->file, NULL, _IOFBF, 1 << 18);
	b = le32(b, nano ? 0xa1b23c4d : 0xa1b2c3d4);
	b = le32(b, 2 | 4 << 16); /* version 2.4 */
	b = le32(le32(b, 0), 0);
	le32(le32(b, snaplen), (uint32_t)link);
	if (fwrite(head, sizeof head, 1, w->file) != 1)
		return err_set(e, "%s: %s", path, strerror(errno));
	return 0;
}

int sim_writer_packet(struct sim_writer *w, int64_t time_ns, const struct sim_packet *p, struct err *e)
{
	uint8_t head[16], *b = head;
	uint32_t len = (uint32_t)sim_encode(p, w->link, w->frame);
	uint32_t caplen = len < w->snaplen ? len : w->snaplen;
	uint32_t part = (uint32_t)(time_ns % 1000000000);

	b = le32(b, (uint32_t)(time_ns / 1000000000));
	b = le32(b, w->nano ? part : part / 1000);
	le32(le32(b, caplen), len);
	if (fwrite(head, sizeof head, 1, w->file) != 1 || fwrite(w->frame, caplen, 1, w->file) != 1)
		return err_set(e, "frame %llu: %s", (unsigned long long)w->frames + 1, strerror(errno));
	w->frames++;
	return 0;
}

int sim_writer_close(struct sim_writer *w, struct err *e)
{
	int rc = 0;

	if (w->file && fclose(w->file) != 0)
		rc = err_set(e, "writing a capture: %s", strerror(errno));
	free(w->frame);
	*w = (struct sim_writer){0};
	return rc;
}
