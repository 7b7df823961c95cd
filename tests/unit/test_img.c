/* Images: what is written is read back, for all kinds of memory, and lies as the format says. */
#include "img_common.h"

#include <stdlib.h>
#include <string.h>

#define CPU_TEXT "registers and the like"

static void round_trip_of(uint32_t n_pages, enum page_kind kind, uint32_t chunk_pages)
{
	struct memory m = memory_make(n_pages, kind);
	struct fault_disk d;
	struct img_source src;
	struct saver s;
	struct loaded l;

	fault_disk_init(&d, (uint64_t)(n_pages + 200) * IMG_PAGE_BYTES * 2);
	src = fault_disk_source(&d);
	loaded_init(&l);
	saver_init(&s, &d, chunk_pages);
	assert_int_equal(load_open(&l, &src), IMG_ERR_NO_AREA);
	assert_int_equal(save(&s, &d, &m, CPU_TEXT, sizeof(CPU_TEXT)), 0);
	assert_int_equal(load_all(&l, &src, &m, CPU_TEXT, sizeof(CPU_TEXT)), 0);
	assert_int_equal(img_stats(&s.w)->pages, n_pages);
	assert_int_equal(d.n_violations, 0);
	assert_int_equal(l.hs.h.area_bytes, d.size);
	assert_string_equal(l.hs.h.label, "6.1.0-test");
	loaded_free(&l);
	saver_free(&s);
	fault_disk_free(&d);
	memory_free(&m);
}

static void test_round_trip(void **state)
{
	static const uint32_t chunk_pages[] = {1, 3, 16, 256};

	(void)state;
	for (uint32_t kind = PAGE_ZERO; kind <= PAGE_MIXED; kind++) {
		for (uint32_t i = 0; i < 4; i++) {
			rnd_seed(kind * 10 + i);
			round_trip_of(1, (enum page_kind)kind, chunk_pages[i]);
			round_trip_of(777, (enum page_kind)kind, chunk_pages[i]);
		}
	}
	round_trip_of(6000, PAGE_MIXED, 1); /* several index blocks */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
