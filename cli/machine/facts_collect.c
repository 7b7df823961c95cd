/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Puts together what is known of this boot, and makes the file of it that the loader reads. */
#include "facts_collect.h"

#include <string.h>
#include <time.h>

#include "firmware_settings.h"
#include "handoff.h"
#include "sysfiles.h"

static void open_kernel(struct all_facts *a)
{
	static const char *const names[SYMBOLS_N] = {
		[SYMBOL_E820] = FIRMWARE_MAP_SYMBOL,
		[SYMBOL_ACPI] = "acpi_gbl_root_table_list",
		[SYMBOL_BOOT_ID] = "sysctl_bootid",
		[SYMBOL_RESTORE] = "restore_registers",
	};

	zero_page_read(&a->zero_page);
	for (uint32_t i = 0; i < SYMBOLS_N; i++)
		a->symbol[i].name = names[i];
	(void)kcore_open(&a->core);
	symbols_find(a->symbol, SYMBOLS_N);
}

static void collect_settings(struct all_facts *a)
{
	a->f.virtualization = firmware_settings_virtualization();
	a->n_registers = firmware_settings_registers(a->registers, SAVED_REGISTERS_MAX);
	for (uint32_t i = 0; i < a->n_memory; i++)
		if (a->memory[i].type == MEMORY_RAM || a->memory[i].type == MEMORY_ACPI)
			a->n_registers = firmware_settings_without(
				a->registers, a->n_registers, a->memory[i].start, a->memory[i].end);
}

void facts_collect(struct all_facts *a, const char *device, uint64_t offset_pages)
{
	memset(a, 0, sizeof(*a));
	open_kernel(a);
	collect_map(a);
	collect_kept(a);
	collect_firmware(a);
	collect_tables(a);
	collect_kernel(a);
	collect_processor(a);
	collect_settings(a);
	collect_swap(a, device, offset_pages);
	collect_mounts(a);
	a->f.written = (uint64_t)time(NULL);
	kcore_close(&a->core);
}

bool facts_encode(const struct all_facts *a, void *file)
{
	struct state_writer w;
	size_t bytes;

	state_begin(&w, (uint8_t *)file + sizeof(struct facts_head), FACTS_STREAM_MAX);
	state_put(&w, &facts_desc, &a->f, 1);
	if (a->n_memory)
		state_put(&w, &saved_memory_desc, a->memory, a->n_memory);
	if (a->n_kept)
		state_put(&w, &facts_kept_desc, a->kept, a->n_kept);
	if (a->n_tables)
		state_put(&w, &saved_table_desc, a->table, a->n_tables);
	if (a->n_runtime)
		state_put(&w, &saved_runtime_desc, a->runtime, a->n_runtime);
	if (a->n_filesystems)
		state_put(&w, &saved_filesystem_desc, a->filesystem, a->n_filesystems);
	if (a->n_registers)
		state_put(&w, &saved_registers_desc, a->registers, a->n_registers);
	return !state_finish(&w, &bytes) && !facts_seal(file, bytes);
}
