/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * State streams: writing, checking, and reading into the structs of another version.
 */
#include "img_internal.h"
#include "state_object.h"

#include <string.h>

#define FLAGS_KNOWN (STATE_REQUIRED | STATE_CRITICAL)

static bool is_integer(uint16_t type)
{
	return type == STATE_U || type == STATE_S || type == STATE_X;
}

static bool integer_size(uint32_t size)
{
	return size == 1 || size == 2 || size == 4 || size == 8;
}

/* Of a description or of a stream: can elements of element_bytes have this field? */
static const char *field_fault(uint16_t type, uint16_t flags, uint64_t offset, uint64_t size,
	uint64_t count, uint64_t element_bytes)
{
	if (type < STATE_U || type > STATE_BYTES)
		return "field type";
	if (flags & ~FLAGS_KNOWN)
		return "field flags";
	if (size == 0 || size > element_bytes ||
		(is_integer(type) && !integer_size((uint32_t)size)))
		return "field size";
	if (count == 0 || count > element_bytes / size)
		return "field count";
	if (offset > element_bytes || size * count > element_bytes - offset)
		return "field offset";
	return NULL;
}

/* ---- writing ---- */

void state_begin(struct state_writer *w, void *buf, size_t cap)
{
	*w = (struct state_writer){.buf = buf, .cap = cap, .used = sizeof(struct img_stream)};
	if (cap < w->used)
		w->err = IMG_ERR_WORK;
	else
		memset(buf, 0, w->used);
}

static int put_field(uint8_t *dst, const struct state_desc *d, const struct state_field *f)
{
	struct img_stream_field rec = {.type = f->type,
		.flags = f->flags,
		.offset = f->offset,
		.size = f->size,
		.count = f->count};
	int err = img_name_set_(rec.name, f->name);

	if (err || field_fault(f->type, f->flags, f->offset, f->size, f->count, d->size))
		return IMG_ERR_ARGUMENT;
	memcpy(dst, &rec, sizeof(rec));
	return 0;
}

/* Only what the fields cover: nothing of the padding between them gets into an image. */
static void put_element(uint8_t *dst, const struct state_desc *d, const uint8_t *element)
{
	for (uint32_t i = 0; i < d->n_fields; i++) {
		const struct state_field *f = &d->fields[i];

		memcpy(dst + f->offset, element + f->offset, (size_t)f->size * f->count);
		for (uint32_t k = 1; f->type == STATE_TEXT && k <= f->count; k++)
			dst[f->offset + (size_t)f->size * k - 1] = 0;
	}
}

static int put_object(uint8_t *dst, const struct img_stream_object *head,
	const struct state_desc *d, const uint8_t *elements)
{
	memset(dst, 0, head->bytes);
	memcpy(dst, head, sizeof(*head));
	dst += sizeof(*head);
	for (uint32_t i = 0; i < d->n_fields; i++, dst += sizeof(struct img_stream_field)) {
		int err = put_field(dst, d, &d->fields[i]);

		if (err)
			return err;
	}
	for (uint32_t i = 0; i < head->n_elements; i++)
		put_element(dst + (size_t)i * d->size, d, elements + (size_t)i * d->size);
	return 0;
}

void state_put(struct state_writer *w, const struct state_desc *d, const void *elements, uint32_t n)
{
	struct img_stream_object head = {.version = d->version,
		.n_fields = d->n_fields,
		.element_bytes = d->size,
		.n_elements = n};

	if (w->err)
		return;
	w->err = img_name_set_(head.name, d->name);
	if (d->size == 0 || d->size > IMG_STREAM_ELEMENT_MAX || d->n_fields > IMG_STREAM_FIELDS_MAX)
		w->err = IMG_ERR_ARGUMENT;
	if (w->err)
		return;
	head.bytes = img_align_up_(sizeof(head) +
					   (uint64_t)d->n_fields * sizeof(struct img_stream_field) +
					   (uint64_t)n * d->size,
		IMG_STREAM_ALIGN);
	if (head.bytes > w->cap - w->used) {
		w->err = IMG_ERR_WORK;
		return;
	}
	w->err = put_object(w->buf + w->used, &head, d, elements);
	w->used += head.bytes;
	w->n_objects++;
}

int state_finish(struct state_writer *w, size_t *ret_bytes)
{
	struct img_stream head = {
		.version = IMG_STREAM_VERSION, .n_objects = w->n_objects, .bytes = w->used};

	if (w->err)
		return w->err;
	memcpy(head.magic, IMG_STREAM_MAGIC, sizeof(head.magic));
	memcpy(w->buf, &head, sizeof(head));
	*ret_bytes = w->used;
	return 0;
}

/* ---- checking ---- */

static int bad(struct state_reader *r, const char *what)
{
	r->what = what;
	return IMG_ERR_STREAM;
}

int state_object_next_(const struct state_reader *r, size_t *offset, struct state_object *ret)
{
	if (r->bytes - *offset < sizeof(ret->head))
		return 0;
	ret->at = r->buf + *offset;
	memcpy(&ret->head, ret->at, sizeof(ret->head));
	ret->fields = ret->at + sizeof(ret->head);
	ret->elements = ret->fields + ret->head.n_fields * sizeof(struct img_stream_field);
	*offset += ret->head.bytes;
	return 1;
}

void state_object_field_(const struct state_object *o, uint32_t i, struct img_stream_field *ret)
{
	memcpy(ret, o->fields + (size_t)i * sizeof(*ret), sizeof(*ret));
}

static const char *field_name(const struct state_object *o, uint32_t i)
{
	return (const char *)o->fields + (size_t)i * sizeof(struct img_stream_field);
}

/* Text must end inside its array, so that nobody reads on. */
static bool texts_end(const struct state_object *o, const struct img_stream_field *f)
{
	for (uint32_t e = 0; e < o->head.n_elements; e++) {
		const uint8_t *at = o->elements + (size_t)e * o->head.element_bytes + f->offset;

		for (uint32_t k = 1; k <= f->count; k++) {
			if (at[(size_t)f->size * k - 1] != 0)
				return false;
		}
	}
	return true;
}

static int check_fields(struct state_reader *r, const struct state_object *o)
{
	uint64_t covered = 0;

	for (uint32_t i = 0; i < o->head.n_fields; i++) {
		struct img_stream_field f;
		const char *fault;

		state_object_field_(o, i, &f);
		if (!img_name_ok_(f.name))
			return bad(r, "field name");
		fault = field_fault(
			f.type, f.flags, f.offset, f.size, f.count, o->head.element_bytes);
		if (fault)
			return bad(r, fault);
		/* No overlap: that also bounds the work that a small stream can ask for. */
		covered += (uint64_t)f.size * f.count;
		if (covered > o->head.element_bytes)
			return bad(r, "fields overlap");
		if (f.type == STATE_TEXT && !texts_end(o, &f))
			return bad(r, "text without end");
	}
	return 0;
}

/* The object whose head is at offset; left: bytes of the stream from there. */
static int check_object(struct state_reader *r, size_t *offset)
{
	struct img_stream_object h;
	struct state_object o = {0};
	size_t left = r->bytes - *offset;
	uint64_t need;

	if (left < sizeof(h))
		return bad(r, "object count");
	memcpy(&h, r->buf + *offset, sizeof(h));
	if (!img_name_ok_(h.name))
		return bad(r, "object name");
	if (h.reserved != 0)
		return bad(r, "object reserved");
	if (h.n_fields > IMG_STREAM_FIELDS_MAX)
		return bad(r, "field count of object");
	if (h.element_bytes == 0 || h.element_bytes > IMG_STREAM_ELEMENT_MAX)
		return bad(r, "element size");
	need = img_align_up_(sizeof(h) + (uint64_t)h.n_fields * sizeof(struct img_stream_field) +
				     (uint64_t)h.n_elements * h.element_bytes,
		IMG_STREAM_ALIGN);
	if (h.bytes != need || h.bytes > left)
		return bad(r, "object size");
	(void)state_object_next_(r, offset, &o);
	return check_fields(r, &o);
}

int state_open(struct state_reader *r, const void *buf, size_t bytes)
{
	struct img_stream h;
	size_t offset = sizeof(h);

	*r = (struct state_reader){.buf = buf, .bytes = bytes};
	if (bytes < sizeof(h))
		return bad(r, "stream size");
	memcpy(&h, buf, sizeof(h));
	if (memcmp(h.magic, IMG_STREAM_MAGIC, sizeof(h.magic)) != 0)
		return bad(r, "stream magic");
	if (h.version != IMG_STREAM_VERSION)
		return bad(r, "stream version");
	if (h.bytes < sizeof(h) || h.bytes > bytes)
		return bad(r, "stream size");
	if (h.reserved != 0)
		return bad(r, "stream reserved");
	r->bytes = h.bytes;
	for (uint32_t i = 0; i < h.n_objects; i++) {
		int err = check_object(r, &offset);

		if (err)
			return err;
	}
	return offset == r->bytes ? 0 : bad(r, "stream size");
}

/* ---- reading ---- */

uint64_t state_load_(const uint8_t *p, uint32_t size, uint16_t type)
{
	uint64_t v = 0;

	memcpy(&v, p, size);
	if (type == STATE_S && size < 8 && v >> (8 * size - 1))
		v |= ~0ull << (8 * size);
	return v;
}

/* Whether v, negative or not, is the same value in a field of this size and type. */
static bool fits(uint64_t v, bool negative, uint32_t size, uint16_t type)
{
	uint32_t bits = 8 * size - (type == STATE_S ? 1 : 0);

	if (negative)
		return type == STATE_S && ~v >> bits == 0;
	return bits == 64 || v >> bits == 0;
}

/* Integers of the stream's width to the reader's; what an array has no room for must be zero. */
static bool copy_integers(uint8_t *dst, const struct state_field *to, const uint8_t *src,
	const struct img_stream_field *from)
{
	for (uint32_t i = 0; i < from->count; i++) {
		uint64_t v = state_load_(src + (size_t)i * from->size, from->size, from->type);
		bool negative = from->type == STATE_S && v >> 63;

		if (i >= to->count) {
			if (v != 0)
				return false;
			continue;
		}
		if (!fits(v, negative, to->size, to->type))
			return false;
		memcpy(dst + (size_t)i * to->size, &v, to->size);
	}
	return true;
}

static void copy_texts(uint8_t *dst, const struct state_field *to, const uint8_t *src,
	const struct img_stream_field *from)
{
	uint32_t size = from->size < to->size ? from->size : to->size;

	for (uint32_t i = 0; i < from->count && i < to->count; i++) {
		memcpy(dst + (size_t)i * to->size, src + (size_t)i * from->size, size);
		if (to->type == STATE_TEXT)
			dst[(size_t)(i + 1) * to->size - 1] = 0;
	}
}

static bool same_name(const char *in_stream, const char *name)
{
	return strncmp(in_stream, name, IMG_NAME_BYTES) == 0;
}

static bool find_field(const struct state_object *o, const char *name, struct img_stream_field *ret)
{
	for (uint32_t i = 0; i < o->head.n_fields; i++) {
		state_object_field_(o, i, ret);
		if (same_name(ret->name, name))
			return true;
	}
	return false;
}

static int get_field(struct state_reader *r, const struct state_object *o,
	const struct state_field *to, uint8_t *elements, uint32_t element_bytes)
{
	struct img_stream_field from;

	if (!find_field(o, to->name, &from))
		return to->flags & STATE_REQUIRED ? bad(r, to->name) : 0;
	if (is_integer(from.type) ? !is_integer(to->type) : from.type != to->type)
		return bad(r, to->name);
	for (uint32_t e = 0; e < o->head.n_elements; e++) {
		uint8_t *dst = elements + (size_t)e * element_bytes + to->offset;
		const uint8_t *src = o->elements + (size_t)e * o->head.element_bytes + from.offset;

		if (!is_integer(from.type))
			copy_texts(dst, to, src, &from);
		else if (!copy_integers(dst, to, src, &from))
			return bad(r, to->name);
	}
	return 0;
}

static bool knows(const struct state_desc *d, const char *in_stream)
{
	for (uint32_t i = 0; i < d->n_fields; i++) {
		if (same_name(in_stream, d->fields[i].name))
			return true;
	}
	return false;
}

static int check_critical(
	struct state_reader *r, const struct state_object *o, const struct state_desc *d)
{
	for (uint32_t i = 0; i < o->head.n_fields; i++) {
		struct img_stream_field f;

		state_object_field_(o, i, &f);
		if ((f.flags & STATE_CRITICAL) && !knows(d, f.name))
			return bad(r, field_name(o, i));
	}
	return 0;
}

int state_get(struct state_reader *r, const struct state_desc *d, void *elements, uint32_t max,
	uint32_t *ret_n)
{
	size_t offset = sizeof(struct img_stream);
	struct state_object o;
	int err;

	do {
		if (!state_object_next_(r, &offset, &o))
			return IMG_ERR_NOT_FOUND;
	} while (!same_name(o.head.name, d->name));

	*ret_n = o.head.n_elements;
	if (o.head.n_elements > max)
		return IMG_ERR_WORK;
	memset(elements, 0, (size_t)o.head.n_elements * d->size);
	err = check_critical(r, &o, d);
	for (uint32_t i = 0; i < d->n_fields && !err; i++)
		err = get_field(r, &o, &d->fields[i], elements, d->size);
	return err;
}
