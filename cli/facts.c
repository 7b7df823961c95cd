/* SPDX-License-Identifier: GPL-2.0-or-later */
/* torpor facts: shows what arm would tell the loader now, or what a file of facts says. */
#include <stdio.h>
#include <string.h>

#include "commands.h"
#include "facts_collect.h"
#include "facts_file.h"
#include "image_io.h"
#include "say.h"
#include "verb.h"

static struct all_facts all;
static uint8_t file[FACTS_FILE_BYTES];

static void put(void *ctx, const char *text, size_t len)
{
	(void)ctx;
	fwrite(text, 1, len, stdout);
}

static int show(const char *name, size_t bytes)
{
	struct state_reader reader;
	int err = facts_open(file, bytes, &reader);

	if (err == IMG_ERR_NOT_FOUND)
		say("# no facts\n");
	else if (err)
		return complain_as(image_status(err), "%s: %s", name, img_err_text(err));
	else
		state_dump(&reader, put, NULL);
	return 0;
}

static int show_file(const char *path)
{
	long n = sys_read_all(path, file, sizeof(file));

	return n < 0 ? complain_as(
			       open_status((int)-n), "cannot read %s: %s", path, strerror((int)-n))
		     : show(path, (size_t)n);
}

static int show_now(void)
{
	static struct setup_record record;

	if (record_load(&record) < 0)
		return -1;
	facts_collect(&all, record.device, record.offset_pages);
	for (uint32_t i = 0; i < all.n_missing; i++)
		say("# not known: %s\n", all.missing[i]);
	if (all.refusal[0])
		say("# arm would refuse: %s\n", all.refusal);
	if (!facts_encode(&all, file))
		return complain("they do not fit into %u bytes", FACTS_FILE_BYTES);
	return show("facts", sizeof(file));
}

int facts_main(int argc, char **argv)
{
	int at = verb_options(&facts_verb, argc, argv, NULL, NULL);

	if (at < 0)
		return STATUS_USAGE;
	return (argv[at] ? show_file(argv[at]) : show_now()) ? failure_status() : STATUS_OK;
}

const struct verb facts_verb = {
	.name = "facts",
	.run = facts_main,
	.summary = "what arm would tell the loader, or has told it, as YAML",
	.forms = {"facts [FILE]"},
	.text = "FILE: torpor/facts in GRUB's folder, or EFI/torpor/facts on the EFI system partition. Without it: "
		"of this boot, as it is now.",
	.most = 1,
};
