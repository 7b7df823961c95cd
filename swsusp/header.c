/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The header page: is there an image, of which kind, and how it is consumed.
 */
#include "swsusp_internal.h"

#include <string.h>

static bool sig_is(const char *sig, const char *wanted)
{
	return memcmp(sig, wanted, SWSUSP_SIG_BYTES) == 0;
}

static bool is_swap_sig(const char *sig)
{
	return sig_is(sig, SWSUSP_SIG_SWAP2) || sig_is(sig, SWSUSP_SIG_SWAP1);
}

static int judge_sig(const struct swsusp_header_page *h, uint64_t page, struct swsusp_fault *fault)
{
	if (is_swap_sig(h->sig))
		return SWSUSP_ERR_NONE;
	if (sig_is(h->sig, SWSUSP_SIG_USER))
		return swsusp_fail_(
			fault, SWSUSP_ERR_USERSPACE, "header signature ULSUSPEND", page, 0, 0);
	if (!sig_is(h->sig, SWSUSP_SIG))
		return SWSUSP_ERR_NO_SWAP;
	if (!is_swap_sig(h->orig_sig))
		return swsusp_fail_(
			fault, SWSUSP_ERR_HEADER, "header original signature", page, 0, 0);
	return 0;
}

/* The kernel compresses and makes a checksum, or it does neither. */
static int judge_flags(const struct swsusp_header_page *h, uint64_t page, enum swsusp_codec *ret,
	struct swsusp_fault *fault)
{
	bool raw = h->flags & SWSUSP_NOCOMPRESS;
	bool crc = h->flags & SWSUSP_CRC;
	bool lz4 = h->flags & SWSUSP_LZ4;

	if (h->flags & ~SWSUSP_FLAGS_KNOWN)
		return swsusp_fail_(fault, SWSUSP_ERR_FLAGS, "header flags", page, h->flags,
			SWSUSP_FLAGS_KNOWN);
	if (raw && (crc || lz4))
		return swsusp_fail_(fault, SWSUSP_ERR_FLAGS, "header flags, compressed and not",
			page, h->flags, SWSUSP_FLAGS_KNOWN);
	if (!raw && !crc)
		return swsusp_fail_(fault, SWSUSP_ERR_FLAGS,
			"header flags, compressed without a checksum", page, h->flags,
			SWSUSP_FLAGS_KNOWN);
	*ret = raw ? SWSUSP_CODEC_RAW : lz4 ? SWSUSP_CODEC_LZ4 : SWSUSP_CODEC_LZO;
	return 0;
}

int swsusp_read_header(const struct swsusp_source *src, uint64_t page, void *buf,
	struct swsusp_header *ret, struct swsusp_fault *ret_fault)
{
	const struct swsusp_header_page *h = buf;
	enum swsusp_codec codec = SWSUSP_CODEC_RAW;
	int err;

	if (src->n_pages > RUN_FIRST_LIMIT || page >= src->n_pages)
		return SWSUSP_ERR_ARGUMENT;
	err = src->read(src->ctx, page, 1, buf);
	if (err)
		return err;
	err = judge_sig(h, page, ret_fault);
	if (err)
		return err;
	err = judge_flags(h, page, &codec, ret_fault);
	if (err)
		return err;
	if (h->swap_version != 1)
		return swsusp_fail_(ret_fault, SWSUSP_ERR_HEADER, "header swap version", page,
			h->swap_version, 1);
	*ret = (struct swsusp_header){
		.page = page,
		.map_page = h->map_page,
		.flags = h->flags,
		.codec = codec,
		.crc = codec == SWSUSP_CODEC_RAW ? 0 : h->crc,
		.hw_sig = h->hw_sig,
		.last_page = h->last_page,
	};
	memcpy(ret->uuid, h->uuid, sizeof(ret->uuid));
	memcpy(ret->label, h->label, sizeof(h->label));
	return 0;
}

int swsusp_consume(void *header_page)
{
	struct swsusp_header_page *h = header_page;

	if (!sig_is(h->sig, SWSUSP_SIG))
		return SWSUSP_ERR_NONE;
	if (!is_swap_sig(h->orig_sig))
		return SWSUSP_ERR_HEADER;
	memcpy(h->sig, h->orig_sig, sizeof(h->sig));
	return 0;
}
