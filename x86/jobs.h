/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Work for several processors: one of them, the owner, gives jobs and asks whether they are done;
 * the others, and the owner while it has nothing better to do, take them in the order they were
 * given. Without helpers everything runs on the owner, in jobs_help and jobs_wait. Nothing is
 * allocated.
 */
#ifndef X86_JOBS_H
#define X86_JOBS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "err.h"

#define JOBS_MAX         128u /* given and not yet taken; a power of two */
#define JOBS_WORKERS_MAX 8u   /* the owner is worker 0 */

struct job {
	/* What run writes is seen by the owner once the job is done. worker < jobs->n_workers. */
	void (*run)(struct job *job, uint32_t worker);
	atomic_bool done;
};

struct jobs {
	uint32_t n_workers; /* with the owner */
	_Atomic(struct job *) ring[JOBS_MAX];
	atomic_uint given, taken; /* counts; they wrap */
};

void jobs_init(struct jobs *j, uint32_t n_workers);

/* Owner. The job stays the caller's and must stay where it is until it is done. When the ring is
 * full the owner first does some of it. */
void jobs_give(struct jobs *j, struct job *job);

/* Does one job that nobody has taken; false: there is none. */
bool jobs_help(struct jobs *j, uint32_t worker);

bool job_is_done(const struct job *job);

/* Owner: helps until this job is done. ERR_TIMEOUT: a helper took it and does not finish. */
int jobs_wait(struct jobs *j, struct job *job) MUST_CHECK;

#endif
