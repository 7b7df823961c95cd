/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The memory maps in the corpus come without images. What a kernel on such a machine would have
 * saved is made up here, at random, as full as a test wants.
 */
#include "made_image.h"

#include <stdlib.h>
#include <string.h>

#include "../../swsusp/swsusp_internal.h"

#define BLOCKS_MAX (1u << 18)

static uint64_t random_state;

static uint32_t rnd(uint32_t n)
{
	random_state = random_state * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(random_state >> 33) % n;
}

static void append(struct made_image *m, uint64_t first, uint64_t count)
{
	if (m->image.n_frame_runs == m->cap) {
		m->cap = m->cap ? 2 * m->cap : 4096;
		m->runs = realloc(m->runs, m->cap * sizeof(*m->runs));
		if (!m->runs)
			abort();
	}
	m->runs[m->image.n_frame_runs++] = run_pack_(first, false, count);
}

static void put(struct made_image *m, uint64_t first, uint64_t count)
{
	m->image.n_frames += count;
	if (count && m->image.n_frame_runs) {
		struct swsusp_run last = run_unpack_(m->runs[m->image.n_frame_runs - 1]);
		if (last.first + last.count == first && last.count + count <= RUN_COUNT_MAX) {
			m->runs[m->image.n_frame_runs - 1] += count;
			return;
		}
	}
	while (count) {
		uint64_t n = count < RUN_COUNT_MAX ? count : RUN_COUNT_MAX;
		append(m, first, n);
		first += n;
		count -= n;
	}
}

static void put_range(struct made_image *m, const struct intervals *ram, uint64_t skip, uint64_t n)
{
	for (uint32_t i = 0; i < ram->n && n; i++) {
		uint64_t first = ram->v[i].start, count = ram->v[i].end - first;
		uint64_t passed = skip < count ? skip : count;
		first += passed;
		count -= passed;
		skip -= passed;
		count = count < n ? count : n;
		put(m, first, count);
		n -= count;
	}
}

static void put_random(struct made_image *m, const struct intervals *ram, uint64_t total,
	const struct image_plan *plan)
{
	uint64_t block = plan->block_kib / 4;
	while (total / block > BLOCKS_MAX)
		block *= 2;
	for (uint32_t i = 0; i < ram->n; i++)
		for (uint64_t at = ram->v[i].start; at < ram->v[i].end;) {
			uint64_t end = (at / block + 1) * block;
			end = end < ram->v[i].end ? end : ram->v[i].end;
			if (rnd(100) < plan->percent)
				put(m, at, end - at);
			at = end;
		}
}

void made_image(struct made_image *m, const struct intervals *ram, const struct image_plan *plan)
{
	uint64_t total = intervals_total(ram), wanted = total * plan->percent / 100;
	random_state = total ^ plan->percent ^ (uint64_t)plan->block_kib << 32;
	m->image = (struct swsusp_image){.n_frames = 0};
	if (plan->shape == SHAPE_LOW)
		put_range(m, ram, 0, wanted);
	else if (plan->shape == SHAPE_HIGH)
		put_range(m, ram, total - wanted, wanted);
	else
		put_random(m, ram, total, plan);
	m->image.frame_runs = m->runs;
}

void made_image_free(struct made_image *m)
{
	free(m->runs);
	memset(m, 0, sizeof(*m));
}
