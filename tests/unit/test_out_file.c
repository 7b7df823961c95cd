/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files that appear whole or not at all, with and without a name while they are made. */
#define _GNU_SOURCE
#include "test.h"
#include "out_file.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "say.h"

static char dir[64];

static void setup(void)
{
	strcpy(dir, P_tmpdir "/torpor-out-XXXXXX");
	assert_non_null(mkdtemp(dir));
}

static void teardown(void)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -r %s", dir);
	assert_int_equal(system(command), 0);
}

FIXTURE(setup, teardown)

static const char *in_dir(const char *name)
{
	static char path[4][128];
	static int n;

	n = (n + 1) % 4;
	snprintf(path[n], sizeof(path[n]), "%s/%s", dir, name);
	return path[n];
}

static void assert_complaint(const char *part)
{
	assert_non_null(strstr(last_complaint(), part));
}

static unsigned int n_files(void)
{
	DIR *d = opendir(dir);
	unsigned int n = 0;

	assert_non_null(d);
	for (struct dirent *e; (e = readdir(d));)
		n += e->d_name[0] != '.';
	closedir(d);
	return n;
}

/* A child that begins to replace path, and is ended by that signal. */
static void end_by(int signal_number, const char *path)
{
	struct out_file out;
	int status;
	pid_t child = fork();

	if (!child) {
		if (signal_number != SIGKILL)
			signal(signal_number, SIG_DFL); /* a background job inherits "ignored" */
		if (!out_file_begin(&out, path, OUT_REPLACE, "--force", -1))
			raise(signal_number);
		_exit(1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == signal_number);
	assert_int_equal(access(path, F_OK), 0);
}

/* Ctrl-C while a file is made: it is gone, what was there stays, and the command ends by the signal. */
TEST(ended_by_a_signal)
{
	static const int ends[] = {SIGINT, SIGTERM, SIGHUP};
	const char *path = in_dir("core");

	fclose(fopen(path, "w"));
	for (unsigned i = 0; i < 2 * sizeof(ends) / sizeof(*ends); i++) {
		out_way_at_most = i % 2 ? OUT_NAMED : OUT_NAMELESS;
		end_by(ends[i / 2], path);
		assert_int_equal(n_files(), 1);
	}
	out_way_at_most = OUT_NAMELESS;
}

/* Where the file system has files without a name, nothing is in anybody's way afterwards. */
TEST(ended_by_no_mercy)
{
	const char *path = in_dir("core");
	int fd = open(dir, O_TMPFILE | O_RDWR, 0600);

	if (fd < 0)
		skip();
	close(fd);
	fclose(fopen(path, "w"));
	end_by(SIGKILL, path);
	assert_int_equal(n_files(), 1);
}

/* In either way: not over what came meanwhile, unless that was allowed; nobody else's file is touched. */
TEST(gets_its_name)
{
	static const enum out_way way[] = {OUT_NAMELESS, OUT_NAMED};
	static char long_name[301];
	const char *path = in_dir("core"), *part = in_dir("core.part");
	struct out_file out;

	for (unsigned i = 0; i < 2; i++) {
		out_way_at_most = way[i];
		assert_int_equal(out_file_begin(&out, path, OUT_NEW, "--force", -1), 0);
		fclose(fopen(path, "w"));
		assert_int_equal(out_file_end(&out, 0), -1);
		assert_complaint("core: File exists");
		assert_int_equal(out_file_begin(&out, path, OUT_REPLACE, "--force", -1), 0);
		assert_int_equal(write(out.fd, "two", 3), 3);
		assert_int_equal(out_file_end(&out, 0), 0);
		assert_int_equal(truncate(path, 3), 0);
		assert_int_equal(n_files(), 1);
		assert_int_equal(unlink(path), 0);
	}
	out_way_at_most = OUT_NAMELESS;
	fclose(fopen(path, "w"));
	fclose(fopen(part, "w"));
	assert_int_equal(out_file_begin(&out, path, OUT_REPLACE, "--force", -1), 0);
	assert_int_equal(out_file_end(&out, 0), 0);
	assert_int_equal(n_files(), 2);
	assert_int_equal(out_file_begin(&out, in_dir("none/core"), OUT_NEW, "--force", -1), -1);
	assert_complaint("none/core.part: No such file");
	/* Not only after all the work. */
	memset(long_name, 'x', 300);
	assert_int_equal(out_file_begin(&out, long_name, OUT_NEW, "--force", -1), -1);
	assert_complaint("File name too long");
}
