/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Texts of errors, and the checks that every other file here needs.
 */
#include "img_internal.h"

#include <string.h>

const char *img_err_text(int err)
{
	switch ((enum img_err)err) {
	case IMG_ERR_NO_AREA:
		return "no image area";
	case IMG_ERR_EMPTY:
		return "the image area is empty";
	case IMG_ERR_SPENT:
		return "the image was resumed before";
	case IMG_ERR_NOT_FOUND:
		return "no such node or object in the image";
	case IMG_ERR_HEADER:
		return "the image header is damaged";
	case IMG_ERR_VERSION:
		return "the image has an unknown major version";
	case IMG_ERR_INCOMPAT:
		return "the image needs a feature that is unknown here";
	case IMG_ERR_ROOT:
		return "the image root is damaged";
	case IMG_ERR_INDEX:
		return "the image index is damaged";
	case IMG_ERR_DATA:
		return "image data is damaged";
	case IMG_ERR_STREAM:
		return "a state stream is damaged or incomplete";
	case IMG_ERR_TRUNCATED:
		return "the area is smaller than the image";
	case IMG_ERR_MAP:
		return "the file's extent map is damaged, or the file was moved";
	case IMG_ERR_FULL:
		return "the image area is full";
	case IMG_ERR_WORK:
		return "work memory is too small";
	case IMG_ERR_ARGUMENT:
		return "invalid argument to the image library";
	}
	return err == 0 ? "no error" : "unknown image error";
}

bool img_all_zero_(const void *p, size_t bytes)
{
	const uint8_t *b = p;
	uint8_t any = 0;

	for (size_t i = 0; i < bytes; i++)
		any |= b[i];
	return any == 0;
}

size_t img_text_fault_(const char *text, size_t bytes, char first)
{
	size_t n = 0;

	while (n < bytes && text[n] >= first && text[n] <= '~')
		n++;
	if (n == bytes)
		return n - 1;
	while (n < bytes && !text[n])
		n++;
	return n;
}

bool img_name_ok_(const char name[IMG_NAME_BYTES])
{
	return *name && img_text_fault_(name, IMG_NAME_BYTES, '!') == IMG_NAME_BYTES;
}

int img_name_set_(char dst[IMG_NAME_BYTES], const char *name)
{
	size_t n = strlen(name);

	if (n >= IMG_NAME_BYTES)
		return IMG_ERR_ARGUMENT;
	memset(dst, 0, IMG_NAME_BYTES);
	memcpy(dst, name, n);
	return img_name_ok_(dst) ? 0 : IMG_ERR_ARGUMENT;
}
