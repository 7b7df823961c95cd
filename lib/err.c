/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Texts of enum err. */
#include "err.h"

static const struct {
	int err;
	const char *text;
} err_table[] = {
	{0, "no error"},
	{ERR_TIMEOUT, "the device did not answer in time"},
	{ERR_IO, "the device reports that the request failed"},
	{ERR_LOST, "the device is gone"},
	{ERR_BAD_ANSWER, "the device answered outside its specification"},
	{ERR_UNSUPPORTED, "the device needs something that its driver does not do"},
	{ERR_READ_ONLY, "the device is read-only"},
	{ERR_FIRMWARE, "a firmware table is damaged or missing"},
	{ERR_NOT_FOUND, "not found"},
	{ERR_AMBIGUOUS, "found more than once"},
	{ERR_ATTEMPTS, "too many failed attempts; force=1 tries again"},
	{ERR_MEMORY_MAP, "the memory map does not fit the image"},
	{ERR_CPU, "the processor does not fit the image"},
	{ERR_PLATFORM, "the firmware does not fit the image"},
	{ERR_FILESYSTEM, "a file system has changed since the save"},
	{ERR_ARGUMENT, "bad argument"},
	{ERR_BOUNDS, "outside the device, or outside what may be written"},
	{ERR_NO_MEMORY, "memory or a fixed table is full"},
	{ERR_BUSY, "not finished yet, or the queue is full"},
	{ERR_BUG, "internal error"},
};

const char *err_text(int err)
{
	for (unsigned i = 0; i < sizeof(err_table) / sizeof(err_table[0]); i++) {
		if (err_table[i].err == err)
			return err_table[i].text;
	}
	return "unknown error";
}
