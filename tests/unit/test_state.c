/* SPDX-License-Identifier: GPL-2.0-or-later */
/* State streams: round trips, readers of another version, damage, and how it is printed. */
#include "test.h"

#include <stdlib.h>
#include <string.h>

#include "saved_state.h"

#define N(a_) (sizeof(a_) / sizeof((a_)[0]))

/* ---- one struct in several versions ---- */

struct v1 {
	uint32_t a;
	int16_t s;
	uint64_t x;
	char text[8];
	uint8_t raw[4];
	uint16_t list[3];
};
static const struct state_field v1_fields[] = {
	STATE_FIELD(struct v1, STATE_U, a, 0),
	STATE_FIELD(struct v1, STATE_S, s, 0),
	STATE_FIELD(struct v1, STATE_X, x, 0),
	STATE_FIELD(struct v1, STATE_TEXT, text, 0),
	STATE_FIELD(struct v1, STATE_BYTES, raw, 0),
	STATE_ARRAY(struct v1, STATE_U, list, 0),
};
static const struct state_desc v1_desc = {"thing", 1, sizeof(struct v1), N(v1_fields), v1_fields};

/* Everything wider, another order, a new field. */
struct v2 {
	uint8_t raw[6];
	uint64_t added;
	int64_t list[5];
	char text[20];
	uint64_t x;
	int64_t s;
	uint64_t a;
};
static const struct state_field v2_fields[] = {
	STATE_FIELD(struct v2, STATE_BYTES, raw, 0),
	STATE_FIELD(struct v2, STATE_X, added, 0),
	STATE_ARRAY(struct v2, STATE_S, list, 0),
	STATE_FIELD(struct v2, STATE_TEXT, text, 0),
	STATE_FIELD(struct v2, STATE_U, x, 0),
	STATE_FIELD(struct v2, STATE_S, s, 0),
	STATE_FIELD(struct v2, STATE_X, a, STATE_REQUIRED),
};
static const struct state_desc v2_desc = {"thing", 2, sizeof(struct v2), N(v2_fields), v2_fields};

/* Fewer and narrower. */
struct v3 {
	int8_t s;
	uint8_t a;
	char text[4];
	uint8_t raw[2];
	uint8_t list[2];
};
static const struct state_field v3_fields[] = {
	STATE_FIELD(struct v3, STATE_S, s, 0),
	STATE_FIELD(struct v3, STATE_U, a, 0),
	STATE_FIELD(struct v3, STATE_TEXT, text, 0),
	STATE_FIELD(struct v3, STATE_BYTES, raw, 0),
	STATE_ARRAY(struct v3, STATE_U, list, 0),
};
static const struct state_desc v3_desc = {"thing", 3, sizeof(struct v3), N(v3_fields), v3_fields};

static const struct v1 sample = {.a = 200,
	.s = -5,
	.x = 0xfedcba9876543210,
	.text = "hello",
	.raw = {1, 2, 3, 4},
	.list = {7, 8, 0}};

struct stream {
	uint8_t buf[8192];
	size_t bytes;
	struct state_reader r;
};

static void make(struct stream *s, const struct state_desc *d, const void *elements, uint32_t n)
{
	struct state_writer w;

	memset(s, 0xdd, sizeof(*s));
	state_begin(&w, s->buf, sizeof(s->buf));
	state_put(&w, d, elements, n);
	assert_int_equal(state_finish(&w, &s->bytes), 0);
	assert_int_equal(state_open(&s->r, s->buf, s->bytes), 0);
}

static int get(struct stream *s, const struct state_desc *d, void *element)
{
	uint32_t n = 77;
	int err = state_get(&s->r, d, element, 1, &n);

	if (!err)
		assert_int_equal(n, 1);
	return err;
}

TEST(round_trip)
{
	struct stream s;
	struct v1 back;

	make(&s, &v1_desc, &sample, 1);
	memset(&back, 0xee, sizeof(back));
	assert_int_equal(get(&s, &v1_desc, &back), 0);
	assert_int_equal(back.a, sample.a);
	assert_int_equal(back.s, sample.s);
	assert_int_equal(back.x, sample.x);
	assert_string_equal(back.text, sample.text);
	assert_memory_equal(back.raw, sample.raw, sizeof(back.raw));
	assert_memory_equal(back.list, sample.list, sizeof(back.list));
}

/* Padding between fields is nobody's: it must not get into a stream. */
TEST(padding_is_zero)
{
	struct stream one, two;
	struct v1 a, b;

	memset(&a, 0x11, sizeof(a));
	memset(&b, 0x99, sizeof(b));
	a.a = b.a = 1;
	a.s = b.s = 2;
	a.x = b.x = 3;
	memset(a.text, 0, 8);
	memset(b.text, 0, 8);
	memset(a.raw, 0, 4);
	memset(b.raw, 0, 4);
	memset(a.list, 0, 6);
	memset(b.list, 0, 6);
	make(&one, &v1_desc, &a, 1);
	make(&two, &v1_desc, &b, 1);
	assert_int_equal(one.bytes, two.bytes);
	assert_memory_equal(one.buf, two.buf, one.bytes);
}

TEST(wider_reordered_added)
{
	struct stream s;
	struct v2 back;

	make(&s, &v1_desc, &sample, 1);
	memset(&back, 0xee, sizeof(back));
	assert_int_equal(get(&s, &v2_desc, &back), 0);
	assert_int_equal(back.a, 200);
	assert_int_equal(back.s, -5);
	assert_int_equal(back.x, sample.x);
	assert_int_equal(back.added, 0);
	assert_string_equal(back.text, "hello");
	assert_memory_equal(back.raw, "\1\2\3\4\0\0", 6);
	assert_int_equal(back.list[1], 8);
	assert_int_equal(back.list[3] | back.list[4], 0);
}

TEST(narrower_removed)
{
	struct stream s;
	struct v3 back;

	make(&s, &v1_desc, &sample, 1);
	memset(&back, 0xee, sizeof(back));
	assert_int_equal(get(&s, &v3_desc, &back), 0);
	assert_int_equal(back.a, 200);
	assert_int_equal(back.s, -5);
	assert_string_equal(back.text, "hel");
	assert_memory_equal(back.raw, "\1\2", 2);
	assert_int_equal(back.list[0], 7);
}

/* A value that does not fit is refused, by the name of its field. */
TEST(too_narrow)
{
	static const struct {
		uint32_t a;
		int16_t s;
		uint16_t list[3];
		const char *what;
	} cases[] = {
		{255, -128, {0, 255, 0}, NULL}, {0, 127, {0, 0, 0}, NULL}, {256, 0, {0, 0, 0}, "a"},
		{0xffffffff, 0, {0, 0, 0}, "a"}, {0, -129, {0, 0, 0}, "s"},
		{0, 128, {0, 0, 0}, "s"}, {0, 0, {0, 256, 0}, "list"},
		{0, 0, {0, 0, 1}, "list"}, /* the reader's array is shorter */
	};

	for (size_t i = 0; i < N(cases); i++) {
		struct v1 v = sample;
		struct v3 back;
		struct stream s;

		v.a = cases[i].a;
		v.s = cases[i].s;
		memcpy(v.list, cases[i].list, sizeof(v.list));
		make(&s, &v1_desc, &v, 1);
		assert_int_equal(get(&s, &v3_desc, &back), cases[i].what ? IMG_ERR_STREAM : 0);
		if (cases[i].what)
			assert_string_equal(s.r.what, cases[i].what);
	}
}

struct pair {
	uint64_t u;
	int64_t s;
};

/* Between signed and unsigned, at the edges of every width. */
TEST(signs)
{
	static const struct state_field out[] = {{"v", STATE_S, 0, offsetof(struct pair, s), 8, 1}};
	static const struct state_field in[] = {{"v", STATE_U, 0, offsetof(struct pair, u), 8, 1}};
	const struct state_desc as_signed = {"p", 1, sizeof(struct pair), 1, out};
	const struct state_desc as_unsigned = {"p", 1, sizeof(struct pair), 1, in};
	struct pair v = {.s = -1}, back;
	struct stream s;

	make(&s, &as_signed, &v, 1);
	assert_int_equal(get(&s, &as_unsigned, &back), IMG_ERR_STREAM);
	assert_int_equal(get(&s, &as_signed, &back), 0);
	assert_int_equal(back.s, -1);
	v.s = INT64_MAX;
	make(&s, &as_signed, &v, 1);
	assert_int_equal(get(&s, &as_unsigned, &back), 0);
	assert_int_equal(back.u, INT64_MAX);
	v.u = 1ull << 63;
	make(&s, &as_unsigned, &v, 1);
	assert_int_equal(get(&s, &as_signed, &back), IMG_ERR_STREAM);
	v.s = INT64_MIN;
	make(&s, &as_signed, &v, 1);
	assert_int_equal(get(&s, &as_signed, &back), 0);
	assert_int_equal(back.s, INT64_MIN);
}

TEST(required_and_critical)
{
	static const struct state_field need_b[] = {
		{"a", STATE_U, STATE_REQUIRED, 0, 4, 1}, {"b", STATE_U, STATE_REQUIRED, 4, 4, 1}};
	static const struct state_field must_know_b[] = {
		{"a", STATE_U, 0, 0, 4, 1}, {"b", STATE_U, STATE_CRITICAL, 4, 4, 1}};
	static const struct state_field only_a[] = {{"a", STATE_U, 0, 0, 4, 1}};
	const struct state_desc d_need = {"o", 1, 8, 2, need_b};
	const struct state_desc d_know = {"o", 1, 8, 2, must_know_b};
	const struct state_desc d_a = {"o", 1, 8, 1, only_a};
	uint32_t v[2] = {1, 2};
	struct stream s;

	make(&s, &d_a, v, 1);
	assert_int_equal(get(&s, &d_need, v), IMG_ERR_STREAM);
	assert_string_equal(s.r.what, "b");
	make(&s, &d_know, v, 1);
	assert_int_equal(get(&s, &d_a, v), IMG_ERR_STREAM);
	assert_string_equal(s.r.what, "b");
	assert_int_equal(get(&s, &d_know, v), 0);
	make(&s, &d_need, v, 1);
	assert_int_equal(get(&s, &d_a, v), 0);
}

TEST(kind_must_match)
{
	static const struct state_field kinds[] = {{"v", STATE_U, 0, 0, 8, 1},
		{"v", STATE_TEXT, 0, 0, 8, 1}, {"v", STATE_BYTES, 0, 0, 8, 1}};
	uint64_t v = 0;

	for (int from = 0; from < 3; from++) {
		for (int to = 0; to < 3; to++) {
			const struct state_desc a = {"o", 1, 8, 1, &kinds[from]};
			const struct state_desc b = {"o", 1, 8, 1, &kinds[to]};
			struct stream s;

			make(&s, &a, &v, 1);
			assert_int_equal(get(&s, &b, &v), from == to ? 0 : IMG_ERR_STREAM);
		}
	}
}

TEST(several_objects)
{
	struct saved_frame frames[16], back[16];
	struct saved_cpu cpu = {.stack = 5, .vendor = "GenuineIntel"}, cpu_back;
	struct memory_range none[1];
	struct state_writer w;
	struct stream s;
	uint32_t n;

	for (uint32_t i = 0; i < 16; i++)
		frames[i].phys = (uint64_t)i << 21;
	state_begin(&w, s.buf, sizeof(s.buf));
	state_put(&w, &saved_frame_desc, frames, 16);
	state_put(&w, &saved_memory_desc, NULL, 0);
	state_put(&w, &saved_cpu_desc, &cpu, 1);
	assert_int_equal(state_finish(&w, &s.bytes), 0);
	assert_int_equal(state_open(&s.r, s.buf, s.bytes), 0);
	assert_int_equal(state_get(&s.r, &saved_cpu_desc, &cpu_back, 1, &n), 0);
	assert_memory_equal(&cpu, &cpu_back, sizeof(cpu));
	assert_int_equal(state_get(&s.r, &saved_frame_desc, back, 16, &n), 0);
	assert_int_equal(n, 16);
	assert_memory_equal(frames, back, sizeof(frames));
	assert_int_equal(state_get(&s.r, &saved_frame_desc, back, 15, &n), IMG_ERR_WORK);
	assert_int_equal(n, 16);
	assert_int_equal(state_get(&s.r, &saved_memory_desc, none, 0, &n), 0);
	assert_int_equal(n, 0);
	assert_int_equal(state_get(&s.r, &saved_runtime_desc, none, 1, &n), IMG_ERR_NOT_FOUND);
}

TEST(unaligned_buffers)
{
	static uint8_t buf[4096 + 8];
	struct stream s;

	make(&s, &v1_desc, &sample, 1);
	for (size_t shift = 0; shift < 8; shift++) {
		struct state_reader r;
		struct v1 back;
		uint32_t n;

		memcpy(buf + shift, s.buf, s.bytes);
		assert_int_equal(state_open(&r, buf + shift, s.bytes), 0);
		assert_int_equal(state_get(&r, &v1_desc, &back, 1, &n), 0);
		assert_int_equal(back.x, sample.x);
	}
}

TEST(every_capacity)
{
	struct stream s;

	make(&s, &v1_desc, &sample, 1);
	for (size_t cap = 0; cap <= s.bytes; cap++) {
		uint8_t *buf = malloc(cap + 1);
		struct state_writer w;
		size_t bytes;

		assert_non_null(buf);
		state_begin(&w, buf, cap);
		state_put(&w, &v1_desc, &sample, 1);
		assert_int_equal(state_finish(&w, &bytes), cap < s.bytes ? IMG_ERR_WORK : 0);
		free(buf);
	}
}

TEST(bad_descriptions)
{
	static const struct state_field bad[] = {
		{"v", 0, 0, 0, 4, 1},
		{"v", 6, 0, 0, 4, 1},
		{"v", STATE_U, 4, 0, 4, 1},
		{"v", STATE_U, 0, 5, 4, 1},
		{"v", STATE_U, 0, 0, 3, 1},
		{"v", STATE_U, 0, 0, 0, 1},
		{"v", STATE_U, 0, 0, 4, 0},
		{"v", STATE_U, 0, 0, 4, 3},
		{"v", STATE_U, 0, 0xffffffff, 4, 1},
		{"v", STATE_U, 0, 0, 4, 0x40000001},
		{"", STATE_U, 0, 0, 4, 1},
		{"a name that is longer than it may be", STATE_U, 0, 0, 4, 1},
	};
	uint64_t v = 0;

	for (size_t i = 0; i < N(bad); i++) {
		const struct state_desc d = {"o", 1, 8, 1, &bad[i]};
		uint8_t buf[512];
		struct state_writer w;
		size_t bytes;

		state_begin(&w, buf, sizeof(buf));
		state_put(&w, &d, &v, 1);
		state_put(&w, &v1_desc, &sample, 1);
		assert_int_equal(state_finish(&w, &bytes), IMG_ERR_ARGUMENT);
	}
}

/* ---- damage ---- */

static void expect_bad(
	const struct stream *good, size_t at, uint64_t value, size_t size, const char *what)
{
	struct stream s = *good;

	memcpy(s.buf + at, &value, size);
	if (state_open(&s.r, s.buf, s.bytes) != IMG_ERR_STREAM)
		fail_msg("accepted: %s", what);
	assert_string_equal(s.r.what, what);
}

TEST(every_field_of_a_stream)
{
	const size_t o = sizeof(struct img_stream), f = o + sizeof(struct img_stream_object);
	const size_t text = f + 3 * sizeof(struct img_stream_field);
	const size_t element = f + 6 * sizeof(struct img_stream_field);
	struct stream s;

	make(&s, &v1_desc, &sample, 1);
#define BAD(base_, type_, field_, value_, what_)                                                   \
	expect_bad(&s, (base_) + offsetof(type_, field_), value_,                                  \
		sizeof(((type_ *)0)->field_) > 8 ? 1 : sizeof(((type_ *)0)->field_), what_)
	BAD(0, struct img_stream, magic[0], 'X', "stream magic");
	BAD(0, struct img_stream, version, 2, "stream version");
	BAD(0, struct img_stream, n_objects, 0, "stream size");
	BAD(0, struct img_stream, n_objects, 2, "object count");
	BAD(0, struct img_stream, n_objects, 0xffffffff, "object count");
	BAD(0, struct img_stream, bytes, 0, "stream size");
	BAD(0, struct img_stream, bytes, s.bytes + 8, "stream size");
	BAD(0, struct img_stream, bytes, s.bytes - 8, "object size");
	BAD(0, struct img_stream, reserved, 1, "stream reserved");

	BAD(o, struct img_stream_object, name[0], 0, "object name");
	BAD(o, struct img_stream_object, name[31], 'x', "object name");
	BAD(o, struct img_stream_object, n_fields, 7, "object size");
	BAD(o, struct img_stream_object, n_fields, 0xffffffff, "field count of object");
	BAD(o, struct img_stream_object, element_bytes, 0, "element size");
	BAD(o, struct img_stream_object, element_bytes, 0xffffffff, "element size");
	BAD(o, struct img_stream_object, n_elements, 0xffffffff, "object size");
	BAD(o, struct img_stream_object, n_elements, 2, "object size");
	BAD(o, struct img_stream_object, bytes, 0, "object size");
	BAD(o, struct img_stream_object, bytes, ~0ull, "object size");
	BAD(o, struct img_stream_object, reserved, 1, "object reserved");

	BAD(f, struct img_stream_field, name[0], 0x1b, "field name");
	BAD(f, struct img_stream_field, type, 0, "field type");
	BAD(f, struct img_stream_field, type, 6, "field type");
	BAD(f, struct img_stream_field, flags, 4, "field flags");
	BAD(f, struct img_stream_field, offset, 0xffffffff, "field offset");
	BAD(f, struct img_stream_field, offset, sizeof(struct v1) - 3, "field offset");
	BAD(f, struct img_stream_field, size, 0, "field size");
	BAD(f, struct img_stream_field, size, 3, "field size");
	BAD(f, struct img_stream_field, size, 0x80000000, "field size");
	BAD(f, struct img_stream_field, count, 0, "field count");
	BAD(f, struct img_stream_field, count, 0xffffffff, "field count");
	BAD(f, struct img_stream_field, count, 9, "fields overlap");
	BAD(text, struct img_stream_field, size, 3, "text without end");
	expect_bad(&s, element + offsetof(struct v1, text) + 7, 'x', 1, "text without end");
#undef BAD
}

TEST(every_truncation)
{
	struct stream s;

	make(&s, &v1_desc, &sample, 1);
	for (size_t n = 0; n < s.bytes; n++) {
		uint8_t *copy = malloc(n + 1);
		struct state_reader r;

		assert_non_null(copy);
		memcpy(copy, s.buf, n);
		assert_int_equal(state_open(&r, copy, n), IMG_ERR_STREAM);
		free(copy);
	}
	assert_int_equal(state_open(&s.r, s.buf, sizeof(s.buf)), 0); /* more is no harm */
}

TEST(text_is_cut)
{
	struct v1 v = sample, back;
	struct stream s;

	memset(v.text, 'x', sizeof(v.text));
	make(&s, &v1_desc, &v, 1);
	assert_int_equal(get(&s, &v1_desc, &back), 0);
	assert_string_equal(back.text, "xxxxxxx");
}

/* ---- printing ---- */

struct text {
	char buf[4096];
	size_t len;
};

static void collect(void *ctx, const char *text, size_t len)
{
	struct text *t = ctx;

	assert_true(t->len + len < sizeof(t->buf));
	memcpy(t->buf + t->len, text, len);
	t->len += len;
	t->buf[t->len] = 0;
}

TEST(dump)
{
	struct v1 v[2] = {sample, {.s = INT16_MIN, .text = "a\"b\\\x01"}};
	struct text t = {.len = 0};
	struct state_writer w;
	struct stream s;

	state_begin(&w, s.buf, sizeof(s.buf));
	state_put(&w, &v1_desc, v, 2);
	state_put(&w, &saved_frame_desc, NULL, 0);
	assert_int_equal(state_finish(&w, &s.bytes), 0);
	assert_int_equal(state_open(&s.r, s.buf, s.bytes), 0);
	state_dump(&s.r, collect, &t);
	assert_string_equal(t.buf, "thing: # version 1\n"
				   "  - a: 200\n"
				   "    s: -5\n"
				   "    x: 0xfedcba9876543210\n"
				   "    text: \"hello\"\n"
				   "    raw: \"01020304\"\n"
				   "    list: [7, 8, 0]\n"
				   "  - a: 0\n"
				   "    s: -32768\n"
				   "    x: 0x0\n"
				   "    text: \"a\\x22b\\x5c\\x01\"\n"
				   "    raw: \"00000000\"\n"
				   "    list: [0, 0, 0]\n"
				   "frame: [] # version 1\n");
}

/* A name that YAML would read as something else is quoted. */
TEST(dump_of_odd_names)
{
	static const struct state_field odd[] = {{"a:#\"-", STATE_U, 0, 0, 1, 1}};
	const struct state_desc d = {"[x]", 3, 1, 1, odd};
	struct text t = {.len = 0};
	struct stream s;
	uint8_t v = 5;

	make(&s, &d, &v, 1);
	state_dump(&s.r, collect, &t);
	assert_string_equal(t.buf, "\"[x]\": # version 3\n"
				   "  - \"a:#\\x22-\": 5\n");
}

/* The descriptions of the real structs are sound, cover every byte that is not padding, and no
 * field is there twice. */
TEST(saved_descriptions)
{
	static const struct state_desc *const all[] = {&saved_cpu_desc, &saved_platform_desc,
		&saved_frame_desc, &saved_memory_desc, &saved_runtime_desc, &saved_ledger_desc,
		&saved_processor_desc, &saved_registers_desc, &saved_table_desc};

	for (size_t i = 0; i < N(all); i++) {
		const struct state_desc *d = all[i];
		uint8_t element[sizeof(struct saved_platform)], back[sizeof(struct saved_platform)];
		uint32_t covered = 0, n;
		struct stream s;

		assert_true(d->size <= sizeof(element));
		memset(element, 0, sizeof(element));
		memset(element, 1, d->size);
		make(&s, d, element, 1);
		assert_int_equal(state_get(&s.r, d, back, 1, &n), 0);
		for (uint32_t k = 0; k < d->n_fields; k++) {
			covered += d->fields[k].size * d->fields[k].count;
			for (uint32_t j = 0; j < k; j++)
				assert_string_not_equal(d->fields[k].name, d->fields[j].name);
		}
		assert_true(covered <= d->size && d->size - covered < 8);
	}
}
