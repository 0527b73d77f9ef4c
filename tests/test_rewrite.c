/* What is told of rewritten fields, and what comes of it. */
#include "tests/conn_build.h"

static void judge_rewritten(struct scene *s)
{
	struct changes changed = { 0 };

	scene_judge(s);
	changes_find(&s->c, &changed);
	assert_false(changed.nomem);
	judge_changes(&s->c, &changed, &s->found);
	changes_free(&changed);
}

/* Texts of the findings that something was modified, one after the other. client_port: what point b sees. */
static void assert_modified_port(const char *text, uint16_t client_port, const char *expected)
{
	struct scene *s = scene_new(2);
	size_t n = 0;

	scene_text(s, text);
	s->f.flow[1].port[C2S] = client_port;
	judge_rewritten(s);
	s->words[0] = '\0';
	for (uint32_t i = 0; i < s->found.n; i++)
		if (s->found.list[i].kind == KIND_MODIFIED)
			n += (size_t)snprintf(s->words + n, sizeof s->words - n, "%s%s", n ? " " : "", s->found.list[i].text);
	assert_string_equal(s->words, expected);
	scene_free(s);
}

static void assert_modified(const char *text, const char *expected)
{
	assert_modified_port(text, 40000, expected);
}

/* A hop whose far flow is only likely to be of the connection. */
static void nothing_is_surer_than_that_the_flows_are_one_connection(void **state)
{
	(void)state;
	for (int likely = 0; likely < 2; likely++) {
		struct scene *s = scene_new(2);
		struct changes changed = { 0 };
		uint32_t surest = 0;

		scene_text(s, "0.0 a > S 1000 mss 1460\n0.001 b > S 1000 mss 1380\n");
		s->f.flow[1].port[C2S] = 50000;
		s->f.flow[1].state = likely ? JOIN_LIKELY : JOIN_CERTAIN;
		scene_judge(s);
		changes_find(&s->c, &changed);
		judge_changes(&s->c, &changed, &s->found);
		judge_join(&s->c, &s->found);
		for (uint32_t i = 0; i < s->found.n; i++)
			surest += s->found.list[i].kind == KIND_MODIFIED && s->found.list[i].confidence == CERTAIN;
		assert_int_equal(surest, likely ? 0 : 1);
		/* The view makes claims that are certain of those that flows tell. */
		for (uint32_t i = 0; i < changed.n; i++)
			assert_int_equal(changed.list[i].by_flows, change_of_endpoint(&changed.list[i]) && !likely);
		changes_free(&changed);
		scene_free(s);
	}
}

static void a_change_is_told_in_words(void **state)
{
	(void)state;
	assert_modified("0.0 a > S 1000 mss 1460 win 9\n0.001 b > S 1000 mss 1380 win 7\n",
	    "Field win was rewritten in 1 packet of the client. Field opt.mss was lowered in 1 packet of the client.");
	assert_modified("0.0 a > S 1000 ws 7\n0.001 b > S 1000\n", "Field opt.ws was stripped from 1 packet of the client.");
	assert_modified("0.0 a > S 1000\n0.001 b > S 1000 ws 7\n", "Field opt.ws was put into 1 packet of the client.");
	/* v_change has one name for both halves of the field, and flags for those of ECN */
	assert_modified("0.0 a > S 1000 tos 2\n0.001 b > S 1000 tos 184\n", "Field tos was rewritten in 1 packet of the client.");
	assert_modified("0.0 a > SEW 1000\n0.001 b > S 1000\n", "Field flags was rewritten in 1 packet of the client.");
}

static void without_its_option_a_connection_is_plain_tcp(void **state)
{
	(void)state;
	assert_modified("0.0 a > S 1000 opt 1e0102\n0.001 b > S 1000\n",
	    "Field opt.mptcp was stripped from 1 packet of the client. The connection falls back to plain TCP (RFC 8684 3.7).");
	assert_modified("0.0 a > S 1000 opt 220102\n0.001 b > S 1000\n",
	    "Field opt.tfo was stripped from 1 packet of the client. Fast Open cannot work without it (RFC 7413).");
	/* kept: nothing to tell */
	assert_modified("0.0 ab > S 1000 opt 1e0102 opt 220102\n", "");
	assert_modified("0.0 a > S 1000 opt 1e0102\n0.001 b > S 1000 opt 1e0103\n", "Field opt.mptcp was rewritten in 1 packet of the client.");
}

#define SIGNATURE "opt 13000102030405060708090a0b0c0d0e0f"
#define OTHER_SIGNATURE "opt 13ff0102030405060708090a0b0c0d0e0f"

static void a_signature_does_not_outlive_what_it_covers(void **state)
{
	(void)state;
	assert_modified("0.0 a > S 1000 " SIGNATURE "\n0.001 b > S 2000 " SIGNATURE "\n",
	    "Field seq was shifted by one number in 1 packet of the client. The packets are signed (TCP MD5, RFC 2385), and the signature, which covers "
	    "this, was left as it is: the server drops them.");
	assert_modified("0.0 a > S 1000 opt 1d0000\n0.001 b > S 2000 opt 1d0000\n",
	    "Field seq was shifted by one number in 1 packet of the client. The packets are signed (TCP-AO, RFC 5925), and the signature, which covers "
	    "this, was left as it is: the server drops them.");
	/* addresses and ports may be left out of TCP-AO */
	assert_modified_port("0.0 a > S 1000 opt 1d0000\n0.001 b > S 1000 opt 1d0000\n", 50000,
	    "Field sport was rewritten in 1 packet of the client. The packets are signed (TCP-AO, RFC 5925), and the signature, which covers "
	    "this, was left as it is: the server drops them, unless both ends use TCP-AO-NAT (RFC 6978).");
	assert_modified_port("0.0 a > S 1000 " SIGNATURE "\n0.001 b > S 1000 " SIGNATURE "\n", 50000,
	    "Field sport was rewritten in 1 packet of the client. The packets are signed (TCP MD5, RFC 2385), and the signature, which covers "
	    "this, was left as it is: the server drops them.");
	/* a device that has the key may sign again; one that strips it is another trouble */
	assert_modified("0.0 a > S 1000 " SIGNATURE "\n0.001 b > S 2000 " OTHER_SIGNATURE "\n",
	    "Field seq was shifted by one number in 1 packet of the client. Field opt.md5 was rewritten in 1 packet of the client.");
	assert_modified("0.0 a > S 1000 " SIGNATURE "\n0.001 b > S 2000\n",
	    "Field seq was shifted by one number in 1 packet of the client. Field opt.md5 was stripped from 1 packet of the client.");
}

static void assert_sack(unsigned points, const char *text, bool broken)
{
	static const char verdict[] = " The device between a and b shifts sequence numbers but not SACK blocks: this breaks SACK (RFC 2018).";
	struct scene *s = scene_new(points);
	bool told = false;

	scene_text(s, text);
	judge_rewritten(s);
	for (uint32_t i = 0; i < s->found.n; i++)
		if (strcmp(s->found.list[i].rule, "sack_not_shifted") == 0) {
			told = true;
			assert_int_equal(s->found.list[i].kind, KIND_MODIFIED);
			assert_int_equal(s->found.list[i].confidence, CERTAIN);
			assert_non_null(strstr(s->found.list[i].text, "between b and a shifts sequence numbers but not SACK blocks: this breaks SACK (RFC 2018)."));
		}
	assert_int_equal(told, broken);
	assert_int_equal(strstr(s->found.verdict, verdict) != NULL, broken);
	assert_int_equal(s->found.severity == 3, broken);
	scene_free(s);
}

#define SHIFTED "0.000 a > S 1000 sackok\n0.001 b > S 2000 sackok\n0.010 b < S. 5000 ack 2001 sackok\n0.011 a < S. 5000 ack 1001 sackok\n" \
	"0.020 a > . 1001 ack 5001\n0.021 b > . 2001 ack 5001\n"
#define PLAIN "0.000 ab > S 1000 sackok\n0.010 ba < S. 5000 ack 1001 sackok\n0.020 ab > . 1001 ack 5001\n"

static void a_device_that_does_not_shift_sack_blocks_breaks_sack(void **state)
{
	(void)state;
	assert_sack(2, SHIFTED "0.1 b < . 5001 ack 2001 sack 2101-2201\n0.101 a < . 5001 ack 1001 sack 2101-2201\n", true);
	assert_sack(2, SHIFTED "0.1 b < . 5001 ack 2001 sack 2101-2201\n0.101 a < . 5001 ack 1001 sack 2101-2201\n"
		"0.2 b < . 5001 ack 2001 sack 2101-2301\n0.201 a < . 5001 ack 1001 sack 2101-2301\n", true);
}

static void who_shifts_sack_blocks_too_breaks_nothing(void **state)
{
	(void)state;
	assert_sack(2, SHIFTED "0.1 b < . 5001 ack 2001 sack 2101-2201\n0.101 a < . 5001 ack 1001 sack 1101-1201\n", false);
	assert_sack(2, SHIFTED "0.1 b < . 5001 ack 2001\n0.101 a < . 5001 ack 1001\n", false);
	/* seen on one side only */
	assert_sack(2, SHIFTED "0.1 b < . 5001 ack 2001 sack 2101-2201\n", false);
	assert_sack(2, SHIFTED "0.1 b < . 5001 ack 2001 sack 2101-2201\n0.101 a < . 5001 ack 1001\n", false);
	/* no shift; duplicates below the acknowledgment (RFC 2883) are fine */
	assert_sack(2, PLAIN "0.1 ba < . 5001 ack 1001 sack 1101-1201\n", false);
	assert_sack(2, PLAIN "0.1 ba < . 5001 ack 1301 sack 1101-1201\n", false);
	assert_sack(3, "0.000 abc > S 1000 sackok\n0.010 cba < S. 5000 ack 1001 sackok\n0.1 cba < . 5001 ack 1001 sack 1101-1201\n", false);
	/* blocks changed without any shift are no matter of this rule */
	assert_sack(2, PLAIN "0.1 b < . 5001 ack 1001 sack 1101-1201\n0.101 a < . 5001 ack 1001 sack 1101-1301\n", false);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_change_is_told_in_words),
		cmocka_unit_test(nothing_is_surer_than_that_the_flows_are_one_connection),
		cmocka_unit_test(without_its_option_a_connection_is_plain_tcp),
		cmocka_unit_test(a_signature_does_not_outlive_what_it_covers),
		cmocka_unit_test(a_device_that_does_not_shift_sack_blocks_breaks_sack),
		cmocka_unit_test(who_shifts_sack_blocks_too_breaks_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
