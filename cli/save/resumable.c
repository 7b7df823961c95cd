/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The image that is about to be saved, judged ahead by the code that the loader is made of: what it would
 * refuse on this same machine must not be saved, since nothing would bring it back. What can be known before
 * the save is put together here as writer and front door do it: the frames by writer/pages.c, the memory map
 * by loader/door/boot_memory.c.
 */
#include "resumable.h"

#include <string.h>

#include "boot_memory.h"
#include "err_any.h"
#include "log.h"
#include "pages.h"
#include "plan.h"
#include "say.h"

static_assert(HANDOFF_REGION_MAX <= BOOT_REGION_MAX, "the loader takes any region");
static_assert(SAVED_RUNTIME_MAX <= BOOT_RUNTIME_MAX, "and all of the runtime ranges");
static_assert(HANDOFF_MEMORY_MAX <= BOOT_MEMORY_MAX, "and the map");

/* The last line that the check has logged: the reason, when it refuses. */
static char reason[LOG_LINE_MAX + 1];

static void keep_line(const char *line, size_t len)
{
	static const char prefix[] = "plan: ";
	size_t skip = len >= sizeof(prefix) - 1 && !memcmp(line, prefix, sizeof(prefix) - 1)
			      ? sizeof(prefix) - 1
			      : 0;

	memcpy(reason, line + skip, len - skip);
	reason[len - skip] = 0;
}

/* What a front door tells of this boot. Runtime ranges are the firmware's, whatever the map says of their
 * memory: then it is not RAM for the loader. */
static int front_door(const struct handoff *h, bool uefi, struct boot_info *ret)
{
	int err = 0;

	memset(ret, 0, sizeof(*ret));
	for (uint32_t i = 0; !err && i < h->n_memory; i++) {
		const struct memory_range *m = &h->memory[i];
		bool known = m->type >= MEMORY_RAM && m->type <= MEMORY_BAD;

		err = boot_memory_add(
			ret, m->start, m->end - m->start, known ? m->type : MEMORY_RESERVED);
	}
	for (uint32_t i = 0; !err && i < h->n_runtime; i++) {
		const struct runtime_range *r = &h->runtime[i];

		err = boot_memory_add_efi(ret, r->type, r->phys, r->n_pages, r->attribute);
	}
	ret->rsdp = h->rsdp;
	ret->efi_systab = uefi;
	ret->efi_runtime = h->efi_runtime;
	return err ? err : boot_memory_finish(ret);
}

/* What the writer will put into the image. */
static void image_ahead(const struct handoff *h, struct image *ret)
{
	memset(ret, 0, sizeof(*ret));
	ret->platform.rsdp = h->rsdp;
	ret->platform.efi_systab = h->efi_systab;
	ret->platform.efi_runtime = h->efi_runtime;
	ret->platform.mailbox = h->mailbox;
	ret->n_region = h->n_region;
	for (uint32_t i = 0; i < h->n_region; i++)
		ret->region[i].phys = h->region[i];
	ret->n_runtime = h->n_runtime;
	memcpy(ret->runtime, h->runtime, h->n_runtime * sizeof(*h->runtime));
}

int resumable_check(const struct handoff *h, bool uefi)
{
	static struct boot_info bi;
	static struct image im;
	static struct range v[PAGES_RANGES_MAX];
	/* The processor is the same one, whatever it is called. */
	static const struct this_cpu cpu = {.five_levels = 1};
	struct ranges frames;
	int err;

	reason[0] = 0;
	log_drop_sinks();
	log_add_sink(keep_line);
	ranges_init(&frames, v, PAGES_RANGES_MAX);
	image_ahead(h, &im);
	err = front_door(h, uefi, &bi);
	if (!err)
		err = pages_select(h, &frames);
	if (!err)
		err = plan_check_ahead(&im, &frames, &bi, &cpu);
	log_drop_sinks();
	if (!err)
		return 0;
	return complain("not saved: on this machine the loader would refuse the image: %s%s%s",
		err_any_text(err), reason[0] ? ": " : "", reason);
}
