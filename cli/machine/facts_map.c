/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The firmware's memory map as part of the facts. */
#include "facts_collect.h"

#include <inttypes.h>
#include <stdio.h>

#include "proc_text.h"

static void take_map(struct all_facts *a, const struct firmware_map *m)
{
	a->map = m->map;
	a->f.map_known = m->known;
	a->f.map_crc = swsusp_e820_crc(m->map.v, m->map.n);
	for (uint32_t i = 0; i < m->map.n; i++) {
		const struct swsusp_e820 *e = &m->map.v[i];

		a->memory[i] = (struct memory_range){
			.start = e->start, .end = e->start + e->size, .type = e->type};
	}
	a->n_memory = m->map.n;
}

/* kexec-tools hands on a table without page 0: the next power-on has another one, whose
 * checksum an image of this boot does not have. */
static void check_kexec(struct all_facts *a)
{
	if (boot_params_is_kexec(a->zero_page.data, a->zero_page.bytes) && a->n_memory &&
		a->memory[0].start)
		snprintf(a->refusal, sizeof(a->refusal),
			"kexec started this kernel, with a memory map that is not the firmware's "
			"(it begins at 0x%" PRIx64 ")",
			a->memory[0].start);
}

void collect_map(struct all_facts *a)
{
	static struct firmware_map m;

	firmware_map_read(&a->zero_page, &a->core, a->symbol[SYMBOL_E820].address, &m);
	if (m.known != FACTS_MAP_UNKNOWN)
		take_map(a, &m);
	if (m.why)
		facts_missing(a, "memory map: %s", m.why);
	check_kexec(a);
}
