/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The writer as a kexec image: the program with its handoff block, and the segments that put it
 * into the region.
 */
#ifndef CLI_PAYLOAD_H
#define CLI_PAYLOAD_H

#include "filesystems.h"
#include "kexec.h"
#include "machine_facts.h"
#include "region.h"
#include "target.h"

/* A writer program as linked (linker.ld): entry at 0, sizes and magic in its first 32 bytes. */
struct payload_blob {
	const uint8_t *data;
	size_t bytes;
};

/* The one that this command carries. */
struct payload_blob payload_builtin(void);

struct payload {
	uint8_t *buf; /* program, and room up to its end or the end of the handoff block */
	size_t buf_bytes;
	struct handoff *handoff; /* in buf, zeroed but for magic, version and length */
	struct jump_segment segment[HANDOFF_REGION_MAX];
	size_t n_segments;
	uint64_t entry;
};

/* -1 after one complaint when the program is damaged or does not fit the region. */
int payload_make(struct payload *ret, const struct payload_blob *blob, const struct region *region);
void payload_free(struct payload *p);

/* What the rest of the command knows, put into the handoff block. */
struct save_order {
	enum handoff_action action;
	uint32_t serial_port;
	uint64_t now_unix_s;
	uint64_t nonce;
	bool reusable;
	const struct filesystems *filesystems; /* NULL: none */
	uint8_t area_uuid[16], image_uuid[16];
};
void payload_hand_off(struct handoff *h, const struct save_order *order,
	const struct machine_facts *facts, const struct target *t, const struct region *region);

/* Only what is known of the machine and its kernel. */
void payload_hand_off_machine(struct handoff *h, const struct machine_facts *f);

#endif
