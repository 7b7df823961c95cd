/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the image says of the processor and the platform: the loader's checks and its last steps go
 * by it. */
#ifndef WRITER_MACHINE_STATE_H
#define WRITER_MACHINE_STATE_H

#include "acpi.h"
#include "handoff.h"
#include "old_kernel.h"
#include "state.h"

struct entry_state { /* writer/entry.asm pushes it */
	uint64_t stack, jump_back, entry, cr0, cr3, cr4;
};

struct machine_state {
	const struct entry_state *entry;
	const struct handoff *h;
	const struct acpi *acpi;
	const struct acpi_fixed *fixed;
	const struct old_kernel *kernel;
};

/* Each adds the rows of one object; too many for its buffer is what state_finish says. */
void machine_state_put_cpu(const struct machine_state *m, struct state_writer *s);
void machine_state_put_platform(const struct machine_state *m, struct state_writer *s);

#endif
