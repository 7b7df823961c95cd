/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A machine with one virtio disk for tests of torpor setup and its kin: partition 1 is the file system
 * that the tree is on, partition 2 is in use as swap; GRUB is there. efibootmgr is played. */
#ifndef TESTS_UNIT_CLI_MACHINE_H
#define TESTS_UNIT_CLI_MACHINE_H

#include "cli_tree.h"

#define PCI "/sys/devices/pci0000:00/"
#define VDA PCI "0000:00:03.0/virtio0/block/vda"

extern char efi_text[1024];   /* what efibootmgr prints */
extern const char *efi_after; /* and after -c */
extern char efi_ran[1024];    /* its commands that changed something */

extern bool machine_can_jump; /* kexec_check's answer */

/* For FIXTURE; tree_teardown is its teardown. */
void machine_setup(void);

void machine_block_device(const char *dir, const char *number, const char *sectors);

/* The file system that the tree is on is partition 1, with type as its type. */
void machine_root_mount(const char *type);

/* A program that says that it is torpor of this version. */
void machine_program(const char *path, const char *version);

/* A command of setup's kin, up to seven words: its exit status. */
int machine_run(const char *words);

/* The same: what it says on descriptor 1 or 2. */
const char *machine_said(int fd, const char *words);

/* A file of the tree has this in it, or has not. */
void machine_has(const char *path, const char *part);
void machine_has_not(const char *path, const char *part);

#endif
