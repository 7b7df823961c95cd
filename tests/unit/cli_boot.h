/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A running kernel and its firmware for sys_root, beside cli_machine's disk: a memory map, ACPI tables, symbols
 * and the memory behind them, a swap header. All of it fits together; a test breaks one thing.
 */
#ifndef TESTS_UNIT_CLI_BOOT_H
#define TESTS_UNIT_CLI_BOOT_H

#include "cli_machine.h"

#define BOOT_ID_TEXT   "0c0ffee0-1234-5678-9abc-def012345678"
#define BOOT_ID_PHYS   0x2e000300ull
#define BOOT_JUMP      0xffffffff81001010ull
#define BOOT_JUMP_PHYS 0x2e001010ull
#define BOOT_RSDP      0xf59e0u

/* All of it. */
void boot_files(void);

/* What is shown in /proc/kcore: change it and call boot_kcore. */
#define BOOT_TEXT_BYTES 0x3000
#define BOOT_RAM_BYTES  0x2000
extern uint8_t boot_text[BOOT_TEXT_BYTES]; /* 0xffffffff81000000, physical 0x2e000000 */
extern uint8_t boot_ram[BOOT_RAM_BYTES];   /* 0xffff888003c00000 */
extern int64_t boot_phys_base;             /* in VMCOREINFO */
extern const char *boot_note;              /* more lines of it */
#define BOOT_TEXT_ID   0x300               /* in boot_text: the boot ID */
#define BOOT_RAM_E820  0                   /* in boot_ram: the kernel's memory map */
#define BOOT_RAM_DESCS 0x1000              /* and its descriptors of ACPI tables */
void boot_kcore(void);

/* /proc/iomem, with these lines for all of it between 1 MiB and the ACPI tables; NULL: one of System RAM. */
void boot_iomem(const char *more);

/* What the boot loader handed over; sets /sys/kernel/boot_params/data. */
extern uint8_t boot_zero_page[4096];
void boot_params(void);

#endif
