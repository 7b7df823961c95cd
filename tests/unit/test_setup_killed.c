/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * torpor setup, and setup --remove, ended at every system call that changes a file: --remove then leaves the
 * machine as it was, byte for byte, and another setup comes to its end. efibootmgr is a script here, so that it
 * is ended in the middle, too.
 */
#define _GNU_SOURCE
#include "cli_machine.h"

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "commands.h"
#include "killed.h"
#include "play_file_sys.h"
#include "say.h"
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

static void make_efibootmgr(void)
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

/* ---- what is there ---- */

struct picture {
	char text[65536];
	size_t n;
};

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

static struct picture take(void)
{
	struct picture p = {.n = 0};

	add(&p, facts_root);
	return p;
}

/* The first line in which they differ. */
static void assert_same(const struct picture *a, const struct picture *b, const char *what)
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

/* ---- ended ---- */

struct scene {
	const char *name, *setup;
	void (*make)(void); /* more of the machine; NULL: nothing */
};

static void prepare(const struct scene *s)
{
	assert_int_equal(machine_setup(NULL), 0);
	play_reset();
	tree_folder("/var/lib");
	tree_folder("/home");
	tree_folder("/usr/lib/systemd");
	tree_file("/usr/lib/systemd/systemd-sleep", "");
	tree_file("/boot/grub/custom.cfg", "mine\n");
	tree_file(VDA "/vda1/size", "1048576\n");
	if (s->make)
		s->make();
}

static int run(void *words)
{
	return machine_run(words);
}

/* To the end: 0, or the exit status. */
static int run_whole(const char *words)
{
	struct killed k;

	killed_at(run, (void *)(uintptr_t)words, 0, 0, &k);
	return k.to_end ? k.status : -1;
}

enum then { THEN_REMOVE, THEN_SETUP };

/* False when the command came to its end first. */
static bool once(const struct scene *s, const char *command, uint32_t n, int signal, enum then then)
{
	char what[200];
	struct picture before, after;
	struct killed k;

	prepare(s);
	before = take();
	if (strcmp(command, s->setup))
		assert_int_equal(run_whole(s->setup), 0);
	killed_at(run, (void *)(uintptr_t)command, n, signal, &k);
	snprintf(what, sizeof(what), "%s: '%s' ended by %s at %s", s->name, command,
		strsignal(signal), k.call);
	if (then == THEN_SETUP && run_whole(s->setup))
		fail_msg("%s: setup fails after it", what);
	if (run_whole("setup --remove"))
		fail_msg("%s: --remove fails after it", what);
	after = take();
	assert_same(&before, &after, what);
	tree_teardown(NULL);
	return !k.to_end;
}

static uint32_t at_every_call(
	const struct scene *s, const char *command, int signal, enum then then)
{
	uint32_t n = 1;

	while (once(s, command, n, signal, then))
		n++;
	return n - 1;
}

static void scene(const struct scene *s)
{
	static const int signals[] = {SIGKILL, SIGTERM, SIGINT};
	uint32_t n = 0, n_remove = 0;

	for (size_t i = 0; i < sizeof(signals) / sizeof(*signals); i++) {
		n = at_every_call(s, s->setup, signals[i], THEN_REMOVE);
		n_remove = at_every_call(s, "setup --remove", signals[i], THEN_REMOVE);
	}
	assert_int_equal(at_every_call(s, s->setup, SIGKILL, THEN_SETUP), n);
	print_message("note: %s: ended at each of %u calls, --remove at each of %u, by 3 signals\n",
		s->name, n, n_remove);
}

static void grub(void **state)
{
	(void)state;
	static const struct scene s = {"GRUB", "setup", NULL};

	scene(&s);
}

static void efi_entry(void **state)
{
	(void)state;
	static const struct scene s = {"EFI entry", "setup --efi-entry", make_efibootmgr};

	scene(&s);
}

static void image_file(void **state)
{
	(void)state;
	static const struct scene s = {"image file", "setup --file /home/image --size 16M", NULL};

	scene(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(grub),
		cmocka_unit_test(efi_entry),
		cmocka_unit_test(image_file),
	};

	if (!access("/dev/shm", W_OK))
		tree_place = "/dev/shm"; /* gigabytes are written */
	return cmocka_run_group_tests_name("setup_killed", tests, NULL, NULL);
}
