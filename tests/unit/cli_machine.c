/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Setup, arm and status are tried on a machine that is a folder: files, devices and an
 * efibootmgr that is played.
 */
#define _GNU_SOURCE
#include "cli_machine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "commands.h"
#include "grub_text.h"
#include "kexec.h"
#include "say.h"
#include "setup.h"
#include "version.h"

/* ---- efibootmgr ---- */

char efi_text[1024];
const char *efi_after;
char efi_ran[1024];

/* A suite that links cli/boot/efi_run.c runs a program. */
__attribute__((weak)) int efibootmgr(const char *const *argv, char *ret_text, size_t cap)
{
	if (strcmp(argv[1], "-v")) {
		for (; *argv; argv++) {
			strcat(efi_ran, *argv);
			strcat(efi_ran, argv[1] ? " " : "\n");
		}
		if (efi_after && strstr(efi_ran, " -c "))
			strcpy(efi_text, efi_after);
	}
	snprintf(ret_text, cap, "%s", efi_text);
	return *efi_text ? 0 : complain("efibootmgr is not installed");
}

const char torpor_version[] = "7.8.9"; /* not lib/version.c's */

bool machine_can_jump;

/* Only status asks. */
int kexec_check(void)
{
	return machine_can_jump ? 0 : complain("no jump in a test");
}

/* ---- The machine ---- */

void machine_block_device(const char *dir, const char *number, const char *sectors)
{
	char path[256];

	tree_block_device(dir, number, sectors);
	snprintf(path, sizeof(path), "/dev%s", strrchr(dir, '/'));
	tree_file(path, "");
}

/* The file system that the tree is on is partition 1, with type as its type. */
void machine_root_mount(const char *type)
{
	char text[256], number[32], full[SYS_PATH_MAX];
	struct stat st;

	assert_true(sys_path(full, "%s", "/"));
	assert_int_equal(stat(full, &st), 0);
	snprintf(number, sizeof(number), "%u:%u", major(st.st_dev), minor(st.st_dev));
	snprintf(text, sizeof(text), "20 1 %s / /boot rw - %s /dev/vda1 rw\n", number, type);
	tree_file("/proc/self/mountinfo", text);
	if (!sys_exists("/sys/dev/block/%s", number))
		machine_block_device(VDA "/vda1", number, "2048\n");
	tree_file(VDA "/vda1/partition", "1\n");
	tree_file(VDA "/vda1/start", "2048\n");
}

void machine_program(const char *path, const char *version)
{
	char text[128], full[SYS_PATH_MAX];

	snprintf(text, sizeof(text), "#!/bin/sh\necho torpor %s, image format 1.0\n", version);
	tree_file(path, text);
	assert_true(sys_path(full, "%s", path));
	assert_int_equal(chmod(full, 0755), 0);
}

static void machine(void)
{
	static char env[GRUBENV_BYTES];

	machine_block_device(VDA, "3001:0", "2097152\n");
	tree_file(VDA "/queue/logical_block_size", "512\n");
	tree_link(PCI "0000:00:03.0/driver", "../../../bus/pci/drivers/virtio-pci");
	tree_link(PCI "0000:00:03.0/virtio0/driver", "../../../../bus/virtio/drivers/virtio_blk");
	tree_link(VDA "/device", "../../../virtio0");
	machine_block_device(VDA "/vda2", "3001:2", "1048576\n");
	tree_file(VDA "/vda2/partition", "2\n");
	tree_file(VDA "/vda2/start", "4096\n");
	tree_file("/proc/swaps", "Filename Type Size Used Priority\n"
				 "/dev/vda2 partition 524284 0 -2\n");
	machine_root_mount("ext4");
	tree_file("/boot/grub/grub.cfg", "set default=$next_entry\nsource custom.cfg\n");
	memset(env, '#', sizeof(env));
	memcpy(env, "# GRUB Environment Block\nsaved_entry=x\n", 39);
	tree_bytes("/boot/grub/grubenv", env, sizeof(env));
	tree_file("/usr/lib/torpor/torpor.mb2", "loader for BIOS");
	tree_file("/usr/lib/torpor/torpor.efi", "loader for EFI");
	tree_link("/proc/self/exe", "/usr/bin/torpor");
	machine_program("/usr/bin/torpor", torpor_version);
}

void machine_setup(void)
{
	*efi_text = *efi_ran = 0;
	efi_after = NULL;
	machine_can_jump = false;
	tree_setup();
	machine();
}

int machine_run(const char *words)
{
	char text[256], *argv[8] = {0}, *save = NULL;
	int argc = 0;

	strcpy(text, words);
	for (char *w = strtok_r(text, " ", &save); w; w = strtok_r(NULL, " ", &save))
		argv[argc++] = w;
	if (!strcmp(argv[0], "setup"))
		return setup_main(argc, argv);
	if (!strcmp(argv[0], "status"))
		return status_main(argc, argv);
	return strcmp(argv[0], "arm") ? disarm_main(argc, argv) : arm_main(argc, argv);
}

const char *machine_said(int fd, const char *words)
{
	static char text[65536];
	FILE *f = tmpfile();
	int before = dup(fd);

	assert_non_null(f);
	fflush(NULL);
	assert_int_equal(dup2(fileno(f), fd), fd);
	(void)machine_run(words);
	fflush(NULL);
	dup2(before, fd);
	close(before);
	rewind(f);
	text[fread(text, 1, sizeof(text) - 1, f)] = 0;
	fclose(f);
	return text;
}

void machine_has(const char *path, const char *part)
{
	size_t n;
	char *content = file_content(path, &n);

	if (!content || !strstr(content, part))
		fail_msg("%s: no '%s' in '%s'", path, part, content ? content : "(no file)");
	free(content);
}

void machine_has_not(const char *path, const char *part)
{
	size_t n;
	char *content = file_content(path, &n);

	assert_non_null(content);
	assert_null(strstr(content, part));
	free(content);
}
