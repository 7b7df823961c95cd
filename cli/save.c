/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * torpor save: everything that can be checked is checked before anything changes; then the jump;
 * then word of what happened, which is printed by the same process, in the system that went on
 * or was resumed.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "commands.h"
#include "device_tag.h"
#include "hardware.h"
#include "kept.h"
#include "kernel_threads.h"
#include "lock.h"
#include "memory_use.h"
#include "number.h"
#include "payload.h"
#include "report.h"
#include "resumable.h"
#include "say.h"
#include "setup.h"
#include "siblings.h"
#include "target_area.h"
#include "target_file.h"
#include "uuid.h"
#include "verb.h"
#include "vmcoreinfo.h"

#define REGION_FRAMES 8u

struct save {
	const char *to;
	struct save_order order;
	uint32_t region_frames;
	enum area_policy policy;
	bool verbose, dry_run;

	struct machine_facts facts;
	struct target target;
	struct filesystems filesystems;
	struct image_file file;
	struct img_headers headers;
	struct region region;
	struct payload payload;
};

/* ---- Arguments ---- */

static int parse_then(struct save *s, const char *text)
{
	if (!strcmp(text, "poweroff"))
		s->order.action = HANDOFF_POWEROFF;
	else if (!strcmp(text, "reboot"))
		s->order.action = HANDOFF_REBOOT;
	else if (!strcmp(text, "continue"))
		s->order.action = HANDOFF_CONTINUE;
	else
		return complain("--then %s: only poweroff, reboot and continue are known", text);
	return 0;
}

static int parse_number(
	const char *name, const char *text, uint32_t min, uint32_t max, uint32_t *ret_value)
{
	uint64_t value;

	if (!number_parse(text, 0, &value) || value < min || value > max)
		return complain("%s %s: a number from %u to %u is wanted", name, text, min, max);
	*ret_value = (uint32_t)value;
	return 0;
}

/* A port, or a name of the kernel: ttyS0. */
static int parse_serial(struct save *s, const char *text)
{
	uint64_t port;

	if (strncmp(text, "ttyS", 4))
		return parse_number("--serial", text, 8, 0xfff8, &s->order.serial_port);
	if (strchr(text, '/') || sys_read_u64(&port, "/sys/class/tty/%s/port", text) || !port ||
		port > 0xfff8)
		return complain("--serial %s: no serial port with an I/O port of that name", text);
	s->order.serial_port = (uint32_t)port;
	return 0;
}

static int take_option(void *ctx, int letter, const char *arg)
{
	struct save *s = ctx;

	switch (letter) {
	case 'n':
		return parse_then(s, arg);
	case 't':
		s->to = arg;
		return 0;
	case 'f':
		s->policy = AREA_OVERWRITE;
		return 0;
	case 's':
		return parse_serial(s, arg);
	case 'r':
		return parse_number(
			"--region-frames", arg, 2, HANDOFF_REGION_MAX, &s->region_frames);
	case 'd':
		s->dry_run = true;
		return 0;
	case 'u':
		s->order.reusable = true;
		return 0;
	default:
		s->verbose = true;
		return 0;
	}
}

static int parse(struct save *s, int argc, char **argv)
{
	if (verb_options(&save_verb, argc, argv, take_option, s) < 0)
		return -1;
	if (!s->to)
		return complain("save: --to AREA is missing");
	return 0;
}

/* ---- Can it be done? ---- */

/* Encrypted memory has another key after a power cycle: what the disk would get cannot be used. */
static int check_encryption(void)
{
	static char text[16384];
	uint64_t sme_mask;

	if (sys_read_text(text, sizeof(text), "/proc/cpuinfo") > 0 &&
		cpuinfo_has_flag(text, "tdx_guest"))
		return complain("this is a confidential guest (TDX): its memory cannot be saved");
	if (vmcoreinfo_text(text, sizeof(text)) &&
		vmcoreinfo_value(
			text, sizeof(text), "NUMBER(sme_mask)", VMCOREINFO_DECIMAL, &sme_mask) &&
		sme_mask)
		return complain("memory encryption is on (SME or SEV): what it saves could not be "
				"restored; SME is turned off by mem_encrypt=off");
	return 0;
}

/* The loader's own answer. Asked once before anything is touched, and again when the region is known. */
static int check_firmware(const struct machine_facts *f)
{
	static struct handoff h;

	payload_hand_off_machine(&h, f);
	return resumable_check(&h, f->uefi);
}

static int check_machine(struct save *s)
{
	if (geteuid())
		return complain("save must be run as root");
	if (kexec_check() || check_encryption() || hardware_check(s->order.action) ||
		machine_facts_read(&s->facts) || machine_facts_check_way_back(&s->facts))
		return -1;
	return check_firmware(&s->facts);
}

/* ---- The target ---- */

static void say_target(const struct save *s)
{
	const struct target *t = &s->target;
	char area[SAY_SIZE_BYTES], used[SAY_SIZE_BYTES];
	static char meminfo[8192];
	uint64_t in_use;

	say("target: %s on %s at PCI address 0x%x unit %u, sectors %" PRIu64 " to %" PRIu64
	    " of %u bytes\n",
		t->path, t->driver, t->pci_address, t->unit, t->first_sector,
		t->first_sector + t->n_sectors - 1, t->sector_bytes);
	if (sys_read_text(meminfo, sizeof(meminfo), "/proc/meminfo") <= 0)
		return;
	in_use = meminfo_bytes(meminfo, "MemTotal") - meminfo_bytes(meminfo, "MemFree");
	say("target: room for %s, memory in use %s%s\n", say_size(area, target_area_bytes(t)),
		say_size(used, in_use),
		in_use > target_area_bytes(t) ? ": it fits only if it compresses well" : "");
}

static int take_target(struct save *s)
{
	struct target *t = &s->target;

	if (target_find_path(t, s->to) || target_check_free(t))
		return -1;
	area_identify(t);
	if (target_open(t) || image_attach(&s->file, s->to, t->fd, target_area_bytes(t)))
		return -1;
	if (s->verbose)
		say_target(s);
	if (s->policy == AREA_OVERWRITE &&
		kept_in_the_way(&s->file, "; torpor format --force removes them"))
		return -1;
	if (area_open(t, &s->file, s->policy, &s->headers))
		return -1;
	kept_leave_out(t, &s->headers);
	return 0;
}

/* For --dry-run: the same questions, of a device that others may open, too. */
static int look_at_target(struct save *s)
{
	struct target *t = &s->target;
	int makes;

	if (target_find_path(t, s->to) || target_check_free(t))
		return -1;
	area_identify(t);
	t->fd = open(t->path, O_RDONLY | O_CLOEXEC);
	if (t->fd < 0)
		return complain_as(
			open_status(errno), "cannot open %s: %s", t->path, strerror(errno));
	if (image_attach(&s->file, s->to, t->fd, target_area_bytes(t)))
		return -1;
	say_target(s);
	if (s->policy == AREA_OVERWRITE &&
		kept_in_the_way(&s->file, "; torpor format --force removes them"))
		return -1;
	makes = area_look(t, &s->file, s->policy, &s->headers);
	if (makes > 0)
		say("would make an area on %s\n", t->path);
	else if (!makes && !img_state_check(&s->headers.h))
		say("would overwrite the image that is there, which may be resumed\n");
	return makes < 0 ? -1 : 0;
}

/* ---- What is mounted ---- */

/* Every resume of a reusable image finds the disks as they are at the save, or not at all. */
static int check_reusable(const struct filesystems *f)
{
	const struct handoff_filesystem *v = filesystems_writable(f);

	if (f->n_left_out)
		return complain("--reusable: too many file systems are mounted");
	if (!v)
		return 0;
	if (!strcmp(v->type, "swap"))
		return complain("--reusable: %s is in use as swap space: swapoff it", v->device);
	return complain("--reusable: %s (%s, %s) is mounted for writing: remount it read-only or "
			"unmount it",
		v->mount_point, v->type, v->device);
}

static int take_filesystems(struct save *s)
{
	if (filesystems_find(&s->filesystems))
		return -1;
	s->order.filesystems = &s->filesystems;
	if (s->verbose)
		filesystems_print(&s->filesystems, stdout);
	else if (s->filesystems.n_left_out)
		complain(
			"warning: %u file systems too many are mounted to compare them all before a "
			"resume",
			s->filesystems.n_left_out);
	return s->order.reusable ? check_reusable(&s->filesystems) : 0;
}

/* ---- The writer and its memory ---- */

static void say_region(const struct save *s)
{
	say("region: %s:", s->region.reserved ? "boot-time reservation" : "huge pages");
	for (uint32_t i = 0; i < s->region.n_frames; i++)
		say(" 0x%" PRIx64, s->region.frame[i]);
	say("\nregion: mailbox 0x%" PRIx64 ", saved_context 0x%" PRIx64 ", RSDP 0x%" PRIx64 "\n",
		s->region.mailbox_phys, s->facts.saved_context, s->facts.rsdp);
}

static int write_order(struct save *s)
{
	struct save_order *o = &s->order;

	if (uuid_make(o->image_uuid))
		return -1;
	if (getrandom(&o->nonce, sizeof(o->nonce), 0) != sizeof(o->nonce))
		return complain("the kernel gives no random numbers for the mailbox");
	o->now_unix_s = (uint64_t)time(NULL);
	memcpy(o->area_uuid, s->headers.h.area_uuid, sizeof(o->area_uuid));
	mailbox_prepare(s->region.mailbox, o->nonce);
	payload_hand_off(s->payload.handoff, o, &s->facts, &s->target, &s->region);
	return 0;
}

static int prepare(struct save *s)
{
	struct payload_blob blob = payload_builtin();

	if (region_take(&s->region, &s->facts, s->region_frames))
		return -1;
	if (s->verbose)
		say_region(s);
	if (hardware_check_reach(s->target.pci_address, s->region.frame, s->region.n_frames))
		return -1;
	if (payload_make(&s->payload, &blob, &s->region) || write_order(s))
		return -1;
	return resumable_check(s->payload.handoff, s->facts.uefi);
}

/* ---- The jump ---- */

static int load_and_jump(struct save *s)
{
	struct kernel_threads threads;
	int err = kexec_load_image(s->payload.entry, s->payload.segment, s->payload.n_segments);

	if (err)
		return complain(
			"the kernel does not take the writer: kexec_load: %s", strerror(-err));
	sync();
	fflush(stdout);
	if (region_check(&s->region) || memory_use_check(&s->facts) ||
		(s->target.is_file && target_file_check(&s->target))) {
		(void)kexec_unload();
		return -1;
	}
	kernel_threads_gather(&threads);
	err = kexec_jump();
	kernel_threads_release(&threads);
	/* Here the machine may have been off for a year. */
	if (!err)
		(void)siblings_settle();
	(void)kexec_unload();
	if (err)
		return complain(
			"not saved: the kernel did not jump: %s (a process or a device that does "
			"not stop is named in dmesg)",
			strerror(-err));
	return 0;
}

static int jump_and_report(struct save *s)
{
	int err = load_and_jump(s);

	if (err)
		return err;
	if (s->verbose)
		report_logs(s->region.mailbox, s->order.nonce, stdout);
	return report_outcome(s->region.mailbox, s->order.nonce, stdout);
}

/* GRUB must be told to start the loader in the next boot. It clears that by itself; to the system that
 * comes back, which does not know, it looks as if it were told still. */
static int arm_and_jump(struct save *s)
{
	int armed = s->order.action == HANDOFF_CONTINUE ? 0 : image_arm(s->to);
	int err = armed < 0 ? -1 : jump_and_report(s);

	if (armed > 0)
		image_disarm();
	return err;
}

static void clean_up(struct save *s)
{
	payload_free(&s->payload);
	region_release(&s->region);
	image_close(&s->file);
	target_close(&s->target);
	lock_drop();
}

/* Every question that a save asks before it takes memory for the writer. */
static int dry_run(struct save *s)
{
	static const char *const then[] = {[HANDOFF_POWEROFF] = "switch the machine off",
		[HANDOFF_REBOOT] = "reboot",
		[HANDOFF_CONTINUE] = "go on"};
	int err = check_machine(s);

	if (!err)
		err = look_at_target(s);
	if (!err)
		err = take_filesystems(s);
	if (!err)
		say("would save, and %s: nothing was changed\n", then[s->order.action]);
	return err;
}

int save_main(int argc, char **argv)
{
	static struct save s;
	sigset_t all;
	int err;

	s = (struct save){.order.action = HANDOFF_POWEROFF,
		.region_frames = REGION_FRAMES,
		.target.fd = -1,
		.file.fd = -1};
	if (parse(&s, argc, argv))
		return STATUS_USAGE;
	s.to = device_tag_path(s.to);
	if (!s.to)
		return failure_status();

	if (s.dry_run) {
		err = dry_run(&s);
		clean_up(&s);
		return err ? (int)failure_status() : STATUS_OK;
	}

	/* Is it possible on this machine, and to this disk? */
	err = check_machine(&s);
	if (!err)
		err = lock_take("save", LOCK_NOW);
	if (!err)
		err = take_target(&s);
	if (!err)
		err = take_filesystems(&s);

	/* The writer, its memory, and what it must know. From here to the end a signal would leave
	 * huge pages or a kexec image behind. */
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, NULL);
	if (!err)
		err = prepare(&s);

	/* Away, and back: at once after a failure or with --then continue, or by the loader. */
	if (!err) {
		err = arm_and_jump(&s);
		if (report_is_resumed(s.region.mailbox, s.order.nonce))
			(void)area_confirm(&s.file, s.order.image_uuid);
		if (err)
			area_disarm(&s.file, s.order.image_uuid);
	}
	clean_up(&s);
	return err ? (int)failure_status() : STATUS_OK;
}

const struct verb save_verb = {
	.name = "save",
	.run = save_main,
	.summary = "save the running system to disk, and switch the machine off",
	.forms = {"save --to AREA [OPTION...]"},
	.text = "AREA is a disk or partition that `torpor format` was given (PARTLABEL=NAME and the like "
		"will do), or a file that `torpor setup --file` made. Exit status 0: saved, and the system "
		"went on or was resumed.",
	.options = {{'t', "--to AREA", "where the image goes", 0},
		{'n', "--then poweroff|reboot|continue",
			"what to do when it is saved (poweroff, if not given)", 0},
		{'d', "--dry-run", "only ask whether it can be done, and change nothing", 0},
		{'f', "--format", "make a new area there, whatever it holds", 0},
		{'s', "--serial PORT",
			"the writer's log on a 16550, too: an I/O port (0x3f8) or a name (ttyS0)",
			0},
		{'u', "--reusable",
			"an image that may be resumed any number of times; nothing that is mounted may be "
			"writable",
			0},
		{'r', "--region-frames N",
			"2 MiB frames for writer and loader, 2 to 16 (8, if not given)", 0},
		{'v', "-v, --verbose", "show what is found, and the logs of writer and loader", 0}},
};
