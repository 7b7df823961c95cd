/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * After the resume, the mailbox is all that is left of what happened in between. It is read with
 * care: the writer may have died while writing it.
 */
#include "report.h"

#include <inttypes.h>
#include <string.h>

#include "err_any.h"
#include "img.h"
#include "say.h"

#define PAGE_BYTES 4096u

void mailbox_prepare(struct mailbox *m, uint64_t nonce)
{
	memset(m, 0, sizeof(*m));
	m->magic = MAILBOX_MAGIC;
	m->version = MAILBOX_VERSION;
	m->bytes = sizeof(*m);
	m->nonce = nonce;
}

static bool is_ours(const struct mailbox *m, uint64_t nonce)
{
	return m->magic == MAILBOX_MAGIC && m->nonce == nonce && m->version == MAILBOX_VERSION &&
	       m->bytes == sizeof(*m);
}

static double seconds(uint64_t us)
{
	return (double)us / 1e6;
}

static void print_save(const struct saved_ledger *s, FILE *out)
{
	char memory[SAY_SIZE_BYTES], stored[SAY_SIZE_BYTES];

	say_to(out, "save: %s of memory as %s in %.2f s (%.0f MB/s; %.2f s waiting for the disk)\n",
		say_size(memory, s->pages * PAGE_BYTES), say_size(stored, s->bytes_stored),
		seconds(s->total_us), mb_per_s(s->pages * PAGE_BYTES, s->total_us),
		seconds(s->wait_us));
	say_to(out,
		"save: %" PRIu64 " pages: %" PRIu64 " compressed, %" PRIu64 " raw, %" PRIu64
		" of one value\n",
		s->pages, s->pages_lz4, s->pages_raw, s->pages_fill);
}

static void print_resume(const struct mailbox_resume *r, FILE *out)
{
	char restored[SAY_SIZE_BYTES], read[SAY_SIZE_BYTES];

	say_to(out, "load: %s of memory from %s in %.2f s (%.0f MB/s)",
		say_size(restored, r->bytes_restored), say_size(read, r->bytes_read),
		seconds(r->total_us), mb_per_s(r->bytes_restored, r->total_us));
	if (r->attempts > 1)
		say_to(out, ", at attempt %" PRIu64, r->attempts);
	say_to(out, "\n");
	say_to(out,
		"load: probe %.3f s, headers and index %.3f s, read %.3f s, decompress %.3f s, "
		"hash %.3f s, jump %.3f s\n",
		seconds(r->probe_us), seconds(r->header_us), seconds(r->read_us),
		seconds(r->decompress_us), seconds(r->hash_us), seconds(r->jump_us));
}

static int not_saved(const struct mailbox *m)
{
	char reason[sizeof(m->reason)];

	memcpy(reason, m->reason, sizeof(reason));
	reason[sizeof(reason) - 1] = 0;
	return complain("not saved: %s: %s", *reason ? reason : "the writer gave no reason",
		err_any_text(m->error));
}

int report_outcome(const struct mailbox *m, uint64_t nonce, FILE *out)
{
	if (!is_ours(m, nonce))
		return complain("not known what happened: the mailbox was overwritten");
	switch (m->outcome) {
	case MAILBOX_FAILED:
		return not_saved(m);
	case MAILBOX_CONTINUED:
		say_to(out, "saved, and went on\n");
		print_save(&m->save, out);
		return 0;
	case MAILBOX_RESUMED:
		say_to(out, "resumed\n");
		print_save(&m->save, out);
		print_resume(&m->resume, out);
		return 0;
	default:
		return complain("not known what happened: neither writer nor loader reported");
	}
}

bool report_is_resumed(const struct mailbox *m, uint64_t nonce)
{
	return is_ours(m, nonce) && m->outcome == MAILBOX_RESUMED;
}

static void print_log(const char *who, const char *log, uint32_t bytes, FILE *out)
{
	bool line_start = true;

	for (uint32_t i = 0; i < bytes && i < MAILBOX_LOG_BYTES; i++) {
		if (line_start)
			say_to(out, "%s| ", who);
		line_start = log[i] == '\n';
		fputc(line_start || (log[i] >= ' ' && log[i] <= '~') ? log[i] : '?', out);
	}
	if (!line_start)
		fputc('\n', out);
}

void report_logs(const struct mailbox *m, uint64_t nonce, FILE *out)
{
	if (!is_ours(m, nonce))
		return;
	print_log("writer", m->writer_log, m->writer_log_bytes, out);
	print_log("loader", m->loader_log, m->loader_log_bytes, out);
}
