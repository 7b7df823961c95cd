/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Collects what save has to know of the machine before it may jump: memory map, initial memory,
 * ACPI tables, processors; proc_text.c takes the texts apart.
 */
#include "machine_facts.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "firmware_map.h"
#include "firmware_settings.h"
#include "memory_use.h"
#include "proc_lines.h"
#include "say.h"
#include "sysfiles.h"
#include "vmcoreinfo.h"

/* ---- The firmware's memory map ---- */

static int memmap_entry(const char *name, void *ctx)
{
	struct machine_facts *f = ctx;
	struct memory_range *r = &f->memory[f->n_memory];
	uint64_t last;
	char type[64];

	if (f->n_memory == HANDOFF_MEMORY_MAX)
		return complain(
			"the firmware's memory map has more than %u ranges", HANDOFF_MEMORY_MAX);
	if (sys_read_u64(&r->start, "/sys/firmware/memmap/%s/start", name) ||
		sys_read_u64(&last, "/sys/firmware/memmap/%s/end", name) ||
		sys_read_text(type, sizeof(type), "/sys/firmware/memmap/%s/type", name) < 0 ||
		last < r->start || last == UINT64_MAX)
		return complain("/sys/firmware/memmap/%s is not a memory range", name);
	r->end = last + 1;
	r->type = memory_type_of(type);
	f->n_memory++;
	return 0;
}

static int by_start(const void *a, const void *b)
{
	const struct memory_range *x = a, *y = b;

	return x->start < y->start ? -1 : x->start > y->start;
}

/* Ranges of one type that touch become one: the writer wants a frame to lie in a single range. */
static void join_ranges(struct machine_facts *f)
{
	uint32_t n = 1;

	for (uint32_t i = 1; i < f->n_memory; i++) {
		struct memory_range *last = &f->memory[n - 1];

		if (f->memory[i].start == last->end && f->memory[i].type == last->type)
			last->end = f->memory[i].end;
		else
			f->memory[n++] = f->memory[i];
	}
	f->n_memory = n;
}

/* Where neither the boot loader's table nor the kernel's can be had: names for types, and on new kernels
 * another table, with what was plugged in since. */
static int read_memmap(struct machine_facts *f)
{
	int err = sys_each("/sys/firmware/memmap", memmap_entry, f);

	if (err == -1)
		return -1;
	if (err || !f->n_memory)
		return complain(
			"no firmware memory map: neither in /sys/kernel/boot_params, nor in "
			"the kernel's memory, nor in /sys/firmware/memmap");
	qsort(f->memory, f->n_memory, sizeof(*f->memory), by_start);
	for (uint32_t i = 1; i < f->n_memory; i++)
		if (f->memory[i].start < f->memory[i - 1].end)
			return complain("ranges of the firmware's memory map overlap at 0x%" PRIx64,
				f->memory[i].start);
	complain("the firmware's memory map is taken from /sys/firmware/memmap: it is neither in "
		 "/sys/kernel/boot_params nor in the kernel's memory");
	return 0;
}

/* As the writer and the loader tell kinds: what they have no name for is as reserved. */
static int take_memory_map(struct machine_facts *f, const struct e820_map *m)
{
	for (uint32_t i = 0; i < m->n; i++) {
		const struct swsusp_e820 *e = &m->v[i];
		bool is_named = e->type >= MEMORY_RAM && e->type <= MEMORY_BAD;
		uint32_t type = is_named ? e->type : MEMORY_RESERVED;
		struct memory_range *last = f->n_memory ? &f->memory[f->n_memory - 1] : NULL;

		if (last && last->end == e->start && last->type == type) {
			last->end += e->size;
			continue;
		}
		if (f->n_memory == HANDOFF_MEMORY_MAX)
			return complain(
				"the firmware's memory map has %u ranges, of which %u can be "
				"handed over",
				m->n, HANDOFF_MEMORY_MAX);
		f->memory[f->n_memory++] = (struct memory_range){
			.start = e->start, .end = e->start + e->size, .type = type};
	}
	return 0;
}

static int read_memory_map(struct machine_facts *f, const struct zero_page *zero_page)
{
	struct symbol symbol = {.name = FIRMWARE_MAP_SYMBOL};
	static struct firmware_map m;
	struct kcore core;

	(void)kcore_open(&core);
	symbols_find(&symbol, 1);
	firmware_map_read(zero_page, &core, symbol.address, &m);
	kcore_close(&core);
	if (m.differ)
		return complain("the firmware's memory map is not known: %s", m.why);
	if (m.known != FACTS_MAP_UNKNOWN)
		return take_memory_map(f, &m.map);
	if (read_memmap(f))
		return -1;
	join_ranges(f);
	return 0;
}

/* ---- Where the kernel lies ---- */

static bool is_kernel_span(const char *name)
{
	return !strncmp(name, "Kernel code", 11) || !strncmp(name, "Kernel rodata", 13) ||
	       !strncmp(name, "Kernel data", 11) || !strncmp(name, "Kernel bss", 10);
}

static void take_span(
	struct machine_facts *f, const struct span *s, const char *name, bool crash_loaded)
{
	if (!strncmp(name, "Kernel code", 11))
		f->kernel_text = s->start;
	if (is_kernel_span(name) && f->n_kernel < KERNEL_SPANS_MAX)
		f->kernel[f->n_kernel++] = *s;
	if (!strncmp(name, "Crash kernel", 12) && !crash_loaded && f->n_reserved < 2)
		f->reserved[f->n_reserved++] = *s;
}

static int read_kernel_spans(struct machine_facts *f)
{
	bool crash_loaded = true;
	struct proc_lines l;
	const char *name;
	struct span s;
	uint64_t loaded;

	if (!sys_read_u64(&loaded, "/sys/kernel/kexec_crash_loaded"))
		crash_loaded = loaded != 0;
	proc_lines_open(&l, "/proc/iomem");
	while (proc_lines_iomem(&l, &s, &name))
		take_span(f, &s, name, crash_loaded);
	proc_lines_close(&l);
	if (!f->kernel_text)
		return complain("/proc/iomem does not say where the kernel lies "
				"(it shows addresses to root of the first user namespace only)");
	return 0;
}

/* Physical address of saved_context; the distance to _text is the same as in virtual memory. */
static void read_saved_context(struct machine_facts *f)
{
	struct symbol s[] = {{.name = "_text"}, {.name = "saved_context"}};

	symbols_find(s, 2);
	if (s[0].address && s[1].address > s[0].address)
		f->saved_context = s[1].address - s[0].address + f->kernel_text;
}

static void read_kernel(struct machine_facts *f)
{
	struct utsname uts;
	char text[128];

	if (!uname(&uts))
		snprintf(f->release, sizeof(f->release), "%.63s", uts.release);
	f->restores_gdt = release_restores_gdt(f->release);
	if (sys_read_text(text, sizeof(text), "/sys/kernel/vmcoreinfo") > 0 &&
		!vmcoreinfo_place(text, &f->vmcoreinfo, &f->vmcoreinfo_bytes))
		f->vmcoreinfo = 0;
	read_saved_context(f);
}

/* ---- Firmware tables ---- */

#define BIOS_START 0xe0000u
#define BIOS_BYTES 0x20000u

static uint64_t bios_rsdp(void)
{
	static uint8_t bios[BIOS_BYTES];
	int n = sys_read_at("/dev/mem", BIOS_START, bios, sizeof(bios));
	long at = n > 0 ? rsdp_search(bios, (size_t)n) : -1;

	return at < 0 ? 0 : BIOS_START + (uint64_t)at;
}

static void read_firmware(struct machine_facts *f, const struct zero_page *z)
{
	char text[1024];

	/* With noefi too: the loader is going to see the firmware, not what the kernel makes of it. */
	f->efi_systab = boot_params_efi_systab(z->data, z->bytes);
	f->uefi = f->efi_systab || sys_exists("/sys/firmware/efi");
	if (f->uefi) {
		if (sys_read_u64(&f->efi_runtime, "/sys/firmware/efi/runtime"))
			f->efi_runtime = 0;
		if (sys_read_text(text, sizeof(text), "/sys/firmware/efi/systab") > 0)
			f->rsdp = systab_rsdp(text);
	}
	if (!f->rsdp)
		f->rsdp = boot_params_rsdp(z->data, z->bytes);
	if (!f->rsdp)
		f->rsdp = bios_rsdp();
}

#define EFI_MEMORY_RUNTIME (1ull << 63)
#define EFI_PAGE_BYTES     4096ull

/* Boot services memory with the attribute is the kernel's own reservation and moves between
 * boots. */
static bool is_firmwares(uint32_t type, uint64_t attribute)
{
	return attribute & EFI_MEMORY_RUNTIME && (type == 0 || type == 5 || type == 6 || type > 7);
}

struct runtime_list {
	struct runtime_range *v; /* grows */
	uint32_t n, room;
};

static int runtime_entry(const char *name, void *ctx)
{
	static const char dir[] = "/sys/firmware/efi/runtime-map";
	struct runtime_list *list = ctx;
	struct runtime_range r = {0};
	uint64_t type;

	if (sys_read_u64(&type, "%s/%s/type", dir, name) ||
		sys_read_u64(&r.phys, "%s/%s/phys_addr", dir, name) ||
		sys_read_u64(&r.virt, "%s/%s/virt_addr", dir, name) ||
		sys_read_u64(&r.n_pages, "%s/%s/num_pages", dir, name) ||
		sys_read_u64(&r.attribute, "%s/%s/attribute", dir, name))
		return complain("%s/%s is not a runtime range", dir, name);
	r.type = (uint32_t)type;
	if (!is_firmwares(r.type, r.attribute))
		return 0;
	if (list->n == list->room) {
		uint32_t room = list->room ? 2 * list->room : 64;
		void *v = realloc(list->v, room * sizeof(*list->v));

		if (!v)
			return complain("no memory for the firmware's runtime ranges");
		list->v = v;
		list->room = room;
	}
	list->v[list->n++] = r;
	return 0;
}

static int runtime_by_phys(const void *a, const void *b)
{
	const struct runtime_range *x = a, *y = b;

	return x->phys < y->phys ? -1 : x->phys > y->phys;
}

/* Both where the firmware has them and where the kernel does. */
static bool continues(const struct runtime_range *last, const struct runtime_range *next)
{
	return last->type == next->type && last->attribute == next->attribute &&
	       last->n_pages <= UINT64_MAX / EFI_PAGE_BYTES &&
	       next->phys - last->phys == last->n_pages * EFI_PAGE_BYTES &&
	       next->virt - last->virt == last->n_pages * EFI_PAGE_BYTES;
}

static void join_runtime(struct runtime_list *list)
{
	uint32_t n = 0;

	qsort(list->v, list->n, sizeof(*list->v), runtime_by_phys);
	for (uint32_t i = 0; i < list->n; i++) {
		if (n && continues(&list->v[n - 1], &list->v[i]))
			list->v[n - 1].n_pages += list->v[i].n_pages;
		else
			list->v[n++] = list->v[i];
	}
	list->n = n;
}

int runtime_map_read(struct runtime_range *v, uint32_t max, uint32_t *ret_n)
{
	struct runtime_list list = {NULL, 0, 0};
	int err = sys_each("/sys/firmware/efi/runtime-map", runtime_entry, &list) == -1 ? -1 : 0;

	if (!err && list.n)
		join_runtime(&list);
	if (!err && list.n > max)
		err = complain("the firmware has %u runtime ranges, of which %u can be handed over",
			list.n, max);
	if (!err && list.n)
		memcpy(v, list.v, list.n * sizeof(*v));
	*ret_n = err ? 0 : list.n;
	free(list.v);
	return err;
}

static void read_settings(struct machine_facts *f)
{
	f->virtualization = firmware_settings_virtualization();
	f->n_registers = firmware_settings_registers(f->registers, SAVED_REGISTERS_MAX);
	for (uint32_t i = 0; i < f->n_memory; i++)
		if (f->memory[i].type == MEMORY_RAM || f->memory[i].type == MEMORY_ACPI)
			f->n_registers = firmware_settings_without(
				f->registers, f->n_registers, f->memory[i].start, f->memory[i].end);
}

int machine_facts_read(struct machine_facts *ret)
{
	static struct zero_page zero_page;

	memset(ret, 0, sizeof(*ret));
	zero_page_read(&zero_page);
	if (read_memory_map(ret, &zero_page) || read_kernel_spans(ret) ||
		runtime_map_read(ret->runtime, SAVED_RUNTIME_MAX, &ret->n_runtime))
		return -1;
	read_kernel(ret);
	read_firmware(ret, &zero_page);
	read_settings(ret);
	return memory_use_read(ret);
}

int machine_facts_check_way_back(const struct machine_facts *f)
{
	static char text[65536];
	uint64_t value;

	if (f->restores_gdt || f->saved_context)
		return 0;
	if (f->vmcoreinfo && vmcoreinfo_text(text, sizeof(text)) &&
		vmcoreinfo_value(
			text, sizeof(text), "SYMBOL(swapper_pg_dir)", VMCOREINFO_HEX, &value) &&
		vmcoreinfo_value(
			text, sizeof(text), "NUMBER(phys_base)", VMCOREINFO_DECIMAL, &value))
		return 0;
	return complain(
		"this kernel could not be returned to: neither saved_context in /proc/kallsyms nor "
		"swapper_pg_dir and phys_base in its VMCOREINFO are known");
}
