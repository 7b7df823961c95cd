/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "err_any.h"

#include "err.h"
#include "img.h"
#include "swsusp.h"

const char *loader_err_text(int err)
{
	if (err == IMG_ERR_SPENT)
		return "the image was resumed before; force=1 resumes it again, and destroys what "
		       "was written to its file systems since";
	if (err <= -128)
		return swsusp_err_text(err);
	return err > -64 ? img_err_text(err) : err_text(err);
}
