/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Settings of the firmware against those of the save. They do not show in tables or signatures on
 * all machines; what they change for the old kernel does.
 */
#include "settings.h"

#include "log.h"

#define APIC_BASE_X2APIC (1ull << 10)
#define APIC_BASE_ENABLE (1ull << 11)

int settings_check_virtualization(uint32_t was, const struct this_cpu *now, const char *who)
{
	uint32_t missing = now->abilities_known ? was & ~now->virtualization : 0;
	if (!missing)
		return 0;
	log_line(
		"%s: the saved kernel has virtualization in use (KVM), which is off now: turn %s on in the firmware's setup",
		who, missing & SAVED_VMX ? "Intel VT-x (VMX)" : "AMD SVM");
	return ERR_CPU;
}

int settings_check_apic(uint64_t saved_apic_base, const struct this_cpu *now, const char *who)
{
	if (!now->abilities_known || !(saved_apic_base & APIC_BASE_ENABLE))
		return 0;
	if ((saved_apic_base & APIC_BASE_X2APIC) && !now->x2apic) {
		log_line(
			"%s: the saved kernel has its local APIC in x2APIC mode, which this processor does not have or the firmware has switched off",
			who);
		return ERR_CPU;
	}
	if (!(saved_apic_base & APIC_BASE_X2APIC) && now->x2apic_only) {
		log_line(
			"%s: the saved kernel has its local APIC in xAPIC mode, which the firmware does not allow now: turn x2APIC mode off in its setup",
			who);
		return ERR_CPU;
	}
	return 0;
}

int settings_check_processors(
	const struct saved_processor *was, uint32_t n, const struct tables *now, const char *who)
{
	uint32_t n_missing = 0, first = 0;
	if (n == 0 || now->n_processors == 0)
		return 0;
	for (uint32_t i = 0; i < n; i++) {
		if (tables_have_processor(now, was[i].apic_id))
			continue;
		first = n_missing++ ? first : was[i].apic_id;
	}
	if (n_missing) {
		log_line(
			"%s: saved with %u processors, %u of them (APIC ID %u first) are not enabled now: hyper-threading, SMT or the number of cores was changed in the firmware's setup",
			who, n, n_missing, first);
		return ERR_CPU;
	}
	if (now->n_processors > n)
		log_line("%s: %u processors, the saved kernel knows %u", who, now->n_processors, n);
	return 0;
}

int settings_check_registers(
	const struct saved_registers *was, uint32_t n, const struct boot_info *bi, const char *who)
{
	for (uint32_t i = 0; i < n; i++)
		for (uint32_t k = 0; k < bi->n_memory; k++) {
			const struct memory_range *m = &bi->memory[k];
			if ((m->type != MEMORY_RAM && m->type != MEMORY_ACPI) ||
				m->end <= was[i].start || was[i].end <= m->start)
				continue;
			log_line(
				"%s: PCI devices had registers at %#llx-%#llx, where there is memory now: Above 4G Decoding, or the memory that graphics takes, was changed in the firmware's setup",
				who, (unsigned long long)was[i].start,
				(unsigned long long)was[i].end);
			return ERR_PLATFORM;
		}
	return 0;
}
