/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * GRUB cannot see whether a swap area holds an image, so the choice is made when it is written:
 * `torpor arm` puts next_entry into grubenv, and GRUB takes that away again, by itself and before
 * it starts the entry. Loaders lie below GRUB's own folder: $prefix names it in every boot,
 * whatever is mounted where.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "facts.h"
#include "grub_text.h"
#include "mounts.h"
#include "say.h"
#include "setup.h"
#include "swap_place.h"

static const char entry_format[] = GRUB_BLOCK_BEGIN
	"# Made by `torpor setup`; `torpor setup --remove` takes it away. Changes are lost.\n"
	"# GRUB cannot tell whether there is a hibernation image. `torpor arm`, which the sleep\n"
	"# hook runs before a hibernation, sets next_entry=" GRUB_ENTRY " in grubenv: this entry\n"
	"# for one boot. GRUB clears next_entry before it starts the entry, so whatever goes\n"
	"# wrong, the boot after it is an ordinary one: with the kernel's own resume, if the\n"
	"# image is still there. Under BIOS the loader resets the machine when it cannot resume:\n"
	"# never make this the permanent default. Under UEFI it returns, and GRUB goes on with\n"
	"# its first entry.\n"
	"if [ \"$default\" = \"" GRUB_ENTRY "\" ]; then\n"
	"	set timeout_style=hidden\n"
	"	set timeout=0\n"
	"	set fallback=0\n"
	"fi\n"
	"menuentry \"Resume (Torpor)\" --id " GRUB_ENTRY "%s {\n"
	"	if [ \"$grub_platform\" = efi ]; then\n"
	"		insmod chain\n"
	"		chainloader \"$prefix/torpor/" LOADER_EFI "\" %s\n"
	"	else\n"
	"		insmod multiboot2\n"
	"		multiboot2 \"$prefix/torpor/" LOADER_BIOS "\" %s\n"
	"		if [ -f \"$prefix/torpor/" FACTS_FILE_NAME "\" ]; then\n"
	"			module2 \"$prefix/torpor/" FACTS_FILE_NAME "\" " FACTS_FILE_NAME
	"\n"
	"		fi\n"
	"	fi\n"
	"}\n" GRUB_BLOCK_END;

int grub_entry_text(const char *args, enum grub_password password, char ret[GRUB_TEXT_MAX])
{
	const char *free_entry = password == GRUB_ENTRY_FREE ? " --unrestricted" : "";

	return snprintf(ret, GRUB_TEXT_MAX, entry_format, free_entry, args, args) < GRUB_TEXT_MAX
		       ? 0
		       : -1;
}

static bool join(char ret[SYS_PATH_MAX], const char *folder, const char *name)
{
	return snprintf(ret, SYS_PATH_MAX, "%s/%s", folder, name) < SYS_PATH_MAX;
}

/* ---- Is it there, will it do? ---- */

bool grub_find(const char *wanted, char ret[SYS_PATH_MAX])
{
	static const char *const usual[] = {"/boot/grub", "/boot/grub2"};

	if (wanted)
		return sys_exists("%s/grub.cfg", wanted) && sys_real_path(ret, "%s", wanted);
	for (size_t i = 0; i < sizeof(usual) / sizeof(*usual); i++)
		if (sys_exists("%s/grub.cfg", usual[i]) && sys_real_path(ret, "%s", usual[i]))
			return true;
	return false;
}

static int check_config(const char *folder)
{
	char path[SYS_PATH_MAX], *text;
	bool custom, next;
	size_t n;

	text = join(path, folder, "grub.cfg") ? file_content(path, &n) : NULL;
	if (!text)
		return complain("cannot read %s/grub.cfg: %s", folder, strerror(errno));
	custom = strstr(text, "custom.cfg");
	next = strstr(text, "next_entry");
	free(text);
	if (!custom)
		return complain(
			"%s does not read custom.cfg (GRUB's own 41_custom makes it do so)", path);
	return next ? 0 : complain("%s knows no next_entry: there is no choice for one boot", path);
}

/* GRUB writes to blocks that its file system driver finds; it cannot through these. */
static int check_writable(const char *folder)
{
	static const char *const types[] = {"ext2", "ext3", "ext4", "xfs", "vfat"};
	char dir[SYS_PATH_MAX];
	struct mount_line mount;
	const char *layer = NULL;
	bool known = false;

	if (mounts_find(folder, &mount))
		return -1;
	for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++)
		known = known || !strcmp(mount.type, types[i]);
	if (!known)
		layer = mount.type;
	else if (sys_real_path(dir, "/sys/dev/block/%u:%u", mount.major, mount.minor))
		layer = device_layer(dir);
	return layer ? complain("%s is on %s, where GRUB cannot clear its choice for one boot%s",
			       folder, layer, booted_by_efi() ? ": use --efi-entry" : "")
		     : 0;
}

/* grubenv; NULL after one complaint. */
static char *read_grubenv(const char *folder, char ret_path[SYS_PATH_MAX])
{
	size_t n = 0;
	char *block = join(ret_path, folder, "grubenv") ? file_content(ret_path, &n) : NULL;

	if (block && grubenv_valid(block, n))
		return block;
	if (block)
		complain("%s is not a GRUB environment block", ret_path);
	else
		complain("cannot read %s: %s (grub-editenv makes one)", ret_path, strerror(errno));
	free(block);
	return NULL;
}

static int check_grubenv(const char *folder)
{
	char path[SYS_PATH_MAX], *block = read_grubenv(folder, path);
	bool room = block && grubenv_set(block, "next_entry", GRUB_ENTRY);

	free(block);
	if (!block)
		return -1;
	return room ? 0
		    : complain("%s has no room for next_entry: take a variable away by "
			       "grub-editenv",
			      path);
}

/* Where there are modules at all; else they are all in GRUB's own image. */
static int check_module(const char *folder)
{
	bool efi = booted_by_efi();
	const char *platform = efi ? "x86_64-efi" : "i386-pc";
	const char *module = efi ? "chain" : "multiboot2";

	if (!sys_exists("%s/%s/normal.mod", folder, platform) ||
		sys_exists("%s/%s/%s.mod", folder, platform, module) ||
		(efi && secure_boot_is_on())) /* what is signed has it built in, or nothing */
		return 0;
	return complain("%s/%s has no %s.mod, by which GRUB starts the loader: run grub-install",
		folder, platform, module);
}

int grub_check(const char *folder)
{
	return check_config(folder) || check_writable(folder) || check_module(folder) ||
			       check_grubenv(folder)
		       ? -1
		       : 0;
}

/* ---- Passwords ---- */

struct bls {
	bool unrestricted;
};

/* Entries in files of their own (Boot Loader Specification), which grub.cfg takes by "blscfg". */
static int bls_entry(const char *name, void *ctx)
{
	char path[SYS_PATH_MAX], *text = NULL;
	struct bls *bls = ctx;
	size_t n;

	if (snprintf(path, sizeof(path), "/boot/loader/entries/%s", name) < (int)sizeof(path))
		text = file_content(path, &n);
	bls->unrestricted = bls->unrestricted || (text && strstr(text, "--unrestricted"));
	free(text);
	return 0;
}

static char *read_text(const char *folder, const char *name)
{
	char path[SYS_PATH_MAX];
	size_t n;

	return join(path, folder, name) ? file_content(path, &n) : NULL;
}

enum grub_password grub_password(const char *folder)
{
	char *config = read_text(folder, "grub.cfg"), *custom = read_text(folder, "custom.cfg");
	enum grub_first first = config ? grub_first_entry(config) : GRUB_NO_ENTRY;
	struct bls bls = {false};
	bool asks =
		(config && grub_has_superusers(config)) || (custom && grub_has_superusers(custom));

	if (first == GRUB_NO_ENTRY && config && strstr(config, "blscfg"))
		(void)sys_each("/boot/loader/entries", bls_entry, &bls);
	free(config);
	free(custom);
	if (!asks)
		return GRUB_FREE;
	return first == GRUB_UNRESTRICTED || bls.unrestricted ? GRUB_ENTRY_FREE : GRUB_ASKS;
}

/* ---- Installing ---- */

static int install_loader(
	struct changes *c, const char *from, const char *folder, const char *name, bool needed)
{
	char source[SYS_PATH_MAX], path[SYS_PATH_MAX], *content;
	size_t n;
	int err;

	if (!join(source, from, name) || !join(path, folder, name))
		return complain("%s: the path is too long", from);
	content = file_content(source, &n);
	if (!content)
		return needed ? complain("cannot read the loader %s: %s", source, strerror(errno))
			      : 0;
	err = change_file(c, path, content, n, 0644);
	free(content);
	return err;
}

/* It may be a link, and stays one: what it leads to is written. */
static int find_custom(const char *folder, char ret[SYS_PATH_MAX])
{
	char path[SYS_PATH_MAX], full[SYS_PATH_MAX];
	struct stat st;

	if (!join(path, folder, "custom.cfg") || !sys_path(full, "%s", path))
		return complain("%s: the path is too long", folder);
	if (lstat(full, &st) || !S_ISLNK(st.st_mode))
		strcpy(ret, path);
	else if (!sys_real_path(ret, "%s", path))
		return complain("%s is a link to nothing", path);
	return 0;
}

/* block NULL: without it; a file that was made for it goes away. */
static int write_custom(struct changes *c, const char *folder, const char *block)
{
	char path[SYS_PATH_MAX], *text, *fresh;
	size_t n;
	int err;

	if (find_custom(folder, path))
		return -1;
	if (!block && !c->dry_run)
		fresh_forget(path);
	text = file_content(path, &n);
	if (!text && (errno != ENOENT || !block))
		return errno == ENOENT ? 0 : complain("cannot read %s: %s", path, strerror(errno));
	/* Before there is anything of ours in it. */
	if (block && text && !strstr(text, GRUB_BLOCK_BEGIN))
		c->record->custom_was = true;
	fresh = grub_block_replace(text ? text : "", block);
	free(text);
	if (!fresh)
		return complain("%s: Torpor's marks in it make no block", path);
	err = change_shared_file(c, path, *fresh || c->record->custom_was ? fresh : NULL);
	free(fresh);
	return err;
}

int grub_install(struct changes *c, const char *loader_folder)
{
	const char *folder = c->record->grub_folder;
	char text[GRUB_TEXT_MAX], loaders[SYS_PATH_MAX];
	bool efi = booted_by_efi();
	enum grub_password password = grub_password(folder);

	if (password == GRUB_ASKS)
		say("GRUB asks for a password before it starts the loader, as for the Linux entries\n");
	if (grub_entry_text(c->record->args, password, text) || !join(loaders, folder, "torpor"))
		return complain("the loader's command line is too long");
	if (change_folder(c, loaders) ||
		install_loader(c, loader_folder, loaders, LOADER_BIOS, !efi) ||
		install_loader(c, loader_folder, loaders, LOADER_EFI, efi))
		return -1;
	return write_custom(c, folder, text);
}

int grub_uninstall(struct changes *c)
{
	const char *folder = c->record->grub_folder;

	if (!c->dry_run && grub_is_armed(folder) && grub_disarm(folder))
		return -1;
	if (write_custom(c, folder, NULL))
		return -1;
	if (!c->dry_run)
		c->record->custom_was = false;
	return 0;
}

/* ---- The choice of the next boot ---- */

static int choose(const char *folder, const char *entry)
{
	char path[SYS_PATH_MAX];
	char *block = read_grubenv(folder, path);
	int err = -1;

	if (!block)
		return -1;
	if (!grubenv_set(block, "next_entry", entry))
		complain("%s has no room for next_entry", path);
	else
		err = file_overwrite(path, block, GRUBENV_BYTES);
	free(block);
	return err;
}

int grub_arm(const char *folder)
{
	return choose(folder, GRUB_ENTRY);
}

/* -1 after one complaint. */
static int look_armed(const char *folder)
{
	char path[SYS_PATH_MAX], entry[64];
	char *block = read_grubenv(folder, path);
	int armed = !block ? -1
			   : grubenv_get(block, "next_entry", entry, sizeof(entry)) &&
				     !strcmp(entry, GRUB_ENTRY);

	free(block);
	return armed;
}

/* After a resume the file looks armed still, because the kernel does not know that GRUB wrote to
 * it. */
int grub_disarm(const char *folder)
{
	int armed = look_armed(folder);

	return armed > 0 ? choose(folder, NULL) : armed;
}

bool grub_is_armed(const char *folder)
{
	return look_armed(folder) > 0;
}
