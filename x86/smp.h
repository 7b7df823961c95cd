/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The other processors, as helpers: started from whatever firmware left them in by INIT and
 * start-up IPIs, running on our tables and stacks of their own, stopped by INIT again. Intel SDM
 * volume 3, 9.4.4 and 11.6.1.
 */
#ifndef X86_SMP_H
#define X86_SMP_H

#include "acpi.h"
#include "arena.h"
#include "jobs.h"

#define SMP_PAGE_BYTES 4096u

/* Pages that are borrowed: mapped RAM, whose content is put back before smp_start returns. */
struct smp_low {
	uint64_t code; /* below 1 MiB; 0: there is none */
	uint64_t root; /* another one, below 4 GiB */
};

/* Starts as many of ACPI's processors as there may be workers; they help with the jobs until
 * smp_stop. *j is ready in every case, with n_workers = 1 when there are no helpers. All others
 * must wait for a start-up IPI (apic_park_others). The tables in use must not change meanwhile.
 * Either all of those arrive within 5 s, or they are stopped again and the log says so. */
void smp_start(
	struct jobs *j, const struct acpi *acpi, struct arena *arena, const struct smp_low *low);

/* They wait for a start-up IPI afterwards, executing nothing. No job may be under way. */
void smp_stop(struct jobs *j);

/* Does this code run on a helper? For the way out after an exception. */
bool smp_is_helper(void);

#endif
