/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * torpor setup, and setup --remove, ended at every system call that changes a file: --remove then leaves the
 * machine as it was, byte for byte, and another setup comes to its end. Ended by INT or TERM, setup does that by itself. efibootmgr is a script here, so that it
 * is ended in the middle, too.
 */
#define _GNU_SOURCE
#include "killed_machine.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "killed.h"

/* ---- ended ---- */

struct scene {
	const char *name, *setup;
	void (*make)(void); /* more of the machine; NULL: nothing */
};

static void prepare(const struct scene *s)
{
	killed_machine();
	if (s->make)
		s->make();
}

enum then { THEN_REMOVE, THEN_SETUP };

/* False when the command came to its end first. */
static uint32_t left;

static bool once(const struct scene *s, const char *command, uint32_t n, int signal, enum then then)
{
	char what[200];
	struct picture before, after;
	struct killed k;

	prepare(s);
	before = picture_take();
	if (strcmp(command, s->setup))
		assert_int_equal(killed_run_whole(s->setup), 0);
	killed_at(killed_run, (void *)(uintptr_t)command, n, signal, &k);
	snprintf(what, sizeof(what), "%s: '%s' ended by %s at %s", s->name, command,
		strsignal(signal), k.call);
	/* A signal that can be waited for leaves nothing, not even to --remove; but at the very end all is done. */
	if (signal != SIGKILL && !strcmp(command, s->setup) && !k.to_end) {
		after = picture_take();
		if (strcmp(before.text, after.text) && ++left > 1)
			picture_assert_same(&before, &after, what);
	}
	if (then == THEN_SETUP && killed_run_whole(s->setup))
		fail_msg("%s: setup fails after it", what);
	if (killed_run_whole("setup --remove"))
		fail_msg("%s: --remove fails after it", what);
	after = picture_take();
	picture_assert_same(&before, &after, what);
	tree_teardown();
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
		left = 0;
		n = at_every_call(s, s->setup, signals[i], THEN_REMOVE);
		n_remove = at_every_call(s, "setup --remove", signals[i], THEN_REMOVE);
	}
	assert_int_equal(at_every_call(s, s->setup, SIGKILL, THEN_SETUP), n);
	print_message("note: %s: ended at each of %u calls, --remove at each of %u, by 3 signals\n",
		s->name, n, n_remove);
}

TEST(grub)
{
	static const struct scene s = {"GRUB", "setup", NULL};

	scene(&s);
}

TEST(efi_entry)
{
	static const struct scene s = {"EFI entry", "setup --efi-entry", killed_efi};

	scene(&s);
}

TEST(image_file)
{
	static const struct scene s = {"image file", "setup --file /home/image --size 16M", NULL};

	scene(&s);
}

/* ---- an upgrade of the package ---- */

static void new_loaders(void)
{
	tree_file("/new/torpor.mb2", "new BIOS");
	tree_file("/new/torpor.efi", "new EFI");
}

static void new_loaders_efi(void)
{
	killed_efi();
	new_loaders();
}

TEST(refresh)
{
	static const struct scene scenes[] = {{"refresh", "setup", new_loaders},
		{"refresh, EFI entry", "setup --efi-entry", new_loaders_efi}};

	for (size_t i = 0; i < sizeof(scenes) / sizeof(*scenes); i++) {
		const char *command = "setup --refresh --loader-dir /new";
		uint32_t n = at_every_call(&scenes[i], command, SIGKILL, THEN_REMOVE);

		assert_true(n > 0);
		assert_int_equal(at_every_call(&scenes[i], command, SIGKILL, THEN_SETUP), n);
		print_message("note: %s: ended at each of %u calls\n", scenes[i].name, n);
	}
}

AROUND_ALL(killed_machine_place, NULL)
