/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The two header copies: which one counts, and changing the state.
 *
 * Two rules make a lost or damaged sector harmless. The copy that counts is never overwritten
 * before the other one is durable: what was read may still be in the disk's cache only, when a
 * reset cut a change of state short, so a flush comes before the first write. And a state that
 * forbids a resume is put into both copies, so that no single bad sector can bring a resumable one
 * back.
 */
#include "img_internal.h"

#include <string.h>

#define GENERATION_MAX (1ull << 63)
#define HASHED_BYTES   offsetof(struct img_header, hash)

struct judge {
	const struct img_header *h;
	uint64_t at; /* of the copy in the area */
	struct img_fault *fault;
};

#define BAD(j_, err_, field_, text_, wanted_)                                                      \
	img_fail_((j_)->fault, err_, "header " text_,                                              \
		(j_)->at + offsetof(struct img_header, field_), (j_)->h->field_, wanted_)

static int check_version(const struct judge *j)
{
	const struct img_header *h = j->h;

	if (h->version_major != IMG_VERSION_MAJOR)
		return BAD(j, IMG_ERR_VERSION, version_major, "major version", IMG_VERSION_MAJOR);
	if (h->incompat & ~IMG_INCOMPAT_KNOWN)
		return BAD(j, IMG_ERR_INCOMPAT, incompat, "incompat bits", IMG_INCOMPAT_KNOWN);
	return 0;
}

/* Fields that have a meaning in every state. */
static int check_common(const struct judge *j)
{
	const struct img_header *h = j->h;
	size_t label;

	if (h->header_bytes != sizeof(*h))
		return BAD(j, IMG_ERR_HEADER, header_bytes, "size", sizeof(*h));
	if (h->generation == 0 || h->generation >= GENERATION_MAX)
		return BAD(j, IMG_ERR_HEADER, generation, "generation", GENERATION_MAX - 1);
	if (h->state > IMG_CONSUMED)
		return BAD(j, IMG_ERR_HEADER, state, "state", IMG_CONSUMED);
	if (h->area_bytes < IMG_DATA_START || h->area_bytes % IMG_BLOCK_BYTES)
		return BAD(j, IMG_ERR_HEADER, area_bytes, "area bytes", IMG_DATA_START);
	label = img_text_fault_(h->label, sizeof(h->label), ' ');
	if (label < sizeof(h->label))
		return img_fail_(j->fault, IMG_ERR_HEADER, "header label",
			j->at + offsetof(struct img_header, label) + label,
			(uint8_t)h->label[label], 0);
	if (h->version_minor > IMG_VERSION_MINOR)
		return 0; /* what is reserved here may have a meaning there */
	if (h->reserved0 != 0)
		return BAD(j, IMG_ERR_HEADER, reserved0, "reserved", 0);
	if (!img_all_zero_(h->reserved1, sizeof(h->reserved1)))
		return img_fail_(j->fault, IMG_ERR_HEADER, "header reserved",
			j->at + offsetof(struct img_header, reserved1), 1, 0);
	return 0;
}

/* Fields that say where the image is. */
static int check_image(const struct judge *j, uint64_t source_bytes)
{
	const struct img_header *h = j->h;
	uint64_t root;

	if (h->used_bytes > h->area_bytes || h->used_bytes % IMG_BLOCK_BYTES)
		return BAD(j, IMG_ERR_HEADER, used_bytes, "used bytes", h->area_bytes);
	if (h->root_bytes < sizeof(struct img_root) || h->root_bytes > IMG_ROOT_MAX)
		return BAD(j, IMG_ERR_HEADER, root_bytes, "root bytes", IMG_ROOT_MAX);
	root = img_align_up_(h->root_bytes, IMG_BLOCK_BYTES);
	if (h->root_offset < IMG_DATA_START || h->root_offset % IMG_BLOCK_BYTES ||
		h->root_offset > h->used_bytes || root > h->used_bytes - h->root_offset)
		return BAD(j, IMG_ERR_HEADER, root_offset, "root offset",
			h->used_bytes > root ? h->used_bytes - root : 0);
	if (h->used_bytes > source_bytes)
		return BAD(j, IMG_ERR_TRUNCATED, used_bytes, "used bytes", source_bytes);
	return 0;
}

static int judge_fields(const struct judge *j, uint64_t source_bytes)
{
	int err = check_version(j);

	if (!err)
		err = check_common(j);
	if (!err && j->h->state != IMG_EMPTY)
		err = check_image(j, source_bytes);
	return err;
}

/* What reading one copy found. sound: the copy is as somebody wrote it, whatever it says. */
struct copy {
	struct img_header h;
	struct img_fault fault;
	int err;
	bool sound;
};

static void read_copy(const struct img_source *src, void *block, uint32_t slot, struct copy *c)
{
	struct judge j = {&c->h, (uint64_t)slot * IMG_HEADER_STRIDE, &c->fault};
	uint64_t hash;

	memset(c, 0, sizeof(*c));
	c->err = IMG_ERR_NO_AREA;
	if (src->size < j.at + IMG_BLOCK_BYTES)
		return;
	c->err = src->read(src->ctx, j.at, block, IMG_BLOCK_BYTES);
	if (c->err)
		return;
	memcpy(&c->h, block, sizeof(c->h));
	if (memcmp(c->h.magic, IMG_MAGIC, sizeof(c->h.magic)) != 0) {
		c->err = IMG_ERR_NO_AREA;
		return;
	}
	hash = img_hash(&c->h, HASHED_BYTES);
	if (c->h.hash != hash) {
		c->err = BAD(&j, IMG_ERR_HEADER, hash, "hash", hash);
		return;
	}
	c->sound = true;
	c->err = judge_fields(&j, src->size);
}

/* No copy is sound: damage says more than a device error, a device error more than nothing. */
static int no_sound_copy(const struct copy c[IMG_N_HEADERS], struct img_fault *ret_fault)
{
	int err = IMG_ERR_NO_AREA;

	for (uint32_t i = IMG_N_HEADERS; i-- > 0;) {
		if (c[i].err == IMG_ERR_HEADER || err == IMG_ERR_NO_AREA) {
			err = c[i].err;
			*ret_fault = c[i].fault;
		}
	}
	return err;
}

int img_read_headers(const struct img_source *src, void *block, struct img_headers *ret,
	struct img_fault *ret_fault)
{
	struct copy c[IMG_N_HEADERS];
	uint32_t slot = IMG_N_HEADERS;

	memset(ret, 0, sizeof(*ret));
	memset(ret_fault, 0, sizeof(*ret_fault));
	for (uint32_t i = 0; i < IMG_N_HEADERS; i++) {
		read_copy(src, block, i, &c[i]);
		ret->err[i] = c[i].err;
		if (c[i].err)
			*ret_fault = c[i].fault;
		if (!c[i].sound)
			continue;
		if (slot == IMG_N_HEADERS || c[i].h.generation > c[slot].h.generation)
			slot = i;
	}
	if (slot == IMG_N_HEADERS)
		return no_sound_copy(c, ret_fault);
	ret->h = c[slot].h;
	ret->slot = slot;
	if (c[slot].err)
		*ret_fault = c[slot].fault;
	return c[slot].err;
}

int img_state_check(const struct img_header *h)
{
	switch (h->state) {
	case IMG_VALID:
	case IMG_LOADING:
		return 0;
	case IMG_EMPTY:
		return IMG_ERR_EMPTY;
	default:
		return IMG_ERR_SPENT;
	}
}

int img_put_header_(const struct img_dest *d, struct img_header *h, uint32_t slot, void *block)
{
	h->hash = img_hash(h, HASHED_BYTES);
	memset(block, 0, IMG_BLOCK_BYTES);
	memcpy(block, h, sizeof(*h));
	return d->write(d->ctx, (uint64_t)slot * IMG_HEADER_STRIDE, block, IMG_BLOCK_BYTES);
}

static bool forbids_resume(enum img_state state)
{
	return state != IMG_VALID && state != IMG_LOADING;
}

static void forget_image(struct img_header *h)
{
	h->root_offset = 0;
	h->root_bytes = 0;
	h->root_hash = 0;
	h->used_bytes = 0;
}

int img_set_state(const struct img_dest *d, struct img_headers *hs, enum img_state state,
	uint32_t attempts, void *block)
{
	struct img_header h = hs->h;
	uint32_t copies = forbids_resume(state) ? IMG_N_HEADERS : 1;
	int err;

	if (state > IMG_CONSUMED || (h.state == IMG_EMPTY && state != IMG_EMPTY) ||
		h.generation >= GENERATION_MAX - IMG_N_HEADERS)
		return IMG_ERR_ARGUMENT;
	h.state = state;
	h.attempts = attempts;
	if (state == IMG_EMPTY)
		forget_image(&h);
	err = d->flush(d->ctx);
	if (err)
		return err;
	for (uint32_t i = 0; i < copies; i++) {
		uint32_t slot = hs->slot ^ 1;

		h.generation++;
		err = img_put_header_(d, &h, slot, block);
		if (!err)
			err = d->flush(d->ctx);
		if (err)
			return err;
		hs->h = h;
		hs->slot = slot;
		hs->err[slot] = 0;
	}
	return 0;
}

void img_retract(const struct img_dest *d, const struct img_headers *hs, void *block)
{
	struct img_header h = hs->h;

	h.state = IMG_EMPTY;
	h.attempts = 0;
	forget_image(&h);
	h.generation += 2; /* hs->slot ^ 1 may already say one more */
	for (uint32_t i = 0; i < IMG_N_HEADERS; i++) {
		if (img_put_header_(d, &h, hs->slot ^ i, block) == 0)
			(void)d->flush(d->ctx);
		h.generation++;
	}
}

int img_format_area(const struct img_dest *d, const uint8_t area_uuid[16], void *block)
{
	struct img_headers hs = {.slot = 1};

	if (d->size < IMG_DATA_START)
		return IMG_ERR_FULL;
	memcpy(hs.h.magic, IMG_MAGIC, sizeof(hs.h.magic));
	hs.h.version_major = IMG_VERSION_MAJOR;
	hs.h.version_minor = IMG_VERSION_MINOR;
	hs.h.header_bytes = sizeof(hs.h);
	hs.h.area_bytes = d->size & ~(uint64_t)(IMG_BLOCK_BYTES - 1);
	memcpy(hs.h.area_uuid, area_uuid, sizeof(hs.h.area_uuid));
	return img_set_state(d, &hs, IMG_EMPTY, 0, block);
}
