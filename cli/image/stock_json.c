/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What info says of a swap area, for programs. */
#include "stock_json.h"

#include "uuid.h"

static void enter_header(json_t *object, const struct stock_image *s)
{
	static const char *const codecs[] = {"none", "LZO", "LZ4"};
	const struct swsusp_header *h = &s->header;
	char uuid[UUID_TEXT_BYTES];

	json_enter(object, "swap_uuid", json_string(uuid_text(uuid, h->uuid)));
	json_enter(object, "swap_label", json_text(h->label, sizeof(h->label)));
	json_enter(object, "attempts", json_number(s->attempts));
	json_enter(
		object, "mode", json_string(h->flags & SWSUSP_PLATFORM ? "platform" : "shutdown"));
	json_enter(object, "codec", json_string(codecs[h->codec]));
	json_enter(
		object, "checksum", h->codec == SWSUSP_CODEC_RAW ? json_null() : json_hex(h->crc));
	json_enter(object, "hardware_signature",
		h->flags & SWSUSP_HW_SIG ? json_hex(h->hw_sig) : json_null());
}

static void enter_image(json_t *object, const struct swsusp_image *img)
{
	json_t *image = json_object();

	json_enter(image, "entry", json_hex(img->info.jump_address));
	json_enter(image, "entry_phys", json_hex(img->info.jump_address_phys));
	json_enter(image, "page_tables", json_hex(img->info.cr3));
	json_enter(image, "frames", json_number(img->n_frames));
	json_enter(image, "zero_frames", json_number(img->n_zero));
	json_enter(image, "machine_frames", json_number(img->info.num_physpages));
	json_enter(image, "e820_checksum", json_hex(img->info.e820_crc));
	json_enter(image, "stored_pages", json_number(img->n_slots));
	json_enter(image, "map_pages", json_number(img->n_map_pages));
	json_enter(object, "image", image);
}

int stock_json(json_t *object, const char *path, uint64_t page)
{
	struct stock_image s;
	int answer = STATUS_OK, found = stock_image_look(&s, path, page);

	if (found == STOCK_NO_SWAP || s.file.fd < 0) {
		stock_image_close(&s);
		return found == STOCK_NO_SWAP ? STATUS_NOT_STOCK : (int)failure_status();
	}
	json_enter(object, "kind", json_string("swap"));
	json_enter(object, "page", json_number(page));
	json_enter(object, "state",
		found < 0              ? json_null()
		: found == STOCK_EMPTY ? json_string("EMPTY")
				       : json_string("VALID"));
	if (found == STOCK_IMAGE)
		enter_header(object, &s);
	if (found < 0 || (found == STOCK_IMAGE && stock_image_open(&s)))
		answer = failure_status();
	else if (found == STOCK_IMAGE)
		enter_image(object, &s.image);
	stock_image_close(&s);
	return answer;
}
