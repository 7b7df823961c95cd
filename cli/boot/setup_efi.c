/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A boot entry of the firmware, first in its order: the loader is started in every boot, and
 * returns at once when there is no image; the firmware then goes on with its next entry.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mounts.h"
#include "say.h"
#include "setup.h"
#include "starts.h"
#include "swap_place.h"
#include "target_file.h"

int efi_boot_read(struct efi_boot *ret)
{
	static char text[EFI_TEXT_BYTES];

	if (efibootmgr((const char *const[]){"efibootmgr", "-v", NULL}, text, sizeof(text)))
		return -1;
	efi_boot_parse(text, ret);
	return 0;
}

const struct efi_entry *efi_our_entry(const struct efi_boot *boot, int number)
{
	const struct efi_entry *e = efi_boot_entry(boot, number);

	return e && !strcmp(e->label, EFI_LABEL) ? e : NULL;
}

/* ---- Where it goes ---- */

struct esp {
	char folder[SYS_PATH_MAX]; /* where it is mounted */
	char disk[SYS_PATH_MAX];   /* "/dev/sda" */
	char partition[16];
};

/* systemd mounts it when somebody opens it, and looking alone does not. */
static void wake_automount(const char *folder)
{
	char full[SYS_PATH_MAX];
	int fd = sys_path(full, "%s", folder) ? open(full, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;

	if (fd >= 0)
		close(fd);
}

static bool is_vfat(const char *folder, struct mount_line *ret)
{
	wake_automount(folder);
	return sys_exists("%s", folder) && !mounts_find(folder, ret) &&
	       !strcmp(ret->type, "vfat") && !strcmp(ret->mount_point, folder);
}

static int find_esp_mount(const char *wanted, struct esp *ret, struct mount_line *mount)
{
	static const char *const usual[] = {"/boot/efi", "/efi", "/boot"};

	if (wanted) {
		if (!sys_real_path(ret->folder, "%s", wanted))
			return complain("%s: no such folder", wanted);
		return is_vfat(ret->folder, mount)
			       ? 0
			       : complain("%s is not where an EFI system partition is mounted",
					 wanted);
	}
	for (size_t i = 0; i < sizeof(usual) / sizeof(*usual); i++)
		if (is_vfat(usual[i], mount)) {
			strcpy(ret->folder, usual[i]);
			return 0;
		}
	return complain(
		"no EFI system partition is mounted on /boot/efi, /efi or /boot: name one by "
		"--esp");
}

int efi_esp_folder(const char *wanted, char ret[SYS_PATH_MAX])
{
	struct mount_line mount;
	struct esp esp;

	if (find_esp_mount(wanted, &esp, &mount))
		return -1;
	strcpy(ret, esp.folder);
	return 0;
}

static int find_esp(const char *wanted, struct esp *ret)
{
	char dir[SYS_PATH_MAX], *disk;
	struct mount_line mount;
	uint64_t n;

	if (find_esp_mount(wanted, ret, &mount))
		return -1;
	if (!sys_real_path(dir, "/sys/dev/block/%u:%u", mount.major, mount.minor) ||
		device_layer(dir) || sys_read_u64(&n, "%s/partition", dir))
		return complain("%s is not on a plain partition", ret->folder);
	*strrchr(dir, '/') = 0;
	disk = strrchr(dir, '/');
	if (!disk)
		return complain("%s: no disk in /sys", ret->folder);
	snprintf(ret->disk, sizeof(ret->disk), "/dev/%s", disk + 1);
	snprintf(ret->partition, sizeof(ret->partition), "%u", (unsigned int)n);
	return 0;
}

/* ---- The entry ---- */

static void say_command(struct changes *c, const char *const *argv)
{
	c->n++;
	say("%srun", c->dry_run ? "would: " : "");
	for (; *argv; argv++)
		say(strchr(*argv, ' ') ? " '%s'" : " %s", *argv);
	say("\n");
}

static int run(struct changes *c, const char *const *argv)
{
	static char text[EFI_TEXT_BYTES];

	if (!c->dry_run && efibootmgr(argv, text, sizeof(text)))
		return -1;
	say_command(c, argv);
	return 0;
}

/* Anything else under that number is somebody else's, and stays. */
static bool is_ours(const struct setup_record *r, const struct efi_boot *boot, int number)
{
	if (!efi_our_entry(boot, number))
		return false;
	for (uint32_t i = 0; r->entry_pending && i < r->n_others; i++)
		if (r->others[i] == number)
			return false;
	return r->entry_pending || number == r->entry;
}

/* An earlier run may have been ended between the entry and the order. */
static int remove_from_order(struct changes *c, const struct efi_boot *boot)
{
	char order[8 * EFI_ENTRIES_MAX + 1] = "";
	bool there = false;

	for (uint32_t i = 0; i < boot->n_order; i++) {
		size_t n = strlen(order);

		if (boot->order[i] == c->record->entry)
			there = true;
		else
			snprintf(order + n, sizeof(order) - n, "%s%04x", n ? "," : "",
				(unsigned int)boot->order[i]);
	}
	if (!there || !*order || efi_boot_entry(boot, c->record->entry))
		return 0;
	return run(c, (const char *const[]){"efibootmgr", "-q", "-o", order, NULL});
}

static int remove_one(struct changes *c, int entry)
{
	char number[8];

	c->record->entry = entry;
	snprintf(number, sizeof(number), "%04x", (unsigned int)entry);
	return change_intend(c) || run(c, (const char *const[]){"efibootmgr", "-q", "-b", number,
						  "-B", NULL})
		       ? -1
		       : 0;
}

static int remove_entry(struct changes *c)
{
	struct setup_record *r = c->record;
	struct efi_boot boot;
	bool ours[EFI_ENTRIES_MAX];

	if (r->entry < 0 && !r->entry_pending)
		return 0;
	if (efi_boot_read(&boot) || remove_from_order(c, &boot))
		return -1;
	for (uint32_t i = 0; i < boot.n_entries; i++)
		ours[i] = is_ours(r, &boot, boot.entry[i].number);
	for (uint32_t i = 0; i < boot.n_entries; i++)
		if (ours[i] && remove_one(c, boot.entry[i].number))
			return -1;
	r->entry = -1;
	return 0;
}

int efi_intend_entry(struct changes *c)
{
	struct setup_record *r = c->record;
	struct efi_boot boot;

	if (r->entry_pending)
		return 0;
	if (efi_boot_read(&boot))
		return -1;
	r->n_others = 0;
	for (uint32_t i = 0; i < boot.n_entries && r->n_others < RECORD_OTHERS_MAX; i++) {
		int number = boot.entry[i].number;

		if (number != r->entry && efi_our_entry(&boot, number))
			r->others[r->n_others++] = number;
	}
	r->entry_pending = true;
	return 0;
}

/* The first of our label that was not there before. */
static int find_new(struct changes *c, const struct efi_boot *before)
{
	struct efi_boot now;

	if (efi_boot_read(&now))
		return -1;
	for (uint32_t i = 0; i < now.n_entries; i++) {
		int number = now.entry[i].number;

		if (efi_our_entry(&now, number) && !efi_boot_entry(before, number)) {
			c->record->entry = number;
			c->record->entry_pending = false;
			return 0;
		}
	}
	return complain("efibootmgr made no boot entry '%s'", EFI_LABEL);
}

static int make_entry(struct changes *c, const struct esp *esp)
{
	const char *const argv[] = {"efibootmgr", "-q", "-c", "-d", esp->disk, "-p", esp->partition,
		"-L", EFI_LABEL, "-l", "\\EFI\\torpor\\" LOADER_EFI, "-u", c->record->args, NULL};
	struct efi_boot before;

	if (efi_intend_entry(c) || change_intend(c) || remove_entry(c) || efi_boot_read(&before) ||
		run(c, argv))
		return -1;
	return c->dry_run ? 0 : find_new(c, &before);
}

/* Still there, still the first. */
static bool entry_stands(const struct changes *c)
{
	struct efi_boot boot;

	return !efi_boot_read(&boot) && efi_our_entry(&boot, c->record->entry) && boot.n_order &&
	       boot.order[0] == c->record->entry;
}

/* ---- All of it ---- */

int efi_install(
	struct changes *c, const char *esp_wanted, const char *loader_folder, enum efi_keep keep)
{
	char source[SYS_PATH_MAX], path[SYS_PATH_MAX + 32], *content;
	struct esp esp;
	size_t n;
	int err;

	if (find_esp(esp_wanted, &esp))
		return -1;
	snprintf(path, sizeof(path), "%s" EFI_FILE, esp.folder);
	if (snprintf(source, sizeof(source), "%s/" LOADER_EFI, loader_folder) >= SYS_PATH_MAX ||
		strlen(path) >= SYS_PATH_MAX)
		return complain("%s: the path is too long", loader_folder);
	content = file_content(source, &n);
	if (!content)
		return complain("cannot read the loader %s: %s", source, strerror(errno));
	*strrchr(path, '/') = 0;
	err = change_folder(c, path);
	path[strlen(path)] = '/';
	err = err || change_file(c, path, content, n, 0644);
	free(content);
	if (err || keep == EFI_LEAVE_ENTRY ||
		(keep == EFI_KEEP_ENTRY && !c->record->entry_pending && entry_stands(c)))
		return err ? -1 : 0;
	return make_entry(c, &esp);
}

int efi_uninstall(struct changes *c)
{
	if (remove_entry(c))
		return -1;
	c->record->entry_pending = false;
	return 0;
}

/* The kernel makes variables that it does not know immutable. */
int efi_remove_starts(struct changes *c)
{
	static const char path[] = "/sys/firmware/efi/efivars/" STARTS_NAME "-" STARTS_GUID;
	char full[SYS_PATH_MAX];
	bool was_locked;
	int fd;

	if (!sys_exists("%s", path))
		return 0;
	fd = !c->dry_run && sys_path(full, "%s", path) ? open(full, O_RDONLY | O_CLOEXEC) : -1;
	if (fd >= 0) {
		(void)target_file_lock(fd, FILE_UNLOCK, &was_locked);
		close(fd);
	}
	return change_shared_file(c, path, NULL);
}
