/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Settings are not readable, their consequences are: a kernel that comes back turns virtualization on again and
 * puts its devices' registers where they were.
 */
#include "firmware_settings.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "proc_text.h"
#include "sysfiles.h"

#define DEVICES "/sys/bus/pci/devices"

/* include/linux/ioport.h; the lines of a device's file `resource`: 6 registers, the ROM, others, windows. */
#define IORESOURCE_MEM      0x00000200u
#define IORESOURCE_DISABLED 0x10000000u
#define IORESOURCE_UNSET    0x20000000u
#define ROM_LINE            6

struct list {
	struct saved_registers *v;
	uint32_t n, max;
};

uint32_t firmware_settings_virtualization(void)
{
	static char text[65536];

	if (!sys_exists("/dev/kvm"))
		return 0;
	(void)sys_read_text(text, sizeof(text), "/proc/cpuinfo");
	if (cpuinfo_has_flag(text, "vmx"))
		return SAVED_VMX;
	return cpuinfo_has_flag(text, "svm") ? SAVED_SVM : 0;
}

/* In order of start; what overlaps or touches becomes one. */
static void insert(struct list *l, struct saved_registers r)
{
	uint32_t at = 0, n_gone = 0;

	while (at < l->n && l->v[at].end < r.start)
		at++;
	while (at + n_gone < l->n && l->v[at + n_gone].start <= r.end) {
		const struct saved_registers *one = &l->v[at + n_gone++];

		r.start = one->start < r.start ? one->start : r.start;
		r.end = one->end > r.end ? one->end : r.end;
	}
	if (n_gone == 0 && l->n == l->max)
		return;
	memmove(&l->v[at + 1], &l->v[at + n_gone], (l->n - at - n_gone) * sizeof(*l->v));
	l->v[at] = r;
	l->n += 1 - n_gone;
}

static int take_device(const char *name, void *ctx)
{
	char text[4096], *save = NULL, *line;
	int number = 0;

	if (sys_read_text(text, sizeof(text), DEVICES "/%s/resource", name) < 0)
		return 0;
	for (line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		uint64_t start, last, flags;

		if (sscanf(line, "%" SCNx64 " %" SCNx64 " %" SCNx64, &start, &last, &flags) == 3 &&
			number != ROM_LINE && (flags & IORESOURCE_MEM) &&
			!(flags & (IORESOURCE_DISABLED | IORESOURCE_UNSET)) && start &&
			last > start && last < UINT64_MAX)
			insert(ctx, (struct saved_registers){start, last + 1});
		number++;
	}
	return 0;
}

uint32_t firmware_settings_registers(struct saved_registers *v, uint32_t max)
{
	struct list l = {v, 0, max};

	(void)sys_each(DEVICES, take_device, &l);
	return l.n;
}

uint32_t firmware_settings_without(
	struct saved_registers *v, uint32_t n, uint64_t start, uint64_t end)
{
	uint32_t n_left = 0;

	for (uint32_t i = 0; i < n; i++)
		if (v[i].end <= start || end <= v[i].start)
			v[n_left++] = v[i];
	return n_left;
}
