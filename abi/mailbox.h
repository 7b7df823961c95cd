/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where writer and loader leave word for the `torpor` process: one 2 MiB page that the process has
 * pinned. It is ordinary memory of the old kernel, so it travels with the image. Magic and nonce
 * are checked before anything is written to it: a page that moved is not there any more.
 */
#ifndef ABI_MAILBOX_H
#define ABI_MAILBOX_H

#include <assert.h>
#include <stdint.h>

#include "saved_state.h"

#define MAILBOX_MAGIC     0x31584f424c49414dull
#define MAILBOX_VERSION   1
#define MAILBOX_LOG_BYTES 32768u

enum mailbox_outcome {
	MAILBOX_NOTHING = 0, /* as the process left it: nobody reported */
	MAILBOX_FAILED =
		1, /* the writer gave up before the commit and came back; see error, reason */
	MAILBOX_CONTINUED = 2, /* saved, and came back (HANDOFF_CONTINUE) */
	MAILBOX_RESUMED = 3,   /* the loader brought this system back */
};

/* Phases of a resume, microseconds; total is from the loader's first instruction to the jump. */
struct mailbox_resume {
	uint64_t total_us, probe_us, header_us, read_us, decompress_us, hash_us, jump_us;
	uint64_t bytes_read, bytes_restored;
	uint64_t attempts;
};

struct mailbox {
	uint64_t magic, nonce;
	uint32_t version, bytes; /* sizeof */
	uint32_t outcome;        /* enum mailbox_outcome */
	int32_t error;           /* enum err or img_err, with MAILBOX_FAILED */
	char reason[256];        /* one line, zero terminated */
	struct saved_ledger save;
	struct mailbox_resume resume;
	uint32_t writer_log_bytes, loader_log_bytes;
	char writer_log[MAILBOX_LOG_BYTES];
	char loader_log[MAILBOX_LOG_BYTES];
};
static_assert(sizeof(struct mailbox) <= (2u << 20), "fits its page");

#endif
