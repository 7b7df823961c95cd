/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A fault in a program without an operating system resets the machine and leaves no trace: here
 * it becomes a register dump on every log sink.
 */
#include "traps.h"

#include <stdatomic.h>

#include "cpu.h"
#include "jobs.h"
#include "log.h"
#include "panic.h"

extern uint8_t program_start[]; /* linker.ld */

#define N_VECTORS  32
#define VECTOR_NMI 2
#define IST_NMI    1

#define N_CPUS          JOBS_WORKERS_MAX
#define NMI_STACK_BYTES 1024u
#define GDT_TSS         4u /* index of the first; each takes two entries */

struct gate { /* SDM 6.14.1 */
	uint16_t offset_low, selector;
	uint8_t ist, type;
	uint16_t offset_mid;
	uint32_t offset_high, reserved;
};

struct __attribute__((packed)) table_pointer {
	uint16_t limit;
	uint64_t base;
};

struct __attribute__((packed)) tss { /* SDM 8.7 */
	uint32_t reserved_0;
	uint64_t rsp[3], reserved_1, ist[7], reserved_2;
	uint16_t reserved_3, io_map;
};

static struct gate idt[N_VECTORS] __attribute__((aligned(16)));
static struct tss tss[N_CPUS];
static uint8_t nmi_stack[N_CPUS][NMI_STACK_BYTES] __attribute__((aligned(16)));
static atomic_uint n_started, n_nmis;
static uint64_t gdt[GDT_TSS + 2 * N_CPUS] __attribute__((aligned(16))) = {
	0, 0x00cf9b000000ffff, /* code32 */
	0x00af9b000000ffff,    /* code64 */
	0x00cf93000000ffff,    /* data */
};

/* traps.asm */
extern uint8_t trap_stubs[];
extern const uint32_t trap_stub_bytes;
void traps_load_segments(const struct table_pointer *gdt_pointer);

static const char *const vector_names[N_VECTORS] = {
	[0] = "divide error",
	[1] = "debug",
	[2] = "NMI",
	[3] = "breakpoint",
	[4] = "overflow",
	[5] = "bound range",
	[6] = "invalid opcode",
	[7] = "device not available",
	[8] = "double fault",
	[10] = "invalid TSS",
	[11] = "segment not present",
	[12] = "stack fault",
	[13] = "general protection",
	[14] = "page fault",
	[16] = "x87 error",
	[17] = "alignment check",
	[18] = "machine check",
	[19] = "SIMD error",
};

/* SDM 8.2.3: a 64-bit TSS, available, byte granular. */
static void load_task(uint32_t cpu)
{
	uint64_t base = (uint64_t)&tss[cpu];
	tss[cpu] = (struct tss){.io_map = sizeof(tss[0])};
	tss[cpu].ist[IST_NMI - 1] = (uint64_t)(nmi_stack[cpu] + NMI_STACK_BYTES);
	gdt[GDT_TSS + 2 * cpu] = (sizeof(tss[0]) - 1) | (base & 0xffffff) << 16 | 0x89ull << 40 |
				 (base >> 24 & 0xff) << 56;
	gdt[GDT_TSS + 2 * cpu + 1] = base >> 32;
	uint16_t selector = (uint16_t)((GDT_TSS + 2 * cpu) * 8);
	__asm__ volatile("ltr %0" ::"r"(selector) : "memory");
}

void traps_init(void)
{
	uint32_t cpu = atomic_fetch_add(&n_started, 1);
	struct table_pointer p = {.limit = sizeof(gdt) - 1, .base = (uint64_t)gdt};
	traps_load_segments(&p);
	load_task(cpu < N_CPUS ? cpu : N_CPUS - 1);
	for (uint32_t v = 0; v < N_VECTORS; v++) {
		uint64_t stub = (uint64_t)trap_stubs + v * trap_stub_bytes;
		idt[v] = (struct gate){.offset_low = (uint16_t)stub,
			.selector = SELECTOR_CODE64,
			.ist = v == VECTOR_NMI ? IST_NMI : 0,
			.type = 0x8e,
			.offset_mid = (uint16_t)(stub >> 16),
			.offset_high = (uint32_t)(stub >> 32)};
	}
	p = (struct table_pointer){.limit = sizeof(idt) - 1, .base = (uint64_t)idt};
	__asm__ volatile("lidt %0" ::"m"(p));
}

uint32_t traps_nmis(void)
{
	return atomic_load(&n_nmis);
}

void trap_handle(const struct trap_frame *f)
{
	if (f->vector == VECTOR_NMI) {
		atomic_fetch_add(&n_nmis, 1);
		return;
	}
	const char *name = f->vector < N_VECTORS ? vector_names[f->vector] : NULL;
	log_line("trap %llu (%s) error %#llx at rip %#llx (program + %#llx) cr2 %#llx",
		(unsigned long long)f->vector, name ? name : "reserved",
		(unsigned long long)f->error, (unsigned long long)f->rip,
		(unsigned long long)(f->rip - (uint64_t)program_start),
		(unsigned long long)read_cr2());
	log_line("trap rax %016llx rbx %016llx rcx %016llx rdx %016llx", (unsigned long long)f->rax,
		(unsigned long long)f->rbx, (unsigned long long)f->rcx, (unsigned long long)f->rdx);
	log_line("trap rsi %016llx rdi %016llx rbp %016llx rsp %016llx", (unsigned long long)f->rsi,
		(unsigned long long)f->rdi, (unsigned long long)f->rbp, (unsigned long long)f->rsp);
	log_line("trap r8 %016llx r9 %016llx r10 %016llx r11 %016llx", (unsigned long long)f->r8,
		(unsigned long long)f->r9, (unsigned long long)f->r10, (unsigned long long)f->r11);
	log_line("trap r12 %016llx r13 %016llx r14 %016llx r15 %016llx", (unsigned long long)f->r12,
		(unsigned long long)f->r13, (unsigned long long)f->r14, (unsigned long long)f->r15);
	log_line("trap cr0 %#llx cr3 %#llx cr4 %#llx rflags %#llx", (unsigned long long)read_cr0(),
		(unsigned long long)read_cr3(), (unsigned long long)read_cr4(),
		(unsigned long long)f->rflags);
	panic("exception %llu", (unsigned long long)f->vector);
}
