#include "traps.h"

#include "cpu.h"
#include "log.h"
#include "panic.h"
#include "program.h"

#define N_VECTORS 32

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

static struct gate idt[N_VECTORS] __attribute__((aligned(16)));
static uint64_t gdt[] __attribute__((aligned(16))) = {
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

void traps_init(void)
{
	struct table_pointer p = {.limit = sizeof(gdt) - 1, .base = (uint64_t)gdt};
	traps_load_segments(&p);
	for (uint32_t v = 0; v < N_VECTORS; v++) {
		uint64_t stub = (uint64_t)trap_stubs + v * trap_stub_bytes;
		idt[v] = (struct gate){.offset_low = (uint16_t)stub,
			.selector = SELECTOR_CODE64,
			.type = 0x8e,
			.offset_mid = (uint16_t)(stub >> 16),
			.offset_high = (uint32_t)(stub >> 32)};
	}
	p = (struct table_pointer){.limit = sizeof(idt) - 1, .base = (uint64_t)idt};
	__asm__ volatile("lidt %0" ::"m"(p));
}

void trap_handle(const struct trap_frame *f)
{
	if (f->vector == 2) {
		log_line("NMI at %#llx, passed over", (unsigned long long)f->rip);
		return;
	}
	const char *name = f->vector < N_VECTORS ? vector_names[f->vector] : NULL;
	log_line("trap %llu (%s) error %#llx at rip %#llx (program + %#llx) cr2 %#llx",
		(unsigned long long)f->vector, name ? name : "reserved",
		(unsigned long long)f->error, (unsigned long long)f->rip,
		(unsigned long long)(f->rip - (uint64_t)program_base()),
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
