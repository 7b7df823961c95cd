/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Error texts, and how a fault is told.
 */
#include "swsusp_internal.h"

static const struct {
	int err;
	const char *text;
} texts[] = {
	{0, "no error"},
	{SWSUSP_ERR_NONE, "no Linux hibernation image"},
	{SWSUSP_ERR_NO_SWAP, "no Linux swap area"},
	{SWSUSP_ERR_USERSPACE, "hibernation image of uswsusp, not of the kernel"},
	{SWSUSP_ERR_FLAGS, "hibernation image with unknown flags"},
	{SWSUSP_ERR_OLD, "hibernation image of a kernel before 5.13"},
	{SWSUSP_ERR_32BIT, "hibernation image of a 32-bit kernel"},
	{SWSUSP_ERR_MAGIC, "hibernation image of an unknown kind"},
	{SWSUSP_ERR_HEADER, "hibernation header damaged"},
	{SWSUSP_ERR_MAP, "swap map damaged"},
	{SWSUSP_ERR_LOOP, "swap map runs into itself"},
	{SWSUSP_ERR_INFO, "info page damaged"},
	{SWSUSP_ERR_FRAMES, "frame list damaged"},
	{SWSUSP_ERR_UNIT, "compressed stream damaged"},
	{SWSUSP_ERR_DATA, "compressed data do not decode"},
	{SWSUSP_ERR_CRC, "image data do not have their checksum"},
	{SWSUSP_ERR_ENTRY, "page tables of the image do not lead to its entry"},
	{SWSUSP_ERR_WORK, "work memory too small"},
	{SWSUSP_ERR_ARGUMENT, "wrong argument"},
};

const char *swsusp_err_text(int err)
{
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		if (texts[i].err == err)
			return texts[i].text;
	}
	return "unknown error";
}

int swsusp_fail_(struct swsusp_fault *fault, int err, const char *what, uint64_t page,
	uint64_t found, uint64_t wanted)
{
	if (fault)
		*fault = (struct swsusp_fault){what, page, found, wanted};
	return err;
}
