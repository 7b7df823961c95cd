/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads or writes a block device in order, past the page cache, with so many requests under way, and
 * says how long it took: what fio does with --direct=1 --ioengine=libaio --rw=read --bs=1M, without
 * the 40 libraries of its package.
 *
 *   diskspeed read|write DEVICE OFFSET-BYTES MIB DEPTH
 *
 * The same as tests/qemu/toy/speed.c does with Torpor's drivers: blocks of 1 MiB, one after the other,
 * DEPTH buffers; no flush.
 */
#define _GNU_SOURCE /* O_DIRECT */
#include <errno.h>
#include <fcntl.h>
#include <linux/aio_abi.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define BLOCK_BYTES (1u << 20)
#define DEPTH_MAX   64u
#define HUGE_BYTES  (2u << 20)

struct job {
	int fd;
	uint16_t opcode;
	uint64_t offset, n_blocks;
	uint8_t *buffer;
	aio_context_t aio;
	struct iocb iocb[DEPTH_MAX];
};

static void die(const char *what)
{
	fprintf(stderr, "diskspeed: %s: %s\n", what, strerror(errno));
	exit(1);
}

static uint64_t now_us(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

static void submit(struct job *j, uint32_t slot, uint64_t block)
{
	struct iocb *cb = &j->iocb[slot];
	*cb = (struct iocb){.aio_data = slot,
		.aio_lio_opcode = j->opcode,
		.aio_fildes = (uint32_t)j->fd,
		.aio_buf = (uint64_t)(j->buffer + (uint64_t)slot * BLOCK_BYTES),
		.aio_nbytes = BLOCK_BYTES,
		.aio_offset = (int64_t)(j->offset + block * BLOCK_BYTES)};
	if (syscall(SYS_io_submit, j->aio, 1L, &cb) != 1)
		die("io_submit");
}

static void run(struct job *j, uint32_t depth)
{
	uint64_t next = 0, done = 0;
	while (next < depth && next < j->n_blocks) {
		submit(j, (uint32_t)next, next);
		next++;
	}
	while (done < j->n_blocks) {
		struct io_event event[DEPTH_MAX];
		long n = syscall(SYS_io_getevents, j->aio, 1L, (long)DEPTH_MAX, event, NULL);
		if (n < 1)
			die("io_getevents");
		for (long i = 0; i < n; i++) {
			if (event[i].res != BLOCK_BYTES) {
				errno = event[i].res < 0 ? (int)-event[i].res : EIO;
				die("request");
			}
			done++;
			if (next < j->n_blocks)
				submit(j, (uint32_t)event[i].data, next++);
		}
	}
}

/* Huge pages where there are some: as few pieces to a request as Torpor's buffers have. */
static void *buffers(size_t bytes)
{
	int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE;
	size_t whole = (bytes + HUGE_BYTES - 1) / HUGE_BYTES * HUGE_BYTES;
	void *p = mmap(NULL, whole, PROT_READ | PROT_WRITE, flags | MAP_HUGETLB, -1, 0);
	return p != MAP_FAILED ? p : mmap(NULL, whole, PROT_READ | PROT_WRITE, flags, -1, 0);
}

int main(int argc, char **argv)
{
	static struct job j;
	uint32_t depth = argc == 6 ? (uint32_t)strtoul(argv[5], NULL, 10) : 0;
	if (depth < 1 || depth > DEPTH_MAX) {
		fprintf(stderr, "usage: diskspeed read|write DEVICE OFFSET-BYTES MIB DEPTH\n");
		return 2;
	}
	int write = strcmp(argv[1], "write") == 0;
	j.opcode = write ? IOCB_CMD_PWRITE : IOCB_CMD_PREAD;
	j.offset = strtoull(argv[3], NULL, 10);
	j.n_blocks = strtoull(argv[4], NULL, 10);
	j.fd = open(argv[2], (write ? O_WRONLY : O_RDONLY) | O_DIRECT);
	if (j.fd < 0)
		die(argv[2]);
	j.buffer = buffers((size_t)depth * BLOCK_BYTES);
	if (j.buffer == MAP_FAILED || syscall(SYS_io_setup, (long)depth, &j.aio) != 0)
		die("memory or io_setup");
	memset(j.buffer, 0x5a, (size_t)depth * BLOCK_BYTES);
	uint64_t from = now_us();
	run(&j, depth);
	printf("%s %s MiB in %llu us\n", argv[1], argv[4], (unsigned long long)(now_us() - from));
	return 0;
}
