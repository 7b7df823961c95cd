/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The loader's command line: any text. What is accepted has its meaning back in the text it came
 * from. */
#include <string.h>

#include "cmdline.h"
#include "fuzz.h"

static void check_accepted(const struct options *o)
{
	FUZZ_CHECK(o->area.by <= PLACE_BY_LBA);
	FUZZ_CHECK(o->swap.by <= PLACE_BY_LBA);
	FUZZ_CHECK(o->swap.in_file == 0);
	FUZZ_CHECK(strlen(o->area.label) <= GPT_NAME_MAX && strlen(o->swap.label) <= GPT_NAME_MAX);
	if (o->area.in_file)
		FUZZ_CHECK(o->area.by == PLACE_BY_PARTUUID || o->area.by == PLACE_BY_LBA);
	FUZZ_CHECK(o->resume_offset <= UINT64_MAX >> 12);
	FUZZ_CHECK(o->strict <= STRICT_OFF);
	FUZZ_CHECK(o->nvs == 0 || o->nvs == 1);
	if (o->swap.by == PLACE_BY_LBA)
		FUZZ_CHECK(o->swap.n_sectors != 0 && o->swap.lba <= UINT64_MAX - o->swap.n_sectors);
	FUZZ_CHECK(o->attempts_max <= 1000);
	FUZZ_CHECK(o->serial <= 0xfff8);
	FUZZ_CHECK(o->force == 0 || o->force == 1);
	if (o->area.by == PLACE_BY_LBA)
		FUZZ_CHECK(o->area.n_sectors != 0 && o->area.lba <= UINT64_MAX - o->area.n_sectors);
}

static void check_guid(const char *text, size_t len)
{
	uint8_t guid[16], again[16];
	char back[37];
	if (guid_parse(text, (uint32_t)len, guid) != 0)
		return;
	guid_format(guid, back);
	FUZZ_CHECK(len == 36 && back[36] == 0);
	FUZZ_CHECK(guid_parse(back, 36, again) == 0 && memcmp(guid, again, 16) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	/* On the heap in their exact sizes: reading one byte too many is seen. */
	char *line = malloc(bytes + 1), *text = malloc(bytes ? bytes : 1);
	struct options o;
	const char *word = NULL;
	uint32_t len = 0;

	memcpy(line, data, bytes);
	line[bytes] = 0;
	memcpy(text, data, bytes);
	check_guid(text, bytes);
	if (cmdline_parse(line, &o, &word, &len) == 0) {
		check_accepted(&o);
	} else {
		FUZZ_CHECK(word >= line && len > 0 && word + len <= line + strlen(line));
	}
	free(line);
	free(text);
	return 0;
}
