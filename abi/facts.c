/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The file of facts: its head, and the description of struct facts. The stream is
 * image-format/state.c's business.
 */
#include "facts.h"

#include <string.h>

#define FACTS(kind_, member_, flags_) STATE_FIELD(struct facts, kind_, member_, flags_)
static const struct state_field fields[] = {
	FACTS(STATE_TEXT, kernel_release, 0),
	FACTS(STATE_U, written, 0),
	FACTS(STATE_BYTES, boot_id, STATE_REQUIRED),
	FACTS(STATE_X, boot_id_phys, STATE_REQUIRED),
	FACTS(STATE_X, jump_address, STATE_REQUIRED),
	FACTS(STATE_X, jump_address_phys, STATE_REQUIRED),
	FACTS(STATE_U, map_known, STATE_REQUIRED),
	FACTS(STATE_X, map_crc, STATE_REQUIRED),
	FACTS(STATE_X, rsdp, STATE_REQUIRED),
	FACTS(STATE_U, kept_known, 0), /* younger than the others */
	FACTS(STATE_U, tables_known, STATE_REQUIRED),
	FACTS(STATE_U, has_facs_signature, 0),
	FACTS(STATE_X, facs_signature, 0),
	FACTS(STATE_U, efi, STATE_REQUIRED),
	FACTS(STATE_X, efi_runtime, 0),
	FACTS(STATE_U, n_processors, 0),
	FACTS(STATE_U, hypervisor, 0),
	FACTS(STATE_X, cr4, 0),
	FACTS(STATE_X, xcr0, 0),
	FACTS(STATE_X, virtualization, 0),
	FACTS(STATE_TEXT, vendor, 0),
	FACTS(STATE_BYTES, swap_uuid, STATE_REQUIRED),
	FACTS(STATE_U, resume_offset, 0),
	FACTS(STATE_TEXT, refusal, 0),
};
const struct state_desc facts_desc = {
	.name = "facts",
	.version = 1,
	.size = sizeof(struct facts),
	.n_fields = sizeof(fields) / sizeof(fields[0]),
	.fields = fields,
};

static const struct state_field kept_fields[] = {
	STATE_FIELD(struct facts_kept, STATE_X, start, STATE_REQUIRED),
	STATE_FIELD(struct facts_kept, STATE_X, end, STATE_REQUIRED),
};
const struct state_desc facts_kept_desc = {
	.name = "kept",
	.version = 1,
	.size = sizeof(struct facts_kept),
	.n_fields = sizeof(kept_fields) / sizeof(kept_fields[0]),
	.fields = kept_fields,
};

static uint64_t check_of(const struct facts_head *h)
{
	return img_hash(h, offsetof(struct facts_head, check));
}

int facts_seal(void *file, size_t bytes)
{
	uint8_t *stream = (uint8_t *)file + sizeof(struct facts_head);
	struct facts_head h = {.magic = FACTS_MAGIC, .version = FACTS_VERSION};

	if (bytes > FACTS_STREAM_MAX)
		return IMG_ERR_WORK;
	h.bytes = (uint32_t)bytes;
	h.hash = img_hash(stream, bytes);
	h.check = check_of(&h);
	memcpy(file, &h, sizeof(h));
	memset(stream + bytes, 0, FACTS_STREAM_MAX - bytes);
	return 0;
}

static bool is_zero(const uint8_t *p, size_t bytes)
{
	while (bytes > 0 && *p == 0) {
		p++;
		bytes--;
	}
	return bytes == 0;
}

int facts_open(const void *file, size_t bytes, struct state_reader *ret)
{
	const uint8_t *stream = (const uint8_t *)file + sizeof(struct facts_head);
	struct facts_head h;

	if (bytes < sizeof(h))
		return IMG_ERR_HEADER;
	memcpy(&h, file, sizeof(h));
	if (is_zero(file, sizeof(h)))
		return IMG_ERR_NOT_FOUND;
	if (h.magic != FACTS_MAGIC || h.check != check_of(&h))
		return IMG_ERR_HEADER;
	if (h.version != FACTS_VERSION)
		return IMG_ERR_VERSION;
	if (h.bytes == 0)
		return IMG_ERR_NOT_FOUND;
	if (h.bytes > FACTS_STREAM_MAX || h.bytes > bytes - sizeof(h) ||
		img_hash(stream, h.bytes) != h.hash)
		return IMG_ERR_HEADER;
	return state_open(ret, stream, h.bytes);
}
