/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The GPT partition type of an image area, so that the loader finds it without being told where it
 * is (area=type, the default). In the usual text form: the first three fields are stored little
 * endian in the partition table. Everything else, tests included, takes it from here.
 */
#ifndef IMAGE_FORMAT_AREA_H
#define IMAGE_FORMAT_AREA_H

#define AREA_TYPE_GUID "3eb77f6d-87f9-411a-8528-77d567bb203a"

#endif
