/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Makes hibernation images as Linux does, independently of swsusp/: no header of it, no offset taken
 * from it, a checksum bit by bit. For the tests of everything that reads such images.
 */
#ifndef TESTS_SWSUSP_BUILDER_H
#define TESTS_SWSUSP_BUILDER_H

#include <stdbool.h>
#include <stdint.h>

#define SWB_PAGE 4096u
#define SWB_ZERO (1ull << 63)

/* Of the memory map, in every image. */
#define SWB_E820_CRC 0xb677a5c8u

enum swb_codec { SWB_RAW, SWB_LZO, SWB_LZ4 };

struct swb_params {
	enum swb_codec codec;
	uint64_t n_data;     /* frames with data, at least 2 */
	uint32_t zero_every; /* each so many frames (from the third on) is one of zeros; 0: none */
	uint32_t data_every; /* from the third on only each so many frames has data; 0: all */
	uint32_t gap_every; /* each so many frames some follow that are not in the image; 0: none */
	uint64_t header_page; /* of the disk */
	bool scatter;         /* no order on the disk */
	bool platform;
};

struct swb_image {
	struct swb_params p;
	uint8_t *disk;
	uint64_t disk_pages;
	uint64_t *frames, n_frames;   /* in order, with SWB_ZERO */
	uint64_t n_meta, n_pages;     /* of the frame list; of the whole stream */
	uint64_t *slots, n_slots;     /* page of the disk of each stored page */
	uint64_t *maps, n_maps;       /* of each map page */
	uint64_t *units, n_units;     /* first slot of each unit */
	uint64_t *free_pages, n_free; /* of the disk, in the order of use */
	uint32_t crc;
};

void swb_build(struct swb_image *b, const struct swb_params *p);
void swb_free(struct swb_image *b);

/* The content of a frame: by its number only. */
void swb_content(uint64_t pfn, void *page);

uint8_t *swb_page(const struct swb_image *b, uint64_t page);
uint32_t swb_crc(uint32_t crc, const void *data, uint64_t bytes);

#endif
