/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A swap area, and a stock kernel's image in it, as JSON. */
#ifndef CLI_STOCK_JSON_H
#define CLI_STOCK_JSON_H

#include "json.h"
#include "stock_image.h"

/* Enters what is found at that page. The exit status; STATUS_NOT_STOCK: it is no swap area, and nothing was
 * entered. */
int stock_json(json_t *object, const char *path, uint64_t page);

#endif
