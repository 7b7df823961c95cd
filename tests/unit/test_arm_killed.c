/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * torpor arm and disarm ended at every system call that changes a file: what the next boot reads is then whole,
 * old or new; the next command sets it right. And two of us at once.
 */
#define _GNU_SOURCE
#include "killed_machine.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cli_boot.h"
#include "commands.h"
#include "facts.h"
#include "grub_text.h"
#include "killed.h"
#include "lock.h"
#include "say.h"
#include "setup.h"

/* Facts say when they were made. */
time_t time(time_t *ret)
{
	if (ret)
		*ret = 1000000000;
	return 1000000000;
}

struct scene {
	const char *name, *setup, *facts;
	void (*make)(void);
};

static void prepare(const struct scene *s)
{
	killed_machine();
	boot_files();
	if (s->make)
		s->make();
	assert_int_equal(killed_run_whole(s->setup), 0);
}

/* ---- what the next boot reads ---- */

struct seen {
	char env[GRUBENV_BYTES];
	uint8_t facts[FACTS_FILE_BYTES];
};

static void look(const struct scene *s, struct seen *ret)
{
	memset(ret, 0, sizeof(*ret));
	assert_int_equal(
		sys_read_all("/boot/grub/grubenv", ret->env, sizeof(ret->env)), sizeof(ret->env));
	assert_int_equal(
		sys_read_all(s->facts, ret->facts, sizeof(ret->facts)), sizeof(ret->facts));
}

static bool is_armed(const struct seen *v)
{
	return strstr(v->env, "\nnext_entry=" GRUB_ENTRY "\n");
}

/* Mixed facts are none: their hash says so. What GRUB starts the loader for has facts that are whole. */
static void check(
	const struct seen *old, const struct seen *new, const struct seen *now, const char *what)
{
	struct state_reader reader;
	int err = facts_open(now->facts, sizeof(now->facts), &reader);
	bool is_old = !memcmp(now->facts, old->facts, sizeof(now->facts)),
	     is_new = !memcmp(now->facts, new->facts, sizeof(now->facts));

	if (memcmp(now->env, old->env, sizeof(now->env)) != 0 &&
		memcmp(now->env, new->env, sizeof(now->env)) != 0)
		fail_msg("%s: grubenv is neither the old nor the new one", what);
	if (!is_old && !is_new && (!err || err == IMG_ERR_NOT_FOUND))
		fail_msg("%s: facts that are neither old nor new are believed", what);
	if (is_armed(now) && err)
		fail_msg("%s: GRUB would start the loader with facts that say: %s", what,
			img_err_text(err));
}

/* ---- ended ---- */

/* False when the command came to its end first. */
static bool once(const struct scene *s, const char *command, uint32_t n, int signal)
{
	static struct seen old, new, now;
	static struct picture disarmed, after;
	struct killed k;
	char what[200];

	prepare(s);
	disarmed = picture_take();
	if (!strcmp(command, "disarm"))
		assert_int_equal(killed_run_whole("arm"), 0);
	look(s, &old);
	assert_int_equal(killed_run_whole(command), 0);
	look(s, &new);
	assert_int_equal(killed_run_whole(strcmp(command, "arm") ? "arm" : "disarm"), 0);
	killed_at(killed_run, (void *)(uintptr_t)command, n, signal, &k);
	snprintf(what, sizeof(what), "%s: '%s' ended by %s at %s", s->name, command,
		strsignal(signal), k.call);
	look(s, &now);
	check(&old, &new, &now, what);
	if (killed_run_whole(n % 2 ? "disarm" : "arm") || killed_run_whole("disarm"))
		fail_msg("%s: the next command fails", what);
	after = picture_take();
	picture_assert_same(&disarmed, &after, what);
	tree_teardown();
	return !k.to_end;
}

static void scene(const struct scene *s)
{
	static const char *const commands[] = {"arm", "disarm"};
	static const int signals[] = {SIGKILL, SIGTERM, SIGINT};
	uint32_t n[2] = {0};

	for (size_t i = 0; i < sizeof(signals) / sizeof(*signals); i++)
		for (size_t k = 0; k < 2; k++)
			for (n[k] = 1; once(s, commands[k], n[k], signals[i]);)
				n[k]++;
	print_message(
		"note: %s: arm ended at each of %u calls, disarm at each of %u, by 3 signals\n",
		s->name, n[0] - 1, n[1] - 1);
	assert_true(n[0] > 1 && n[1] > 1);
}

TEST(grub)
{
	static const struct scene s = {"GRUB", "setup", "/boot/grub/torpor/" FACTS_FILE_NAME, NULL};

	scene(&s);
}

TEST(efi_entry)
{
	static const struct scene s = {
		"EFI entry", "setup --efi-entry", "/boot/EFI/torpor/" FACTS_FILE_NAME, killed_efi};

	scene(&s);
}

/* ---- two of us ---- */

/* Another torpor that holds the lock as this verb, until a byte is sent; or for so long. */
static pid_t other(const char *verb, int ret_ends[2], useconds_t us)
{
	int told[2];
	pid_t pid;
	char c = 0;

	assert_int_equal(pipe(told), 0);
	assert_int_equal(pipe(ret_ends), 0);
	pid = fork();
	if (!pid) {
		close(ret_ends[1]);
		if (lock_take(verb, LOCK_NOW) || write(told[1], "x", 1) != 1)
			_exit(1);
		if (us)
			usleep(us);
		else
			(void)!read(ret_ends[0], &c, 1);
		lock_drop();
		_exit(0);
	}
	assert_int_equal(read(told[0], &c, 1), 1);
	close(told[0]);
	close(told[1]);
	return pid;
}

/* A person reads what is missing, not which file could not be opened. */
TEST(not_root)
{
	char folder[SYS_PATH_MAX];
	uid_t was = geteuid();
	int err;

	killed_machine();
	assert_true(sys_path(folder, "/dev"));
	assert_int_equal(chmod(folder, 0555), 0);
	assert_int_equal(was ? 0 : seteuid(65534), 0);
	err = lock_take("setup", LOCK_NOW);
	assert_int_equal(seteuid(was), 0);
	assert_int_equal(chmod(folder, 0755), 0);
	assert_int_equal(err, -1);
	assert_string_equal(last_complaint(), "setup must be run as root");
	tree_teardown();
}

TEST(two_of_us)
{
	char who[64];
	int ends[2], status;
	pid_t pid;

	killed_machine();
	pid = other("save", ends, 0);
	snprintf(who, sizeof(who), "at work (process %d, torpor save)", (int)pid);
	assert_int_equal(machine_run("setup"), STATUS_FAILED);
	assert_complaint(who);
	assert_int_equal(machine_run("setup --remove"), STATUS_FAILED);
	assert_complaint(who);
	assert_false(sys_exists(RECORD_PATH));
	assert_int_equal(machine_run("setup --dry-run"), STATUS_OK); /* changes nothing */
	/* Killed, it holds nothing any more, whatever it has left. */
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	assert_true(sys_exists("/dev/torpor.lock"));
	assert_int_equal(machine_run("setup"), STATUS_OK);
	assert_false(sys_exists("/dev/torpor.lock"));
	/* A hook waits. */
	pid = other("setup", ends, 300000);
	assert_int_equal(machine_run("arm"), STATUS_OK);
	machine_has("/boot/grub/grubenv", "next_entry=torpor\n");
	waitpid(pid, &status, 0);
	assert_int_equal(status, 0);
	/* What a link points to is not written to. */
	tree_link("/dev/torpor.lock", "vda1");
	assert_int_equal(machine_run("disarm"), STATUS_FAILED);
	assert_complaint("cannot open /dev/torpor.lock");
	tree_teardown();
}

/* Many of us at once: each does all of its work, or none; nothing is left by anybody. */
TEST(many_of_us)
{
	static const char *const commands[] = {
		"setup", "arm", "setup --remove", "disarm", "setup", "setup --remove"};
	static struct picture before, after;
	uint32_t done = 0;

	killed_machine();
	before = picture_take();
	for (uint32_t i = 0; i < 60; i++) {
		pid_t pid = fork();

		if (!pid) {
			if (!freopen("/dev/null", "w", stdout) ||
				!freopen("/dev/null", "w", stderr))
				_exit(9);
			_exit(machine_run(commands[i % 6]));
		}
	}
	for (int status; wait(&status) > 0;)
		done += !status;
	assert_int_equal(killed_run_whole("setup --remove"), 0);
	after = picture_take();
	picture_assert_same(&before, &after, "60 at once");
	assert_true(done >= 2);
	print_message("note: 60 commands at once: %u came to do their work\n", done);
	tree_teardown();
}

AROUND_ALL(killed_machine_place, NULL)
