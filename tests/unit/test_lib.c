/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The runtime: ranges against a bitmap, format against the C library, arena, log, error texts. */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "err.h"
#include "format.h"
#include "log.h"
#include "panic.h"
#include "ranges.h"

static uint64_t random_state = 88172645463325252u;

static uint64_t random_u64(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state;
}

static uint64_t random_below(uint64_t n)
{
	return random_u64() % n;
}

/* ---- ranges ---- */

#define WORLD   200
#define CAP     12
#define N_STEPS 60000

struct world {
	bool in[WORLD];
	uint64_t base; /* added to every number, so that the ends of uint64_t are tried as well */
};

static uint32_t world_runs(const struct world *w)
{
	uint32_t n = 0;
	for (int i = 0; i < WORLD; i++)
		n += w->in[i] && (i == 0 || !w->in[i - 1]);
	return n;
}

static void compare_sets(const struct world *w, const struct ranges *r)
{
	bool in[WORLD] = {0};
	uint64_t total = 0;
	for (uint32_t i = 0; i < r->n; i++) {
		assert_true(r->v[i].start < r->v[i].end);
		if (i > 0)
			assert_true(r->v[i - 1].end < r->v[i].start);
		for (uint64_t at = r->v[i].start; at < r->v[i].end; at++)
			in[at - w->base] = true;
		total += r->v[i].end - r->v[i].start;
	}
	assert_memory_equal(in, w->in, sizeof(in));
	assert_int_equal(r->n, world_runs(w));
	assert_int_equal(ranges_total(r), total);
}

static void compare_answers(const struct world *w, const struct ranges *r, int start, int end)
{
	bool all = true, any = false;
	int gap_start = -1, gap_end = -1;
	for (int i = start; i < end; i++) {
		all = all && w->in[i];
		any = any || w->in[i];
		if (!w->in[i] && gap_start < 0)
			gap_start = i;
		if (gap_start >= 0 && gap_end < 0 && w->in[i])
			gap_end = i;
	}
	if (gap_start >= 0 && gap_end < 0)
		gap_end = end;
	uint64_t a = w->base + (uint64_t)start, b = w->base + (uint64_t)end;
	assert_int_equal(ranges_contain(r, a, b), all);
	assert_int_equal(ranges_touch(r, a, b), any);
	struct range gap = {0, 0};
	assert_int_equal(ranges_gap(r, a, b, &gap), gap_start >= 0);
	if (gap_start >= 0) {
		assert_int_equal(gap.start, w->base + (uint64_t)gap_start);
		assert_int_equal(gap.end, w->base + (uint64_t)gap_end);
	}
}

static void random_steps(uint64_t base)
{
	static struct world w, tried;
	struct range v[CAP];
	struct ranges r;
	memset(&w, 0, sizeof(w));
	w.base = base;
	ranges_init(&r, v, CAP);
	uint32_t n_full = 0;
	for (int step = 0; step < N_STEPS; step++) {
		int start = (int)random_below(WORLD + 1),
		    longest = random_below(8) == 0 ? WORLD : 6;
		int end = start + (int)random_below((uint64_t)longest);
		if (end > WORLD)
			end = WORLD;
		bool add = random_below(2) == 0;
		tried = w;
		for (int i = start; i < end; i++)
			tried.in[i] = add;
		uint64_t a = base + (uint64_t)start, b = base + (uint64_t)end;
		int err = add ? ranges_add(&r, a, b) : ranges_remove(&r, a, b);
		assert_int_equal(err, world_runs(&tried) > CAP ? ERR_NO_MEMORY : 0);
		if (err == 0)
			w = tried;
		else
			n_full++;
		compare_sets(&w, &r);
		compare_answers(&w, &r, start, end);
		int other = (int)random_below(WORLD);
		compare_answers(
			&w, &r, other, other + (int)random_below((uint64_t)(WORLD - other)));
	}
	assert_true(n_full > 100);
}

TEST(ranges_like_a_bitmap)
{
	random_steps(0);
	random_steps(1u << 20);
	random_steps(UINT64_MAX - WORLD);
}

TEST(ranges_arguments)
{
	struct range v[2];
	struct ranges r;
	ranges_init(&r, v, 2);
	assert_int_equal(ranges_add(&r, 5, 4), ERR_ARGUMENT);
	assert_int_equal(ranges_remove(&r, 5, 4), ERR_ARGUMENT);
	assert_int_equal(ranges_add(&r, 5, 5), 0);
	assert_int_equal(r.n, 0);
	assert_true(ranges_contain(&r, 5, 5));
	assert_false(ranges_contain(&r, 6, 5));
	assert_false(ranges_touch(&r, 6, 5));
	assert_int_equal(ranges_add(&r, 0, UINT64_MAX), 0);
	assert_int_equal(ranges_remove(&r, 1, 2), 0);
	assert_int_equal(r.n, 2);
	assert_int_equal(ranges_remove(&r, 100, 200), ERR_NO_MEMORY);
	assert_int_equal(ranges_remove(&r, 0, 1), 0);
	assert_int_equal(r.n, 1);
	assert_int_equal(ranges_total(&r), UINT64_MAX - 2);
}

/* ---- format ---- */

#pragma GCC diagnostic ignored "-Wformat"
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
#pragma GCC diagnostic ignored "-Wformat-security"

static const char *const lengths[] = {"hh", "h", "", "l", "ll", "z"};

static void same_text(const char *fmt, uint64_t value, size_t cap)
{
	char own[128], libc[128];
	memset(own, '#', sizeof(own));
	memset(libc, '#', sizeof(libc));
	int n = snprintf(libc, cap, fmt, value);
	assert_int_equal(format(own, cap, fmt, value), n);
	assert_memory_equal(own, libc, sizeof(own));
}

static uint64_t interesting_number(void)
{
	static const uint64_t edge[] = {0, 1, 9, 10, 127, 128, 255, 256, 32767, 32768, 65535, 65536,
		INT32_MAX, 0x80000000u, UINT32_MAX, INT64_MAX, 0x8000000000000000u, UINT64_MAX};
	if (random_below(2) == 0)
		return edge[random_below(sizeof(edge) / sizeof(edge[0]))];
	return random_u64() >> random_below(64);
}

TEST(format_numbers)
{
	for (int i = 0; i < 200000; i++) {
		char fmt[40], width[8] = "";
		const char *flags[] = {"", "-", "0", "-0", "0-"};
		if (random_below(2) == 0)
			snprintf(width, sizeof(width), "%u", (unsigned)random_below(40));
		snprintf(fmt, sizeof(fmt), "a%%%s%s%s%cz", flags[random_below(5)], width,
			lengths[random_below(6)], "diuxX"[random_below(5)]);
		same_text(fmt, interesting_number(), random_below(70));
	}
}

TEST(format_texts)
{
	const char *const fmts[] = {"%s", "%10s|", "%-10s|", "%.3s", "%8.2s", "%-8.2s|", "%.0s",
		"%.s", "100%% %s", "%.99s", "plain", "%1s", ""};
	for (size_t i = 0; i < sizeof(fmts) / sizeof(fmts[0]); i++) {
		for (size_t cap = 0; cap < 30; cap++) {
			same_text(fmts[i], (uintptr_t) "torpor", cap);
			same_text(fmts[i], (uintptr_t) "", cap);
		}
	}
	char own[64], libc[64];
	for (int n = -2; n < 9; n++) {
		snprintf(libc, sizeof(libc), "[%.*s] %c %p", n, "torpor", 'x', (void *)own);
		format(own, sizeof(own), "[%.*s] %c %p", n, "torpor", 'x', (void *)own);
		assert_string_equal(own, libc);
	}
	char *volatile null_text = NULL;
	format(own, sizeof(own), "%3c|%-3c|", 'a', 'b');
	assert_string_equal(own, "  a|b  |");
	format(own, sizeof(own), "%s %p", null_text, (void *)0);
	assert_string_equal(own, "(null) 0x0");
}

TEST(format_reads_no_more_than_precision)
{
	char *text = malloc(3), own[16];
	memcpy(text, "abc", 3);
	assert_int_equal(format(own, sizeof(own), "%.3s", text), 3);
	assert_string_equal(own, "abc");
	free(text);
}

TEST(format_unknown_conversions)
{
	char own[64];
	assert_int_equal(format(own, sizeof(own), "%d %f %s", 1, 2, 3), 7);
	assert_string_equal(own, "1 %f %s");
	format(own, sizeof(own), "%5.2d", 1);
	assert_string_equal(own, "%5.2d");
	format(own, sizeof(own), "tail %");
	assert_string_equal(own, "tail %");
	format(own, sizeof(own), "tail %l");
	assert_string_equal(own, "tail %l");
	format(own, sizeof(own), "%n", (int *)NULL);
	assert_string_equal(own, "%n");
}

#pragma GCC diagnostic warning "-Wformat"

/* ---- arena ---- */

TEST(arena)
{
	_Alignas(4096) static uint8_t memory[3][4096];
	struct arena a;
	memset(memory, 0xee, sizeof(memory));
	arena_init(&a);
	assert_null(arena_alloc(&a, 1, 1));
	assert_int_equal(arena_add(&a, memory[0], 4096), 0);
	assert_int_equal(arena_left(&a), 4096);
	uint8_t *p = arena_alloc(&a, 10, 1);
	assert_ptr_equal(p, memory[0]);
	for (int i = 0; i < 10; i++)
		assert_int_equal(p[i], 0);
	assert_int_equal(p[10], 0xee);
	assert_ptr_equal(arena_alloc(&a, 100, 64), memory[0] + 64);
	assert_null(arena_alloc(&a, 4096, 1));
	assert_null(arena_alloc(&a, SIZE_MAX, 1));
	assert_null(arena_alloc(&a, SIZE_MAX - 200, 4096));
	assert_int_equal(arena_left(&a), 4096 - 164);
	assert_int_equal(arena_add(&a, memory[0] + 4095, 10), ERR_ARGUMENT);
	assert_int_equal(arena_add(&a, memory[0], SIZE_MAX), ERR_ARGUMENT);
}

TEST(arena_below)
{
	_Alignas(4096) static uint8_t memory[2][4096];
	struct arena a;
	arena_init(&a);
	assert_int_equal(arena_add(&a, memory[1], 4096), 0);
	assert_int_equal(arena_add(&a, memory[0], 2048), 0);
	uint64_t end = (uint64_t)memory[1];
	assert_ptr_equal(arena_alloc_below(&a, 1024, 64, end), memory[0]);
	assert_ptr_equal(
		arena_alloc_below(&a, 1024, 64, (uint64_t)memory[0] + 2048), memory[0] + 1024);
	assert_null(arena_alloc_below(&a, 1, 1, end));
	assert_null(arena_alloc_below(&a, 4096, 1, end + 4095));
	assert_null(arena_alloc_below(&a, 1, 1, 0));
	assert_ptr_equal(arena_alloc_below(&a, 4096, 1, end + 4096), memory[1]);
}

TEST(arena_joins)
{
	_Alignas(4096) static uint8_t memory[4][4096];
	struct arena a;
	arena_init(&a);
	assert_int_equal(arena_add(&a, memory[2], 4096), 0);
	assert_int_equal(arena_add(&a, memory[0], 4096), 0);
	assert_int_equal(a.n_pieces, 2);
	assert_int_equal(arena_add(&a, memory[1], 4096), 0);
	assert_int_equal(a.n_pieces, 1);
	assert_ptr_equal(arena_alloc(&a, 3 * 4096, 4096), memory[0]);
	assert_int_equal(arena_add(&a, memory[3], 4096), 0);
	assert_int_equal(a.n_pieces, 1);
	assert_ptr_equal(arena_alloc(&a, 4096, 1), memory[3]);
	assert_int_equal(arena_left(&a), 0);
}

TEST(arena_table_full)
{
	static uint8_t memory[ARENA_PIECES_MAX + 1][16];
	struct arena a;
	arena_init(&a);
	for (int i = 0; i < ARENA_PIECES_MAX; i++)
		assert_int_equal(arena_add(&a, memory[i], 8), 0);
	assert_int_equal(arena_add(&a, memory[ARENA_PIECES_MAX], 8), ERR_NO_MEMORY);
	assert_int_equal(arena_add(&a, memory[0] + 8, 8), 0);
	assert_int_equal(a.n_pieces, ARENA_PIECES_MAX - 1);
	assert_int_equal(arena_add(&a, memory[0], 0), 0);
	for (int i = 0; i < ARENA_PIECES_MAX - 1; i++)
		assert_non_null(arena_alloc(&a, 8, 1));
}

/* Whatever is asked for: pieces never overlap, and are aligned and zero. */
TEST(arena_largest)
{
	static _Alignas(4096) uint8_t memory[5][4096];
	struct arena a;
	size_t bytes;
	arena_init(&a);
	assert_null(arena_alloc_largest(&a, 16, &bytes));
	assert_int_equal(arena_add(&a, memory[0], 4096), 0);
	assert_int_equal(arena_add(&a, memory[2] + 1, 3 * 4096 - 1), 0);
	assert_int_equal(arena_count(&a, 2048), 7);
	uint8_t *p = arena_alloc_largest(&a, 4096, &bytes);
	assert_ptr_equal(p, memory[3]);
	assert_int_equal(bytes, 2 * 4096);
	assert_int_equal(arena_left(&a), 4096);
	arena_trim(&a, p, bytes, 100);
	assert_int_equal(arena_left(&a), 3 * 4096 - 100);
	arena_trim(&a, p, bytes, 50); /* something else is there by now, or could be */
	assert_int_equal(arena_left(&a), 3 * 4096 - 100);
}

TEST(arena_property)
{
	static uint8_t memory[1 << 16];
	for (int round = 0; round < 200; round++) {
		struct arena a;
		memset(memory, 0xee, sizeof(memory));
		arena_init(&a);
		assert_int_equal(arena_add(&a, memory + 3, 20000), 0);
		assert_int_equal(arena_add(&a, memory + 30001, 30000), 0);
		for (int i = 0; i < 300; i++) {
			size_t bytes = random_below(400), align = (size_t)1 << random_below(10);
			uint8_t *p = arena_alloc(&a, bytes, align);
			if (p == NULL)
				continue;
			assert_int_equal((uintptr_t)p % align, 0);
			for (size_t k = 0; k < bytes; k++) {
				assert_int_equal(p[k], 0);
				p[k] = 1;
			}
		}
		for (size_t k = 20003; k < 30001; k++)
			assert_int_equal(memory[k], 0xee);
	}
}

/* ---- log ---- */

static char sunk[4096];

static void sink(const char *line, size_t len)
{
	size_t at = strlen(sunk);
	snprintf(sunk + at, sizeof(sunk) - at, "<%.*s>", (int)len, line);
}

TEST(log_sinks_and_ring)
{
	char buf[32], copy[64];
	sunk[0] = 0;
	log_init(NULL, 0);
	log_add_sink(sink);
	log_line("before %d", 1);
	assert_int_equal(log_copy(copy, sizeof(copy)), 0);
	log_init(buf, sizeof(buf));
	log_line("one");
	log_line("two\n\x1b[H");
	assert_string_equal(sunk, "<before 1><one><two??[H>");
	size_t n = log_copy(copy, sizeof(copy));
	assert_int_equal(n, 12);
	assert_memory_equal(copy, "one\ntwo??[H\n", n);
	n = log_copy(copy, 8);
	assert_memory_equal(copy, "two??[H\n", n);
	assert_int_equal(log_copy(copy, 7), 0);
	log_drop_sinks();
	log_line("three");
	assert_string_equal(sunk, "<before 1><one><two??[H>");
	log_init(NULL, 0);
}

TEST(log_cuts_long_lines)
{
	static char text[600], buf[1024], copy[1024];
	for (int n = LOG_LINE_MAX - 2; n < LOG_LINE_MAX + 3; n++) {
		log_init(buf, sizeof(buf));
		memset(text, 'a', sizeof(text));
		text[n] = 0;
		log_line("%s", text);
		size_t len = log_copy(copy, sizeof(copy));
		assert_int_equal(len, (n > LOG_LINE_MAX ? LOG_LINE_MAX : n) + 1);
		assert_int_equal(copy[len - 1], '\n');
		if (n > LOG_LINE_MAX)
			assert_memory_equal(copy + len - 4, "...\n", 4);
	}
	log_init(NULL, 0);
}

/* The ring holds the newest whole lines, as many as fit. */
TEST(log_ring_property)
{
	for (size_t cap = 0; cap < 70; cap++) {
		char *buf = malloc(cap + 1), copy[128];
		char all[32768] = "";
		size_t end = 0;
		log_init(buf, cap);
		for (int i = 0; i < 200; i++) {
			char line[32];
			int len = snprintf(line, sizeof(line), "%d %.*s", i, (int)random_below(15),
				"abcdefghijklmnop");
			log_line("%s", line);
			if ((size_t)len < cap)
				end += (size_t)snprintf(all + end, sizeof(all) - end, "%s\n", line);
			size_t n = log_copy(copy, sizeof(copy));
			assert_true(n <= cap && n <= end);
			assert_memory_equal(copy, all + end - n, n);
			assert_true(n == end || all[end - n - 1] == '\n');
			const char *older = all + end - n;
			size_t more = 0;
			while (more < end - n && (more == 0 || older[-(ptrdiff_t)more - 1] != '\n'))
				more++;
			if (n < end)
				assert_true(n + more > cap);
		}
		free(buf);
	}
	log_init(NULL, 0);
}

/* ---- errors and panic ---- */

TEST(err_texts_differ)
{
	uint32_t n_known = 0;
	for (int err = 0; err > -200; err--) {
		assert_non_null(err_text(err));
		if (strcmp(err_text(err), "unknown error") == 0)
			continue;
		n_known++;
		for (int other = err - 1; other > -200; other--)
			assert_string_not_equal(err_text(err), err_text(other));
	}
	assert_true(n_known >= 18);
	assert_string_equal(err_text(12345), "unknown error");
}

static jmp_buf panic_jump;

static void jump_out(void)
{
	longjmp(panic_jump, 1);
}

TEST(panic_logs_and_calls_the_hook)
{
	sunk[0] = 0;
	log_add_sink(sink);
	panic_hook = jump_out;
	if (setjmp(panic_jump) == 0)
		panic("at %s %d", "here", 7);
	assert_string_equal(sunk, "<panic: at here 7>");
	log_drop_sinks();
}
