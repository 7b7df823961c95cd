/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A figure for the loader's read phase says little without what the same driver does when it
 * only reads. This is that.
 */
#include "speed.h"

#include <string.h>

#include "log.h"
#include "machine.h"

#define LOADER_DEPTH 14u

static bool take_word(const char **text, const char *word)
{
	size_t n = strlen(word);
	if (strncmp(*text, word, n) != 0)
		return false;
	*text += n;
	return true;
}

static uint32_t take_number(const char **text)
{
	uint32_t n = 0;
	while (**text >= '0' && **text <= '9')
		n = n * 10 + (uint32_t)(*(*text)++ - '0');
	while (**text == ' ')
		(*text)++;
	return n;
}

/* As many requests under way as there are buffers. */
static int transfer(
	struct area *area, enum block_dir dir, uint32_t mib, uint32_t depth, uint8_t *buffer)
{
	static struct area_io io[SPEED_DEPTH_MAX];
	for (uint32_t i = 0; i < mib; i++) {
		struct block_seg seg = {
			buffer + (uint64_t)(i % depth) * SPEED_BLOCK_BYTES, SPEED_BLOCK_BYTES};
		int err = area_wait(area, &io[i % depth]);
		if (!err)
			err = area_start(area, &io[i % depth], dir,
				IMG_DATA_START + (uint64_t)i * SPEED_BLOCK_BYTES, &seg, 1);
		if (err)
			return err;
	}
	return area_drain(area);
}

bool speed_is_wanted(const char *text)
{
	return take_word(&text, "read ") || take_word(&text, "write ") ||
	       take_word(&text, "depth ");
}

int speed_run(struct area *area, const char *text, uint8_t *buffer)
{
	uint32_t depth = LOADER_DEPTH;
	block_allow_writes(area->dev, area->extents, area->n_extents);
	while (*text) {
		if (take_word(&text, "depth ")) {
			depth = take_number(&text);
			if (depth < 1 || depth > SPEED_DEPTH_MAX)
				return ERR_ARGUMENT;
			continue;
		}
		bool write = take_word(&text, "write ");
		if (!write && !take_word(&text, "read "))
			return ERR_ARGUMENT;
		uint32_t mib = take_number(&text);
		uint64_t from = clock_us();
		int err = transfer(area, write ? BLOCK_WRITE : BLOCK_READ, mib, depth, buffer);
		if (err)
			return err;
		log_line("toy: %s %u MiB in %llu us", write ? "write" : "read", mib,
			(unsigned long long)(clock_us() - from));
	}
	return 0;
}
