/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The loader's command line: words of key=value. FORMAT and defaults are in
 * docs/torpor-loader.7. */
#ifndef LOADER_CMDLINE_H
#define LOADER_CMDLINE_H

#include <stdint.h>

#include "err.h"
#include "guid.h"
#include "places.h"

enum strict {
	STRICT_DEFAULT = 0, /* as much as facts or image tell to be harmless */
	STRICT_ON = 1,      /* strict=1: not at all, by the kernel's own rule, facts or not */
	STRICT_OFF = 2,     /* strict=0: stock images without facts, too, whatever the memory map */
};

struct options {
	struct place_query area; /* where one of our own images may be */
	uint16_t serial;         /* 0: none */
	uint32_t attempts_max;   /* failed attempts before the loader boots on by itself */
	int force;               /* resume although it was resumed, or tried, before */
	struct place_query swap; /* where a stock kernel's image may be */
	uint64_t resume_offset;  /* of a swap file: its header's page on the partition */
	int have_uuid;           /* it must have this UUID, the swap area or the image area */
	uint8_t uuid[16];        /* in the order of its text, as mkswap has it */
	int nvs;                 /* own images: ACPI NVS memory is put back too */
	enum strict strict;      /* how much a machine may differ from the one of the save */
};

#define OPTIONS_ATTEMPTS_DEFAULT 2

/* Without area= and swap= both are looked for by partition type; with one of them only that one
 * (swap=none names nothing).
 * ERR_ARGUMENT: *ret_word is the word that is wrong (within line), its length *ret_len. */
int cmdline_parse(
	const char *line, struct options *ret, const char **ret_word, uint32_t *ret_len) MUST_CHECK;

#endif
