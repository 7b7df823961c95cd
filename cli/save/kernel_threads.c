/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A kexec jump, unlike the kernel's own hibernation, stops processes but not kernel threads, and one that
 * writes to a disk goes on doing so (ext4's initialisation of inode tables, XFS's log, writeback). Devices
 * are suspended before the other processors are taken offline; a request that comes in between waits in
 * the queue of the processor it comes from, and virtio-blk's queues take it in without starting it. When
 * that processor then goes offline, blk_mq_hctx_notify_offline waits until its queue is empty: for ever, with
 * every process frozen. (Seen with 6.1; 7.2 waits there, too.) The first processor stays, and so does
 * its queue: what is on it when the devices stop is simply done after they go on.
 */
#define _GNU_SOURCE
#include "kernel_threads.h"

#include <stdlib.h>
#include <string.h>

#include "proc_text.h"
#include "sysfiles.h"

#define WORKERS       "/sys/devices/virtual/workqueue/cpumask" /* of those that are bound nowhere */
#define PF_KTHREAD    0x00200000u                              /* include/linux/sched.h */
#define N_THREADS_MIN 256u

static int is_kernel_thread(const char *pid)
{
	char text[512];
	uint64_t flags;

	return sys_read_text(text, sizeof(text), "/proc/%s/stat", pid) > 0 &&
	       stat_flags(text, &flags) && (flags & PF_KTHREAD);
}

static struct kernel_thread *room_for_one(struct kernel_threads *k)
{
	if (k->n == k->cap) {
		size_t cap = k->cap ? 2 * k->cap : N_THREADS_MIN;
		struct kernel_thread *v = reallocarray(k->v, cap, sizeof(*v));

		if (!v)
			return NULL;
		k->v = v;
		k->cap = cap;
	}
	return &k->v[k->n];
}

static int move_one(const char *name, void *ctx)
{
	struct kernel_threads *k = ctx;
	struct kernel_thread *t;
	cpu_set_t first;
	pid_t pid = atoi(name);

	if (pid <= 0 || !is_kernel_thread(name) || !(t = room_for_one(k)))
		return 0;
	CPU_ZERO(&first);
	CPU_SET(0, &first);
	t->pid = pid;
	if (!sched_getaffinity(pid, sizeof(t->allowed), &t->allowed) &&
		!CPU_EQUAL(&t->allowed, &first) && !sched_setaffinity(pid, sizeof(first), &first))
		k->n++;
	return 0;
}

void kernel_threads_gather(struct kernel_threads *k)
{
	*k = (struct kernel_threads){.n = 0};
	if (sys_read_text(k->workers, sizeof(k->workers), WORKERS) <= 0 ||
		sys_write_text(WORKERS, "1"))
		k->workers[0] = 0;
	(void)sys_each("/proc", move_one, k);
}

void kernel_threads_release(struct kernel_threads *k)
{
	for (size_t i = 0; i < k->n; i++)
		(void)sched_setaffinity(k->v[i].pid, sizeof(k->v[i].allowed), &k->v[i].allowed);
	if (k->workers[0])
		(void)sys_write_text(WORKERS, k->workers);
	free(k->v);
	*k = (struct kernel_threads){.n = 0};
}
