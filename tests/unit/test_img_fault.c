/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Damaged images: one field at a time, with every hash above it made right again, so that each
 * check stands alone; then the hashes themselves, truncation, and devices that fail.
 */
#include "test.h"

#include "img_common.h"

#include <stdlib.h>
#include <string.h>

#define CPU_TEXT "registers and the like"
#define AREA     (2u << 20)

struct setup {
	struct fault_disk d;
	struct img_source src;
	struct saver s;
	struct loaded l;
	struct memory m;
	uint8_t *good; /* the area after the save */
};

/* Every codec more than once, two of each in a row, and a hole. */
static struct memory memory_of_all_kinds(void)
{
	static const enum page_kind kinds[] = {
		PAGE_RANDOM, PAGE_ZERO, PAGE_TEXT, PAGE_HALF, PAGE_PATTERN, PAGE_TEXT, PAGE_ZERO};
	struct memory m = memory_make(70, PAGE_ZERO);

	for (uint32_t i = 0; i < m.n; i++) {
		m.pfn[i] = i < 50 ? 5 + i : 100 + i;
		page_make(m.data + (size_t)i * IMG_PAGE_BYTES, kinds[i / 10]);
	}
	return m;
}

static void set_up(struct setup *t)
{
	rnd_seed(42);
	fault_disk_init(&t->d, AREA);
	t->src = fault_disk_source(&t->d);
	saver_init(&t->s, &t->d, 4);
	loaded_init(&t->l);
	t->m = memory_of_all_kinds();
	assert_int_equal(save(&t->s, &t->d, &t->m, CPU_TEXT, sizeof(CPU_TEXT)), 0);
	assert_int_equal(load_all(&t->l, &t->src, &t->m, CPU_TEXT, sizeof(CPU_TEXT)), 0);
	t->good = malloc(AREA);
	assert_non_null(t->good);
	memcpy(t->good, t->d.now, AREA);
}

static void tear_down(struct setup *t)
{
	assert_int_equal(t->d.n_violations, 0);
	free(t->good);
	memory_free(&t->m);
	loaded_free(&t->l);
	saver_free(&t->s);
	fault_disk_free(&t->d);
}

static struct img_header *header(struct setup *t)
{
	return (void *)(t->d.now + t->l.hs.slot * IMG_HEADER_STRIDE);
}

static struct img_root *root(struct setup *t)
{
	return (void *)(t->d.now + header(t)->root_offset);
}

static void *record(struct setup *t, size_t before)
{
	return (uint8_t *)root(t) + sizeof(struct img_root) + before;
}

static struct img_node_rec *node(struct setup *t)
{
	return record(t, 0);
}

static struct img_object_rec *object(struct setup *t, uint32_t i)
{
	return (struct img_object_rec *)record(t, sizeof(struct img_node_rec)) + i;
}

static struct img_block_rec *block(struct setup *t, uint32_t i)
{
	return (struct img_block_rec *)record(
		       t, sizeof(struct img_node_rec) + 2 * sizeof(struct img_object_rec)) +
	       i;
}

/* The first chunk of "memory" with this codec. */
static struct img_chunk_rec *chunk(struct setup *t, enum img_codec codec)
{
	struct img_chunk_rec *c = (void *)(t->d.now + block(t, 0)->offset);

	for (uint32_t i = 0; i < block(t, 0)->n_chunks; i++) {
		if (c[i].codec == codec)
			return &c[i];
	}
	fail_msg("no chunk with codec %d", codec);
	return NULL;
}

static struct img_chunk_rec *byte_chunk(struct setup *t)
{
	return (void *)(t->d.now + block(t, 1)->offset);
}

enum level { HEADER, ROOT, INDEX, DATA };

/* Makes right every hash above the level that was changed. */
static void seal(struct setup *t, enum level level)
{
	struct img_header *h = header(t);

	for (uint32_t i = 0; level >= INDEX && i < 2; i++)
		block(t, i)->hash = img_hash(t->d.now + block(t, i)->offset,
			block(t, i)->n_chunks * sizeof(struct img_chunk_rec));
	if (level >= ROOT)
		h->root_hash = img_hash(root(t), h->root_bytes);
	h->hash = img_hash(h, offsetof(struct img_header, hash));
}

/* Seals, expects the error and the fault's name and place, puts the good image back. */
static void expect(struct setup *t, enum level level, const void *field, int err, const char *what)
{
	int got;

	seal(t, level);
	got = load_all(&t->l, &t->src, NULL, NULL, 0);
	if (got != err)
		fail_msg("%s: error %d, expected %d (%s)", what ? what : "-", got, err,
			t->l.fault.what ? t->l.fault.what : "-");
	if (what && err <= IMG_ERR_HEADER && err >= IMG_ERR_TRUNCATED) {
		assert_string_equal(t->l.fault.what, what);
		/* "found 0, wanted 0" would help nobody. */
		assert_true(t->l.fault.found != t->l.fault.wanted);
		if (field)
			assert_int_equal(t->l.fault.where, (const uint8_t *)field - t->d.now);
	}
	memcpy(t->d.now, t->good, AREA);
	assert_int_equal(load_all(&t->l, &t->src, NULL, NULL, 0), 0);
}

/* Sets one field and expects. */
#define TRY(level_, field_, value_, err_, what_)                                                   \
	do {                                                                                       \
		__typeof__(&(field_)) at_ = &(field_);                                             \
		*at_ = (value_);                                                                   \
		expect(&t, level_, at_, err_, what_);                                              \
	} while (0)

TEST(header_fields)
{
	struct setup t;
	struct img_header *h;

	set_up(&t);
	h = header(&t);
	TRY(HEADER, h->version_major, 2, IMG_ERR_VERSION, "header major version");
	TRY(HEADER, h->version_major, 0, IMG_ERR_VERSION, "header major version");
	TRY(HEADER, h->incompat, 1, IMG_ERR_INCOMPAT, "header incompat bits");
	TRY(HEADER, h->incompat, 1ull << 63, IMG_ERR_INCOMPAT, "header incompat bits");
	TRY(HEADER, h->compat, ~0ull, 0, NULL);
	TRY(HEADER, h->header_bytes, 504, IMG_ERR_HEADER, "header size");
	TRY(HEADER, h->generation, 1ull << 63, IMG_ERR_HEADER, "header generation");
	TRY(HEADER, h->state, 5, IMG_ERR_HEADER, "header state");
	TRY(HEADER, h->state, IMG_EMPTY, IMG_ERR_EMPTY, NULL);
	TRY(HEADER, h->state, IMG_LAUNCHED, IMG_ERR_SPENT, NULL);
	TRY(HEADER, h->state, IMG_CONSUMED, IMG_ERR_SPENT, NULL);
	TRY(HEADER, h->state, IMG_LOADING, 0, NULL);
	TRY(HEADER, h->area_bytes, IMG_DATA_START - 4096, IMG_ERR_HEADER, "header area bytes");
	TRY(HEADER, h->area_bytes, AREA + 512, IMG_ERR_HEADER, "header area bytes");
	TRY(HEADER, h->reserved0, 1, IMG_ERR_HEADER, "header reserved");
	TRY(HEADER, h->reserved1[0], 1, IMG_ERR_HEADER, "header reserved");
	h->reserved1[311] = 1;
	expect(&t, HEADER, h->reserved1, IMG_ERR_HEADER, "header reserved");
	h->label[3] = '\033';
	expect(&t, HEADER, h->label + 3, IMG_ERR_HEADER, "header label");
	h->label[40] = 'x'; /* after the first zero */
	expect(&t, HEADER, h->label + 40, IMG_ERR_HEADER, "header label");
	memset(h->label, 'x', sizeof(h->label));
	expect(&t, HEADER, h->label + 63, IMG_ERR_HEADER, "header label");

	TRY(HEADER, h->root_offset, 0, IMG_ERR_HEADER, "header root offset");
	TRY(HEADER, h->root_offset, h->root_offset + 8, IMG_ERR_HEADER, "header root offset");
	TRY(HEADER, h->root_offset, h->used_bytes, IMG_ERR_HEADER, "header root offset");
	TRY(HEADER, h->root_offset, -4096ull, IMG_ERR_HEADER, "header root offset");
	TRY(HEADER, h->root_bytes, 31, IMG_ERR_HEADER, "header root bytes");
	TRY(HEADER, h->root_bytes, IMG_ROOT_MAX + 1, IMG_ERR_HEADER, "header root bytes");
	h->root_bytes = IMG_ROOT_MAX;
	expect(&t, HEADER, &h->root_offset, IMG_ERR_HEADER, "header root offset");
	TRY(HEADER, h->used_bytes, AREA + 4096, IMG_ERR_HEADER, "header used bytes");
	TRY(HEADER, h->used_bytes, h->used_bytes - 8, IMG_ERR_HEADER, "header used bytes");
	h->used_bytes = 0;
	expect(&t, HEADER, &h->root_offset, IMG_ERR_HEADER, "header root offset");
	h->area_bytes = 1ull << 40;
	TRY(HEADER, h->used_bytes, 1ull << 39, IMG_ERR_TRUNCATED, "header used bytes");
	h->root_hash ^= 1;
	expect(&t, HEADER, root(&t), IMG_ERR_ROOT, "root hash");
	h->root_bytes -= 8;
	expect(&t, HEADER, root(&t), IMG_ERR_ROOT, "root hash");
	tear_down(&t);
}

/* What a newer minor version may use must not trouble this one; new flags and codecs must. */
TEST(newer_minor_version)
{
	struct setup t;
	struct img_header *h;

	set_up(&t);
	h = header(&t);
	for (int i = 0; i < 5; i++) {
		h->version_minor = IMG_VERSION_MINOR + 1;
		h->reserved0 = i == 0;
		h->reserved1[17] = i == 1;
		root(&t)->reserved = i == 2;
		block(&t, 0)->reserved = i == 3;
		chunk(&t, IMG_LZ4)->reserved = i == 4;
		expect(&t, INDEX, NULL, 0, NULL);
	}
	h->version_minor = 99;
	TRY(INDEX, chunk(&t, IMG_LZ4)->flags, 1, IMG_ERR_INDEX, "index record flags");
	h->version_minor = 99;
	TRY(INDEX, chunk(&t, IMG_RAW)->codec, 3, IMG_ERR_INDEX, "index record codec");
	tear_down(&t);
}

/* The newest copy that is as somebody wrote it decides, also when it must be refused. */
TEST(newer_copy_decides)
{
	struct setup t;
	struct img_header *h, *other;

	set_up(&t);
	h = header(&t);
	other = (void *)(t.d.now + (t.l.hs.slot ^ 1) * IMG_HEADER_STRIDE);
	for (int i = 0; i < 3; i++) {
		*other = *h;
		other->generation = h->generation + (i < 2 ? 1 : -1);
		other->incompat = 4;
		other->hash = img_hash(other, offsetof(struct img_header, hash)) + (i == 1);
		expect(&t, HEADER, i ? NULL : &other->incompat, i ? 0 : IMG_ERR_INCOMPAT,
			"header incompat bits");
	}
	tear_down(&t);
}

TEST(root_fields)
{
	struct setup t;
	struct img_root *r;

	set_up(&t);
	r = root(&t);
	TRY(ROOT, r->magic[0], 'X', IMG_ERR_ROOT, "root magic");
	TRY(ROOT, r->node_rec_bytes, 40, IMG_ERR_ROOT, "root node record size");
	TRY(ROOT, r->node_rec_bytes, 49, IMG_ERR_ROOT, "root node record size");
	TRY(ROOT, r->object_rec_bytes, 56, IMG_ERR_ROOT, "root object record size");
	TRY(ROOT, r->block_rec_bytes, 16, IMG_ERR_ROOT, "root block record size");
	TRY(ROOT, r->chunk_rec_bytes, 32, IMG_ERR_ROOT, "root chunk record size");
	TRY(ROOT, r->chunk_rec_bytes, 2048, IMG_ERR_ROOT, "root chunk record size");
	TRY(ROOT, r->reserved, 1, IMG_ERR_ROOT, "root reserved");
	r->n_nodes = 2;
	expect(&t, ROOT, &r->n_nodes, IMG_ERR_ROOT, "root counts");
	r->n_objects = 0xffffffff;
	expect(&t, ROOT, &r->n_nodes, IMG_ERR_ROOT, "root counts");
	r->n_blocks = 0;
	expect(&t, ROOT, &r->n_nodes, IMG_ERR_ROOT, "root counts");
	r->node_rec_bytes = 56;
	expect(&t, ROOT, &r->n_nodes, IMG_ERR_ROOT, "root counts");

	node(&t)->name[0] = 0;
	expect(&t, ROOT, node(&t), IMG_ERR_ROOT, "node record name");
	node(&t)->name[31] = 'x';
	expect(&t, ROOT, node(&t)->name + 31, IMG_ERR_ROOT, "node record name");
	TRY(ROOT, node(&t)->first_object, 1, IMG_ERR_ROOT, "node record first object");
	TRY(ROOT, node(&t)->n_objects, 3, IMG_ERR_ROOT, "node record object count");
	node(&t)->n_objects = 1;
	expect(&t, ROOT, &r->n_objects, IMG_ERR_ROOT, "root object count");
	TRY(ROOT, node(&t)->flags, 1, IMG_ERR_ROOT, "node record flags");

	object(&t, 1)->name[1] = ' ';
	expect(&t, ROOT, object(&t, 1)->name + 1, IMG_ERR_ROOT, "object record name");
	TRY(ROOT, object(&t, 0)->type, 0, IMG_ERR_ROOT, "object record type");
	TRY(ROOT, object(&t, 0)->type, 3, IMG_ERR_ROOT, "object record type");
	TRY(ROOT, object(&t, 0)->flags, 1, IMG_ERR_ROOT, "object record flags");
	TRY(ROOT, object(&t, 0)->length, IMG_PFN_LIMIT + 1, IMG_ERR_ROOT, "object record length");
	TRY(ROOT, object(&t, 0)->n_chunks, 1, IMG_ERR_ROOT, "object record chunk count");
	TRY(ROOT, object(&t, 0)->first_block, 1, IMG_ERR_ROOT, "object record first block");
	TRY(ROOT, object(&t, 0)->n_blocks, 3, IMG_ERR_ROOT, "object record block count");
	object(&t, 0)->n_blocks = 2;
	expect(&t, ROOT, &object(&t, 0)->n_chunks, IMG_ERR_ROOT, "object record chunk count");
	object(&t, 1)->n_blocks = 0;
	object(&t, 1)->n_chunks = 0;
	expect(&t, ROOT, &r->n_blocks, IMG_ERR_ROOT, "root block count");

	TRY(ROOT, block(&t, 0)->n_chunks, 0, IMG_ERR_ROOT, "block record chunk count");
	TRY(ROOT, block(&t, 0)->n_chunks, 1639, IMG_ERR_ROOT, "block record chunk count");
	TRY(ROOT, block(&t, 0)->reserved, 1, IMG_ERR_ROOT, "block record reserved");
	TRY(ROOT, block(&t, 0)->offset, 4096, IMG_ERR_ROOT, "block record offset");
	TRY(ROOT, block(&t, 0)->offset, IMG_DATA_START + 8, IMG_ERR_ROOT, "block record offset");
	TRY(ROOT, block(&t, 0)->offset, header(&t)->used_bytes, IMG_ERR_ROOT,
		"block record offset");
	TRY(ROOT, block(&t, 0)->offset, -4096ull, IMG_ERR_ROOT, "block record offset");
	block(&t, 0)->hash ^= 1;
	expect(&t, ROOT, t.d.now + block(&t, 0)->offset, IMG_ERR_INDEX, "index block hash");
	tear_down(&t);
}

TEST(index_fields)
{
	struct setup t;
	struct img_chunk_rec *raw, *lz4, *fill, *bytes;

	set_up(&t);
	raw = chunk(&t, IMG_RAW);
	lz4 = chunk(&t, IMG_LZ4);
	fill = chunk(&t, IMG_FILL);
	bytes = byte_chunk(&t);
	lz4->first = IMG_PFN_LIMIT;
	expect(&t, INDEX, &lz4->count, IMG_ERR_INDEX, "index record count");
	lz4->first = IMG_PFN_LIMIT + 1;
	expect(&t, INDEX, &lz4->first, IMG_ERR_INDEX, "index record first");
	TRY(INDEX, lz4[1].first, 0, IMG_ERR_INDEX, "index record first");
	TRY(INDEX, lz4[1].first, lz4->first + lz4->count - 1, IMG_ERR_INDEX, "index record first");
	TRY(INDEX, lz4->count, 0, IMG_ERR_INDEX, "index record count");
	TRY(INDEX, lz4->count, IMG_CHUNK_PAGES_MAX + 1, IMG_ERR_INDEX, "index record count");
	TRY(INDEX, fill->count, 0, IMG_ERR_INDEX, "index record count");
	TRY(INDEX, fill->count, 0xffffffff, IMG_ERR_INDEX, "index record count");
	TRY(INDEX, raw->codec, 3, IMG_ERR_INDEX, "index record codec");
	TRY(INDEX, raw->flags, 0x8000, IMG_ERR_INDEX, "index record flags");
	TRY(INDEX, raw->reserved, 1, IMG_ERR_INDEX, "index record reserved");
	TRY(INDEX, raw->stored_bytes, raw->stored_bytes - 1, IMG_ERR_INDEX,
		"index record stored bytes");
	TRY(INDEX, raw->offset, raw->offset + 8, IMG_ERR_INDEX, "index record offset");
	TRY(INDEX, raw->offset, 4096, IMG_ERR_INDEX, "index record offset");
	TRY(INDEX, raw->offset, header(&t)->used_bytes - 4096 * (raw->count - 1), IMG_ERR_INDEX,
		"index record offset");
	TRY(INDEX, lz4->offset, lz4->offset + 4, IMG_ERR_INDEX, "index record offset");
	TRY(INDEX, lz4->offset, header(&t)->used_bytes, IMG_ERR_INDEX, "index record offset");
	TRY(INDEX, lz4->offset, -8ull, IMG_ERR_INDEX, "index record offset");
	TRY(INDEX, lz4->stored_bytes, 0, IMG_ERR_INDEX, "index record stored bytes");
	TRY(INDEX, lz4->stored_bytes, 0xffffffff, IMG_ERR_INDEX, "index record stored bytes");
	TRY(INDEX, fill->stored_bytes, 4096, IMG_ERR_INDEX, "index record stored bytes");
	TRY(INDEX, fill->hash, 1, IMG_ERR_INDEX, "index record hash");
	TRY(INDEX, bytes->first, 1, IMG_ERR_INDEX, "index record first");
	TRY(INDEX, bytes->codec, IMG_FILL, IMG_ERR_INDEX, "index record codec");
	TRY(INDEX, bytes->count, IMG_BYTES_CHUNK_MAX + 1, IMG_ERR_INDEX, "index record count");
	TRY(INDEX, bytes->count, (uint32_t)sizeof(CPU_TEXT) + 1, IMG_ERR_INDEX,
		"index record count");

	object(&t, 0)->length++;
	expect(&t, ROOT, NULL, IMG_ERR_INDEX, "object length");
	object(&t, 1)->length++;
	expect(&t, ROOT, NULL, IMG_ERR_INDEX, "object length");
	object(&t, 0)->length = 1;
	expect(&t, ROOT, NULL, IMG_ERR_INDEX, "index record count");
	tear_down(&t);
}

TEST(data)
{
	struct setup t;
	struct img_chunk_rec *raw, *lz4;

	set_up(&t);
	raw = chunk(&t, IMG_RAW);
	lz4 = chunk(&t, IMG_LZ4);
	t.d.now[raw->offset + 4095] ^= 0x10;
	expect(&t, DATA, NULL, IMG_ERR_DATA, NULL);
	raw->hash ^= 1;
	expect(&t, INDEX, NULL, IMG_ERR_DATA, NULL);
	TRY(INDEX, raw->offset, raw->offset + 4096, IMG_ERR_DATA, NULL);
	TRY(INDEX, lz4->stored_bytes, lz4->stored_bytes - 1, IMG_ERR_DATA, NULL);
	for (uint32_t i = 0; i < lz4->stored_bytes; i++) {
		/* A flipped bit may still decode to the same bytes, but only then is it
		 * accepted. */
		t.d.now[lz4->offset + i] ^= 1 << (i % 8);
		seal(&t, DATA);
		if (load_all(&t.l, &t.src, NULL, NULL, 0) == 0)
			assert_int_equal(
				load_all(&t.l, &t.src, &t.m, CPU_TEXT, sizeof(CPU_TEXT)), 0);
		t.d.now[lz4->offset + i] ^= 1 << (i % 8);
	}
	t.d.now[byte_chunk(&t)->offset] ^= 1;
	seal(&t, DATA);
	assert_int_equal(load_all(&t.l, &t.src, NULL, NULL, 0), IMG_ERR_DATA);
	assert_string_equal(t.l.fault.what, "chunk hash");
	assert_int_equal(t.l.fault.where, byte_chunk(&t)->offset);
	tear_down(&t);
}

/* Every bit of the header, nothing sealed: the other copy, which is EMPTY, counts. */
TEST(header_bits)
{
	struct setup t;

	set_up(&t);
	for (uint32_t bit = 0; bit < 512 * 8; bit++) {
		uint8_t *at = (uint8_t *)header(&t) + bit / 8;

		*at ^= 1 << bit % 8;
		assert_int_equal(load_open(&t.l, &t.src), IMG_ERR_EMPTY);
		t.l.hs.slot ^= 1;
		assert_int_equal(
			t.l.hs.err[t.l.hs.slot], bit < 64 ? IMG_ERR_NO_AREA : IMG_ERR_HEADER);
		assert_int_equal(t.l.hs.err[t.l.hs.slot ^ 1], 0);
		*at ^= 1 << bit % 8;
	}
	tear_down(&t);
}

/* Any byte of what an image consists of: found, or it does not matter (padding). */
TEST(any_byte)
{
	struct setup t;
	uint32_t found = 0, same = 0;

	set_up(&t);
	for (uint64_t i = IMG_DATA_START; i < header(&t)->used_bytes; i += 1 + rnd() % 97) {
		t.d.now[i] ^= (uint8_t)(1 + rnd() % 255);
		if (load_all(&t.l, &t.src, NULL, NULL, 0) != 0) {
			found++;
		} else {
			same++;
			assert_int_equal(
				load_all(&t.l, &t.src, &t.m, CPU_TEXT, sizeof(CPU_TEXT)), 0);
		}
		t.d.now[i] = t.good[i];
	}
	assert_true(found > same);
	tear_down(&t);
}

TEST(truncation)
{
	struct setup t;
	uint64_t used, second;

	set_up(&t);
	used = header(&t)->used_bytes;
	second = t.l.hs.slot * IMG_HEADER_STRIDE;
	for (uint64_t size = 0; size < AREA; size += 512) {
		int err, want = IMG_ERR_TRUNCATED;

		if (size >= used)
			want = 0;
		else if (size < IMG_HEADER_STRIDE)
			want = IMG_ERR_NO_AREA;
		else if (size < second + IMG_BLOCK_BYTES)
			want = IMG_ERR_EMPTY; /* the copy that is left */
		t.src.size = size;
		err = load_open(&t.l, &t.src);
		assert_int_equal(err, want);
		if (err == IMG_ERR_TRUNCATED) {
			assert_string_equal(t.l.fault.what, "header used bytes");
			assert_int_equal(t.l.fault.found, used);
			assert_int_equal(t.l.fault.wanted, size);
		}
	}
	tear_down(&t);
}

/* Foreign and unwritten areas. */
TEST(no_area)
{
	struct setup t;

	set_up(&t);
	memset(t.d.now, 0, AREA);
	assert_int_equal(load_open(&t.l, &t.src), IMG_ERR_NO_AREA);
	assert_null(t.l.fault.what);
	memset(t.d.now, 0xff, AREA);
	assert_int_equal(load_open(&t.l, &t.src), IMG_ERR_NO_AREA);
	memcpy(t.d.now + 4086, "S1SUSPEND", 9);
	assert_int_equal(load_open(&t.l, &t.src), IMG_ERR_NO_AREA);
	tear_down(&t);
}

/* Each read of a load fails in turn: its error comes through; a header copy that cannot be read
 * does not hide the other. */
TEST(read_errors)
{
	struct setup t;
	uint32_t n_reads;

	set_up(&t);
	t.d.n_reads = 0;
	assert_int_equal(load_all(&t.l, &t.src, NULL, NULL, 0), 0);
	n_reads = t.d.n_reads;
	for (uint32_t i = 1; i <= n_reads; i++) {
		uint32_t slot = t.l.hs.slot;
		int err;

		t.d.n_reads = 0;
		t.d.fail_read = i;
		t.d.fail_once = 1;
		err = load_all(&t.l, &t.src, NULL, NULL, 0);
		if (i > IMG_N_HEADERS)
			assert_int_equal(err, FAULT_DISK_ERR);
		else
			assert_int_equal(err, i == slot + 1 ? IMG_ERR_EMPTY : 0);
		t.d.fail_read = 0;
		assert_int_equal(load_all(&t.l, &t.src, NULL, NULL, 0), 0);
	}
	t.d.fail_read = 1;
	t.d.fail_once = 0;
	assert_int_equal(load_open(&t.l, &t.src), FAULT_DISK_ERR);
	tear_down(&t);
}

/* n records from src to dst, each with a tail of garbage. */
static void *lengthen(void *dst, const void *src, uint32_t n, size_t bytes, size_t tail)
{
	uint8_t *to = dst;
	const uint8_t *from = src;

	for (; n != 0; n--, to += bytes + tail, from += bytes) {
		memcpy(to, from, bytes);
		memset(to + bytes, 0xee, tail);
	}
	return to;
}

/* Records longer than ours: stepped over by the size in the root. */
TEST(longer_records)
{
	struct setup t;
	uint8_t old[IMG_BLOCK_BYTES];
	void *to;

	set_up(&t);
	for (uint32_t i = 0; i < 2; i++) {
		struct img_block_rec *b = block(&t, i);
		uint64_t offset = AREA - (i + 1) * IMG_INDEX_BLOCK_MAX;

		lengthen(t.d.now + offset, t.d.now + b->offset, b->n_chunks,
			sizeof(struct img_chunk_rec), 8);
		b->offset = offset;
		b->hash = img_hash(t.d.now + offset, b->n_chunks * 48);
	}
	header(&t)->used_bytes = AREA;

	memcpy(old, root(&t), sizeof(old));
	to = lengthen(root(&t) + 1, old + 32, 1, 48, 8);
	to = lengthen(to, old + 80, 2, 64, 16);
	to = lengthen(to, old + 208, 2, 24, 24);
	header(&t)->root_bytes = (uint32_t)((uint8_t *)to - (uint8_t *)root(&t));
	root(&t)->node_rec_bytes = 56;
	root(&t)->object_rec_bytes = 80;
	root(&t)->block_rec_bytes = 48;
	root(&t)->chunk_rec_bytes = 48;
	seal(&t, ROOT);
	assert_int_equal(load_all(&t.l, &t.src, &t.m, CPU_TEXT, sizeof(CPU_TEXT)), 0);
	tear_down(&t);
}
