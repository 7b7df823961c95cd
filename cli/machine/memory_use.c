/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An image holds what the firmware calls RAM. Linux may use more (DIMMs plugged in, virtio-mem, a DAX
 * device as memory): the next boot's firmware does not have that in its map, so that an image with it
 * would be refused and one without it would be a broken one. And Linux may use less (blocks taken
 * offline, frames that have failed): those are in no image, so no resume writes to them.
 *
 * Balloons are the writer's (old-kernel/old_pages.c): they change until devices stop.
 */
#include "memory_use.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "number.h"
#include "proc_lines.h"
#include "ranges.h"
#include "say.h"
#include "sysfiles.h"
#include "vmcoreinfo.h"

#define FRAME_BYTES UINT64_C(4096)
#define BLOCKS      "/sys/devices/system/memory"
#define RANGES_MAX  4096

/* A set of frames with its room. */
struct frames {
	struct ranges r;
	struct range v[RANGES_MAX];
};

static void frames_init(struct frames *f)
{
	ranges_init(&f->r, f->v, RANGES_MAX);
}

static int no_room(int err, const char *what)
{
	return err ? complain("%s: more than %u ranges of memory", what, RANGES_MAX) : 0;
}

/* Whole frames only. */
static int add_bytes(struct frames *f, uint64_t start, uint64_t end)
{
	uint64_t first = (start + FRAME_BYTES - 1) / FRAME_BYTES;

	return first < end / FRAME_BYTES ? ranges_add(&f->r, first, end / FRAME_BYTES) : 0;
}

/* ---- Blocks of memory that Linux has taken offline ---- */

struct blocks {
	struct frames offline;
	uint64_t bytes; /* of a block */
};

static bool read_hex(uint64_t *ret, const char *file, const char *name)
{
	char text[64];

	return sys_read_text(text, sizeof(text), "%s/%s/%s", BLOCKS, name, file) > 0 &&
	       number_parse(text, 16, ret);
}

static int add_block(const char *name, void *ctx)
{
	struct blocks *b = ctx;
	uint64_t index;
	char state[64];

	if (strncmp(name, "memory", 6) ||
		sys_read_text(state, sizeof(state), BLOCKS "/%s/state", name) < 0 ||
		strcmp(state, "offline") != 0 || !read_hex(&index, "phys_index", name) ||
		index > UINT64_MAX / b->bytes - 1)
		return 0;
	return add_bytes(&b->offline, index * b->bytes, (index + 1) * b->bytes);
}

static int read_offline(struct blocks *b)
{
	int err;

	frames_init(&b->offline);
	if (!read_hex(&b->bytes, "block_size_bytes", ".") || b->bytes < FRAME_BYTES)
		return 0; /* no CONFIG_MEMORY_HOTPLUG: all of it is online for good */
	err = sys_each(BLOCKS, add_block, b);
	return no_room(err == -ENOENT ? 0 : err, BLOCKS);
}

/* ---- What Linux has as its memory ---- */

struct use {
	struct frames firmware; /* RAM of the map that the loader goes by */
	struct blocks blocks;
	struct frames left_out;
};

static int complain_unknown(const struct range *r, const char *name)
{
	const char *nature = strstr(name, "virtio_mem") ? "of a virtio-mem device"
			     : strchr(name, '(')        ? "of a device"
							: "plugged in after the start";

	return complain("Linux uses memory at 0x%" PRIx64 "-0x%" PRIx64
			" (/proc/iomem: %.64s) that is not in the firmware's map, as it is "
			"%s: the loader would not find it. Take it offline (" BLOCKS
			") or away, or start the machine anew with it",
		r->start * FRAME_BYTES, r->end * FRAME_BYTES - 1, name, nature);
}

/* Offline, and the firmware's RAM: a block may have holes. */
static int leave_out_offline(struct use *u, const struct range *ram)
{
	const struct ranges *fw = &u->firmware.r, *off = &u->blocks.offline.r;
	int err = 0;

	for (uint32_t i = 0; i < off->n; i++)
		for (uint32_t j = 0; !err && j < fw->n; j++) {
			uint64_t first = off->v[i].start, end = off->v[i].end;

			first = fw->v[j].start > first ? fw->v[j].start : first;
			first = ram->start > first ? ram->start : first;
			end = fw->v[j].end < end ? fw->v[j].end : end;
			end = ram->end < end ? ram->end : end;
			if (first < end)
				err = ranges_add(&u->left_out.r, first, end);
		}
	return no_room(err, BLOCKS);
}

static int take_system_ram(struct use *u, const struct span *s, const char *name)
{
	static struct frames rest;
	struct range all;
	int err;

	frames_init(&rest);
	err = add_bytes(&rest, s->start, s->end);
	if (err || !rest.r.n)
		return no_room(err, "/proc/iomem");
	all = rest.v[0];
	for (uint32_t i = 0; !err && i < u->firmware.r.n; i++)
		err = ranges_remove(&rest.r, u->firmware.v[i].start, u->firmware.v[i].end);
	for (uint32_t i = 0; !err && i < u->blocks.offline.r.n; i++)
		err = ranges_remove(
			&rest.r, u->blocks.offline.v[i].start, u->blocks.offline.v[i].end);
	if (err)
		return no_room(err, "/proc/iomem");
	return rest.r.n ? complain_unknown(&rest.v[0], name) : leave_out_offline(u, &all);
}

static int read_system_ram(struct use *u)
{
	struct proc_lines l;
	const char *name;
	struct span s;
	int err = 0;

	proc_lines_open(&l, "/proc/iomem");
	while (!err && proc_lines_iomem(&l, &s, &name))
		if (!strncmp(name, "System RAM", 10))
			err = take_system_ram(u, &s, name);
	proc_lines_close(&l);
	return err;
}

/* ---- Frames that have failed: looked for only where Linux counts some ---- */

#define KPF_HUGE     17
#define KPF_HWPOISON 19
#define KPF_OFFLINE  23
#define PIECE_FRAMES 65536u /* half a megabyte of /proc/kpageflags */

typedef int (*frame_found)(void *ctx, uint64_t frame, uint64_t flags);

/* Those of the firmware's RAM that have the flag. */
static int find_frames(const struct ranges *ram, unsigned int flag, frame_found found, void *ctx)
{
	static uint64_t flags[PIECE_FRAMES];
	char path[SYS_PATH_MAX];
	int fd = sys_path(path, "/proc/kpageflags") ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	int err = fd < 0 ? -1 : 0;

	for (uint32_t i = 0; !err && i < ram->n; i++) {
		uint64_t at = ram->v[i].start, end = ram->v[i].end;

		while (!err && at < end) {
			uint64_t n = end - at < PIECE_FRAMES ? end - at : PIECE_FRAMES;
			ssize_t got =
				pread(fd, flags, n * sizeof(*flags), (off_t)(at * sizeof(*flags)));

			if (got < (ssize_t)sizeof(*flags))
				break; /* Linux has no records from here on */
			n = (uint64_t)got / sizeof(*flags);
			for (uint64_t k = 0; !err && k < n; k++)
				if (flags[k] >> flag & 1)
					err = found(ctx, at + k, flags[k]);
			at += n;
		}
	}
	if (fd >= 0)
		close(fd);
	else
		return complain("cannot read /proc/kpageflags (CONFIG_PROC_PAGE_MONITOR)");
	return err;
}

struct failed_search {
	int (*found)(void *ctx, uint64_t frame, bool is_huge);
	void *ctx;
};

static int failed_frame(void *ctx, uint64_t frame, uint64_t flags)
{
	const struct failed_search *s = ctx;

	return s->found(s->ctx, frame, flags >> KPF_HUGE & 1);
}

int memory_failed_each(
	const struct ranges *ram, int (*found)(void *ctx, uint64_t frame, bool is_huge), void *ctx)
{
	struct failed_search s = {found, ctx};
	static char text[16384];

	if (sys_read_text(text, sizeof(text), "/proc/meminfo") <= 0 ||
		!meminfo_bytes(text, "HardwareCorrupted"))
		return 0;
	return find_frames(ram, KPF_HWPOISON, failed_frame, &s);
}

static int leave_out_failed(void *ctx, uint64_t frame, bool is_huge)
{
	struct use *u = ctx;

	/* Linux marks the first frame of a huge page, whichever has failed. */
	if (is_huge)
		return complain("memory has failed in the huge page at 0x%" PRIx64
				", and Linux does not say where: it cannot be saved",
			frame * FRAME_BYTES);
	return no_room(ranges_add(&u->left_out.r, frame, frame + 1), "failed memory");
}

/* ---- Balloons, where the kernel does not say enough for the writer ---- */

static int balloon_frame(void *ctx, uint64_t frame, uint64_t flags)
{
	(void)ctx;
	(void)flags;
	return complain("memory at 0x%" PRIx64 " was given back to the hypervisor, and this kernel "
			"does not say enough to leave out such frames: deflate its balloon",
		frame * FRAME_BYTES);
}

static int check_balloons(const struct use *u)
{
	static char text[16384];
	uint64_t type;

	if (vmcoreinfo_text(text, sizeof(text)) &&
		vmcoreinfo_value(text, sizeof(text), "NUMBER(PAGE_OFFLINE_MAPCOUNT_VALUE)",
			VMCOREINFO_DECIMAL, &type))
		return 0;
	if (!sys_exists("/proc/kpageflags"))
		return 0;
	return find_frames(&u->firmware.r, KPF_OFFLINE, balloon_frame, NULL);
}

/* ---- All of it ---- */

static int look(struct machine_facts *f, struct use *u)
{
	int err = 0;

	frames_init(&u->firmware);
	frames_init(&u->left_out);
	for (uint32_t i = 0; !err && i < f->n_memory; i++)
		if (f->memory[i].type == MEMORY_RAM)
			err = add_bytes(&u->firmware, f->memory[i].start, f->memory[i].end);
	if (no_room(err, "the firmware's memory map") || read_offline(&u->blocks) ||
		read_system_ram(u) || memory_failed_each(&u->firmware.r, leave_out_failed, u) ||
		check_balloons(u))
		return -1;
	if (u->left_out.r.n > HANDOFF_LEFT_OUT_MAX)
		return complain(
			"%u ranges of memory have failed or are offline, %u can be left out",
			u->left_out.r.n, HANDOFF_LEFT_OUT_MAX);
	f->n_left_out = u->left_out.r.n;
	for (uint32_t i = 0; i < f->n_left_out; i++)
		f->left_out[i] =
			(struct handoff_frames){u->left_out.v[i].start, u->left_out.v[i].end};
	return 0;
}

static struct use use;

int memory_use_read(struct machine_facts *f)
{
	return look(f, &use);
}

int memory_use_check(const struct machine_facts *f)
{
	static struct machine_facts now;

	memcpy(now.memory, f->memory, sizeof(now.memory));
	now.n_memory = f->n_memory;
	if (look(&now, &use))
		return -1;
	if (now.n_left_out != f->n_left_out ||
		memcmp(now.left_out, f->left_out, f->n_left_out * sizeof(*f->left_out)) != 0)
		return complain("memory has failed, or was taken offline or online, while the save "
				"began: try again");
	return 0;
}
