/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Self-describing state: a byte stream that carries the description of the structs in it, so that a
 * reader of another version finds fields by name, and any tool can print it. Layout: FORMAT.md,
 * "State streams". Pure, like img.h.
 *
 * A stream is a sequence of objects; an object is n elements of one described struct. Integers
 * change width freely between versions (a value that does not fit is IMG_ERR_STREAM, and so is one
 * that an array became too short for, unless it is zero); text and bytes are cut or zero padded; a
 * field that the stream lacks is zero, or IMG_ERR_STREAM when it is marked required. A field that
 * the reader lacks is passed over, or IMG_ERR_STREAM when the stream marks it critical.
 */
#ifndef IMAGE_FORMAT_STATE_H
#define IMAGE_FORMAT_STATE_H

#include <stddef.h>
#include <stdint.h>

#include "img.h"

enum state_type {
	STATE_U = 1,     /* unsigned integer of 1, 2, 4 or 8 bytes */
	STATE_S = 2,     /* signed, the same */
	STATE_X = 3,     /* as STATE_U, printed in hexadecimal: addresses, register contents */
	STATE_TEXT = 4,  /* zero-padded ASCII; size is the whole array */
	STATE_BYTES = 5, /* printed as hexadecimal digits */
};

#define STATE_REQUIRED 1u /* a reader refuses a stream that lacks the field */
#define STATE_CRITICAL 2u /* a reader that does not know the field refuses the stream */

struct state_field {
	const char *name; /* at most 31 characters */
	uint16_t type;    /* enum state_type */
	uint16_t flags;   /* STATE_REQUIRED, STATE_CRITICAL */
	uint32_t offset;  /* in the C struct */
	uint32_t size;    /* of one element, bytes */
	uint32_t count;   /* 1, or the length of an array */
};

struct state_desc {
	const char *name; /* of the struct, at most 31 characters */
	uint32_t version;
	uint32_t size; /* sizeof the C struct */
	uint32_t n_fields;
	const struct state_field *fields;
};

#define STATE_FIELD(type_, kind_, member_, flags_)                                                 \
	{                                                                                          \
		.name = #member_, .type = (kind_), .flags = (flags_),                              \
		.offset = offsetof(type_, member_), .size = sizeof(((type_ *)0)->member_),         \
		.count = 1                                                                         \
	}
#define STATE_ARRAY(type_, kind_, member_, flags_)                                                 \
	{                                                                                          \
		.name = #member_, .type = (kind_), .flags = (flags_),                              \
		.offset = offsetof(type_, member_), .size = sizeof(((type_ *)0)->member_[0]),      \
		.count = sizeof(((type_ *)0)->member_) / sizeof(((type_ *)0)->member_[0])          \
	}

struct state_writer {
	uint8_t *buf;
	size_t cap, used;
	uint32_t n_objects;
	int err; /* the first one sticks; state_finish reports it */
};
/* buf need not be aligned. IMG_ERR_WORK when it is too small; text without its zero loses one. */
void state_begin(struct state_writer *w, void *buf, size_t cap);
void state_put(
	struct state_writer *w, const struct state_desc *d, const void *elements, uint32_t n);
int state_finish(struct state_writer *w, size_t *ret_bytes) IMG_MUST_CHECK;

struct state_reader {
	const uint8_t *buf;
	size_t bytes;
	/* Of the last IMG_ERR_STREAM: name of a field (it may lie in buf), or a constant text. */
	const char *what;
};
/* Checks the whole stream once: lengths, tables, text ends. bytes may exceed the stream. */
int state_open(struct state_reader *r, const void *buf, size_t bytes) IMG_MUST_CHECK;
/* Elements of the object named d->name, converted to the caller's struct. IMG_ERR_NOT_FOUND when
 * the stream has no such object, IMG_ERR_WORK when it has more than max elements (*ret_n says how
 * many). */
int state_get(struct state_reader *r, const struct state_desc *d, void *elements, uint32_t max,
	uint32_t *ret_n) IMG_MUST_CHECK;

/* Prints the whole stream as YAML, from its own tables alone. */
void state_dump(const struct state_reader *r, void (*put)(void *ctx, const char *text, size_t len),
	void *ctx);

#endif
