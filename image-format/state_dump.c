/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A state stream as YAML, from its own tables alone:
 *
 *	memory: # version 1
 *	  - start: 0x1000
 *	    end: 0x9f000
 *	    type: 1
 */
#include "state_object.h"

#include <string.h>

struct out {
	void (*put)(void *ctx, const char *text, size_t len);
	void *ctx;
};

static void put(const struct out *o, const char *text)
{
	o->put(o->ctx, text, strlen(text));
}

static void put_decimal(const struct out *o, uint64_t v)
{
	char digits[20];
	size_t at = sizeof(digits);

	do {
		digits[--at] = (char)('0' + v % 10);
		v /= 10;
	} while (v);
	o->put(o->ctx, digits + at, sizeof(digits) - at);
}

static void put_hex(const struct out *o, uint64_t v, unsigned int min_digits)
{
	char digits[16];
	size_t at = sizeof(digits);

	do {
		digits[--at] = "0123456789abcdef"[v & 15];
		v >>= 4;
	} while (v || sizeof(digits) - at < min_digits);
	o->put(o->ctx, digits + at, sizeof(digits) - at);
}

static void put_text(const struct out *o, const uint8_t *p, uint32_t size)
{
	put(o, "\"");
	for (uint32_t i = 0; i < size && p[i]; i++) {
		char c = (char)p[i];

		if (c < ' ' || c > '~' || c == '"' || c == '\\') {
			put(o, "\\x");
			put_hex(o, p[i], 2);
		} else {
			o->put(o->ctx, &c, 1);
		}
	}
	put(o, "\"");
}

static bool plain(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_';
}

/* What YAML takes for a truth value or nothing, in any case of letters. */
static bool reserved_word(const char *name)
{
	static const char words[][6] = {
		"y", "n", "yes", "no", "on", "off", "true", "false", "null"};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		size_t n = 0;

		while (words[i][n] && (name[n] | 0x20) == words[i][n])
			n++;
		if (!words[i][n] && !name[n])
			return true;
	}
	return false;
}

/* A key: quoted when YAML could take it for anything else. */
static void put_name(const struct out *o, const char *name)
{
	size_t n = 0;

	while (plain(name[n]))
		n++;
	if (name[n] == 0 && (name[0] < '0' || name[0] > '9') && !reserved_word(name))
		put(o, name);
	else
		put_text(o, (const uint8_t *)name, IMG_NAME_BYTES);
}

static void put_bytes(const struct out *o, const uint8_t *p, uint32_t size)
{
	put(o, "\"");
	for (uint32_t i = 0; i < size; i++)
		put_hex(o, p[i], 2);
	put(o, "\"");
}

static void put_integer(const struct out *o, uint64_t v, uint16_t type)
{
	if (type == STATE_X) {
		put(o, "0x");
		put_hex(o, v, 1);
		return;
	}
	if (type == STATE_S && v >> 63) {
		put(o, "-");
		v = -v;
	}
	put_decimal(o, v);
}

static void put_value(const struct out *o, const struct img_stream_field *f, const uint8_t *p)
{
	if (f->type == STATE_TEXT)
		put_text(o, p, f->size);
	else if (f->type == STATE_BYTES)
		put_bytes(o, p, f->size);
	else
		put_integer(o, state_load_(p, f->size, f->type), f->type);
}

static void put_field(const struct out *o, const struct img_stream_field *f, const uint8_t *element)
{
	const uint8_t *p = element + f->offset;

	put_name(o, f->name);
	put(o, f->count == 1 ? ": " : ": [");
	for (uint32_t i = 0; i < f->count; i++, p += f->size) {
		if (i)
			put(o, ", ");
		put_value(o, f, p);
	}
	put(o, f->count == 1 ? "\n" : "]\n");
}

static void put_element(const struct out *out, const struct state_object *o, const uint8_t *element)
{
	struct img_stream_field f;

	if (o->head.n_fields == 0)
		put(out, "  - {}\n");
	for (uint32_t i = 0; i < o->head.n_fields; i++) {
		state_object_field_(o, i, &f);
		put(out, i == 0 ? "  - " : "    ");
		put_field(out, &f, element);
	}
}

void state_dump(const struct state_reader *r,
	void (*put_fn)(void *ctx, const char *text, size_t len), void *ctx)
{
	struct out out = {put_fn, ctx};
	size_t offset = sizeof(struct img_stream);
	struct state_object o;

	while (state_object_next_(r, &offset, &o)) {
		put_name(&out, o.head.name);
		put(&out, o.head.n_elements ? ": # version " : ": [] # version ");
		put_decimal(&out, o.head.version);
		put(&out, "\n");
		for (uint32_t i = 0; i < o.head.n_elements; i++)
			put_element(&out, &o, o.elements + (size_t)i * o.head.element_bytes);
	}
}
