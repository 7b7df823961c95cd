/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decompression on all processors with no scheduler, no allocation and no interrupts: a ring
 * that one processor fills and all of them empty.
 */
#include "jobs.h"

#include "deadline.h"

#define JOB_MS 10000 /* a job is a megabyte of decompression: milliseconds */

void jobs_init(struct jobs *j, uint32_t n_workers)
{
	j->n_workers = n_workers;
	atomic_init(&j->given, 0);
	atomic_init(&j->taken, 0);
	for (uint32_t i = 0; i < JOBS_MAX; i++)
		atomic_init(&j->ring[i], NULL);
}

void jobs_give(struct jobs *j, struct job *job)
{
	uint32_t given = atomic_load_explicit(&j->given, memory_order_relaxed);
	while (given - atomic_load_explicit(&j->taken, memory_order_acquire) == JOBS_MAX)
		(void)jobs_help(j, 0);
	atomic_store_explicit(&job->done, false, memory_order_relaxed);
	atomic_store_explicit(&j->ring[given % JOBS_MAX], job, memory_order_relaxed);
	atomic_store_explicit(&j->given, given + 1, memory_order_release);
}

/* A place of the ring is written again only once its job is taken: whoever takes it has read it
 * before. */
static struct job *take(struct jobs *j)
{
	uint32_t taken = atomic_load_explicit(&j->taken, memory_order_relaxed);
	while (taken != atomic_load_explicit(&j->given, memory_order_acquire)) {
		struct job *job =
			atomic_load_explicit(&j->ring[taken % JOBS_MAX], memory_order_relaxed);
		if (atomic_compare_exchange_weak_explicit(&j->taken, &taken, taken + 1,
			    memory_order_acq_rel, memory_order_relaxed))
			return job;
	}
	return NULL;
}

bool jobs_help(struct jobs *j, uint32_t worker)
{
	struct job *job = take(j);
	if (!job)
		return false;
	job->run(job, worker);
	atomic_store_explicit(&job->done, true, memory_order_release);
	return true;
}

bool job_is_done(const struct job *job)
{
	return atomic_load_explicit(&job->done, memory_order_acquire);
}

int jobs_wait(struct jobs *j, struct job *job)
{
	while (!job_is_done(job) && jobs_help(j, 0))
		;
	return WAIT_FOR(job_is_done(job), JOB_MS);
}
