/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Between state.c and who prints a stream (state_dump.c, the command as JSON): an object of it as
 * it lies there, unaligned.
 */
#ifndef IMAGE_FORMAT_STATE_OBJECT_H
#define IMAGE_FORMAT_STATE_OBJECT_H

#include "state.h"

struct state_object {
	struct img_stream_object head;
	const uint8_t *at; /* of head in the stream */
	const uint8_t *fields, *elements;
};

/* The object at *offset of an opened stream; moves *offset to the next. 0: there is none. */
int state_object_next_(const struct state_reader *r, size_t *offset, struct state_object *ret);
void state_object_field_(const struct state_object *o, uint32_t i, struct img_stream_field *ret);

/* An integer of 1, 2, 4 or 8 bytes, sign-extended when type is STATE_S. */
uint64_t state_load_(const uint8_t *p, uint32_t size, uint16_t type);

#endif
