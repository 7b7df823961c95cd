/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Runtime ranges as sets of pages. The firmware cuts them as it likes, and Linux joins neighbours
 * of one type and attribute (efi_merge_regions) before it lists them.
 */
#include "runtime.h"

#include <stdbool.h>

#include "log.h"
#include "ranges.h"

#define PAGE_BYTES 4096ull
#define RANGES_MAX 512u

/* EFI memory types (UEFI 2.10, 7.2.1). */
#define EFI_LOADER_CODE  1
#define EFI_RUNTIME_CODE 5
#define EFI_RUNTIME_DATA 6
#define EFI_CONVENTIONAL 7

static int add(struct ranges *set, uint64_t phys, uint64_t n_pages)
{
	uint64_t first = phys / PAGE_BYTES;
	if (n_pages > IMG_PFN_LIMIT || first > IMG_PFN_LIMIT - n_pages)
		return ERR_PLATFORM;
	return ranges_add(set, first, first + n_pages);
}

static int of_saved(const struct runtime_range *was, uint32_t n, uint32_t type, struct ranges *ret)
{
	int err = 0;
	for (uint32_t i = 0; !err && i < n; i++)
		if (was[i].type == type)
			err = add(ret, was[i].phys, was[i].n_pages);
	return err;
}

static int of_now(const struct boot_info *bi, uint32_t type, struct ranges *ret)
{
	int err = 0;
	for (uint32_t i = 0; !err && i < bi->n_runtime; i++)
		if (bi->runtime[i].type == type)
			err = add(ret, bi->runtime[i].phys, bi->runtime[i].n_pages);
	return err;
}

/* The first range of wanted that is not wholly in set, named; false when there is none. */
static bool lacks(const struct ranges *set, const struct ranges *wanted, uint32_t type,
	const char *who, const char *what)
{
	struct range gap;
	for (uint32_t i = 0; i < wanted->n; i++) {
		if (!ranges_gap(set, wanted->v[i].start, wanted->v[i].end, &gap))
			continue;
		log_line("%s: EFI runtime range %#llx, %llu pages, type %u, %s (at %#llx)", who,
			(unsigned long long)wanted->v[i].start << 12,
			(unsigned long long)(wanted->v[i].end - wanted->v[i].start), type, what,
			(unsigned long long)gap.start << 12);
		return true;
	}
	return false;
}

/* Both sets of one type. */
struct runtime_sets {
	uint32_t type;
	struct range saved_v[RANGES_MAX], now_v[RANGES_MAX];
	struct ranges saved, now;
};

static int collect(const struct runtime_range *was, uint32_t n, const struct boot_info *bi,
	uint32_t type, struct runtime_sets *ret, const char *who)
{
	ret->type = type;
	ranges_init(&ret->saved, ret->saved_v, RANGES_MAX);
	ranges_init(&ret->now, ret->now_v, RANGES_MAX);
	int err = of_saved(was, n, type, &ret->saved);
	if (!err)
		err = of_now(bi, type, &ret->now);
	if (err)
		log_line("%s: EFI runtime ranges of type %u make no sense", who, type);
	return err;
}

/* Pages that are the firmware's no more may hold anything. */
static bool some_gone(const struct runtime_sets *s, const char *who)
{
	return lacks(&s->now, &s->saved, s->type, who, "is not there now");
}

/* Pages that became the firmware's are in no table of the old kernel. */
static bool some_new(const struct runtime_sets *s, const char *who)
{
	return lacks(&s->saved, &s->now, s->type, who, "was not there at the save");
}

/* What else is marked for the run time: registers, reserved memory. The services reach for it at
 * its present address, which the old kernel may not map: it then gives them up, and goes on. Linux
 * lists some of its own reservations, too: boot services' memory, which may move. */
static void tell_others(
	const struct runtime_range *was, uint32_t n, const struct boot_info *bi, const char *who)
{
	for (uint32_t i = 0; i < n; i++) {
		const struct runtime_range *r = &was[i];
		static struct range v[RANGES_MAX];
		struct ranges now;
		if (r->type >= EFI_LOADER_CODE && r->type <= EFI_CONVENTIONAL)
			continue;
		ranges_init(&now, v, RANGES_MAX);
		uint64_t first = r->phys / PAGE_BYTES;
		if (of_now(bi, r->type, &now) == 0 && r->n_pages <= IMG_PFN_LIMIT &&
			!ranges_contain(&now, first, first + r->n_pages))
			log_line(
				"%s: EFI runtime range %#llx, %llu pages, type %u, has moved: the kernel may lose the firmware's services",
				who, (unsigned long long)r->phys, (unsigned long long)r->n_pages,
				r->type);
	}
}

static bool tells_code(const struct runtime_range *was, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		if (was[i].type == EFI_RUNTIME_CODE)
			return true;
	return false;
}

int runtime_check(
	const struct runtime_range *was, uint32_t n, const struct boot_info *bi, const char *who)
{
	if (!tells_code(was, n))
		return 0;
	static struct runtime_sets code, data;
	int err = collect(was, n, bi, EFI_RUNTIME_CODE, &code, who);
	if (!err)
		err = collect(was, n, bi, EFI_RUNTIME_DATA, &data, who);
	if (!err && (some_gone(&code, who) || some_gone(&data, who) || some_new(&code, who) ||
			    some_new(&data, who)))
		err = ERR_PLATFORM;
	if (!err)
		tell_others(was, n, bi, who);
	return err;
}
