/* SPDX-License-Identifier: GPL-2.0-or-later */
/* x86/jobs.c: every job is done once, by somebody; with threads as the other processors. */

#include "test.h"

#include <pthread.h>
#include <string.h>

#include "jobs.h"
#include "machine.h"

#define N_JOBS    20000u
#define N_HELPERS 3u

static struct jobs jobs;
static atomic_bool stop;

struct sum_job {
	struct job job;
	uint32_t number, times, worker;
};
static struct sum_job sum[N_JOBS];

static void note(struct job *job, uint32_t worker)
{
	struct sum_job *s = (struct sum_job *)job;
	s->times++;
	s->worker = worker;
}

static void *help(void *worker)
{
	while (!atomic_load(&stop))
		(void)jobs_help(&jobs, (uint32_t)(uintptr_t)worker);
	return NULL;
}

static void begin(uint32_t n_workers)
{
	fake_machine_reset();
	memset(sum, 0, sizeof(sum));
	jobs_init(&jobs, n_workers);
	for (uint32_t i = 0; i < N_JOBS; i++)
		sum[i].job.run = note;
}

static void assert_all_done_once(void)
{
	for (uint32_t i = 0; i < N_JOBS; i++) {
		assert_int_equal(jobs_wait(&jobs, &sum[i].job), 0);
		assert_int_equal(sum[i].times, 1);
		assert_true(sum[i].worker < jobs.n_workers);
	}
	assert_false(jobs_help(&jobs, 0));
}

/* Nothing runs before the owner helps, waits, or finds the ring full. */
TEST(alone)
{
	begin(1);
	for (uint32_t i = 0; i < JOBS_MAX; i++)
		jobs_give(&jobs, &sum[i].job);
	assert_false(job_is_done(&sum[0].job));
	jobs_give(&jobs, &sum[JOBS_MAX].job);
	assert_true(job_is_done(&sum[0].job));
	assert_false(job_is_done(&sum[1].job));
	assert_int_equal(jobs_wait(&jobs, &sum[2].job), 0);
	assert_true(job_is_done(&sum[1].job));
	assert_false(job_is_done(&sum[3].job));
	for (uint32_t i = JOBS_MAX + 1; i < N_JOBS; i++)
		jobs_give(&jobs, &sum[i].job);
	assert_all_done_once();
}

TEST(with_helpers)
{
	pthread_t thread[N_HELPERS];
	begin(N_HELPERS + 1);
	atomic_store(&stop, false);
	for (uintptr_t i = 0; i < N_HELPERS; i++)
		assert_int_equal(pthread_create(&thread[i], NULL, help, (void *)(i + 1)), 0);
	for (uint32_t i = 0; i < N_JOBS; i++)
		jobs_give(&jobs, &sum[i].job);
	for (uint32_t i = 0; i < N_JOBS; i++)
		assert_int_equal(jobs_wait(&jobs, &sum[i].job), 0);
	atomic_store(&stop, true);
	for (uint32_t i = 0; i < N_HELPERS; i++)
		assert_int_equal(pthread_join(thread[i], NULL), 0);
	assert_all_done_once();
}

/* The counts wrap. */
TEST(wrap)
{
	begin(1);
	atomic_store(&jobs.given, UINT32_MAX - 10);
	atomic_store(&jobs.taken, UINT32_MAX - 10);
	for (uint32_t i = 0; i < N_JOBS; i++)
		jobs_give(&jobs, &sum[i].job);
	assert_all_done_once();
}

/* A processor that took a job and stopped. */
TEST(lost)
{
	begin(2);
	fake_clock_step_us = 1000;
	jobs_give(&jobs, &sum[0].job);
	jobs_give(&jobs, &sum[1].job);
	atomic_fetch_add(&jobs.taken, 1);
	uint64_t from = fake_clock_now_us;
	assert_int_equal(jobs_wait(&jobs, &sum[0].job), ERR_TIMEOUT);
	assert_true(fake_clock_now_us - from < 11000000);
	assert_true(job_is_done(&sum[1].job));
}
