/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ptrace, since only it can stop at the very call: what is written but not renamed, made but not
 * recorded, is what an interrupted program leaves. All threads and children are followed.
 */
#define _GNU_SOURCE
#include "killed.h"

#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/filter.h>
#include <linux/ptrace.h>
#include <linux/seccomp.h>

static const struct {
	uint64_t nr;
	const char *name;
} calls[] = {
	{SYS_rename, "rename"},
	{SYS_renameat, "renameat"},
	{SYS_renameat2, "renameat2"},
	{SYS_unlink, "unlink"},
	{SYS_unlinkat, "unlinkat"},
	{SYS_mkdir, "mkdir"},
	{SYS_mkdirat, "mkdirat"},
	{SYS_rmdir, "rmdir"},
	{SYS_link, "link"},
	{SYS_linkat, "linkat"},
	{SYS_symlink, "symlink"},
	{SYS_symlinkat, "symlinkat"},
	{SYS_truncate, "truncate"},
	{SYS_ftruncate, "ftruncate"},
	{SYS_fallocate, "fallocate"},
	{SYS_chmod, "chmod"},
	{SYS_fchmod, "fchmod"},
	{SYS_chown, "chown"},
	{SYS_fchown, "fchown"},
	{SYS_pwrite64, "pwrite64"},
	{SYS_pwritev, "pwritev"},
	{SYS_copy_file_range, "copy_file_range"},
};

static bool opens_to_write(uint64_t flags)
{
	return (flags & O_ACCMODE) != O_RDONLY || (flags & (O_CREAT | O_TRUNC));
}

/* NULL: it changes no file. What goes to standard output is not a file here. */
static const char *changes(uint64_t nr, const uint64_t *arg)
{
	switch (nr) {
	case SYS_open:
		return opens_to_write(arg[1]) ? "open" : NULL;
	case SYS_openat:
		return opens_to_write(arg[2]) ? "openat" : NULL;
	case SYS_creat:
		return "creat";
	case SYS_write:
	case SYS_writev:
		return arg[0] > 2 ? "write" : NULL;
	}
	for (size_t k = 0; k < sizeof(calls) / sizeof(*calls); k++)
		if (calls[k].nr == nr)
			return calls[k].name;
	return NULL;
}

/* Only these calls stop, or everything would take ten times as long. */
static void filter(void)
{
	static const uint64_t more[] = {SYS_open, SYS_openat, SYS_creat, SYS_write, SYS_writev};
	struct sock_filter
		code[2 * (sizeof(calls) / sizeof(*calls) + sizeof(more) / sizeof(*more)) + 2];
	unsigned short n = 0;

	code[n++] = (struct sock_filter)BPF_STMT(
		BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
	for (size_t i = 0; n + 2u < sizeof(code) / sizeof(*code); i++) {
		size_t n_calls = sizeof(calls) / sizeof(*calls);
		uint64_t nr = i < n_calls ? calls[i].nr : more[i - n_calls];

		code[n++] =
			(struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)nr, 0, 1);
		code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRACE);
	}
	code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);

	struct sock_fprog program = {.len = n, .filter = code};
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
		prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program))
		_exit(99);
}

static pid_t start(int (*body)(void *ctx), void *ctx)
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid)
		return pid;
	int nowhere = open("/dev/null", O_RDWR);
	for (int fd = 0; fd < 3; fd++)
		dup2(nowhere, fd);
	setpgid(0, 0);
	for (int s = 1; s < 32; s++) /* whatever who runs the tests ignores */
		signal(s, SIG_DFL);
	ptrace(PTRACE_TRACEME, 0, NULL, NULL);
	raise(SIGSTOP);
	filter();
	_exit(body(ctx));
}

struct trace {
	pid_t first;
	uint32_t n_wanted;
	int signal;
	struct killed *ret;
	bool done; /* killed: whoever is left is only waited for */
};

static void kill_all(struct trace *t, const char *call)
{
	t->done = true;
	snprintf(t->ret->call, sizeof(t->ret->call), "call %u, %s", t->ret->n, call);
	kill(-t->first, t->signal);
}

static void at_call(struct trace *t, pid_t pid)
{
	struct __ptrace_syscall_info info;
	const char *call;

	if (ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof(info), &info) <= 0 ||
		info.op != PTRACE_SYSCALL_INFO_SECCOMP || t->done)
		return;
	call = changes(info.seccomp.nr, (const uint64_t *)info.seccomp.args);
	if (call && ++t->ret->n == t->n_wanted)
		kill_all(t, call);
}

/* The signal that this stop is for and that the process is to have; 0: none. */
static int handle_stop(struct trace *t, pid_t pid, int status)
{
	int signal = WSTOPSIG(status);

	if (status >> 8 == (SIGTRAP | PTRACE_EVENT_SECCOMP << 8)) {
		at_call(t, pid);
		return 0;
	}
	/* Events of ptrace, and the stop that a new child begins with. */
	return status >> 16 || signal == SIGSTOP || signal == SIGTRAP ? 0 : signal;
}

void killed_at(int (*body)(void *ctx), void *ctx, uint32_t n, int signal, struct killed *ret)
{
	struct trace t = {.n_wanted = n, .signal = signal, .ret = ret};
	int status;

	memset(ret, 0, sizeof(*ret));
	t.first = start(body, ctx);
	assert_int_equal(waitpid(t.first, &status, 0), t.first);
	assert_int_equal(
		ptrace(PTRACE_SETOPTIONS, t.first, NULL,
			PTRACE_O_TRACESECCOMP | PTRACE_O_EXITKILL | PTRACE_O_TRACEFORK |
				PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC),
		0);
	assert_int_equal(ptrace(PTRACE_CONT, t.first, NULL, NULL), 0);
	for (pid_t pid; (pid = waitpid(-1, &status, __WALL)) > 0;) {
		if (WIFSTOPPED(status)) {
			int give = handle_stop(&t, pid, status);

			ptrace(PTRACE_CONT, pid, NULL, (void *)(intptr_t)give);
		} else if (pid == t.first) {
			ret->to_end = !t.done && WIFEXITED(status);
			ret->status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
		}
	}
}
