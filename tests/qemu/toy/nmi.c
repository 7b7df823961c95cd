/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Packages (LZ4, libdeflate) are built for user space: their functions keep data below the stack
 * pointer, and nothing may be pushed there. The interrupt is raised by an instruction, through the
 * gate that an NMI takes.
 */
#include "nmi.h"

#include <stdint.h>
#include <string.h>

#include "traps.h"

void nmi_probe(const uint8_t *vectors, uint8_t *ret_vectors, uint64_t *ret_below);

bool nmi_leaves_all_as_it_is(void)
{
	uint8_t vectors[16 * 16], vectors_after[16 * 16];
	uint64_t below[16];
	uint32_t before = traps_nmis();
	for (uint32_t i = 0; i < sizeof(vectors); i++)
		vectors[i] = (uint8_t)(i * 3 + 1);
	nmi_probe(vectors, vectors_after, below);
	for (uint32_t i = 0; i < 16; i++)
		if (below[i] != i + 1)
			return false;
	return memcmp(vectors, vectors_after, sizeof(vectors)) == 0 && traps_nmis() == before + 1;
}
