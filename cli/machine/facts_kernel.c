/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What binds facts to an image: the boot ID and where the kernel keeps it, and its entry point;
 * and what this boot uses of the processor. Symbols are believed only where what lies there is
 * what it should be.
 */
#include "facts_collect.h"

#include <cpuid.h>
#include <inttypes.h>
#include <string.h>
#include <sys/utsname.h>

#include "machine_facts.h"
#include "proc_text.h"
#include "sysfiles.h"
#include "vmcoreinfo.h"

#define START_KERNEL_MAP 0xffffffff80000000ull

#define OLDEST_MAJOR 5 /* before it the header has an MD5, not a CRC */
#define OLDEST_MINOR 13

/* ---- The kernel ---- */

/* Physical address of a byte of the kernel's own, by the two that tell. 0: not known, or they
 * disagree. */
static uint64_t phys_of(const struct all_facts *a, uint64_t address)
{
	uint64_t phys = kcore_phys(&a->core, address);
	static char info[65536];
	uint64_t base;

	if (vmcoreinfo_text(info, sizeof(info)) &&
		vmcoreinfo_value(
			info, sizeof(info), "NUMBER(phys_base)", VMCOREINFO_DECIMAL, &base) &&
		phys && phys != address - START_KERNEL_MAP + base)
		return 0;
	return phys;
}

static void collect_boot_id(struct all_facts *a)
{
	uint64_t address = a->symbol[SYMBOL_BOOT_ID].address;
	uint8_t there[16];
	char text[64];

	if (sys_read_text(text, sizeof(text), "/proc/sys/kernel/random/boot_id") < 0 ||
		!uuid_of_text(text, a->f.boot_id)) {
		facts_missing(a, "boot ID: /proc/sys/kernel/random/boot_id has none");
		return;
	}
	if (!address || !kcore_read(&a->core, address, there, sizeof(there))) {
		facts_missing(a, "boot ID in memory: the kernel does not say where it keeps it");
		return;
	}
	if (memcmp(there, a->f.boot_id, sizeof(there))) {
		facts_missing(a, "boot ID in memory: it is not where the kernel says");
		return;
	}
	a->f.boot_id_phys = phys_of(a, address);
	if (!a->f.boot_id_phys)
		facts_missing(a, "boot ID in memory: its physical address is not known");
}

static void collect_jump(struct all_facts *a)
{
	uint64_t address = a->symbol[SYMBOL_RESTORE].address;
	uint64_t phys = address ? phys_of(a, address) : 0;

	if (!phys) {
		facts_missing(a, "entry point: %s",
			address ? "its physical address is not known"
				: "the kernel does not show restore_registers");
		return;
	}
	a->f.jump_address = address;
	a->f.jump_address_phys = phys;
}

void collect_kernel(struct all_facts *a)
{
	struct utsname uts;

	if (!uname(&uts))
		snprintf(a->f.kernel_release, sizeof(a->f.kernel_release), "%.63s", uts.release);
	if (release_is_before(a->f.kernel_release, OLDEST_MAJOR, OLDEST_MINOR))
		snprintf(a->refusal, sizeof(a->refusal),
			"kernel %.63s: the loader knows images of %d.%d and later",
			a->f.kernel_release, OLDEST_MAJOR, OLDEST_MINOR);
	collect_boot_id(a);
	collect_jump(a);
}

/* ---- The processor ---- */

/* Bits of CR4 that the kernel sets where a flag stands in /proc/cpuinfo: there are no flags there
 * of what it was told not to use. */
static const struct {
	const char *flag;
	uint64_t bits;
} cr4_bits[] = {
	{"pse", 1 << 4},
	{"pae", 1 << 5},
	{"mce", 1 << 6},
	{"pge", 1 << 7},
	{"fxsr", 1 << 9},
	{"sse", 1 << 10},
	{"umip", 1 << 11},
	{"fsgsbase", 1 << 16},
	{"pcid", 1 << 17},
	{"xsave", 1 << 18},
	{"smep", 1 << 20},
	{"smap", 1 << 21},
	{"ospke", 1 << 22},
	{"user_shstk", 1 << 23},
	{"ibt", 1 << 23},
};
#define CR4_LA57 (1u << 12) /* the flag says that it could */

/* No program can read it. */
static void collect_cr4(struct all_facts *a)
{
	static char text[65536];
	uint64_t la57;

	(void)sys_read_text(text, sizeof(text), "/proc/cpuinfo");
	for (size_t i = 0; i < sizeof(cr4_bits) / sizeof(*cr4_bits); i++)
		if (cpuinfo_has_flag(text, cr4_bits[i].flag))
			a->f.cr4 |= cr4_bits[i].bits;
	if (!a->f.cr4)
		facts_missing(a, "CR4: /proc/cpuinfo has no flags");
	else if (vmcoreinfo_text(text, sizeof(text)) &&
		 vmcoreinfo_value(text, sizeof(text), "NUMBER(pgtable_l5_enabled)",
			 VMCOREINFO_DECIMAL, &la57) &&
		 la57)
		a->f.cr4 |= CR4_LA57;
}

static uint64_t read_xcr0(void)
{
	uint32_t low, high;

	__asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
	return low | (uint64_t)high << 32;
}

void collect_processor(struct all_facts *a)
{
	uint32_t eax, ebx, ecx, edx;

	if (__get_cpuid(0, &eax, &ebx, &ecx, &edx)) {
		memcpy(a->f.vendor, &ebx, 4);
		memcpy(a->f.vendor + 4, &edx, 4);
		memcpy(a->f.vendor + 8, &ecx, 4);
	}
	if (__get_cpuid(1, &eax, &ebx, &ecx, &edx)) {
		a->f.hypervisor = ecx >> 31;
		if (ecx & bit_OSXSAVE)
			a->f.xcr0 = read_xcr0();
	}
	collect_cr4(a);
}

/* ---- The swap area ---- */

#define SWAP_BYTES     4096u
#define SWAP_SIGNATURE "SWAPSPACE2"
#define SWAP_UUID      0x40c

void collect_swap(struct all_facts *a, const char *device, uint64_t offset_pages)
{
	uint8_t header[SWAP_BYTES];

	a->f.resume_offset = offset_pages;
	if (!*device) {
		facts_missing(a, "swap area's UUID: no swap area is set up");
		return;
	}
	if (offset_pages < UINT64_MAX / SWAP_BYTES &&
		sys_read_at(device, offset_pages * SWAP_BYTES, header, sizeof(header)) ==
			(int)sizeof(header) &&
		!memcmp(header + sizeof(header) - 10, SWAP_SIGNATURE, 10))
		memcpy(a->f.swap_uuid, header + SWAP_UUID, sizeof(a->f.swap_uuid));
	else
		facts_missing(a, "swap area's UUID: page %" PRIu64 " of %.60s is no swap header",
			offset_pages, device);
}
