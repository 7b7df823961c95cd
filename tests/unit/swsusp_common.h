/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the suites about hibernation images share: an image from the builder, opened by the reader. */
#ifndef TESTS_SWSUSP_COMMON_H
#define TESTS_SWSUSP_COMMON_H

#include "test.h"

#include "swsusp.h"
#include "swsusp_builder.h"

#define FAKE_IO_ERROR -65

struct opened {
	const struct swb_image *b;
	struct swsusp_source src;
	struct swsusp_header header;
	struct swsusp_image img;
	struct swsusp_fault fault;
	uint8_t *work;
	size_t work_bytes;
	uint64_t n_reads, fail_at; /* the read with this number (from 1 on) fails; 0: none */
};

/* The source never hands out more than the image's disk; work memory is exactly so large. */
void opened_init(struct opened *o, const struct swb_image *b, size_t work_bytes);
int opened_open(struct opened *o); /* header, then the rest */
void opened_free(struct opened *o);

/* Fails the test (name says which) unless err is the one wanted, told by a fault that begins with what;
 * what NULL: no fault may have been told. */
void fail_with(const struct opened *o, int err, int wanted, const char *what, const char *name);

#endif
