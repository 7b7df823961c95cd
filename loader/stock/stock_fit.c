/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * This boot against the facts of the saved one, range by range. The kernel that goes on has a map
 * of its own in memory, and pointers into what was not RAM: what it may use must still be memory,
 * what it looks into must still be there. Anything else may drift: logs, boot graphics, performance
 * records, ACPI memory that grew by a page, reserved holes.
 */
#include <string.h>

#include "boot_memory.h"
#include "cpu_features.h"
#include "log.h"
#include "platform.h"
#include "runtime.h"
#include "settings.h"
#include "stock_facts.h"
#include "usable.h"

#define WHO "stock"
#define FIRST_PFN                                                                                  \
	256u /* Linux hands out nothing below 1 MiB (since 5.13, before which no image is taken) */

/* ---- Memory ---- */

/* Entry by entry: neighbours that are both RAM need no joining to be looked at. */
static int check_ram(const struct stock_facts *f, const struct boot_info *bi)
{
	static struct range usable_v[BOOT_MEMORY_MAX + 1];
	struct ranges usable;
	struct range gap;
	ranges_init(&usable, usable_v, BOOT_MEMORY_MAX + 1);
	int err = usable_frames(bi, &usable);
	for (uint32_t i = 0; !err && i < f->n_memory; i++) {
		struct range r = stock_facts_frames(&f->memory[i], FIRST_PFN);
		if (f->memory[i].type != MEMORY_RAM || r.start >= r.end ||
			!ranges_gap(&usable, r.start, r.end, &gap))
			continue;
		log_line(WHO ": %#llx-%#llx was memory for the saved kernel, is %s now",
			(unsigned long long)gap.start << 12, (unsigned long long)gap.end << 12,
			boot_memory_kind_at(bi, gap.start << 12));
		err = ERR_MEMORY_MAP;
	}
	return err;
}

/* What the firmware shares with the kernel's AML must not be memory that anybody may use now: then
 * the firmware has it elsewhere. */
static int check_nvs(const struct stock_facts *f, const struct boot_info *bi)
{
	for (uint32_t i = 0; i < f->n_memory; i++) {
		const struct memory_range *m = &f->memory[i];
		for (uint32_t k = 0; m->type == MEMORY_NVS && k < bi->n_memory; k++) {
			const struct memory_range *now = &bi->memory[k];
			if (now->type != MEMORY_RAM || now->end <= m->start || m->end <= now->start)
				continue;
			log_line(WHO ": ACPI NVS at %#llx-%#llx is memory now",
				(unsigned long long)m->start, (unsigned long long)m->end);
			return ERR_MEMORY_MAP;
		}
	}
	return 0;
}

/* ---- Firmware ---- */

static int differ(const char *what, uint64_t was, uint64_t is)
{
	log_line(WHO ": %s at %#llx, now at %#llx", what, (unsigned long long)was,
		(unsigned long long)is);
	return ERR_PLATFORM;
}

static int check_firmware(const struct stock_facts *f, const struct stock_fit *now)
{
	const struct boot_info *bi = now->bi;
	bool efi = bi->efi_systab != 0;
	if ((f->f.efi != 0) != efi) {
		log_line(WHO ": saved under %s, started under %s", f->f.efi ? "UEFI" : "BIOS",
			efi ? "UEFI" : "BIOS");
		return ERR_PLATFORM;
	}
	if (f->f.rsdp && now->tables->rsdp && f->f.rsdp != now->tables->rsdp)
		return differ("the ACPI root pointer was", f->f.rsdp, now->tables->rsdp);
	if (efi && f->f.efi_runtime && bi->efi_runtime && f->f.efi_runtime != bi->efi_runtime)
		return differ("EFI runtime services were", f->f.efi_runtime, bi->efi_runtime);
	return efi ? runtime_check(f->runtime, f->n_runtime, bi, WHO) : 0;
}

static int check_tables(const struct stock_facts *f, const struct stock_fit *now)
{
	const struct tables *t = now->tables;
	int err = tables_check(f->table, f->n_tables, t, WHO);
	if (err || !f->f.has_facs_signature || !t->has_facs_signature)
		return err;
	return platform_check_facs(f->f.facs_signature, t->facs_signature,
		f->f.hypervisor || now->cpu->hypervisor, now->strict, WHO);
}

/* ---- Processors ---- */

/* More processors than before are harmless: the kernel has counted its own, and nobody wakes the
 * others. */
static int check_processors(const struct stock_facts *f, const struct stock_fit *now)
{
	uint32_t was = f->f.n_processors, is = now->tables->n_processors;
	if (was && is && is < was) {
		log_line(WHO
			": saved with %u processors, there are %u now: hyper-threading, SMT or the number of cores was changed in the firmware's setup",
			was, is);
		return ERR_CPU;
	}
	if (was && is > was)
		log_line(WHO ": %u processors, the saved kernel knows %u", is, was);
	return 0;
}

static int check_cpu(const struct stock_facts *f, const struct stock_fit *now)
{
	if (f->f.vendor[0] && strncmp(f->f.vendor, now->cpu->vendor, sizeof(f->f.vendor)) != 0) {
		log_line(WHO ": saved on processor %.12s, this one is %.12s", f->f.vendor,
			now->cpu->vendor);
		return ERR_CPU;
	}
	if ((f->f.hypervisor != 0) != (now->cpu->hypervisor != 0)) {
		log_line(WHO ": saved %s a hypervisor, started %s one",
			f->f.hypervisor ? "under" : "without",
			now->cpu->hypervisor ? "under" : "without");
		return ERR_PLATFORM;
	}
	int err = cpu_features_check(CPU_CR4, f->f.cr4, now->cpu->cr4_possible, WHO);
	int xcr0_err = cpu_features_check(CPU_XCR0, f->f.xcr0, now->cpu->xcr0_possible, WHO);
	err = err ? err : xcr0_err;
	if (!err)
		err = settings_check_virtualization(f->f.virtualization, now->cpu, WHO);
	return err ? err : check_processors(f, now);
}

static void log_unknown(const struct stock_facts *f)
{
	const struct {
		const char *name;
		bool known;
	} v[] = {{"memory that the kernel left to others", f->f.kept_known != 0},
		{"the ACPI root pointer", f->f.rsdp != 0}, {"processors", f->f.n_processors != 0},
		{"CR4", f->f.cr4 != 0}, {"XCR0", f->f.xcr0 != 0},
		{"EFI runtime ranges", !f->f.efi || f->n_runtime != 0},
		{"file systems", f->n_filesystems != 0}};
	for (uint32_t i = 0; i < sizeof(v) / sizeof(v[0]); i++)
		if (!v[i].known)
			log_line(WHO ": the facts say nothing of %s: not compared", v[i].name);
}

int stock_facts_fit(const struct stock_facts *f, const struct stock_fit *now)
{
	log_unknown(f);
	int err = check_cpu(f, now);
	if (!err)
		err = check_firmware(f, now);
	if (!err)
		err = check_ram(f, now->bi);
	if (!err)
		err = check_nvs(f, now->bi);
	if (!err)
		err = settings_check_registers(f->registers, f->n_registers, now->bi, WHO);
	return err ? err : check_tables(f, now);
}
