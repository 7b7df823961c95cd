#include "plan.h"

#include <stdbool.h>
#include <string.h>

#include "log.h"
#include "low_memory.h"
#include "paging.h"

#define PAGE_BYTES  4096ull
#define FRAME_BYTES (2ull << 20)
#define FRAME_PAGES (FRAME_BYTES / PAGE_BYTES)
#define RANGES_MAX  (BOOT_MEMORY_MAX + 1) /* taking out the first frame may cut one in two */
#define CR4_LA57    (1ull << 12)

/* EFI memory types (UEFI 2.10, 7.2.1). */
#define EFI_LOADER_CODE  1
#define EFI_RUNTIME_CODE 5
#define EFI_RUNTIME_DATA 6
#define EFI_CONVENTIONAL 7

static int add_type(const struct boot_info *bi, uint32_t type, struct ranges *frames)
{
	for (uint32_t i = 0; i < bi->n_memory; i++) {
		const struct boot_range *m = &bi->memory[i];
		if (m->type != type)
			continue;
		uint64_t first = (m->start + PAGE_BYTES - 1) / PAGE_BYTES,
			 end = m->end / PAGE_BYTES;
		int err = first < end ? ranges_add(frames, first, end) : 0;
		if (err)
			return err;
	}
	return 0;
}

int plan_usable(const struct boot_info *bi, struct ranges *ret_frames)
{
	int err = add_type(bi, BOOT_RAM, ret_frames);
	if (!err)
		err = add_type(bi, BOOT_ACPI, ret_frames);
	return err ? err : ranges_remove(ret_frames, 0, 1);
}

int plan_own_region(const struct boot_info *bi, struct ranges *ret_frames)
{
	int err = 0;
	for (uint32_t i = 0; bi->moved && !err && i < bi->n_region; i++) {
		const struct boot_piece *p = &bi->region[i];
		err = ranges_add(ret_frames, p->start / PAGE_BYTES,
			(p->start + p->bytes + PAGE_BYTES - 1) / PAGE_BYTES);
	}
	return err;
}

/* Of a frame that is not usable: where there is usable memory, it is less than a frame. */
static const char *type_at(const struct boot_info *bi, uint64_t phys)
{
	static const char *const names[] = {"a hole", "only partly memory", "reserved",
		"only partly memory", "ACPI NVS", "bad memory"};
	if (phys < PAGE_BYTES)
		return "the page of the interrupt vectors";
	for (uint32_t i = 0; i < bi->n_memory; i++)
		if (phys >= bi->memory[i].start && phys < bi->memory[i].end)
			return names[bi->memory[i].type <= BOOT_BAD ? bi->memory[i].type
								    : BOOT_RESERVED];
	return names[0];
}

static int check_region_frame(
	uint64_t phys, const struct ranges *usable, const struct ranges *before)
{
	uint64_t first = phys / PAGE_BYTES;
	if (phys % FRAME_BYTES || first >= IMG_PFN_LIMIT) {
		log_line("plan: region frame %#llx is no 2 MiB frame", (unsigned long long)phys);
		return IMG_ERR_STREAM;
	}
	if (ranges_touch(before, first, first + FRAME_PAGES)) {
		log_line("plan: region frame %#llx is named twice", (unsigned long long)phys);
		return IMG_ERR_STREAM;
	}
	if (!ranges_contain(usable, first, first + FRAME_PAGES)) {
		log_line("plan: region frame %#llx is not memory now", (unsigned long long)phys);
		return ERR_MEMORY_MAP;
	}
	return 0;
}

static int check_region(
	const struct image *im, const struct ranges *usable, struct ranges *ret_region)
{
	if (im->n_region == 0) {
		log_line("plan: the image names no region");
		return IMG_ERR_STREAM;
	}
	for (uint32_t i = 0; i < im->n_region; i++) {
		uint64_t first = im->region[i].phys / PAGE_BYTES;
		int err = check_region_frame(im->region[i].phys, usable, ret_region);
		if (!err)
			err = ranges_add(ret_region, first, first + FRAME_PAGES);
		if (err)
			return err;
	}
	return 0;
}

/* A place that the jump or the report touches: what is there must come out of the image. */
struct known_place {
	const char *name;
	uint64_t phys, first, end, n_left; /* frames; n_left: not seen in the image */
};

static struct known_place place(const char *name, uint64_t phys, uint64_t bytes)
{
	struct known_place p = {.name = name, .phys = phys, .first = phys / PAGE_BYTES};
	p.end = p.first + (phys % PAGE_BYTES + bytes + PAGE_BYTES - 1) / PAGE_BYTES;
	p.n_left = p.end - p.first;
	return p;
}

static void see(struct known_place *p, const struct img_chunk_rec *c)
{
	uint64_t first = c->first > p->first ? c->first : p->first;
	uint64_t end = c->first + c->count < p->end ? c->first + c->count : p->end;
	if (first < end)
		p->n_left -= end - first;
}

static int check_run(uint64_t first, uint64_t end, const struct boot_info *bi,
	const struct ranges *usable, const struct ranges *region)
{
	struct range gap;
	if (ranges_touch(region, first, end)) {
		log_line("plan: the image has memory at %#llx-%#llx, some of it in the region",
			(unsigned long long)first << 12, (unsigned long long)end << 12);
		return IMG_ERR_INDEX;
	}
	if (ranges_gap(usable, first, end, &gap)) {
		log_line("plan: the image has memory at %#llx-%#llx, which is %s here",
			(unsigned long long)gap.start << 12, (unsigned long long)gap.end << 12,
			type_at(bi, gap.start << 12));
		return ERR_MEMORY_MAP;
	}
	return 0;
}

static int check_index(struct image *im, const struct boot_info *bi, const struct ranges *usable,
	const struct ranges *region)
{
	struct img_cursor cursor;
	struct img_chunk_rec c;
	struct known_place places[] = {
		place("stack", im->cpu.stack, 16),
		place("jump-back point", im->cpu.jump_back, 16),
		place("mailbox", im->platform.mailbox, FRAME_BYTES),
	};
	const uint32_t n_places = sizeof(places) / sizeof(places[0]);

	int err = img_cursor_init(&cursor, &im->reader, &im->memory, im->index_block);
	while (!err && (err = img_next(&cursor, &c)) == 1) {
		err = check_run(c.first, c.first + c.count, bi, usable, region);
		for (uint32_t i = 0; i < n_places; i++)
			see(&places[i], &c);
	}
	for (uint32_t i = 0; !err && i < n_places; i++) {
		if (places[i].n_left == 0)
			continue;
		log_line("plan: the image's %s at %#llx is not in memory that it restores",
			places[i].name, (unsigned long long)places[i].phys);
		err = IMG_ERR_STREAM;
	}
	return err;
}

/* Every frame the image restores is memory now, and none lies in the region. */
static int check_frames(struct image *im, const struct boot_info *bi, const struct ranges *usable,
	const struct ranges *region)
{
	int err = check_index(im, bi, usable, region);
	if (err && im->reader.fault.what)
		log_line("plan: index: %s at byte %llu is %#llx, wanted %#llx",
			im->reader.fault.what, (unsigned long long)im->reader.fault.where,
			(unsigned long long)im->reader.fault.found,
			(unsigned long long)im->reader.fault.wanted);
	return err;
}

/* The number of paging levels changes with paging off, by code below 4 GiB. */
static int check_levels(const struct image *im, const struct boot_info *bi,
	const struct plan_cpu *cpu, const struct ranges *region)
{
	uint32_t levels = im->cpu.cr4 & CR4_LA57 ? 5 : 4;
	if (cpu->levels == levels || (!cpu->levels && !cpu->five_levels) ||
		low_memory_beside(bi, PAGING_LOW_BYTES, LOW_MEMORY_32_BIT, region))
		return 0;
	log_line(
		"plan: the kernel has %u-level paging, which cannot be entered: no RAM below 4 GiB",
		levels);
	return ERR_CPU;
}

static int check_memory(struct image *im, const struct boot_info *bi, const struct plan_cpu *cpu)
{
	static struct range usable_v[RANGES_MAX], region_v[2 * BOOT_REGION_MAX];
	struct ranges usable, region;
	ranges_init(&usable, usable_v, RANGES_MAX);
	ranges_init(&region, region_v, 2 * BOOT_REGION_MAX);
	int err = plan_usable(bi, &usable);
	if (!err)
		err = check_region(im, &usable, &region);
	/* An image that was read anew may name another region than the one that the loader is in. */
	if (!err)
		err = plan_own_region(bi, &region);
	if (!err)
		err = check_levels(im, bi, cpu, &region);
	return err ? err : check_frames(im, bi, &usable, &region);
}

static int check_cpu(const struct saved_cpu *saved, const struct plan_cpu *now)
{
	if (strncmp(saved->vendor, now->vendor, sizeof(saved->vendor)) != 0 ||
		saved->cpuid_1_eax != now->cpuid_1_eax) {
		log_line("plan: saved on processor %.12s %#x, this one is %.12s %#x", saved->vendor,
			saved->cpuid_1_eax, now->vendor, now->cpuid_1_eax);
		return ERR_CPU;
	}
	if ((saved->cr4 & CR4_LA57) && !now->five_levels) {
		log_line("plan: the image has 5-level paging, this processor has not");
		return ERR_CPU;
	}
	return 0;
}

/* ---- EFI runtime services ---- */

/* One range of a type into the set of its pages: the firmware, and Linux when it joins what touches, cut
 * them as they like. */
static int add_runtime(struct ranges *set, uint64_t phys, uint64_t n_pages)
{
	uint64_t first = phys / PAGE_BYTES;
	if (n_pages > IMG_PFN_LIMIT || first > IMG_PFN_LIMIT - n_pages)
		return ERR_PLATFORM;
	return ranges_add(set, first, first + n_pages);
}

static int saved_runtime(const struct image *im, uint32_t type, struct ranges *ret)
{
	int err = 0;
	for (uint32_t i = 0; !err && i < im->n_runtime; i++)
		if (im->runtime[i].type == type)
			err = add_runtime(ret, im->runtime[i].phys, im->runtime[i].n_pages);
	return err;
}

static int runtime_now(const struct boot_info *bi, uint32_t type, struct ranges *ret)
{
	int err = 0;
	for (uint32_t i = 0; !err && i < bi->n_runtime; i++)
		if (bi->runtime[i].type == type)
			err = add_runtime(ret, bi->runtime[i].phys, bi->runtime[i].n_pages);
	return err;
}

/* The first range of one set that the other lacks, or a part of it, named; false when there are none. */
static bool runtime_lacks(
	const struct ranges *set, const struct ranges *wanted, uint32_t type, const char *what)
{
	struct range gap;
	for (uint32_t i = 0; i < wanted->n; i++) {
		if (!ranges_gap(set, wanted->v[i].start, wanted->v[i].end, &gap))
			continue;
		log_line("plan: EFI runtime range %#llx, %llu pages, type %u, %s (at %#llx)",
			(unsigned long long)wanted->v[i].start << 12,
			(unsigned long long)(wanted->v[i].end - wanted->v[i].start), type, what,
			(unsigned long long)gap.start << 12);
		return true;
	}
	return false;
}

/* Both sets of one type. */
struct runtime_sets {
	struct range saved_v[BOOT_RUNTIME_MAX], now_v[BOOT_RUNTIME_MAX];
	struct ranges saved, now;
};

static int collect_runtime(
	const struct image *im, const struct boot_info *bi, uint32_t type, struct runtime_sets *ret)
{
	ranges_init(&ret->saved, ret->saved_v, BOOT_RUNTIME_MAX);
	ranges_init(&ret->now, ret->now_v, BOOT_RUNTIME_MAX);
	int err = saved_runtime(im, type, &ret->saved);
	if (!err)
		err = runtime_now(bi, type, &ret->now);
	if (err)
		log_line("plan: EFI runtime ranges of type %u make no sense", type);
	return err;
}

/* Pages that are the firmware's no more may hold anything; pages that became the firmware's are in no
 * table of the old kernel. */
static int check_runtime(const struct image *im, const struct boot_info *bi)
{
	static struct runtime_sets code, data;
	int err = collect_runtime(im, bi, EFI_RUNTIME_CODE, &code);
	if (!err)
		err = collect_runtime(im, bi, EFI_RUNTIME_DATA, &data);
	if (err)
		return err;
	bool gone = runtime_lacks(&code.now, &code.saved, EFI_RUNTIME_CODE, "is not there now") ||
		    runtime_lacks(&data.now, &data.saved, EFI_RUNTIME_DATA, "is not there now");
	const char *what = "was not there at the save";
	bool more = !gone && (runtime_lacks(&code.saved, &code.now, EFI_RUNTIME_CODE, what) ||
				     runtime_lacks(&data.saved, &data.now, EFI_RUNTIME_DATA, what));
	return gone || more ? ERR_PLATFORM : 0;
}

/* What else is marked for the run time: registers, reserved memory. The services reach for it at its
 * present address, which the old kernel may not map: it then gives them up, and goes on. */
static void warn_of_runtime(const struct image *im, const struct boot_info *bi)
{
	for (uint32_t i = 0; i < im->n_runtime; i++) {
		const struct saved_runtime *r = &im->runtime[i];
		uint32_t type = r->type;
		/* Linux lists some of its own reservations too: boot services' memory, which may move. */
		if (type == EFI_RUNTIME_CODE || type == EFI_RUNTIME_DATA ||
			(type >= EFI_LOADER_CODE && type <= EFI_CONVENTIONAL))
			continue;
		static struct range v[BOOT_RUNTIME_MAX];
		struct ranges now;
		ranges_init(&now, v, BOOT_RUNTIME_MAX);
		uint64_t first = r->phys / PAGE_BYTES;
		if (runtime_now(bi, type, &now) == 0 && r->n_pages <= IMG_PFN_LIMIT &&
			!ranges_contain(&now, first, first + r->n_pages))
			log_line(
				"plan: EFI runtime range %#llx, %llu pages, type %u, has moved: the kernel may lose the firmware's services",
				(unsigned long long)r->phys, (unsigned long long)r->n_pages, type);
	}
}

/* An image without a range of the services' code is of a kernel that does not call them, or does not tell:
 * then there is nothing to compare with. */
static bool tells_runtime(const struct image *im)
{
	for (uint32_t i = 0; i < im->n_runtime; i++)
		if (im->runtime[i].type == EFI_RUNTIME_CODE)
			return true;
	return false;
}

/* The old kernel calls EFI runtime services at the addresses it knows. */
static int check_efi(const struct image *im, const struct boot_info *bi)
{
	const struct saved_platform *p = &im->platform;
	if (!p->efi_systab != !bi->efi_systab) {
		log_line("plan: saved under %s, started under %s", p->efi_systab ? "UEFI" : "BIOS",
			bi->efi_systab ? "UEFI" : "BIOS");
		return ERR_PLATFORM;
	}
	if (p->efi_systab && bi->efi_runtime && p->efi_runtime &&
		p->efi_runtime != bi->efi_runtime) {
		log_line("plan: EFI runtime services were at %#llx, are at %#llx",
			(unsigned long long)p->efi_runtime, (unsigned long long)bi->efi_runtime);
		return ERR_PLATFORM;
	}
	if (!p->efi_systab || !tells_runtime(im))
		return 0;
	int err = check_runtime(im, bi);
	if (!err)
		warn_of_runtime(im, bi);
	return err;
}

/* What does not need the index. */
static int check_machine(
	const struct image *im, const struct boot_info *bi, const struct plan_cpu *cpu)
{
	int err = check_cpu(&im->cpu, cpu);
	if (!err)
		err = check_efi(im, bi);
	if (!err && bi->rsdp && im->platform.rsdp && bi->rsdp != im->platform.rsdp) {
		log_line("plan: ACPI tables were at %#llx, are at %#llx",
			(unsigned long long)im->platform.rsdp, (unsigned long long)bi->rsdp);
		err = ERR_PLATFORM;
	}
	return err;
}

int plan_check(struct image *im, const struct boot_info *bi, const struct plan_cpu *cpu)
{
	int err = check_machine(im, bi, cpu);
	return err ? err : check_memory(im, bi, cpu);
}

/* ---- Before there is an image ---- */

static int check_mailbox_ahead(const struct image *im, const struct ranges *frames)
{
	struct known_place p = place("mailbox", im->platform.mailbox, FRAME_BYTES);
	if (!im->platform.mailbox || ranges_contain(frames, p.first, p.end))
		return 0;
	log_line("plan: the mailbox at %#llx is not in memory that is saved",
		(unsigned long long)p.phys);
	return ERR_MEMORY_MAP;
}

int plan_check_ahead(const struct image *im, const struct ranges *frames,
	const struct boot_info *bi, const struct plan_cpu *cpu)
{
	static struct range usable_v[RANGES_MAX], region_v[BOOT_REGION_MAX];
	struct ranges usable, region;
	ranges_init(&usable, usable_v, RANGES_MAX);
	ranges_init(&region, region_v, BOOT_REGION_MAX);
	int err = check_machine(im, bi, cpu);
	if (!err)
		err = plan_usable(bi, &usable);
	if (!err && im->n_region)
		err = check_region(im, &usable, &region);
	if (!err)
		err = check_levels(im, bi, cpu, &region);
	for (uint32_t i = 0; !err && i < frames->n; i++)
		err = check_run(frames->v[i].start, frames->v[i].end, bi, &usable, &region);
	return err ? err : check_mailbox_ahead(im, frames);
}
