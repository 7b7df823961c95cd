/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Images in files: where a file lies and what is in the way of using it; set up, looked at, removed. The
 * file system is played, the files are real. */
#define _GNU_SOURCE
#include "test.h"

#include "cli_machine.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/btrfs.h>
#include <linux/btrfs_tree.h>

#include "btrfs_place.h"
#include "commands.h"
#include "file_extents.h"
#include "payload.h"
#include "play_file_sys.h"
#include "say.h"
#include "setup.h"
#include "target_area.h"
#include "target_file.h"
#include "unfinished.h"

#define IMAGE "/home/image"
#define SETUP "setup --file " IMAGE " --size 16M"
#define BYTES (16ull << 20)
#define ARGS  "area=file:2048+1048576+34816"

static char path[SYS_PATH_MAX]; /* of the file, in the tree */

/* Not jumped to here. */
extern const uint8_t writer_blob[], writer_blob_end[];
const uint8_t writer_blob[1], writer_blob_end[1];

static void setup(void)
{
	machine_setup();
	play_reset();
	tree_file(VDA "/vda1/size", "1048576\n");
	tree_folder("/home");
	assert_true(sys_path(path, IMAGE));
}

FIXTURE(setup, tree_teardown)

/* ---- Places ---- */

static struct file_extents x;

/* Of a file of this many bytes. */
static int read_extents(uint64_t bytes)
{
	int fd, err;

	tree_file(IMAGE, "");
	fd = open(path, O_RDWR);
	assert_int_equal(ftruncate(fd, (off_t)bytes), 0);
	err = file_extents_read(fd, "image", bytes, &x);
	close(fd);
	return err ? err : file_extents_check(&x, "image");
}

TEST(pieces)
{
	play_extent(1 << 20, 65536, 0);
	play_extent((1 << 20) + 65536, 4096, FIEMAP_EXTENT_MERGED); /* adjacent */
	play_extent(4096, 8192, 0);
	play_extent(8192, 4096, 0); /* overlaps: FIEMAP is not asked to be sane, the map is */
	play_extent(1 << 30, 65536, FIEMAP_EXTENT_LAST);
	play.per_answer = 1;
	assert_int_equal(read_extents(65536 + 4096 + 8192 + 4096 + 16384), 0);
	assert_int_equal(x.n, 4);
	assert_int_equal(x.piece[0].start, 1 << 20);
	assert_int_equal(x.piece[0].bytes, 65536 + 4096);
	assert_int_equal(x.piece[1].start, 4096);
	assert_int_equal(x.piece[3].bytes, 16384); /* no more than the file has */
}

TEST(flags)
{
	static const struct {
		uint32_t flags;
		const char *text;
	} bad[] = {
		{FIEMAP_EXTENT_UNKNOWN, "does not tell"},
		{FIEMAP_EXTENT_DELALLOC | FIEMAP_EXTENT_UNKNOWN, "no place on the disk yet"},
		{FIEMAP_EXTENT_ENCODED, "compressed or encoded"},
		{FIEMAP_EXTENT_DATA_ENCRYPTED | FIEMAP_EXTENT_ENCODED, "is encrypted"},
		{FIEMAP_EXTENT_NOT_ALIGNED, "whole blocks"},
		{FIEMAP_EXTENT_DATA_INLINE | FIEMAP_EXTENT_NOT_ALIGNED, "inside its inode"},
		{FIEMAP_EXTENT_DATA_TAIL, "shares a block"},
		{FIEMAP_EXTENT_UNWRITTEN, "never written"},
		{FIEMAP_EXTENT_SHARED, "shares blocks with a copy"},
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		play.n = 0;
		play_extent(1 << 20, 65536, 0);
		play_extent(1 << 22, 65536, bad[i].flags);
		assert_int_equal(read_extents(131072), -1);
		assert_complaint(bad[i].text);
		assert_complaint("byte 65536");
	}
}

TEST(odd_places)
{
	play_extent(1 << 20, 65536, 0);
	assert_int_equal(read_extents(131072), -1);
	assert_complaint("image has a hole at byte 65536");
	play_extent(1 << 22, 8192, 0);
	play.extent[1].fe_logical += 4096;
	assert_int_equal(read_extents(65536 + 8192), -1);
	assert_complaint("hole at byte 65536");
	play.n = 1;
	play_extent(1 << 22, 0, 0);
	assert_int_equal(read_extents(131072), -1);
	assert_complaint("hole at byte 65536");
	play.n = 1;
	play_extent(UINT64_MAX - 4095, 65536, 0);
	assert_int_equal(read_extents(131072), -1);
	assert_complaint("a place that cannot be");
	play.n = 0;
	play_extent(1 << 20, 65536 - 1024, 0); /* blocks of 1 KiB */
	play_extent(1 << 22, 65536 + 1024, 0);
	assert_int_equal(read_extents(131072), -1);
	assert_complaint("whole blocks of 4096 bytes");
	play.n = 0;
	play_extent(1 << 20, 24576, 0);
	play_extent(1 << 22, 65536, 0);
	assert_int_equal(read_extents(24576 + 65536), -1);
	assert_complaint("its first piece on the disk is smaller");
	play.fiemap_err = -EOPNOTSUPP;
	assert_int_equal(read_extents(4096), -1);
	assert_complaint("image: its place on the disk cannot be found: Operation not supported");
}

TEST(many_pieces)
{
	for (uint64_t i = 0; i <= IMG_MAP_EXTENTS_MAX; i++)
		play_extent((1 << 20) + i * 131072, 65536, 0);
	assert_int_equal(read_extents(65536ull * IMG_MAP_EXTENTS_MAX), 0);
	assert_int_equal(x.n, IMG_MAP_EXTENTS_MAX);
	assert_int_equal(read_extents(65536ull * (IMG_MAP_EXTENTS_MAX + 1)), -1);
	assert_complaint("more than 1024 pieces");
}

TEST(chunks)
{
	struct btrfs_chunk chunk = {.length = 1 << 20,
		.type = BTRFS_BLOCK_GROUP_DATA,
		.num_stripes = 1,
		.stripe = {.devid = 1, .offset = 5 << 20}};
	uint64_t place, bytes;

	assert_null(btrfs_in_chunk(&chunk, 9 << 20, (9 << 20) + 4096, &place, &bytes));
	assert_int_equal(place, (5 << 20) + 4096);
	assert_int_equal(bytes, (1 << 20) - 4096);
	assert_non_null(btrfs_in_chunk(&chunk, 9 << 20, (9 << 20) - 1, &place, &bytes));
	assert_non_null(btrfs_in_chunk(&chunk, 9 << 20, 10 << 20, &place, &bytes));
	chunk.type |= BTRFS_BLOCK_GROUP_DUP;
	assert_non_null(btrfs_in_chunk(&chunk, 9 << 20, 9 << 20, &place, &bytes));
	chunk.type = BTRFS_BLOCK_GROUP_DATA;
	chunk.num_stripes = 2;
	assert_non_null(btrfs_in_chunk(&chunk, 9 << 20, 9 << 20, &place, &bytes));
	chunk.num_stripes = 1;
	chunk.stripe.offset = UINT64_MAX - 4096;
	assert_non_null(btrfs_in_chunk(&chunk, 9 << 20, 9 << 20, &place, &bytes));
}

/* ---- Targets ---- */

static void make_image(void)
{
	assert_int_equal(machine_run(SETUP), STATUS_OK);
}

TEST(target)
{
	static struct target t;
	static struct handoff h;
	static struct machine_facts facts;
	static struct region region;
	struct save_order order = {0};
	char args[TARGET_ARGS_BYTES];
	static const uint8_t zero[16], uuid[16] = {1};

	make_image();
	play_extent(34816 * 512, 1 << 20, 0);
	play_extent(8 * 512, 15 << 20, 0);
	assert_int_equal(target_find_path(&t, path), 0);
	assert_true(t.is_file);
	assert_string_equal(t.name, "vda1");
	assert_int_equal(t.map.n_extents, 2);
	assert_int_equal(t.map.extent[0].lba, 34816);
	assert_int_equal(target_area_bytes(&t), BYTES);
	assert_int_equal(target_check_free(&t), 0);
	payload_hand_off(&h, &order, &facts, &t, &region);
	assert_int_equal(h.n_extents, 2);
	assert_int_equal(h.extent[0].lba, 2048 + 34816);
	assert_int_equal(h.extent[0].n_sectors, 2048);
	assert_int_equal(h.extent[1].lba, 2048 + 8);
	assert_int_equal(h.extent[1].n_sectors, 15 << 11);
	target_file_args(&t, zero, args);
	assert_string_equal(args, ARGS);
	t.mbr = 0xa1b2c3d;
	target_file_args(&t, uuid, args);
	assert_string_equal(
		args, ARGS " disk=mbr:0a1b2c3d uuid=01000000-0000-0000-0000-000000000000");
	memset(t.disk_guid, 0x11, 16);
	target_file_args(&t, zero, args);
	assert_string_equal(args, ARGS " disk=11111111-1111-1111-1111-111111111111");
	memset(t.part_guid, 0x22, 16);
	target_file_args(&t, zero, args);
	assert_string_equal(args, "area=file:22222222-2222-2222-2222-222222222222+34816");
	assert_int_equal(target_file_check(&t), 0);
	play.extent[1].fe_physical += 4096;
	assert_int_equal(target_file_check(&t), -1);
	assert_complaint("is being moved");
}

/* It is mutable as long as it is open, however that ends. */
TEST(immutable_again)
{
	static struct target t;

	make_image();
	play.flags = FS_IMMUTABLE_FL | FS_NOATIME_FL;
	assert_int_equal(target_find_path(&t, path), 0);
	assert_int_equal(target_open(&t), 0);
	assert_int_equal(play.flags, FS_NOATIME_FL);
	unfinished_remove(); /* what a signal does */
	assert_int_equal(play.flags, FS_IMMUTABLE_FL | FS_NOATIME_FL);
	play.flags = FS_NOATIME_FL;
	target_close(&t);
	assert_int_equal(play.flags, FS_IMMUTABLE_FL | FS_NOATIME_FL);
	/* Nothing of the kind is done afterwards, nor to one that never was. */
	play.flags = 0;
	unfinished_remove();
	assert_int_equal(play.flags, 0);
	assert_int_equal(target_open(&t), 0);
	unfinished_remove();
	target_close(&t);
	assert_int_equal(play.flags, 0);
}

TEST(ended_by_a_signal)
{
	static struct target t;
	int status, answer[2];
	char made = 0;
	pid_t child;

	make_image();
	play.flags = FS_IMMUTABLE_FL;
	assert_int_equal(target_find_path(&t, path), 0);
	assert_int_equal(pipe(answer), 0);
	child = fork();
	if (!child) {
		play.flags_to = answer[1];
		(void)signal(SIGTERM, SIG_DFL);
		(void)!target_open(&t);
		raise(SIGTERM);
		_exit(0);
	}
	close(answer[1]);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
	assert_int_equal(read(answer[0], &made, 1), 1);
	assert_int_equal(made, 'm');
	assert_int_equal(read(answer[0], &made, 1), 1);
	assert_int_equal(made, 'i');
	close(answer[0]);
}

static void not_a_target(const char *part)
{
	static struct target t;

	assert_int_equal(target_find_path(&t, path), -1);
	assert_complaint(part);
}

TEST(not_targets)
{
	static struct target t;

	make_image();
	play.fs = FILE_FS_OTHER;
	not_a_target("neither ext4, xfs nor btrfs");
	play.fs = FILE_FS_BTRFS;
	not_a_target("it must be made with chattr +C");
	play.flags = FS_NOCOW_FL;
	not_a_target("btrfs does not say what it is on"); /* the ioctl is real */
	play.fs = FILE_FS_XFS;
	play.realtime = true;
	not_a_target("realtime device");
	play.realtime = false;
	play.flags = FS_JOURNAL_DATA_FL;
	not_a_target("through the journal");
	play.flags = 0;
	play_extent(34816 * 512 + 256, BYTES, 0);
	not_a_target("whole sectors");
	play.n = 0;
	play_extent(1048576ull * 512 - 4096, BYTES, 0);
	not_a_target("places that cannot be: extent map extent end");
	play.n = 0;
	play_extent(0, 8 << 20, 0);
	play_extent(4096, 8 << 20, 0);
	not_a_target("extent map extent (in another one)");
	play.n = 0;
	tree_file(VDA "/dm/uuid", "x"); /* not of the partition */
	tree_file(VDA "/vda1/dm/uuid", "CRYPT-LUKS2-abc");
	not_a_target("is on LUKS encryption, which the loader cannot read");
	tree_remove(VDA "/vda1/dm/uuid");
	assert_int_equal(truncate(path, BYTES + 512), 0);
	not_a_target("not a multiple of 4096");
	assert_int_equal(truncate(path, 8 << 20), 0);
	assert_int_equal(target_find_path(&t, path), 0);
	assert_int_equal(target_check_free(&t), -1);
	assert_complaint("too small for an image (8192.0 KiB)");
}

/* ---- Setting up ---- */

TEST(sizes)
{
	uint64_t n;

	assert_true(image_size("auto", 1ull << 30, &n));
	assert_int_equal(n, (1024ull + 64 + 64) << 20);
	assert_false(image_size("auto", 0, &n));
	assert_true(image_size("16777216", 0, &n) && n == BYTES);
	assert_true(image_size("16385k", 0, &n) && n == BYTES); /* whole blocks */
	assert_true(image_size("4G", 0, &n) && n == 4ull << 30);
	assert_true(image_size("1T", 0, &n) && n == 1ull << 40);
	static const char *const bad[] = {"", "x", "15M", "-16M", "4GB", "4 G",
		"99999999999999999999", "18014398509481984K", "1024T", "999999999T"};
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_false(image_size(bad[i], 1 << 30, &n));
}

TEST(set_up_and_removed)
{
	struct stat st;

	make_image();
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_size, BYTES);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(play.allocated, BYTES);
	assert_true(play.flags & FS_IMMUTABLE_FL);
	machine_has(RECORD_PATH, "image=" IMAGE "\nimage-made=1\n");
	machine_has(RECORD_PATH, "args=" ARGS " uuid=");
	machine_has(
		"/boot/grub/custom.cfg", "multiboot2 \"$prefix/torpor/torpor.mb2\" " ARGS " uuid=");
	/* Once more: nothing to do, by whichever words. */
	assert_int_equal(machine_run(SETUP), STATUS_OK);
	assert_int_equal(machine_run("setup"), STATUS_OK);
	assert_int_equal(machine_run("setup --file " IMAGE " --size 17M"), STATUS_FAILED);
	assert_complaint("is there in another size");
	assert_int_equal(machine_run("setup --file /home/other"), STATUS_FAILED);
	assert_complaint(IMAGE " is set up for images: torpor setup --remove first");
	assert_int_equal(machine_run("setup --swap /dev/vda2"), STATUS_FAILED);
	assert_complaint("torpor setup --remove first");
	assert_true(play.flags & FS_IMMUTABLE_FL);
	assert_int_equal(machine_run("setup --remove --dry-run"), STATUS_OK);
	assert_true(sys_exists(IMAGE));
	assert_int_equal(machine_run("setup --remove"), STATUS_OK);
	assert_false(play.flags & FS_IMMUTABLE_FL);
	assert_false(sys_exists(IMAGE));
	assert_false(sys_exists("/var"));
	assert_false(sys_exists("/boot/grub/custom.cfg"));
}

TEST(planned)
{
	assert_int_equal(machine_run("setup --file /srv/a/image --size 16M --dry-run"), STATUS_OK);
	assert_false(sys_exists("/srv"));
	assert_int_equal(machine_run("setup --file /srv/a/image --size 16M"), STATUS_OK);
	assert_true(sys_exists("/srv/a/image"));
	assert_int_equal(machine_run("setup --remove"), STATUS_OK);
	assert_false(sys_exists("/srv"));
}

/* A file that somebody else made is used, and stays. */
TEST(set_up_on_a_file)
{
	tree_file(IMAGE, "");
	assert_int_equal(truncate(path, BYTES), 0);
	assert_int_equal(machine_run("setup --file " IMAGE), STATUS_OK);
	machine_has_not(RECORD_PATH, "image-made");
	assert_true(play.flags & FS_IMMUTABLE_FL);
	assert_int_equal(machine_run("setup --remove"), STATUS_OK);
	assert_false(play.flags & FS_IMMUTABLE_FL);
	assert_true(sys_exists(IMAGE));
	/* Not when there is something in it. */
	tree_file("/home/letter", "Dear");
	assert_true(sys_path(path, "/home/letter"));
	assert_int_equal(truncate(path, BYTES), 0);
	assert_int_equal(machine_run("setup --file /home/letter"), STATUS_FAILED);
	assert_complaint("it holds unknown data");
	machine_has("/home/letter", "Dear");
}

static void refused_with(int status, const char *words, const char *part)
{
	assert_int_equal(machine_run(words), status);
	assert_complaint(part);
	assert_false(sys_exists(IMAGE));
	assert_false(sys_exists("/boot/grub/torpor"));
}

static void refused(const char *words, const char *part)
{
	refused_with(STATUS_FAILED, words, part);
}

TEST(set_up_refused)
{
	refused_with(STATUS_USAGE, "setup --file image", "the whole path is wanted");
	refused_with(STATUS_USAGE, "setup --file " IMAGE " --size 1", "--size 1: auto is wanted");
	refused_with(STATUS_USAGE, "setup --size 16M", "--size is of --file");
	refused_with(STATUS_USAGE, "setup --file " IMAGE " --swap /dev/vda2", "exclude each other");
	refused_with(STATUS_USAGE, "setup --file /home/a\nb --size 16M",
		"/home/a...: there is a newline in it");
	refused_with(STATUS_USAGE, "setup --grub-dir /home/a\nb",
		"/home/a...: there is a newline in it");
	play.free_bytes = BYTES + (1 << 20);
	refused(SETUP, "16.0 MiB are wanted, 17.0 MiB are free there");
	play_reset();
	play.fs = FILE_FS_OTHER;
	refused(SETUP, "neither ext4, xfs nor btrfs");
	assert_false(sys_exists(RECORD_PATH));
	play_reset();
	play.allocate_err = -ENOSPC;
	refused(SETUP, "No space left");
	play_reset();
	tree_remove("/boot/grub/grubenv");
	refused(SETUP, "grubenv"); /* before anything is made */
}

/* What the file system does not say, or says otherwise a moment later, is told; the file that is of no
 * use goes away, and nothing stands in the way of the next try. */
TEST(set_up_without_a_place)
{
	play.allocate_err = -EOPNOTSUPP; /* ext3 */
	play.moves_after = 1;
	assert_int_equal(machine_run(SETUP), STATUS_FAILED);
	assert_complaint("is being moved on the disk");
	assert_false(sys_exists(IMAGE));
	play_reset();
	play_extent(1 << 20, BYTES, FIEMAP_EXTENT_UNWRITTEN);
	assert_int_equal(machine_run(SETUP), STATUS_FAILED);
	assert_complaint("never written");
	assert_false(sys_exists(IMAGE));
	play_reset();
	play.flags_err = -ENOTTY; /* it cannot be made immutable: said, no more */
	assert_int_equal(machine_run(SETUP), STATUS_OK);
}

/* ---- Looking at it ---- */

static void status(int wanted, const char *part)
{
	assert_int_equal(machine_run("status"), wanted);
	if (part)
		assert_complaint(part);
	assert_int_equal(machine_run("arm"), wanted ? STATUS_FAILED : STATUS_OK);
}

TEST(status_of_file)
{
	machine_can_jump = true;
	make_image();
	status(STATUS_OK, NULL);
	machine_can_jump = false;
	assert_int_equal(machine_run("status"), STATUS_NOT_RESUMED);
	machine_can_jump = true;
	play.start += 4096;
	status(STATUS_NOT_RESUMED, "has moved on the disk since it was set up");
	assert_int_equal(machine_run("setup"), STATUS_OK);
	status(STATUS_OK, NULL);
	machine_has("/boot/grub/custom.cfg", "area=file:2048+1048576+34824 uuid=");
	assert_int_equal(truncate(path, BYTES + 4096), 0);
	status(STATUS_NOT_RESUMED, "has grown since it was set up");
	assert_int_equal(machine_run("setup"), STATUS_FAILED);
	assert_complaint("has grown");
	assert_int_equal(truncate(path, BYTES), 0);
	status(STATUS_OK, NULL);
	assert_int_equal(truncate(path, BYTES - 4096), 0);
	status(STATUS_NOT_RESUMED, "has shrunk");
	assert_int_equal(unlink(path), 0);
	status(STATUS_NOT_RESUMED, "cannot open");
	/* Another one in its place. */
	tree_file(IMAGE, "");
	assert_int_equal(truncate(path, BYTES), 0);
	status(STATUS_NOT_RESUMED, "no image area");
}

/* The partition has moved: the file not, as the file system sees it. */
TEST(words_of_another_place)
{
	machine_can_jump = true;
	make_image();
	tree_file(VDA "/vda1/start", "4096\n");
	status(STATUS_NOT_RESUMED, "the loader would look at " ARGS " uuid=");
	assert_int_equal(machine_run("setup"), STATUS_OK);
	status(STATUS_OK, NULL);
}

/* ---- Saving to it ---- */

static int open_for_save(enum area_policy policy)
{
	static struct target t;
	struct image_file f = {.fd = -1};
	struct img_headers headers;
	int err = target_find_path(&t, path) || target_check_free(&t) || target_open(&t);

	if (!err) {
		err = image_attach(&f, path, t.fd, target_area_bytes(&t)) ||
		      area_open(&t, &f, policy, &headers);
		assert_false(play.flags & FS_IMMUTABLE_FL);
		image_close(&f);
		target_close(&t);
	}
	return err;
}

TEST(save_to_it)
{
	make_image();
	assert_int_equal(open_for_save(AREA_KEEP), 0);
	assert_true(play.flags & FS_IMMUTABLE_FL); /* again */
	play.start += 4096;
	assert_int_not_equal(open_for_save(AREA_KEEP), 0);
	assert_complaint("has moved on the disk");
	assert_int_equal(open_for_save(AREA_OVERWRITE), 0); /* --format */
	assert_int_equal(open_for_save(AREA_KEEP), 0);
	/* The map is damaged, or gone. */
	int fd = open(path, O_RDWR);
	assert_int_equal(pwrite(fd, "x", 1, IMG_MAP_OFFSET + 70), 1);
	assert_int_not_equal(open_for_save(AREA_KEEP), 0);
	assert_complaint("no good extent map (extent map hash)");
	assert_int_equal(pwrite(fd, "x", 1, IMG_MAP_OFFSET), 1);
	assert_int_not_equal(open_for_save(AREA_KEEP), 0);
	assert_complaint("no good extent map (there is none)");
	close(fd);
	assert_int_equal(machine_run("setup"), STATUS_OK);
	assert_int_equal(open_for_save(AREA_KEEP), 0);
	char swaps[SYS_PATH_MAX + 64];
	snprintf(swaps, sizeof(swaps), "Filename\n%s file 1 0 -2\n", path);
	tree_file("/proc/swaps", swaps);
	assert_int_not_equal(open_for_save(AREA_KEEP), 0);
	assert_complaint("in use as swap space");
}

/* torpor save tells GRUB, when it is GRUB that must be told. */
TEST(armed_by_save)
{
	assert_int_equal(image_arm(path), 0); /* nothing is set up */
	make_image();
	machine_has_not("/boot/grub/grubenv", "next_entry");
	assert_int_equal(image_arm("/dev/null"), 0);
	assert_int_equal(image_arm(path), 1);
	machine_has("/boot/grub/grubenv", "next_entry=torpor\n");
	image_disarm();
	machine_has_not("/boot/grub/grubenv", "next_entry");
	play.start += 4096;
	assert_int_equal(image_arm(path), -1);
	assert_complaint("has moved on the disk");
	machine_has_not("/boot/grub/grubenv", "next_entry");
}

TEST(not_beside_swap)
{
	assert_int_equal(machine_run("setup"), STATUS_OK);
	assert_int_equal(machine_run(SETUP), STATUS_FAILED);
	assert_complaint("a swap area is set up: torpor setup --remove first");
	assert_false(sys_exists(IMAGE));
}
