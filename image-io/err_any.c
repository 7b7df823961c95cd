/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The one place that knows whose text a number has. */
#include "err_any.h"

#include "err.h"
#include "img.h"
#include "swsusp.h"

const char *err_any_text(int err)
{
	switch (err_range(err)) {
	case ERR_RANGE_IMAGE:
		return img_err_text(err);
	case ERR_RANGE_SWSUSP:
		return swsusp_err_text(err);
	default:
		return err_text(err);
	}
}
