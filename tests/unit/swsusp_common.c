/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Three suites open what the builder made, and compare every frame. */
#include "swsusp_common.h"

#include <stdlib.h>
#include <string.h>

static int read_pages(void *ctx, uint64_t page, uint32_t n_pages, void *buf)
{
	struct opened *o = ctx;

	assert_true(page < o->b->disk_pages && n_pages <= o->b->disk_pages - page);
	assert_true(n_pages > 0);
	if (++o->n_reads == o->fail_at)
		return FAKE_IO_ERROR;
	memcpy(buf, o->b->disk + page * SWB_PAGE, (size_t)n_pages * SWB_PAGE);
	return 0;
}

void opened_init(struct opened *o, const struct swb_image *b, size_t work_bytes)
{
	memset(o, 0, sizeof(*o));
	o->b = b;
	o->src = (struct swsusp_source){read_pages, o, b->disk_pages};
	o->work_bytes = work_bytes;
	o->work = aligned_alloc(SWB_PAGE, (work_bytes + SWB_PAGE - 1) / SWB_PAGE * SWB_PAGE);
	assert_non_null(o->work);
}

int opened_open(struct opened *o)
{
	static uint8_t page[SWB_PAGE] __attribute__((aligned(SWB_PAGE)));
	int err = swsusp_read_header(&o->src, o->b->p.header_page, page, &o->header, &o->fault);

	if (err)
		return err;
	return swsusp_open(&o->img, &o->src, &o->header, o->work, o->work_bytes, &o->fault);
}

void opened_free(struct opened *o)
{
	free(o->work);
	memset(o, 0, sizeof(*o));
}

void fail_with(const struct opened *o, int err, int wanted, const char *what, const char *name)
{
	const char *told = o->fault.what ? o->fault.what : "(nothing)";

	if (err != wanted || (what && strncmp(told, what, strlen(what)) != 0))
		fail_msg("%s: %d %s, told as '%s', page %llu, found %#llx", name, err,
			swsusp_err_text(err), told, (unsigned long long)o->fault.page,
			(unsigned long long)o->fault.found);
	if (!what)
		assert_null(o->fault.what);
}
