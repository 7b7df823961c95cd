/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a killed command leaves can be told only by comparing all files before and after, on a
 * machine where nothing else changes them.
 */
#define _GNU_SOURCE
#include "killed_machine.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "killed.h"
#include "play_file_sys.h"
#include "setup.h"

/* Not jumped to here. */
extern const uint8_t writer_blob[], writer_blob_end[];
const uint8_t writer_blob[1], writer_blob_end[1];

/* Everything is flushed again and again: hundreds of times here, and not what is tried. */
void sync(void)
{
}

int fsync(int fd)
{
	(void)fd;
	return 0;
}

/* ---- efibootmgr: two variables, each changed in one step, one after the other ---- */

static const char script[] =
	"#!/bin/sh\n"
	"d=${0%/*}/nvram\n"
	"label=; args=; number=; what=show\n"
	"while [ $# -gt 0 ]; do\n"
	"	case $1 in\n"
	"	-c) what=make ;; -B) what=remove ;; -o) echo $2 > $d/.new; mv $d/.new $d/order; exit ;;\n"
	"	-L) label=$2; shift ;; -u) args=$2; shift ;; -b) number=$2; shift ;;\n"
	"	esac\n"
	"	shift\n"
	"done\n"
	"read order < $d/order\n"
	"case $what in\n"
	"make)\n"
	"	n=2; while [ -e $d/Boot000$n ]; do n=$((n + 1)); done\n"
	"	echo \"$label\tHD(1)/File(\\EFI\\torpor\\torpor.efi)$args\" > $d/.new\n"
	"	mv $d/.new $d/Boot000$n\n"
	"	echo 000$n,$order > $d/.new; mv $d/.new $d/order ;;\n"
	"remove)\n"
	"	rm $d/Boot$number\n"
	"	echo \"$order\" | sed \"s/$number,*//; s/,$//\" > $d/.new; mv $d/.new $d/order ;;\n"
	"*)\n"
	"	echo \"BootCurrent: 0001\nBootOrder: $order\"\n"
	"	for f in $d/Boot*; do read -r text < $f; echo \"${f##*/}* $text\"; done ;;\n"
	"esac\n";

void killed_efi(void)
{
	char path[SYS_PATH_MAX + 32], full[SYS_PATH_MAX];

	tree_file("/efi/efibootmgr", script);
	assert_true(sys_path(full, "/efi/efibootmgr"));
	assert_int_equal(chmod(full, 0755), 0);
	tree_file("/efi/nvram/order", "0001\n");
	tree_file("/efi/nvram/Boot0001", "debian\tHD(1)/File(\\EFI\\debian\\shimx64.efi)\n");
	assert_true(sys_path(full, "/efi"));
	snprintf(path, sizeof(path), "%s:/usr/bin:/bin", full);
	setenv("PATH", path, 1);
	tree_folder("/sys/firmware/efi");
	machine_root_mount("vfat");
}

/* ---- the machine ---- */

void killed_machine(void)
{
	machine_setup();
	play_reset();
	tree_folder("/var/lib");
	tree_folder("/home");
	tree_folder("/usr/lib/systemd");
	tree_file("/usr/lib/systemd/systemd-sleep", "");
	tree_file("/boot/grub/custom.cfg", "mine\n");
	tree_file(VDA "/vda1/size", "1048576\n");
}

int killed_run(void *words)
{
	return machine_run(words);
}

int killed_run_whole(const char *words)
{
	struct killed k;

	killed_at(killed_run, (void *)(uintptr_t)words, 0, 0, &k);
	return k.to_end ? k.status : -1;
}

/* ---- what is there ---- */

static void add(struct picture *p, const char *folder)
{
	struct dirent **names;
	int n = scandir(folder, &names, NULL, alphasort);

	for (int i = 0; i < n; i++) {
		char path[2 * SYS_PATH_MAX];
		struct stat st;
		uint64_t hash = 0;

		snprintf(path, sizeof(path), "%s/%s", folder, names[i]->d_name);
		if (*names[i]->d_name != '.' && !lstat(path, &st)) {
			FILE *f = S_ISREG(st.st_mode) ? fopen(path, "r") : NULL;
			static char content[32u << 20];

			if (f) {
				hash = content_hash(content, fread(content, 1, sizeof(content), f));
				fclose(f);
			}
			p->n += (size_t)snprintf(p->text + p->n, sizeof(p->text) - p->n,
				"%s %o %llx\n", path, st.st_mode, (unsigned long long)hash);
			if (S_ISDIR(st.st_mode))
				add(p, path);
		}
		free(names[i]);
	}
	free(names);
}

struct picture picture_take(void)
{
	struct picture p = {.n = 0};

	add(&p, sys_root);
	return p;
}

void picture_assert_same(const struct picture *a, const struct picture *b, const char *what)
{
	size_t at = 0;

	if (!strcmp(a->text, b->text))
		return;
	for (size_t i = 0; a->text[i] && a->text[i] == b->text[i]; i++)
		if (a->text[i] == '\n')
			at = i + 1;
	fail_msg("%s: was '%.*s', is '%.*s'", what, (int)strcspn(a->text + at, "\n"), a->text + at,
		(int)strcspn(b->text + at, "\n"), b->text + at);
}

void killed_machine_place(void)
{
	if (!access("/dev/shm", W_OK))
		tree_place = "/dev/shm";
}
