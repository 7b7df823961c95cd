/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Registers and tables as they are at the writer's entry: the kernel has not been asked, so nothing
 * of this depends on what it exports.
 */
#include "machine_state.h"

#include <string.h>

#include "apic.h"
#include "cpu.h"
#include "log.h"
#include "saved_state.h"

#define CPUID_1_ECX_XSAVE (1u << 26)

/* The kernel has turned OSXSAVE off for the jump; the register is as it was. */
static uint64_t kernels_xcr0(void)
{
	uint64_t cr4 = read_cr4();
	if (!(cpuid(1, 0).ecx & CPUID_1_ECX_XSAVE))
		return 0;
	write_cr4(cr4 | CR4_OSXSAVE);
	uint64_t xcr0 = read_xcr0();
	write_cr4(cr4);
	return xcr0;
}

void machine_state_put_cpu(const struct machine_state *m, struct state_writer *s)
{
	const struct entry_state *e = m->entry;
	struct saved_cpu cpu = {.stack = e->stack,
		.jump_back = e->jump_back,
		.entry = e->entry,
		.cr0 = e->cr0,
		.cr3 = e->cr3,
		.cr4 = e->cr4,
		.efer = read_msr(MSR_EFER),
		.pat = read_msr(MSR_PAT),
		.apic_base = read_msr(MSR_APIC_BASE),
		.gdt_base = m->kernel->gdt_base,
		.gdt_limit = m->kernel->gdt_limit,
		.apic_id = apic_id(),
		.cpuid_1_eax = cpuid(1, 0).eax,
		.kernel_cr4 = m->kernel->cr4,
		.xcr0 = kernels_xcr0(),
		.virtualization = m->h->virtualization};
	cpuid_vendor(cpu.vendor);
	state_put(s, &saved_cpu_desc, &cpu, 1);
}

static struct {
	struct saved_table v[SAVED_TABLES_MAX];
	uint32_t n, n_left_out;
} tables;

static struct {
	struct saved_processor v[SAVED_PROCESSORS_MAX];
	uint32_t n, n_left_out;
} processors;

static void take_processor(void *ctx, uint32_t apic_id)
{
	(void)ctx;
	for (uint32_t i = 0; i < processors.n; i++)
		if (processors.v[i].apic_id == apic_id)
			return;
	if (processors.n == SAVED_PROCESSORS_MAX)
		processors.n_left_out++;
	else
		processors.v[processors.n++].apic_id = apic_id;
}

static void take_table(void *ctx, uint64_t phys, const uint8_t *table, uint32_t bytes)
{
	struct saved_table one;
	(void)ctx;
	if (memcmp(table, "APIC", 4) == 0)
		acpi_each_processor(table, bytes, take_processor, NULL);
	if (!saved_table_make(&one, phys, table, bytes))
		return;
	if (tables.n == SAVED_TABLES_MAX)
		tables.n_left_out++;
	else
		tables.v[tables.n++] = one;
}

/* A list that is not whole would have the loader miss what changed. */
static void list_tables(uint64_t rsdp)
{
	acpi_each_table(rsdp, take_table, NULL);
	log_line("writer: %u ACPI tables to be compared before a resume", tables.n);
	if (processors.n_left_out)
		processors.n = 0;
	if (!tables.n_left_out)
		return;
	log_line("writer: %u more than can be listed: they are not compared", tables.n_left_out);
	tables.n = 0;
}

void machine_state_put_platform(const struct machine_state *m, struct state_writer *s)
{
	const struct handoff *h = m->h;
	static struct saved_platform p;
	struct saved_frame region[HANDOFF_REGION_MAX];

	p = (struct saved_platform){.mailbox = h->mailbox,
		.nonce = h->nonce,
		.rsdp = m->acpi->rsdp,
		.efi_systab = h->efi_systab,
		.efi_runtime = h->efi_runtime,
		.pm1a_enable = m->fixed->pm1a_enable,
		.pm1b_enable = m->fixed->pm1b_enable,
		.pm1a_control = m->fixed->pm1a_control,
		.pm1b_control = m->fixed->pm1b_control,
		.gpe0_bytes = m->fixed->gpe0_bytes,
		.gpe1_bytes = m->fixed->gpe1_bytes,
		.facs_signature = m->acpi->facs_signature};
	memcpy(p.kernel_release, h->kernel_release, sizeof(p.kernel_release));
	memcpy(p.disk_guid, h->disk_guid, sizeof(p.disk_guid));
	memcpy(p.part_guid, h->part_guid, sizeof(p.part_guid));
	memcpy(p.gpe0_enable, m->fixed->gpe0_enable, sizeof(p.gpe0_enable));
	memcpy(p.gpe1_enable, m->fixed->gpe1_enable, sizeof(p.gpe1_enable));
	for (uint32_t i = 0; i < h->n_region; i++)
		region[i].phys = h->region[i];
	state_put(s, &saved_platform_desc, &p, 1);
	state_put(s, &saved_frame_desc, region, h->n_region);
	state_put(s, &saved_memory_desc, h->memory, h->n_memory);
	state_put(s, &saved_runtime_desc, h->runtime, h->n_runtime);
	list_tables(m->acpi->rsdp);
	state_put(s, &saved_table_desc, tables.v, tables.n);
	state_put(s, &saved_processor_desc, processors.v, processors.n);
	state_put(s, &saved_registers_desc, h->registers, h->n_registers);
}
