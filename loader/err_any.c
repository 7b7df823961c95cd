#include "err_any.h"

#include "err.h"
#include "img.h"
#include "swsusp.h"

const char *loader_err_text(int err)
{
	if (err <= -128)
		return swsusp_err_text(err);
	return err > -64 ? img_err_text(err) : err_text(err);
}
