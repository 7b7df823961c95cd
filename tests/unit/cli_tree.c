/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Stands for /proc, /sys and /boot in all suites of the command. */
#define _XOPEN_SOURCE 700
#include "cli_tree.h"

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "say.h"

const char *tree_place = P_tmpdir;
static char root[64];

void tree_setup(void)
{
	snprintf(root, sizeof(root), "%s/torpor-tree-XXXXXX", tree_place);
	assert_non_null(mkdtemp(root));
	sys_root = root;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

void tree_teardown(void)
{
	sys_root = "";
	assert_int_equal(nftw(root, remove_one, 16, FTW_DEPTH | FTW_PHYS), 0);
}

/* The path in the tree, its folders made. */
static void make_path(const char *path, char full[SYS_PATH_MAX])
{
	assert_true(sys_path(full, "%s", path));
	for (char *p = full + strlen(root) + 1; (p = strchr(p, '/')); p++) {
		*p = 0;
		assert_true(!mkdir(full, 0755) || errno == EEXIST);
		*p = '/';
	}
}

void tree_bytes(const char *path, const void *data, size_t bytes)
{
	char full[SYS_PATH_MAX];
	FILE *f;

	make_path(path, full);
	f = fopen(full, "w");
	assert_non_null(f);
	assert_int_equal(fwrite(data, 1, bytes, f), bytes);
	assert_int_equal(fclose(f), 0);
}

void tree_file(const char *path, const char *content)
{
	tree_bytes(path, content, strlen(content));
}

void tree_link(const char *path, const char *goal)
{
	char full[SYS_PATH_MAX];

	make_path(path, full);
	assert_int_equal(symlink(goal, full), 0);
}

void tree_folder(const char *path)
{
	char full[SYS_PATH_MAX];

	make_path(path, full);
	assert_true(!mkdir(full, 0755) || errno == EEXIST);
}

void tree_remove(const char *path)
{
	char full[SYS_PATH_MAX];

	assert_true(sys_path(full, "%s", path));
	assert_int_equal(unlink(full), 0);
}

void tree_block_device(const char *dir, const char *number, const char *sectors)
{
	char path[256], goal[256];

	snprintf(path, sizeof(path), "%s/size", dir);
	tree_file(path, sectors);
	snprintf(path, sizeof(path), "%s/dev", dir);
	tree_file(path, number);
	snprintf(goal, sizeof(goal), "../../%s", dir + 5);
	snprintf(path, sizeof(path), "/sys/dev/block/%s", number);
	tree_link(path, goal);
	snprintf(path, sizeof(path), "/sys/class/block%s", strrchr(dir, '/'));
	tree_link(path, goal);
}

void assert_complaint(const char *part)
{
	if (!strstr(last_complaint(), part))
		fail_msg("'%s' is not in '%s'", part, last_complaint());
	if (strchr(last_complaint(), '\n'))
		fail_msg("more than one line: '%s'", last_complaint());
}
