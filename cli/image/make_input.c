/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A core is as long as the machine's addresses, and mostly holes: reading it costs what is in it. */
#define _GNU_SOURCE
#include "make_input.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "say.h"
#include "spool.h"
#include "unfinished.h"

static void input_lost(int signal_number)
{
	static const char text[] = "\ntorpor: the input cannot be read; there is no new image\n";

	(void)signal_number;
	(void)!write(STDERR_FILENO, text, sizeof(text) - 1);
	unfinished_remove();
	_exit(STATUS_FAILED);
}

int make_input_open(struct make_input *in, const char *path)
{
	struct stat st;
	void *map;

	*in = (struct make_input){.fd = -1};
	if (spool_is_standard(path))
		in->fd = spool_input();
	else
		in->fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC); /* a pipe would wait */
	if (in->fd < 0)
		return spool_is_standard(path)
			       ? -1
			       : complain_as(open_status(errno), "%s: %s", path, strerror(errno));
	if (fstat(in->fd, &st))
		return complain("%s: %s", path, strerror(errno));
	if (!S_ISREG(st.st_mode) || !st.st_size)
		return complain("%s is not a file with something in it%s", path,
			S_ISFIFO(st.st_mode) ? " (a pipe: read it with -)" : "");
	map = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, in->fd, 0);
	if (map == MAP_FAILED)
		return complain("%s: cannot be mapped into memory: %s", path, strerror(errno));
	in->map = map;
	in->bytes = (uint64_t)st.st_size;
	(void)madvise(map, (size_t)st.st_size, MADV_SEQUENTIAL);
	signal(SIGBUS, input_lost);
	return 0;
}

void make_input_close(struct make_input *in)
{
	if (in->map)
		munmap((void *)(uintptr_t)in->map, (size_t)in->bytes);
	if (in->fd >= 0)
		close(in->fd);
	*in = (struct make_input){.fd = -1};
}

bool make_input_is_hole(const struct make_input *in, uint64_t at, uint64_t end, uint64_t *ret_end)
{
	off_t data = lseek(in->fd, (off_t)at, SEEK_DATA), hole;
	bool none = data < 0 && errno == ENXIO;

	*ret_end = end;
	if (none || (data >= 0 && (uint64_t)data > at)) {
		if (!none && (uint64_t)data < end)
			*ret_end = (uint64_t)data;
		return true;
	}
	hole = data < 0 ? -1 : lseek(in->fd, (off_t)at, SEEK_HOLE); /* -1: it cannot tell */
	if (hole > 0 && (uint64_t)hole < end)
		*ret_end = (uint64_t)hole;
	return false;
}

void make_input_release(const struct make_input *in, uint64_t at, uint64_t bytes)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE), from = at & ~(page - 1);

	(void)madvise(
		(void *)(uintptr_t)(in->map + from), (size_t)(at + bytes - from), MADV_DONTNEED);
}
