/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The ways in which setup makes a machine start the loader: GRUB's one-shot entry, an EFI boot
 * entry. */
#ifndef CLI_SETUP_H
#define CLI_SETUP_H

#include "boot_parse.h"
#include "img.h"
#include "setup_files.h"

#define EFI_LABEL      "Torpor resume"
#define EFI_FILE       "/EFI/torpor/torpor.efi" /* on the ESP */
#define EFI_FOLDER     "/EFI/torpor"            /* on the ESP */
#define GRUB_ENTRY     "torpor"
#define GRUB_TEXT_MAX  4096
#define HOOK_FOLDER    "/usr/lib/systemd/system-sleep"
#define HOOK_PATH      HOOK_FOLDER "/torpor"
#define LOADER_BIOS    "torpor.mb2"
#define LOADER_EFI     "torpor.efi"
#define EFI_TEXT_BYTES 32768

struct setup_options {
	bool remove, refresh, dry_run;
	enum setup_how how;      /* SETUP_NONE: whatever suits */
	const char *file, *size; /* of Torpor's own images, instead of a swap area */
	const char *swap, *esp, *grub_folder, *loader_folder, *words; /* NULL: not given */
};

bool booted_by_efi(void);
bool secure_boot_is_on(void);

/* Of this program; false when it cannot be told. */
bool program_path(char ret[SYS_PATH_MAX]);

/* ---- A file for Torpor's own images (setup_image.c) ---- */

/* Makes it, with an empty area in it; or looks at the one that is there. Sets image, image_made and
 * device of the record. ret_args: the loader's words. -1 after one complaint. */
struct target;
int image_file_set_up(struct changes *c, const char *path, const char *size, char *ret_args);

/* What can be said of its arguments without looking at this machine. -1 after one complaint. */
int image_file_words(const char *path, const char *size);

/* Makes it mutable; removes it when it was made by us. */
int image_file_undo(struct changes *c);

/* Whether it is as it was set up. -1 after one complaint. t: found by this; headers: of the area. */
int image_file_look(
	const struct setup_record *r, struct target *t, struct img_headers *ret_headers);

/* "auto", or a number with K, M, G or T. False: it is none, or too small. */
bool image_size(const char *text, uint64_t mem_total, uint64_t *ret_bytes);

/* ---- GRUB (setup_grub.c) ---- */

/* The folder of grub.cfg; false: there is none. */
bool grub_find(const char *wanted, char ret[SYS_PATH_MAX]);

/* Whether the one-shot choice works there: grub.cfg reads custom.cfg and next_entry, and GRUB can
 * write grubenv. -1 after one complaint. */
int grub_check(const char *folder);

/* Whether its entries ask for a password, ours too: the Linux entries decide. */
enum grub_password { GRUB_FREE, GRUB_ENTRY_FREE, GRUB_ASKS };
enum grub_password grub_password(const char *folder);

/* Our part of custom.cfg. -1: too long. */
int grub_entry_text(const char *args, enum grub_password password, char ret[GRUB_TEXT_MAX]);

/* Installs what record (grub_folder, args) says, with the loaders from this folder. */
int grub_install(struct changes *c, const char *loader_folder);
int grub_uninstall(struct changes *c);

/* Makes the entry the choice of the next boot, or takes that back. -1 after one complaint. */
int grub_arm(const char *folder);
int grub_disarm(const char *folder);
bool grub_is_armed(const char *folder);

/* For torpor save: the same when this file is set up for images, by GRUB. 1: armed; 0: there is nothing
 * to be done; -1 after one complaint (arm.c). */
int image_arm(const char *path);
void image_disarm(void);

/* ---- The sleep hook (setup_hook.c) ---- */

int hook_install(struct changes *c);

/* Whether the hook will do what it is there for. -1 after one complaint. */
int hook_check(const struct setup_record *r);

/* ---- EFI boot entry (setup_efi.c) ---- */

/* Where the EFI system partition is mounted: there if it is named, else where it usually is. -1
 * after one complaint. */
int efi_esp_folder(const char *wanted, char ret[SYS_PATH_MAX]);

/* Runs efibootmgr with these arguments (argv[0] included, NULL at the end); what it prints. -1
 * after one complaint (efi_run.c). */
int efibootmgr(const char *const *argv, char *ret_text, size_t cap);
int efi_boot_read(struct efi_boot *ret);

/* Ours, if it is there and has our label. */
const struct efi_entry *efi_our_entry(const struct efi_boot *boot, int number);

/* keep: the entry that the record names has the right file and arguments, and is made again only where it is
 * gone or no more the first. Leave: only the loader's file is looked after. */
enum efi_keep { EFI_MAKE_ENTRY, EFI_KEEP_ENTRY, EFI_LEAVE_ENTRY };
int efi_install(struct changes *c, const char *esp, const char *loader_folder, enum efi_keep keep);
int efi_uninstall(struct changes *c);

/* Before the record says other words than the entry has: notes that one is going to be made, and which
 * entries of our label are another system's. */
int efi_intend_entry(struct changes *c);

/* Removes what the loader's EFI door keeps in a variable (abi/starts.h). */
int efi_remove_starts(struct changes *c);

#endif
