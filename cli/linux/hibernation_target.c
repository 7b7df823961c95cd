/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The rules of those who hibernate, as they are written there. Where one of them finds
 * /sys/power/resume set it takes that (swap_place.c); systemd sets it before its sleep hooks run, so
 * that `torpor arm` sees the answer itself.
 *
 * Linux (mm/swapfile.c, find_first_swap): the first of /proc/swaps, whatever it is.
 * systemd to 254 (src/shared/sleep-config.c, find_hibernate_location): the highest priority; of equal
 * ones the one with most room; of equal ones the last.
 * systemd from 255 on (src/shared/hibernate-util.c, find_suitable_hibernation_device_full): one area after
 * the other, each replaces the one before when its priority is higher *or* it has more room.
 * Neither of systemd's takes /dev/zram* or a file that was deleted.
 */
#include "hibernation_target.h"

#include <stdlib.h>
#include <string.h>

#include "proc_lines.h"
#include "sysfiles.h"

#define SWAPS_MAX      64 /* MAX_SWAPFILES is 29 and less */
#define SYSTEMD_EITHER 255

/* ---- The rules ---- */

static bool for_systemd(const struct swap_line *s)
{
	static const char deleted[] = " (deleted)";
	size_t n = strlen(s->name), end = sizeof(deleted) - 1;

	if (s->is_file)
		return n < end || strcmp(s->name + n - end, deleted) != 0;
	return strncmp(s->name, "/dev/zram", 9) != 0;
}

static uint64_t room(const struct swap_line *s)
{
	return s->bytes > s->used_bytes ? s->bytes - s->used_bytes : 0;
}

static bool is_better(const struct swap_line *s, const struct swap_line *than, unsigned int version)
{
	if (version == 0 || version >= SYSTEMD_EITHER)
		return s->priority > than->priority || room(s) > room(than);
	return s->priority > than->priority ||
	       (s->priority == than->priority && room(s) >= room(than));
}

int hibernation_pick(
	const struct swap_line *v, uint32_t n, enum hibernator who, unsigned int version)
{
	int best = -1;

	if (who == HIBERNATOR_KERNEL)
		return n ? 0 : -1;
	for (uint32_t i = 0; i < n; i++)
		if (for_systemd(&v[i]) && (best < 0 || is_better(&v[i], &v[best], version)))
			best = (int)i;
	return best;
}

/* ---- On this machine ---- */

enum hibernator hibernator_here(void)
{
	return sys_exists("/usr/lib/systemd/systemd-sleep") ? HIBERNATOR_SYSTEMD
							    : HIBERNATOR_KERNEL;
}

/* Its shared library carries the number: libsystemd-shared-252.so, libsystemd-shared-257.4-1.fc42.so. */
static int version_in(const char *name, void *ctx)
{
	unsigned int *version = ctx;
	static const char library[] = "libsystemd-shared-";

	if (strncmp(name, library, sizeof(library) - 1) == 0)
		*version = (unsigned int)strtoul(name + sizeof(library) - 1, NULL, 10);
	return *version != 0;
}

unsigned int systemd_version(void)
{
	static const char *const folders[] = {"/usr/lib/x86_64-linux-gnu/systemd",
		"/usr/lib64/systemd", "/usr/lib/systemd", "/lib/systemd"};
	unsigned int version = 0;

	for (size_t i = 0; !version && i < sizeof(folders) / sizeof(*folders); i++)
		(void)sys_each(folders[i], version_in, &version);
	return version;
}

static uint32_t read_swaps(struct swap_line v[SWAPS_MAX])
{
	struct proc_lines l;
	uint32_t n = 0;

	proc_lines_open(&l, "/proc/swaps"); /* none without CONFIG_SWAP */
	while (n < SWAPS_MAX && proc_lines_swap(&l, &v[n]))
		n++;
	proc_lines_close(&l);
	return n;
}

bool hibernation_target(enum hibernator who, struct swap_line *ret, const char **ret_reason)
{
	static struct swap_line v[SWAPS_MAX];
	uint32_t n = read_swaps(v), n_for_it = 0;
	int best = hibernation_pick(v, n, who, who == HIBERNATOR_SYSTEMD ? systemd_version() : 0);

	if (best < 0)
		return false;
	for (uint32_t i = 0; i < n; i++)
		n_for_it += who == HIBERNATOR_KERNEL || for_systemd(&v[i]);
	*ret = v[best];
	if (n_for_it == 1)
		*ret_reason = "the only swap area in use";
	else if (who == HIBERNATOR_KERNEL)
		*ret_reason = "the kernel takes the first swap area in use";
	else
		*ret_reason = "systemd's choice, by priority and room";
	return true;
}
