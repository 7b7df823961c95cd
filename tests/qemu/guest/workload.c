/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Something worth hibernating: a tree of processes whose state can be checked at any time. Each
 * worker keeps counting on a shared board and says there when it finds anything wrong.
 *
 *   workload start DIRECTORY MIB   all workers, files in DIRECTORY, MIB of memory; returns when
 *                                  they run
 *   workload fill MIB              only the memory
 *   workload state                 a line a worker: name, pid, beats, errors
 *   workload check [SECONDS]       everything verified from end to end, all workers alive and
 *                                  going on; silent when all is well
 *   workload stop
 *
 * source -> relay -> sink: numbered messages with content through two pipes. timer: a timerfd and
 * an interval timer. file: records appended to an ext4 file, and others in a deleted one that is
 * still open. memory: private pages, half of each incompressible, verified and rewritten slice by
 * slice.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define BOARD_PATH    "/run/workload"
#define BOARD_MAGIC   0x64616f6c6b726f77ull
#define MEMORY_PARTS  2
#define PAGE_BYTES    4096u
#define PAGE_WORDS    (PAGE_BYTES / 8)
#define SLICE_PAGES   32u
#define SCRATCH_SLOTS 64u

enum { SOURCE, RELAY, SINK, TIMER, FILES, MEMORY, N_WORKERS = MEMORY + MEMORY_PARTS };
static const char *const worker_name[N_WORKERS] = {
	"source", "relay", "sink", "timer", "file", "memory0", "memory1"};

struct worker {
	_Atomic uint64_t beats;    /* turns of its loop without a fault */
	_Atomic uint64_t answered; /* the last request for a whole check that it has done */
	_Atomic uint64_t errors;
	_Atomic int32_t pid; /* 0: does not run */
	char error[128];     /* the first one */
};

struct board {
	uint64_t magic;
	_Atomic uint64_t request;
	_Atomic int32_t parent;
	struct worker worker[N_WORKERS];
};

struct record {
	uint64_t seq;
	uint64_t word[30];
	uint64_t sum;
};

static struct board *board;
static struct worker *me;
static int pipe_a[2], pipe_b[2];
static uint32_t memory_mib;
static const char *directory;

/* ---- board ---- */

static void die(const char *what)
{
	fprintf(stderr, "workload: %s: %s\n", what, strerror(errno));
	exit(2);
}

static void fault(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void fault(const char *format, ...)
{
	if (me->errors++ == 0) {
		va_list args;
		va_start(args, format);
		vsnprintf(me->error, sizeof me->error, format, args);
		va_end(args);
	}
}

static void map_board(int flags)
{
	int fd = open(BOARD_PATH, O_RDWR | flags, 0600);
	if (fd < 0 || ftruncate(fd, sizeof *board) != 0)
		die(BOARD_PATH);
	board = mmap(NULL, sizeof *board, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (board == MAP_FAILED)
		die("mmap of " BOARD_PATH);
	close(fd);
	if (!(flags & O_CREAT) && board->magic != BOARD_MAGIC) {
		fprintf(stderr, "workload: not started\n");
		exit(2);
	}
}

static void sleep_ms(uint32_t ms)
{
	struct timespec t = {ms / 1000, ms % 1000 * 1000000l};
	while (nanosleep(&t, &t) != 0 && errno == EINTR)
		;
}

/* ---- content that anybody can make again from a number ---- */

static uint64_t next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

static uint64_t seed(uint64_t a, uint64_t b, uint64_t c)
{
	uint64_t s = (a + 1) * 0x9e3779b97f4a7c15ull ^ (b + 1) * 0xc2b2ae3d27d4eb4full ^
		     (c + 1) * 0x165667b19e3779f9ull;
	return s ? s : 1;
}

static void make_record(struct record *r, uint64_t kind, uint64_t seq)
{
	uint64_t state = seed(kind, seq, 0);
	r->seq = r->sum = seq;
	for (uint32_t i = 0; i < 30; i++)
		r->sum += r->word[i] = next_random(&state);
}

static void check_record(const struct record *r, uint64_t kind, uint64_t seq, const char *where)
{
	struct record wanted;
	make_record(&wanted, kind, seq);
	if (memcmp(&wanted, r, sizeof wanted) != 0)
		fault("%s: record %llu is wrong, says %llu", where, (unsigned long long)seq,
			(unsigned long long)r->seq);
}

/* ---- workers: each turn does some work and checks some ---- */

static void source_turn(uint64_t turn)
{
	struct record r;
	make_record(&r, SOURCE, turn);
	if (write(pipe_a[1], &r, sizeof r) != sizeof r)
		fault("write to the first pipe: %s", strerror(errno));
	sleep_ms(50);
}

static void relay_turn(uint64_t turn)
{
	struct record r;
	if (read(pipe_a[0], &r, sizeof r) != sizeof r)
		fault("read from the first pipe: %s", strerror(errno));
	check_record(&r, SOURCE, turn, "first pipe");
	make_record(&r, RELAY, turn);
	if (write(pipe_b[1], &r, sizeof r) != sizeof r)
		fault("write to the second pipe: %s", strerror(errno));
}

static void sink_turn(uint64_t turn)
{
	struct record r;
	if (read(pipe_b[0], &r, sizeof r) != sizeof r)
		fault("read from the second pipe: %s", strerror(errno));
	check_record(&r, RELAY, turn, "second pipe");
}

static volatile sig_atomic_t alarms;

static void on_alarm(int signal_number)
{
	(void)signal_number;
	alarms++;
}

static void timer_turn(uint64_t turn)
{
	static int timer;
	static uint64_t last_ns;
	static sig_atomic_t last_alarms;
	if (turn == 0) {
		struct itimerspec every = {{0, 50000000}, {0, 50000000}};
		struct itimerval alarm_every = {{0, 20000}, {0, 20000}};
		signal(SIGALRM, on_alarm);
		timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
		if (timer < 0 || timerfd_settime(timer, 0, &every, NULL) != 0 ||
			setitimer(ITIMER_REAL, &alarm_every, NULL) != 0)
			fault("timers: %s", strerror(errno));
	}
	uint64_t expired = 0;
	for (uint32_t i = 0; i < 4; i++) {
		ssize_t n;
		do
			n = read(timer, &expired, sizeof expired);
		while (n < 0 && errno == EINTR);
		if (n != sizeof expired || expired == 0)
			fault("timerfd: %s", strerror(errno));
	}
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	uint64_t ns = (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
	if (ns < last_ns)
		fault("the monotonic clock went back by %llu ns",
			(unsigned long long)(last_ns - ns));
	if (alarms == last_alarms)
		fault("no alarm in four periods of a longer timer");
	last_ns = ns;
	last_alarms = alarms;
}

static int open_in_directory(const char *name, int flags)
{
	char path[256];
	snprintf(path, sizeof path, "%s/%s", directory, name);
	int fd = open(path, flags | O_CLOEXEC, 0644);
	if (fd < 0)
		fault("%s: %s", path, strerror(errno));
	return fd;
}

static void file_verify(int fd, uint64_t first, uint64_t end)
{
	struct record r;
	for (uint64_t i = first; i < end; i++) {
		if (pread(fd, &r, sizeof r, (off_t)(i * sizeof r)) != sizeof r)
			fault("read of record %llu: %s", (unsigned long long)i, strerror(errno));
		check_record(&r, FILES, i, "file");
	}
}

static void file_turn(uint64_t turn)
{
	static int append, reader, scratch;
	struct record r;
	if (turn == 0) {
		append = open_in_directory("workload.log", O_WRONLY | O_CREAT | O_TRUNC | O_APPEND);
		reader = open_in_directory("workload.log", O_RDONLY);
		scratch = open_in_directory("workload.tmp", O_RDWR | O_CREAT | O_TRUNC);
		char path[256];
		snprintf(path, sizeof path, "%s/workload.tmp", directory);
		unlink(path);
	}
	make_record(&r, FILES, turn);
	if (write(append, &r, sizeof r) != sizeof r)
		fault("append: %s", strerror(errno));
	off_t slot = (off_t)(turn % SCRATCH_SLOTS * sizeof r);
	if (turn >= SCRATCH_SLOTS) {
		struct record old;
		if (pread(scratch, &old, sizeof old, slot) != sizeof old)
			fault("read of the deleted file: %s", strerror(errno));
		check_record(&old, FILES, turn - SCRATCH_SLOTS, "deleted file");
	}
	if (pwrite(scratch, &r, sizeof r, slot) != sizeof r)
		fault("write to the deleted file: %s", strerror(errno));
	if (turn % 8 == 7 && fsync(append) != 0)
		fault("fsync: %s", strerror(errno));
	if (me->answered != board->request)
		file_verify(reader, 0, turn + 1);
	sleep_ms(100);
}

static void make_page(uint64_t *page, uint32_t part, uint32_t number, uint32_t version)
{
	uint64_t state = seed(part, number, version);
	uint64_t stamp = (uint64_t)version << 32 | number;
	for (uint32_t i = 0; i < PAGE_WORDS / 2; i++)
		page[i] = next_random(&state);
	for (uint32_t i = PAGE_WORDS / 2; i < PAGE_WORDS; i++)
		page[i] = stamp;
}

static void check_page(const uint64_t *page, uint32_t part, uint32_t number, uint32_t version)
{
	uint64_t wanted[PAGE_WORDS];
	make_page(wanted, part, number, version);
	if (memcmp(wanted, page, PAGE_BYTES) != 0)
		fault("page %u version %u is wrong, says %llx", number, version,
			(unsigned long long)page[PAGE_WORDS - 1]);
}

static void memory_turn(uint64_t turn)
{
	static uint64_t *memory;
	static uint32_t *version;
	uint32_t part = (uint32_t)(me - board->worker) - MEMORY;
	uint32_t n = memory_mib * 256u / MEMORY_PARTS;
	if (turn == 0) {
		memory = mmap(NULL, (size_t)n * PAGE_BYTES, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		version = calloc(n, sizeof *version);
		if (memory == MAP_FAILED || !version)
			die("memory");
		/* Frames are handed out in the order of the first touch: neighbours get frames apart. */
		for (uint32_t i = 0; i < n; i++) {
			uint32_t page = (uint32_t)((uint64_t)i * 7919u % n);
			make_page(memory + (size_t)page * PAGE_WORDS, part, page, 0);
		}
	}
	uint32_t count = me->answered != board->request ? n : SLICE_PAGES;
	for (uint32_t i = 0; i < count; i++) {
		uint32_t page = (uint32_t)((turn * SLICE_PAGES + i) % n);
		uint64_t *p = memory + (size_t)page * PAGE_WORDS;
		check_page(p, part, page, version[page]);
		if (i % 8 == 0)
			make_page(p, part, page, ++version[page]);
	}
	sleep_ms(50);
}

static void (*const worker_turn[N_WORKERS])(uint64_t turn) = {
	source_turn, relay_turn, sink_turn, timer_turn, file_turn, memory_turn, memory_turn};

static void run_worker(uint32_t which)
{
	me = &board->worker[which];
	me->pid = getpid();
	prctl(PR_SET_NAME, worker_name[which]);
	for (uint64_t turn = 0;; turn++) {
		uint64_t request = board->request;
		worker_turn[which](turn);
		me->answered = request;
		me->beats++;
	}
}

/* ---- commands ---- */

/* The parent of all workers: one that ends is a fault. */
static void run_parent(uint32_t first)
{
	setsid();
	int null = open("/dev/null", O_RDWR);
	for (int fd = 0; fd < 3; fd++)
		dup2(null, fd);
	if (pipe(pipe_a) != 0 || pipe(pipe_b) != 0)
		die("pipe");
	for (uint32_t i = first; i < N_WORKERS; i++) {
		pid_t pid = fork();
		if (pid == 0) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			run_worker(i);
		}
		board->worker[i].pid = pid;
	}
	for (;;) {
		int status;
		pid_t pid = wait(&status);
		for (uint32_t i = first; i < N_WORKERS; i++)
			if (board->worker[i].pid == pid) {
				me = &board->worker[i];
				fault("ended with status %#x", (unsigned)status);
			}
		if (pid < 0)
			exit(1);
	}
}

static int n_faults(void)
{
	int n = 0;
	for (uint32_t i = 0; i < N_WORKERS; i++) {
		struct worker *w = &board->worker[i];
		if (w->pid == 0)
			continue;
		if (w->errors != 0 || kill(w->pid, 0) != 0) {
			printf("%s: %s\n", worker_name[i], w->errors ? w->error : "has gone");
			n++;
		}
	}
	return n;
}

/* Waits until every worker has beaten and answered the newest request, or one is at fault. */
static int wait_for_workers(uint32_t limit_s)
{
	uint64_t beats[N_WORKERS];
	for (uint32_t i = 0; i < N_WORKERS; i++)
		beats[i] = board->worker[i].beats;
	uint64_t request = ++board->request;
	for (uint32_t waited_ms = 0; waited_ms <= limit_s * 1000; waited_ms += 50) {
		uint32_t n_late = 0;
		for (uint32_t i = 0; i < N_WORKERS; i++) {
			struct worker *w = &board->worker[i];
			n_late +=
				w->pid != 0 && (w->beats < beats[i] + 2 || w->answered != request);
		}
		if (n_faults() != 0)
			return 1;
		if (n_late == 0)
			return 0;
		sleep_ms(50);
	}
	for (uint32_t i = 0; i < N_WORKERS; i++)
		if (board->worker[i].pid != 0 && board->worker[i].answered != request)
			printf("%s: no answer in %u s\n", worker_name[i], limit_s);
	return 1;
}

static int start(uint32_t first)
{
	unlink(BOARD_PATH);
	map_board(O_CREAT | O_TRUNC);
	board->magic = BOARD_MAGIC;
	pid_t pid = fork();
	if (pid < 0)
		die("fork");
	if (pid == 0)
		run_parent(first);
	board->parent = pid;
	for (uint32_t i = first; i < N_WORKERS; i++)
		while (board->worker[i].pid == 0)
			sleep_ms(10);
	return wait_for_workers(300);
}

static int state(void)
{
	struct timespec boot, mono;
	clock_gettime(CLOCK_BOOTTIME, &boot);
	clock_gettime(CLOCK_MONOTONIC, &mono);
	for (uint32_t i = 0; i < N_WORKERS; i++) {
		struct worker *w = &board->worker[i];
		if (w->pid != 0)
			printf("%s %d %llu %llu\n", worker_name[i], w->pid,
				(unsigned long long)w->beats, (unsigned long long)w->errors);
	}
	printf("up %lld slept %lld\n", (long long)mono.tv_sec,
		(long long)(boot.tv_sec - mono.tv_sec));
	return 0;
}

static int stop(void)
{
	kill(-board->parent, SIGKILL);
	unlink(BOARD_PATH);
	return 0;
}

int main(int argc, char **argv)
{
	const char *command = argc > 1 ? argv[1] : "";
	if (strcmp(command, "start") == 0 && argc == 4) {
		directory = argv[2];
		memory_mib = (uint32_t)strtoul(argv[3], NULL, 10);
		return start(0);
	}
	if (strcmp(command, "fill") == 0 && argc == 3) {
		memory_mib = (uint32_t)strtoul(argv[2], NULL, 10);
		return start(MEMORY);
	}
	map_board(0);
	if (strcmp(command, "state") == 0)
		return state();
	if (strcmp(command, "check") == 0)
		return wait_for_workers(argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 10) : 120);
	if (strcmp(command, "stop") == 0)
		return stop();
	fprintf(stderr, "usage: workload start DIRECTORY MIB | fill MIB | state | check | stop\n");
	return 2;
}
