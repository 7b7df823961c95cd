/* SPDX-License-Identifier: GPL-2.0-or-later */
/* memory_use.c on copies of /proc and /sys: memory plugged in, taken offline, failed, given back. */
#include "test.h"

#include "cli_tree.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

#include "memory_use.h"

static struct machine_facts f;

static void memmap(const char *n, const char *start, const char *end, const char *type)
{
	static const char *const file[] = {"start", "end", "type"};
	const char *content[] = {start, end, type};
	char path[128];

	for (int i = 0; i < 3; i++) {
		snprintf(path, sizeof(path), "/sys/firmware/memmap/%s/%s", n, file[i]);
		tree_file(path, content[i]);
	}
}

#define IOMEM                                                                                      \
	"00001000-0009fbff : System RAM\n"                                                         \
	"00100000-3ffdbfff : System RAM\n"                                                         \
	"  01000000-01ffffff : Kernel code\n"                                                      \
	"3ffdc000-3fffffff : Reserved\n"

struct entry {
	uint64_t start, bytes;
	uint32_t type;
} __attribute__((packed));

static void boot_params(const struct entry *e, uint8_t n)
{
	static uint8_t page[4096];

	memset(page, 0, sizeof(page));
	page[0x1e8] = n;
	memcpy(page + 0x2d0, e, n * sizeof(*e));
	tree_bytes("/sys/kernel/boot_params/data", page, sizeof(page));
}

static const struct entry boot[] = {{0, 0x9fc00, 1}, {0x9fc00, 0x400, 2}, {0xf0000, 0x10000, 2},
	{0x100000, 0x3fedc000, 1}, {0x3ffdc000, 0x24000, 2}};

/* 1 GiB; vmcoreinfo says how a page without memory looks. */
static void machine(void)
{
	static struct {
		Elf64_Ehdr header;
		Elf64_Phdr segment;
		uint32_t note[3];
		char name[12];
		char text[64];
	} core = {.header = {.e_ident = ELFMAG, .e_phoff = sizeof(Elf64_Ehdr), .e_phnum = 1},
		.note = {11, 64, 0},
		.name = "VMCOREINFO",
		.text = "NUMBER(PAGE_OFFLINE_MAPCOUNT_VALUE)=-257\n"};

	tree_setup();
	memmap("0", "0x0\n", "0x9fbff\n", "System RAM\n");
	memmap("1", "0x9fc00\n", "0x9ffff\n", "Reserved\n");
	memmap("2", "0xf0000\n", "0xfffff\n", "Reserved\n");
	memmap("3", "0x100000\n", "0x3ffdbfff\n", "System RAM\n");
	memmap("4", "0x3ffdc000\n", "0x3fffffff\n", "Reserved\n");
	boot_params(boot, 5);
	tree_file("/proc/iomem", IOMEM);
	tree_file("/proc/meminfo", "MemTotal: 1 kB\nHardwareCorrupted:     0 kB\n");
	core.segment.p_type = PT_NOTE;
	core.segment.p_offset = offsetof(__typeof__(core), note);
	core.segment.p_filesz = sizeof(core) - core.segment.p_offset;
	tree_bytes("/proc/kcore", &core, sizeof(core));
}

FIXTURE(machine, tree_teardown)

static void good(void)
{
	if (machine_facts_read(&f))
		fail_msg("machine_facts_read");
}

static void refused(const char *part)
{
	assert_int_equal(machine_facts_read(&f), -1);
	assert_complaint(part);
}

TEST(ordinary)
{
	good();
	assert_int_equal(f.n_memory, 5);
	assert_int_equal(f.n_left_out, 0);
	assert_int_equal(memory_use_check(&f), 0);
	tree_remove("/sys/kernel/boot_params/data");
	good();
	assert_int_equal(f.n_memory, 5);
	boot_params(boot, 1); /* one entry is no map */
	good();
	assert_int_equal(f.n_memory, 5);
	/* Less than Linux was given (mem=, a crash kernel): all of it is saved still. */
	tree_file("/proc/iomem", "00100000-1fffffff : System RAM\n"
				 "  01000000-01ffffff : Kernel code\n"
				 "  02000000-02ffffff : Crash kernel\n");
	good();
	assert_int_equal(f.n_memory, 5);
	assert_int_equal(f.n_left_out, 0);
}

static void block(const char *index, const char *state)
{
	char path[128];

	tree_file("/sys/devices/system/memory/block_size_bytes", "8000000\n");
	snprintf(path, sizeof(path), "/sys/devices/system/memory/memory%ld/phys_index",
		strtol(index, NULL, 16));
	tree_file(path, index);
	snprintf(path, sizeof(path), "/sys/devices/system/memory/memory%ld/state",
		strtol(index, NULL, 16));
	tree_file(path, state);
}

TEST(plugged_in)
{
	/* Linux puts it into its copy of the firmware's map; here behind, and right behind, RAM. */
	memmap("5", "0x100000000\n", "0x10fffffff\n", "System RAM\n");
	tree_file("/proc/iomem", IOMEM "100000000-10fffffff : System RAM\n");
	refused("0x100000000-0x10fffffff (/proc/iomem: System RAM)");
	refused("plugged in after the start");
	block("00000020\n", "online\n");
	block("00000021\n", "offline\n");
	refused("0x100000000-0x107ffffff");
	block("00000020\n", "going-offline\n");
	refused("0x100000000-0x107ffffff");
	block("00000020\n", "offline\n");
	good();
	assert_int_equal(f.n_memory, 5); /* neither in the image nor in the map that goes with it */
	assert_int_equal(f.n_left_out, 0);
	/* Online between the look and the jump. */
	block("00000020\n", "online\n");
	assert_int_equal(memory_use_check(&f), -1);
	assert_complaint("0x100000000");
}

TEST(joined_with_the_firmwares)
{
	static struct entry high[6];

	memcpy(high, boot, sizeof(boot));
	high[5] = (struct entry){0x100000000, 0x40000000, 1};
	boot_params(high, 6);
	memmap("5", "0x100000000\n", "0x13fffffff\n", "System RAM\n");
	memmap("6", "0x140000000\n", "0x17fffffff\n", "System RAM\n");
	tree_file("/proc/iomem", IOMEM "100000000-17fffffff : System RAM\n");
	refused("0x140000000-0x17fffffff");
	for (int i = 0x28; i < 0x30; i++) {
		char index[16];

		snprintf(index, sizeof(index), "%08x\n", (unsigned int)i);
		block(index, "offline\n");
	}
	good();
	assert_int_equal(f.n_memory, 6);
	assert_int_equal(f.memory[5].end, 0x140000000);
	/* The same range from the boot loader, as a setup_data. */
	tree_file("/sys/kernel/boot_params/setup_data/0/type", "0x3\n");
	tree_bytes("/sys/kernel/boot_params/setup_data/0/data", "x", 1);
	tree_file("/sys/kernel/boot_params/setup_data/1/type", "0x1\n");
	tree_bytes("/sys/kernel/boot_params/setup_data/1/data",
		&(struct entry){0x140000000, 0x40000000, 1}, sizeof(struct entry));
	good();
	assert_int_equal(f.memory[5].end, 0x180000000);
	assert_int_equal(f.n_left_out, 1); /* the firmware's, and offline */
	assert_int_equal(f.left_out[0].first, 0x140000);
	assert_int_equal(f.left_out[0].end, 0x180000);
}

TEST(of_devices)
{
	/* Children of the device; no entry of the firmware's map calls them RAM. */
	memmap("5", "0x140000000\n", "0x1bfffffff\n", "Soft Reserved\n");
	tree_file("/proc/iomem", IOMEM "140000000-1bfffffff : Soft Reserved\n"
				       "  140000000-1bfffffff : dax0.0\n"
				       "    140000000-1bfffffff : System RAM (kmem)\n");
	refused("0x140000000-0x1bfffffff (/proc/iomem: System RAM (kmem))");
	refused("of a device");
	tree_file("/proc/iomem", IOMEM "140000000-240000000 : virtio0\n"
				       "  140000000-147ffffff : System RAM (virtio_mem)\n");
	refused("of a virtio-mem device");
	/* memmap=1M@... */
	tree_file("/proc/iomem", IOMEM "80000000-800fffff : System RAM\n");
	refused("0x80000000-0x800fffff");
	/* A disk in RAM, or a device's own memory: not Linux's RAM. */
	tree_file("/proc/iomem", IOMEM "140000000-240000000 : Persistent Memory\n"
				       "  140000000-147ffffff : namespace0.0\n");
	good();
}

TEST(offline_blocks)
{
	block("00000001\n", "offline\n");
	block("00000002\n", "offline\n");
	block("00000003\n", "online\n");
	block("00000007\n", "offline\n"); /* the last frames of it are the firmware's */
	good();
	assert_int_equal(f.n_memory, 5);
	assert_int_equal(f.n_left_out, 2);
	assert_int_equal(f.left_out[0].first, 0x8000);
	assert_int_equal(f.left_out[0].end, 0x18000);
	assert_int_equal(f.left_out[1].first, 0x38000);
	assert_int_equal(f.left_out[1].end, 0x3ffdc);
	assert_int_equal(memory_use_check(&f), 0);
	block("00000001\n", "online\n");
	assert_int_equal(memory_use_check(&f), -1);
	assert_complaint("try again");
	/* Not blocks. */
	tree_file("/sys/devices/system/memory/memory9/state", "offline\n");
	tree_file("/sys/devices/system/memory/memory8/phys_index", "x\n");
	tree_file("/sys/devices/system/memory/memory8/state", "offline\n");
	block("ffffffffffffffff\n", "offline\n");
	good();
	assert_int_equal(f.n_left_out, 2);
}

#define HUGE     (1ull << 17)
#define HWPOISON (1ull << 19)
#define OFFLINE  (1ull << 23)

static uint64_t flags[0x40000];

static void kpageflags(uint64_t frame, uint64_t value)
{
	flags[frame] = value;
	tree_bytes("/proc/kpageflags", flags, sizeof(flags));
}

TEST(failed)
{
	memset(flags, 0, sizeof(flags));
	kpageflags(0x12345, HWPOISON);
	kpageflags(0x12346, HWPOISON);
	kpageflags(0x10001, HWPOISON); /* behind the first piece that is read */
	kpageflags(0x9f, HWPOISON);    /* only partly RAM */
	kpageflags(0x3ffdc, HWPOISON); /* not RAM */
	good();                        /* Linux counts none: it is not looked for */
	assert_int_equal(f.n_left_out, 0);
	tree_file("/proc/meminfo", "HardwareCorrupted:    12 kB\n");
	good();
	assert_int_equal(f.n_left_out, 2);
	assert_int_equal(f.left_out[0].first, 0x10001);
	assert_int_equal(f.left_out[0].end, 0x10002);
	assert_int_equal(f.left_out[1].first, 0x12345);
	assert_int_equal(f.left_out[1].end, 0x12347);
	kpageflags(0x20000, HWPOISON);
	assert_int_equal(memory_use_check(&f), -1);
	assert_complaint("try again");
	kpageflags(0x20000, HWPOISON | HUGE);
	refused("huge page at 0x20000000");
	for (uint64_t i = 0; i < HANDOFF_LEFT_OUT_MAX; i++)
		flags[0x20000 + 2 * i] = HWPOISON;
	kpageflags(0x30000, HWPOISON);
	refused("1027 ranges of memory have failed or are offline, 1024 can be left out");
	for (uint64_t i = 0; i < 4200; i++)
		flags[0x20000 + 2 * i] = HWPOISON;
	kpageflags(0x30000, HWPOISON);
	refused("failed memory: more than 4096 ranges");
	tree_remove("/proc/kpageflags");
	refused("/proc/kpageflags");
}

TEST(balloons)
{
	memset(flags, 0, sizeof(flags));
	kpageflags(0x12345, OFFLINE);
	good(); /* the writer's */
	assert_int_equal(f.n_left_out, 0);
	tree_remove("/proc/kcore");
	refused("0x12345000 was given back to the hypervisor");
	kpageflags(0x12345, 0);
	good();
}
