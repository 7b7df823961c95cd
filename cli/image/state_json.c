/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Numbers that are shown in hexadecimal are text, as JSON has decimal ones only. */
#include "state_json.h"

#include <string.h>

#include "state_object.h"

static json_t *one_value(const struct img_stream_field *f, const uint8_t *p)
{
	uint64_t v;

	if (f->type == STATE_TEXT)
		return json_text((const char *)p, f->size);
	if (f->type == STATE_BYTES)
		return json_bytes(p, f->size);
	v = state_load_(p, f->size, f->type);
	if (f->type == STATE_S && v >> 63)
		return json_integer((json_int_t)v);
	return f->type == STATE_X ? json_hex(v) : json_number(v);
}

static json_t *field_value(const struct img_stream_field *f, const uint8_t *p)
{
	json_t *values;

	if (f->count == 1)
		return one_value(f, p);
	values = json_array();
	for (uint32_t i = 0; i < f->count; i++)
		json_add(values, one_value(f, p + (size_t)i * f->size));
	return values;
}

static json_t *elements_of(const struct state_object *o)
{
	json_t *elements = json_array();
	struct img_stream_field f;
	char name[IMG_NAME_BYTES + 1] = "";

	for (uint32_t i = 0; i < o->head.n_elements; i++) {
		const uint8_t *at = o->elements + (size_t)i * o->head.element_bytes;
		json_t *element = json_object();

		for (uint32_t k = 0; k < o->head.n_fields; k++) {
			state_object_field_(o, k, &f);
			memcpy(name, f.name, sizeof(f.name));
			json_enter(element, name, field_value(&f, at + f.offset));
		}
		json_add(elements, element);
	}
	return elements;
}

json_t *state_json(const struct state_reader *r)
{
	size_t offset = sizeof(struct img_stream);
	json_t *objects = json_array();
	struct state_object o;

	while (state_object_next_(r, &offset, &o)) {
		json_t *object = json_object();

		json_enter(object, "name", json_text(o.head.name, sizeof(o.head.name)));
		json_enter(object, "version", json_number(o.head.version));
		json_enter(object, "elements", elements_of(&o));
		json_add(objects, object);
	}
	return objects;
}
