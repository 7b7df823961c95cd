/* torpor format: makes an empty image area. */
#include <getopt.h>
#include <stdio.h>

#include "commands.h"
#include "say.h"
#include "target_area.h"
#include "uuid.h"

static int format(const char *path, enum area_policy policy)
{
	struct image_file file = {.fd = -1};
	struct img_headers headers;
	struct target t;
	char size[SAY_SIZE_BYTES], uuid[UUID_TEXT_BYTES];
	int err = -1;

	if (target_find_path(&t, path) || target_check_free(&t))
		return -1;
	area_identify(&t);
	if (!target_open(&t) && !image_attach(&file, path, t.fd, target_area_bytes(&t)))
		err = area_format(&t, &file, policy, &headers);
	if (!err)
		printf("%s: empty area of %s, uuid %s\n", path,
			say_size(size, headers.h.area_bytes), uuid_text(uuid, headers.h.area_uuid));
	image_close(&file);
	target_close(&t);
	return err;
}

int format_main(int argc, char **argv)
{
	static const struct option options[] = {{"force", no_argument, NULL, 'f'}, {0}};
	enum area_policy policy = AREA_KEEP;
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c != 'f')
			return STATUS_USAGE;
		policy = AREA_OVERWRITE;
	}
	if (argc - optind != 1) {
		complain("format: name one device");
		return STATUS_USAGE;
	}
	return format(argv[optind], policy) ? STATUS_FAILED : STATUS_OK;
}
