/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Starting the other processors needs real mode, low memory and delays; ending them must leave
 * nothing running in memory that is about to be overwritten.
 */
#include "smp.h"

#include <string.h>

#include "apic.h"
#include "cpu.h"
#include "deadline.h"
#include "log.h"
#include "machine.h"
#include "program.h"

#define PAGE_BYTES  SMP_PAGE_BYTES
#define STACK_BYTES 16384u
/* A virtual machine's processor may get no time for long, and there a start-up IPI that it has not
 * seen yet outlives INIT: it would begin in what the page holds by then. */
#define ARRIVE_MS     5000
#define SIPI_AGAIN_US 200
#define HELPERS_MAX   (JOBS_WORKERS_MAX - 1)
/* CR4 bits that need more set up than a helper gets. */
#define CR4_NOT_FOR_HELPERS (CR4_PCIDE | CR4_CET | CR4_VMXE | CR4_SMXE)
#define ROOT_ADDRESS        0x000ffffffffff000ull

struct __attribute__((packed)) parameters { /* smp.asm */
	uint64_t entry, stack_top, stack_bytes;
	uint32_t cr0, cr3, cr4, efer, next;
	uint32_t far32;
	uint16_t selector32;
	uint32_t far64;
	uint16_t selector64;
	uint16_t gdt_limit;
	uint32_t gdt_base;
	uint16_t reserved;
};

/* smp.asm */
extern uint8_t smp_trampoline_[], smp_trampoline_end_[], smp_parameters_[];
void smp_entry_(void);
_Noreturn void smp_arrive_(uint32_t number);

static struct {
	struct jobs *jobs;
	uint64_t cr3, cr4, pat, xcr0;
	uint8_t *stacks;
	uint32_t n;
	atomic_uint arrived;
} smp;

static void set_xcr0(uint64_t value)
{
	__asm__ volatile("xsetbv" ::"c"(0), "a"((uint32_t)value), "d"((uint32_t)(value >> 32)));
}

static uint64_t get_xcr0(void)
{
	uint32_t low, high;
	__asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
	return (uint64_t)high << 32 | low;
}

/* A helper's first C code, on its own stack: the same processor state as the owner's, then its
 * work. */
_Noreturn void smp_arrive_(uint32_t number)
{
	write_cr3(smp.cr3);
	program_start_cpu();
	write_cr4(smp.cr4);
	if (smp.cr4 & CR4_OSXSAVE)
		set_xcr0(smp.xcr0);
	if (read_msr(MSR_PAT) != smp.pat)
		write_msr(MSR_PAT, smp.pat);
	atomic_fetch_add(&smp.arrived, 1);
	for (;;)
		if (!jobs_help(smp.jobs, number + 1))
			cpu_pause();
}

bool smp_is_helper(void)
{
	const uint8_t *here = __builtin_frame_address(0);
	return smp.stacks && here >= smp.stacks && here < smp.stacks + smp.n * STACK_BYTES;
}

/* The root goes into a page below 4 GiB with it: 32-bit code can load no other. */
static void put_trampoline(const struct smp_low *pages)
{
	uint64_t low = pages->code;
	size_t bytes = (size_t)(smp_trampoline_end_ - smp_trampoline_);
	struct parameters *p = (void *)(low + (uint64_t)(smp_parameters_ - smp_trampoline_));
	memcpy((void *)low, smp_trampoline_, bytes);
	memcpy((void *)pages->root, (void *)(smp.cr3 & ROOT_ADDRESS), PAGE_BYTES);
	p->entry = (uint64_t)smp_entry_;
	p->stack_top = (uint64_t)smp.stacks + STACK_BYTES;
	p->stack_bytes = STACK_BYTES;
	p->cr0 = (uint32_t)read_cr0();
	p->cr3 = (uint32_t)pages->root;
	p->cr4 = (uint32_t)(CR4_PAE | (smp.cr4 & CR4_LA57));
	p->efer = (uint32_t)(read_msr(MSR_EFER) & (EFER_LME | EFER_NXE));
	p->far32 += (uint32_t)low;
	p->far64 += (uint32_t)low;
	p->gdt_base += (uint32_t)low;
}

static uint32_t choose(const struct acpi *acpi, uint32_t *ret_ids)
{
	uint32_t own = apic_id(), n = 0;
	for (uint32_t i = 0; i < acpi->n_processors && n < HELPERS_MAX; i++)
		if (acpi->apic_id[i] != own)
			ret_ids[n++] = acpi->apic_id[i];
	return n;
}

static bool start(const uint32_t *ids, uint64_t low)
{
	for (uint32_t again = 0; again < 2; again++) {
		for (uint32_t i = 0; i < smp.n; i++)
			if (apic_start_up(ids[i], (uint8_t)(low / PAGE_BYTES)))
				return false;
		delay_us(SIPI_AGAIN_US);
	}
	return WAIT_FOR(atomic_load(&smp.arrived) == smp.n, ARRIVE_MS) == 0;
}

void smp_start(
	struct jobs *j, const struct acpi *acpi, struct arena *arena, const struct smp_low *low)
{
	uint32_t ids[HELPERS_MAX];
	jobs_init(j, 1);
	smp.n = choose(acpi, ids);
	if (smp.n == 0)
		return;
	if (!low->code || !low->root) {
		log_line("smp: no RAM below 1 MiB for %u other processors to begin in: one is used",
			smp.n);
		return;
	}
	smp.stacks = arena_alloc(arena, smp.n * STACK_BYTES, PAGE_BYTES);
	uint8_t *content = arena_alloc(arena, 2 * PAGE_BYTES, PAGE_BYTES);
	if (!smp.stacks || !content) {
		log_line("smp: no memory for %u other processors: one is used", smp.n);
		return;
	}
	smp.jobs = j;
	smp.cr3 = read_cr3();
	smp.cr4 = read_cr4() & ~CR4_NOT_FOR_HELPERS;
	smp.pat = read_msr(MSR_PAT);
	smp.xcr0 = smp.cr4 & CR4_OSXSAVE ? get_xcr0() : 0;
	atomic_store(&smp.arrived, 0);
	memcpy(content, (void *)low->code, PAGE_BYTES);
	memcpy(content + PAGE_BYTES, (void *)low->root, PAGE_BYTES);
	put_trampoline(low);
	if (start(ids, low->code)) {
		j->n_workers = smp.n + 1;
	} else {
		log_line("smp: %u of %u other processors arrived: one goes on alone",
			atomic_load(&smp.arrived), smp.n);
		apic_park_others();
	}
	memcpy((void *)low->code, content, PAGE_BYTES);
	memcpy((void *)low->root, content + PAGE_BYTES, PAGE_BYTES);
}

void smp_stop(struct jobs *j)
{
	if (j->n_workers > 1)
		apic_park_others();
	j->n_workers = 1;
}
