/* SPDX-License-Identifier: GPL-2.0-or-later */
/* State streams of any content: opened, read with every description, printed. */
#include <string.h>

#include "fuzz.h"
#include "saved_state.h"
#include "state_json.h"

static const struct state_desc *const descs[] = {&saved_cpu_desc, &saved_platform_desc,
	&saved_frame_desc, &saved_memory_desc, &saved_runtime_desc, &saved_ledger_desc,
	&saved_filesystem_desc};

struct sum {
	size_t bytes;
};

static void put(void *ctx, const char *text, size_t len)
{
	struct sum *s = ctx;

	for (size_t i = 0; i < len; i++)
		FUZZ_CHECK(text[i] == '\n' || (text[i] >= ' ' && text[i] <= '~'));
	s->bytes += len;
}

/* What was read is written, and read again: the same. */
static void check_again(const struct state_desc *d, const void *elements, uint32_t n)
{
	size_t cap = 65536 + (size_t)n * d->size, bytes = 0;
	uint8_t *buf = malloc(cap), *back = malloc((size_t)n * d->size + 1);
	struct state_writer w;
	struct state_reader r;
	uint32_t n_back = 0;

	state_begin(&w, buf, cap);
	state_put(&w, d, elements, n);
	FUZZ_CHECK(state_finish(&w, &bytes) == 0);
	FUZZ_CHECK(state_open(&r, buf, bytes) == 0);
	FUZZ_CHECK(state_get(&r, d, back, n, &n_back) == 0 && n_back == n);
	FUZZ_CHECK(memcmp(back, elements, (size_t)n * d->size) == 0);
	free(back);
	free(buf);
}

static void get_all(struct state_reader *r)
{
	for (size_t i = 0; i < sizeof(descs) / sizeof(descs[0]); i++) {
		const uint32_t max = 100;
		uint8_t *elements = malloc((size_t)max * descs[i]->size);
		uint32_t n = 0;
		int err = state_get(r, descs[i], elements, max, &n);

		FUZZ_CHECK(err == 0 || err == IMG_ERR_NOT_FOUND || err == IMG_ERR_WORK ||
			   err == IMG_ERR_STREAM);
		if (err == IMG_ERR_STREAM)
			FUZZ_CHECK(r->what && r->what[0]);
		if (err == 0)
			check_again(descs[i], elements, n);
		free(elements);
	}
}

/* Whatever is in it, it is JSON that can be read again, the same. */
static void check_json(const struct state_reader *r)
{
	json_t *value = state_json(r), *again;
	char *text = json_dumps(value, JSON_ENSURE_ASCII);

	FUZZ_CHECK(value && text);
	again = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	FUZZ_CHECK(again && json_equal(value, again));
	json_decref(again);
	json_decref(value);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	uint8_t *copy = malloc(bytes + !bytes); /* of the exact size: one byte beyond is seen */
	struct state_reader r;
	struct sum sum = {0};
	int err;

	memcpy(copy, data, bytes);
	err = state_open(&r, copy, bytes);
	if (err == 0) {
		get_all(&r);
		state_dump(&r, put, &sum);
		check_json(&r);
	} else {
		FUZZ_CHECK(err == IMG_ERR_STREAM && r.what);
	}
	free(copy);
	return 0;
}
