/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One frame of a stock image before anything is loaded. */
#ifndef LOADER_STOCK_PEEK_H
#define LOADER_STOCK_PEEK_H

#include "stock.h"

/* Of a compressed image so many units at most are walked through: their places are only known one
 * after the other, a read each (512 units are 64 MiB of frames). */
#define STOCK_PEEK_UNITS_MAX  512u
#define STOCK_PEEK_WORK_BYTES ((SWSUSP_UNIT_SLOTS_MAX + SWSUSP_UNIT_PAGES) * SWSUSP_PAGE_BYTES)

/* *ret_page: the frame's contents as the image has them, somewhere in work (STOCK_PEEK_WORK_BYTES,
 * page-aligned). ERR_NOT_FOUND: not in the image, or too far behind in a compressed one; else an
 * error of disk or image. s: open. */
int stock_peek(struct stock *s, uint64_t pfn, void *work, const uint8_t **ret_page) MUST_CHECK;

#endif
