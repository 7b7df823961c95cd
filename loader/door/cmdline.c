/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Three programs read these words: the loader's core, its EFI door, and the command, which
 * promises in setup what the loader will do. So they all use this parser.
 */
#include "cmdline.h"

#include <stdbool.h>
#include <string.h>

#include "area.h"
#include "guid.h"

/* Linux swap, in the Discoverable Partitions Specification and everywhere. */
#define SWAP_TYPE_GUID "0657fd6d-a4ab-43c4-84e5-0933c84b4f4f"

/* A number, decimal or 0x hexadecimal, that ends at end; false when it does not fit max. */
static bool number(const char *at, const char *end, uint64_t max, uint64_t *ret)
{
	uint32_t base = 10;
	if (end - at > 2 && at[0] == '0' && (at[1] == 'x' || at[1] == 'X')) {
		base = 16;
		at += 2;
	}
	if (at == end)
		return false;
	uint64_t value = 0;
	for (; at < end; at++) {
		int digit = guid_hex_digit(*at);
		if (digit < 0 || digit >= (int)base || value > (max - (uint64_t)digit) / base)
			return false;
		value = value * base + (uint64_t)digit;
	}
	*ret = value;
	return true;
}

static bool starts(const char *at, const char *end, const char *prefix, const char **ret_rest)
{
	size_t len = strlen(prefix);
	if ((size_t)(end - at) < len || memcmp(at, prefix, len) != 0)
		return false;
	*ret_rest = at + len;
	return true;
}

static bool parse_lba(const char *at, const char *end, struct place_query *q)
{
	const char *plus = memchr(at, '+', (size_t)(end - at));
	q->by = PLACE_BY_LBA;
	return plus && number(at, plus, UINT64_MAX, &q->lba) &&
	       number(plus + 1, end, UINT64_MAX, &q->n_sectors) && q->n_sectors != 0 &&
	       q->lba <= UINT64_MAX - q->n_sectors;
}

static bool by_guid(struct place_query *q, enum place_by by, const char *text, const char *end)
{
	q->by = by;
	return guid_parse(text, (uint32_t)(end - text), q->guid) == 0;
}

/* Only what can stand in a word: a name with blanks or umlauts needs the partition's GUID. */
static bool by_label(struct place_query *q, const char *text, const char *end)
{
	size_t len = (size_t)(end - text);
	q->by = PLACE_BY_PARTLABEL;
	if (len == 0 || len > GPT_NAME_MAX)
		return false;
	memcpy(q->label, text, len);
	q->label[len] = 0;
	return true;
}

/* GUID+SECTOR, or START+COUNT+SECTOR for a partition that has no GUID. */
static bool parse_file(const char *at, const char *end, struct place_query *q)
{
	const char *plus = end;
	while (plus > at && *plus != '+')
		plus--;
	q->in_file = 1;
	return plus > at && number(plus + 1, end, UINT64_MAX, &q->file_sector) &&
	       (by_guid(q, PLACE_BY_PARTUUID, at, plus) || parse_lba(at, plus, q));
}

/* own_type: what "type" without a GUID means. */
static bool parse_place(
	const char *at, const char *end, const char *own_type, struct place_query *q)
{
	const char *rest;
	if (starts(at, end, "partuuid:", &rest))
		return by_guid(q, PLACE_BY_PARTUUID, rest, end);
	if (starts(at, end, "partlabel:", &rest))
		return by_label(q, rest, end);
	if (starts(at, end, "type:", &rest))
		return by_guid(q, PLACE_BY_TYPE, rest, end);
	if (starts(at, end, "lba:", &rest))
		return parse_lba(rest, end, q);
	if (starts(at, end, "none", &rest) && rest == end) {
		q->by = PLACE_NONE;
		return true;
	}
	return starts(at, end, "type", &rest) && rest == end &&
	       by_guid(q, PLACE_BY_TYPE, own_type, own_type + strlen(own_type));
}

/* GUID, or mbr: and the eight digits that fdisk and blkid show. */
static bool parse_disk(const char *at, const char *end, struct place_query *q)
{
	const char *rest;
	q->disk_by = DISK_BY_GUID;
	if (!starts(at, end, "mbr:", &rest))
		return guid_parse(at, (uint32_t)(end - at), q->disk) == 0;
	q->disk_by = DISK_BY_MBR;
	q->mbr = 0;
	for (at = rest; at < end && guid_hex_digit(*at) >= 0; at++)
		q->mbr = q->mbr << 4 | (uint32_t)guid_hex_digit(*at);
	return at == end && end - rest == 8 && q->mbr != 0;
}

/* Which of area= and swap= there were. */
struct named {
	bool area, swap;
};

static bool parse_flag(const char *at, const char *end, int *ret)
{
	*ret = at + 1 == end && *at == '1';
	return at + 1 == end && (*at == '0' || *at == '1');
}

static bool parse_word(const char *at, const char *end, struct options *o, struct named *named)
{
	const char *rest;
	uint64_t value;
	bool good = false;
	if (starts(at, end, "area=", &rest)) {
		named->area = true;
		o->area.in_file = 0;
		good = starts(rest, end, "file:", &rest)
			       ? parse_file(rest, end, &o->area)
			       : parse_place(rest, end, AREA_TYPE_GUID, &o->area);
	} else if (starts(at, end, "swap=", &rest)) {
		named->swap = true;
		good = parse_place(rest, end, SWAP_TYPE_GUID, &o->swap);
	} else if (starts(at, end, "resume_offset=", &rest)) {
		good = number(rest, end, UINT64_MAX >> 12, &o->resume_offset);
	} else if (starts(at, end, "disk=", &rest)) {
		good = parse_disk(rest, end, &o->area);
	} else if (starts(at, end, "uuid=", &rest)) {
		o->have_uuid = 1;
		good = uuid_parse(rest, (uint32_t)(end - rest), o->uuid) == 0;
	} else if (starts(at, end, "serial=", &rest)) {
		good = number(rest, end, 0xfff8, &value);
		o->serial = good ? (uint16_t)value : 0;
	} else if (starts(at, end, "attempts=", &rest)) {
		good = number(rest, end, 1000, &value);
		o->attempts_max = good ? (uint32_t)value : o->attempts_max;
	} else if (starts(at, end, "force=", &rest)) {
		good = parse_flag(rest, end, &o->force);
	} else if (starts(at, end, "strict=", &rest)) {
		int on = 0;
		good = parse_flag(rest, end, &on);
		o->strict = on ? STRICT_ON : STRICT_OFF;
	} else if (starts(at, end, "nvs=", &rest)) {
		good = parse_flag(rest, end, &o->nvs);
	}
	return good;
}

/* What was named decides what is looked for; a disk that was named holds for both. */
static void settle(struct options *o, const struct named *named)
{
	if (named->swap && !named->area && o->swap.by != PLACE_NONE)
		o->area.by = PLACE_NONE;
	if (named->area && !named->swap && o->area.by != PLACE_NONE)
		o->swap.by = PLACE_NONE;
	o->swap.disk_by = o->area.disk_by;
	o->swap.mbr = o->area.mbr;
	memcpy(o->swap.disk, o->area.disk, sizeof(o->swap.disk));
}

int cmdline_parse(const char *line, struct options *ret, const char **ret_word, uint32_t *ret_len)
{
	static const char type[] = "type";
	struct named named = {false, false};
	*ret = (struct options){.attempts_max = OPTIONS_ATTEMPTS_DEFAULT};
	if (!parse_place(type, type + 4, AREA_TYPE_GUID, &ret->area) ||
		!parse_place(type, type + 4, SWAP_TYPE_GUID, &ret->swap))
		return ERR_BUG;
	for (;;) {
		while (*line == ' ' || *line == '\t' || *line == '\r' || *line == '\n')
			line++;
		if (*line == 0)
			break;
		const char *end = line;
		while (*end && *end != ' ' && *end != '\t' && *end != '\r' && *end != '\n')
			end++;
		if (!parse_word(line, end, ret, &named)) {
			*ret_word = line;
			*ret_len = (uint32_t)(end - line);
			return ERR_ARGUMENT;
		}
		line = end;
	}
	settle(ret, &named);
	return 0;
}
