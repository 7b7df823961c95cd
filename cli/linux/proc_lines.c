/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lines have no greatest length: those of an overlay in mountinfo name all of its folders. */
#define _GNU_SOURCE
#include "proc_lines.h"

#include <stdlib.h>
#include <string.h>

#include "sysfiles.h"

bool proc_lines_open(struct proc_lines *l, const char *path)
{
	*l = (struct proc_lines){.file = sys_open(path)};
	return l->file;
}

void proc_lines_close(struct proc_lines *l)
{
	if (l->file)
		fclose(l->file);
	free(l->text);
	*l = (struct proc_lines){.file = NULL};
}

const char *proc_lines_next(struct proc_lines *l)
{
	if (!l->file || getline(&l->text, &l->room, l->file) < 0)
		return NULL;
	l->text[strcspn(l->text, "\n")] = 0;
	return l->text;
}

bool proc_lines_iomem(struct proc_lines *l, struct span *ret_span, const char **ret_name)
{
	const char *line;

	while ((line = proc_lines_next(l)))
		if (iomem_line(line, ret_span, ret_name))
			return true;
	return false;
}

bool proc_lines_mount(struct proc_lines *l, struct mount_line *ret)
{
	const char *line;

	while ((line = proc_lines_next(l)))
		if (mountinfo_line(line, ret))
			return true;
	return false;
}

bool proc_lines_swap(struct proc_lines *l, struct swap_line *ret)
{
	const char *line;

	while ((line = proc_lines_next(l)))
		if (swaps_line(line, ret))
			return true;
	return false;
}
