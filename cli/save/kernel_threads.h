/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Kernel threads, kept on the first processor while the others are taken offline. */
#ifndef CLI_KERNEL_THREADS_H
#define CLI_KERNEL_THREADS_H

#include <sched.h>
#include <stddef.h>
#include <sys/types.h>

struct kernel_thread {
	pid_t pid;
	cpu_set_t allowed; /* before */
};

struct kernel_threads {
	struct kernel_thread *v; /* those that were moved */
	size_t n, cap;
	char workers[512]; /* /sys/devices/virtual/workqueue/cpumask before; "": untouched */
};

/* What cannot be moved (bound to one processor, or one of more than CPU_SETSIZE) stays where it is. */
void kernel_threads_gather(struct kernel_threads *k);

/* Everything as it was; a thread that is gone is passed over. */
void kernel_threads_release(struct kernel_threads *k);

#endif
