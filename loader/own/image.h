/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An image opened: index root, and the state that the loader needs, decoded. */
#ifndef LOADER_IMAGE_H
#define LOADER_IMAGE_H

#include "arena.h"
#include "boot_info.h"
#include "find.h"
#include "saved_state.h"

struct image {
	struct img_reader reader;
	struct img_object_rec memory; /* the page stream */
	void *index_block;            /* IMG_INDEX_BLOCK_MAX, for cursors */
	struct saved_cpu cpu;
	struct saved_platform platform;
	struct saved_ledger ledger;
	struct saved_frame region[BOOT_REGION_MAX];
	uint32_t n_region;
	struct runtime_range runtime[SAVED_RUNTIME_MAX];
	uint32_t n_runtime;
	struct saved_table table[SAVED_TABLES_MAX];
	struct saved_processor processor[SAVED_PROCESSORS_MAX];
	struct saved_registers registers[SAVED_REGISTERS_MAX];
	uint32_t n_tables, n_processors, n_registers; /* 0: of a writer that did not look */
	struct saved_filesystem filesystem[SAVED_FILESYSTEMS_MAX];
	uint32_t n_filesystems;
	int have_filesystems; /* 0: an image of a writer that did not look */
};

/* Memory comes from the arena (about 3 MiB). Errors are logged with field and place. */
int image_open(struct image *im, struct found *f, struct arena *arena) MUST_CHECK;

#endif
