/* A device that answers the client itself and then asks the server: two handshakes, one connection. */
#include "tests/conn_build.h"

#include "correlate/reason.h"

/* What the lines say of a device between a and b, one to a line: "kind what from>to". */
static const char *found(struct scene *s, const char *text)
{
	size_t n = 0;

	scene_text(s, text);
	scene_judge(s);
	s->words[0] = '\0';
	for (uint32_t i = 0; i < s->found.n; i++) {
		const struct finding *f = &s->found.list[i];
		n += (size_t)snprintf(s->words + n, sizeof s->words - n, "%s %s", kind_name((enum kind)f->kind), what_name(f->what));
		if (f->from != NO_POINT)
			n += (size_t)snprintf(s->words + n, sizeof s->words - n, " %c>%c", 'a' + f->from, 'a' + f->to);
		n += (size_t)snprintf(s->words + n, sizeof s->words - n, "\n");
	}
	return s->words;
}

#define PROXIED "dropped SYN a>b\ngenerated SYN-ACK b>a\ndropped ACK a>b\ngenerated SYN a>b\ndropped SYN-ACK b>a\ngenerated ACK a>b\n"

/* ---- what shows it ---- */

static void a_syn_that_echoes_the_answer_to_it(void **state)
{
	struct scene *s = scene_new(2);

	(void)state;
	assert_string_equal(found(s,
		"0.000 a > S  1000 ts 10/0\n"
		"0.001 a < S. 5000 ack 1001 ts 50/10\n"
		"0.002 a > .  1001 ack 5001 ts 11/50\n"
		"0.003 b > S  1000 ts 10/50\n"
		"0.004 b < S. 7000 ack 1001 ts 90/10\n"
		"0.005 b > .  1001 ack 7001 ts 11/90\n"
		"0.050 a > P. 1001 ack 5001 len 10 ts 12/50\n"
		"0.051 b > P. 1001 ack 7001 len 10 ts 12/90\n"),
		PROXIED "syn_proxy connection a>b\n");
	assert_int_equal(tx_at(s, 7, 'a'), tx_at(s, 8, 'b'));
	assert_true(s->c.beyond >> 1 & 1 && !(s->c.beyond & 1));
	assert_int_equal(s->found.severity, 1);
	assert_non_null(strstr(s->found.verdict, "A SYN proxy between a and b made the handshake"));
	assert_null(strstr(s->found.verdict, "dropped"));
	scene_free(s);
}

/* ... also if the server never answers: then the numbers of its SYN-ACK are not known. */
static void a_server_behind_it_that_is_silent(void **state)
{
	struct scene *s = scene_new(2);
	const char *words;

	(void)state;
	words = found(s,
		"0.000 a > S  1000 ts 10/0\n"
		"0.001 a < S. 5000 ack 1001 ts 50/10\n"
		"0.002 a > .  1001 ack 5001 ts 11/50\n"
		"0.003 b > S  1000 ts 10/50\n"
		"1.003 b > S  1000 ts 10/50\n");
	assert_non_null(strstr(words, "dropped SYN a>b\n"));
	assert_non_null(strstr(words, "generated SYN-ACK b>a\n"));
	assert_non_null(strstr(words, "generated SYN a>b\n"));
	assert_non_null(strstr(words, "unanswered SYN\n"));
	assert_non_null(strstr(words, "syn_proxy connection a>b\n"));
	scene_free(s);
}

static void an_answer_with_a_closed_window(void **state)
{
	struct scene *s = scene_new(2);

	(void)state;
	assert_string_equal(found(s,
		"0.000 a > S  1000\n"
		"0.001 a < S. 5000 ack 1001 win 0\n"
		"0.002 a > .  1001 ack 5001\n"
		"0.003 b > S  1000\n"
		"0.004 b < S. 7000 ack 1001\n"
		"0.005 b > .  1001 ack 7001\n"
		"0.006 a < .  5001 ack 1001\n"
		"0.050 a > P. 1001 ack 5001 len 10\n"
		"0.051 b > P. 1001 ack 7001 len 10\n"),
		PROXIED "generated ACK b>a\nsyn_proxy connection a>b\n");
	scene_free(s);
}

static void an_answer_with_the_ttl_of_another(void **state)
{
	struct scene *s = scene_new(2);

	(void)state;
	assert_string_equal(found(s,
		"0.000 a > S  1000\n"
		"0.001 a < S. 5000 ack 1001 ttl 255\n"
		"0.002 a > .  1001 ack 5001\n"
		"0.003 b > S  1000\n"
		"0.004 b < S. 7000 ack 1001\n"
		"0.005 b > .  1001 ack 7001\n"
		"0.050 b < P. 7001 ack 1001 len 10\n"
		"0.051 a < P. 5001 ack 1001 len 10\n"),
		PROXIED "syn_proxy connection a>b\n");
	scene_free(s);
}

static void repeats_on_one_side_are_its_own(void **state)
{
	struct scene *s = scene_new(2);

	(void)state;
	found(s,
		"0.000 a > S  1000 ts 10/0\n"
		"1.000 a > S  1000 ts 20/0\n"
		"1.001 a < S. 5000 ack 1001 ts 50/20\n"
		"1.002 a > .  1001 ack 5001 ts 21/50\n"
		"1.003 b > S  1000 ts 20/50\n"
		"2.003 b > S  1000 ts 20/50\n"
		"2.004 b < S. 7000 ack 1001 ts 90/20\n"
		"2.005 b > .  1001 ack 7001 ts 21/90\n");
	assert_int_equal(tx_of(s, 2)->repeats, tx_at(s, 1, 'a'));
	assert_int_equal(tx_of(s, 5)->repeats, NOTHING);
	assert_int_equal(tx_of(s, 6)->repeats, tx_at(s, 5, 'b'));
	scene_free(s);
}

#define ECHO(near, far) \
	"0.000 " near " > S  1000 ts 10/0\n0.002 " near " < S. 5000 ack 1001 ts 50/10\n0.004 " near " > .  1001 ack 5001 ts 11/50\n" \
	"0.006 " far  " > S  1000 ts 10/50\n0.007 " far " < S. 7000 ack 1001 ts 90/10\n0.008 " far " > .  1001 ack 7001 ts 11/90\n"

static void a_point_between_that_knows_nothing_places_nothing(void **state)
{
	struct scene *s = scene_new(3);
	const char *words = found(s, ECHO("a", "c"));

	(void)state;
	assert_non_null(strstr(words, "syn_proxy connection a>c\n"));
	assert_null(strstr(words, "dropped"));
	assert_null(strstr(words, "generated"));
	scene_free(s);
}

static void a_loss_before_it_is_still_one(void **state)
{
	struct scene *s = scene_new(3);

	(void)state;
	assert_non_null(strstr(found(s, "0.000 a > S 1000 ts 5/0\n1.000 ab > S 1000 ts 10/0\n1.003 b < S. 5000 ack 1001 ts 50/10\n"
		"1.004 a < S. 5000 ack 1001 ts 50/10\n1.005 ab > . 1001 ack 5001 ts 11/50\n1.010 c > S 1000 ts 10/50\n"
		"1.011 c < S. 7000 ack 1001 ts 90/10\n1.012 c > . 1001 ack 7001 ts 11/90\n"), "dropped SYN a>b\n"));
	assert_non_null(strstr(s->words, "dropped SYN b>c\n"));
	assert_non_null(strstr(s->words, "syn_proxy connection b>c\n"));
	scene_free(s);
}

/* Its IP ID says that the device only held it back. */
static void an_ack_that_is_passed_on_late_is_passed_on(void **state)
{
	struct scene *s = scene_new(2);
	const char *words = found(s,
		"0.000 a > S  1000 ts 10/0 id 77\n"
		"0.001 a < S. 5000 ack 1001 ts 50/10\n"
		"0.002 a > .  1001 ack 5001 ts 11/50 id 78\n"
		"0.003 b > S  1000 ts 10/50\n"
		"0.004 b < S. 7000 ack 1001 ts 90/10\n"
		"0.005 b > .  1001 ack 7001 ts 11/90 id 78\n");

	(void)state;
	assert_string_equal(words, "dropped SYN a>b\ngenerated SYN-ACK b>a\ngenerated SYN a>b\ndropped SYN-ACK b>a\nsyn_proxy connection a>b\n");
	assert_int_equal(tx_at(s, 3, 'a'), tx_at(s, 6, 'b'));
	scene_free(s);
}

/* The capture missed the ACK that opens the window: the next one is the server's. */
static void an_opening_that_was_missed_is_not_the_next_ack(void **state)
{
	struct scene *s = scene_new(2);
	const char *words = found(s,
		"0.000 a > S  1000\n"
		"0.001 a < S. 5000 ack 1001 win 0\n"
		"0.002 a > .  1001 ack 5001\n"
		"0.003 b > S  1000\n"
		"0.004 b < S. 7000 ack 1001\n"
		"0.005 b > .  1001 ack 7001\n"
		"0.050 b < .  7001 ack 1001\n"
		"0.051 a < .  5001 ack 1001\n");

	(void)state;
	assert_string_equal(words, PROXIED "syn_proxy connection a>b\n");
	assert_int_equal(tx_at(s, 7, 'b'), tx_at(s, 8, 'a'));
	scene_free(s);
}

/* ---- what is none ---- */

static void a_device_that_only_shifts_numbers_is_none(void **state)
{
	static const char *const text[] = {
		/* numbers and timestamps shifted */
		"0.000 ab > S 1000 ts 10/0\n0.010 b < S. 7000 ack 1001 ts 90/10\n0.011 a < S. 5000 ack 1001 ts 50/10\n"
		"0.020 a > . 1001 ack 5001 ts 11/50\n0.021 b > . 1001 ack 7001 ts 11/90\n",
		/* a server that has no room yet */
		"0.000 ab > S 1000\n0.010 b < S. 7000 ack 1001 win 0\n0.011 a < S. 5000 ack 1001 win 0\n"
		"0.020 a > . 1001 ack 5001\n0.021 b > . 1001 ack 7001\n",
		/* a server whose TTL is another in its SYN-ACK, at both */
		"0.000 ab > S 1000\n0.010 b < S. 7000 ack 1001 ttl 255\n0.011 a < S. 5000 ack 1001 ttl 254\n"
		"0.020 a > . 1001 ack 5001\n0.021 b > . 1001 ack 7001\n0.030 b < P. 7001 ack 1001 len 5\n0.031 a < P. 5001 ack 1001 len 5\n",
		/* ... at one: the answer came back after the server had been asked */
		"0.000 ab > S 1000\n0.010 b < S. 7000 ack 1001\n0.011 a < S. 5000 ack 1001 ttl 255\n"
		"0.020 a > . 1001 ack 5001\n0.021 b > . 1001 ack 7001\n0.030 b < P. 7001 ack 1001 len 5\n0.031 a < P. 5001 ack 1001 len 5\n",
		/* ... it took another way through the device than what followed, which is what its IP ID says, too */
		"0.0000 a > S 1000 id 1\n0.0001 b > S 1000 id 1 ttl 63\n0.0003 b < S. 5000 ack 1001 id 9\n0.0004 a < S. 9000 ack 1001 id 9 ttl 62\n"
		"0.0010 a > . 1001 ack 9001 id 2\n0.0011 b > . 1001 ack 5001 id 2 ttl 63\n"
		"0.0030 b < P. 5001 ack 1001 len 50 id 10\n0.0031 a < P. 9001 ack 1001 len 50 id 10 ttl 63\n",
		/* nothing shifted, and a window that is changed on the way */
		"0.000 ab > S 1000\n0.010 b < S. 7000 ack 1001\n0.011 a < S. 7000 ack 1001 win 0\n0.020 ab > . 1001 ack 7001\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof text / sizeof *text; i++) {
		struct scene *s = scene_new(2);
		const char *words = found(s, text[i]);
		if (s->c.beyond || *words)
			fail_msg("%s: %s", text[i], words);
		scene_free(s);
	}
}

/* The server is so near, or so little is known of the clocks, that the SYN may have come to it before the client was answered. */
static void where_the_order_is_not_known_a_proxy_is_only_likely(void **state)
{
	static const char near[] = "0.0000 a > S 1000\n0.0001 b > S 1000 ttl 63\n0.0003 b < S. 5000 ack 1001\n0.0004 a < S. 9000 ack 1001 ttl 62\n"
		"0.0010 a > . 1001 ack 9001\n0.0011 b > . 1001 ack 5001 ttl 63\n0.0030 b < P. 5001 ack 1001 len 50\n0.0031 a < P. 9001 ack 1001 len 50 ttl 63\n";
	static const char echoed[] = ECHO("a", "b");
	struct scene *s = scene_new(2);

	(void)state;
	assert_non_null(strstr(found(s, near), "syn_proxy connection a>b\n"));
	for (uint32_t i = 0; i < s->found.n; i++)
		assert_int_equal(s->found.list[i].confidence, LIKELY);
	scene_free(s);
	/* What it echoes was said before. */
	s = scene_new(2);
	scene_doubt(s, 'b', INT64_MAX);
	assert_non_null(strstr(found(s, echoed), "syn_proxy connection a>b\n"));
	for (uint32_t i = 0; i < s->found.n; i++)
		assert_int_equal(s->found.list[i].confidence, CERTAIN);
	scene_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_syn_that_echoes_the_answer_to_it),
		cmocka_unit_test(a_server_behind_it_that_is_silent),
		cmocka_unit_test(an_answer_with_a_closed_window),
		cmocka_unit_test(an_answer_with_the_ttl_of_another),
		cmocka_unit_test(repeats_on_one_side_are_its_own),
		cmocka_unit_test(a_point_between_that_knows_nothing_places_nothing),
		cmocka_unit_test(a_loss_before_it_is_still_one),
		cmocka_unit_test(an_ack_that_is_passed_on_late_is_passed_on),
		cmocka_unit_test(an_opening_that_was_missed_is_not_the_next_ack),
		cmocka_unit_test(where_the_order_is_not_known_a_proxy_is_only_likely),
		cmocka_unit_test(a_device_that_only_shifts_numbers_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
