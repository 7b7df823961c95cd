/* SPDX-License-Identifier: GPL-2.0-or-later */
/* torpor status: what would happen at the next hibernation and at the next boot, and why not. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "commands.h"
#include "facts_arm.h"
#include "grub_text.h"
#include "json.h"
#include "kexec.h"
#include "loader_words.h"
#include "proc_text.h"
#include "say.h"
#include "setup.h"
#include "stock_image.h"
#include "swap_place.h"
#include "target_file.h"
#include "unsaved.h"
#include "verb.h"

#define PAGE_BYTES 4096u

struct status {
	struct setup_record record;
	bool known; /* there is a record */
	struct swap_place place;
	bool placed;
	struct img_headers headers; /* of the area in the image file */
	bool file_good;
	bool good; /* no line that matters says no */
};

/* ---- Lines ---- */

/* --json: where lines and sections go instead. */
static json_t *json, *checks;

static void section(const char *title)
{
	json_t *one;

	if (!json) {
		say("%s\n", title);
		return;
	}
	one = json_object();
	checks = json_array();
	json_enter(one, "title", json_string(title));
	json_enter(one, "checks", checks);
	json_add(json_object_get(json, "sections"), one);
}

static void SYS_FORMAT(3) line(const char *name, const char *answer, const char *fmt, ...)
{
	char text[2048];
	va_list args;
	json_t *one;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	if (!json) {
		say("  %-18s%-5s%s\n", name, answer, text);
		return;
	}
	one = json_object();
	json_enter(one, "name", json_string(name));
	json_enter(
		one, "good", *answer == '-' ? json_null() : json_boolean(!strcmp(answer, "yes")));
	json_enter(one, "text", json_text(text, sizeof(text)));
	json_add(checks, one);
}

#define yes(name, ...) line(name, "yes", __VA_ARGS__)
/* Neither good nor bad. */
#define just(name, ...) line(name, "-", __VA_ARGS__)
/* Without this Torpor would not resume. */
#define no(s, name, ...)                                                                           \
	do {                                                                                       \
		(s)->good = false;                                                                 \
		line(name, "no", __VA_ARGS__);                                                     \
	} while (0)

/* ---- The next hibernation ---- */

/* Most kernels cannot, and a hibernation of the kernel's own has no use for it. */
static void show_kexec_jump(void)
{
	if (!kexec_check())
		yes("torpor save", "this kernel can kexec jump");
}

static void show_kernel(struct status *s)
{
	char text[256], mode[64];

	if (sys_read_text(text, sizeof(text), "/sys/kernel/security/lockdown") > 0 &&
		lockdown_mode(text, mode, sizeof(mode)) && strcmp(mode, "none"))
		no(s, "hibernation", "kernel lockdown (%s) forbids it", mode);
	else if (sys_read_text(text, sizeof(text), "/sys/power/state") < 0 || !strstr(text, "disk"))
		no(s, "hibernation", "this kernel cannot hibernate, or was told not to");
	else if (sys_read_text(text, sizeof(text), "/proc/sys/kernel/osrelease") > 0 &&
		 release_is_before(text, 5, 13))
		no(s, "hibernation",
			"the loader reads no images of kernels before 5.13 (this is %s)", text);
	else if (sys_read_text(text, sizeof(text), "/sys/power/disk") > 0)
		yes("hibernation", "the kernel can, mode %s", text);
	else
		yes("hibernation", "the kernel can");
	if (unsaved_check())
		no(s, "its memory", "%s", last_complaint());
}

static void show_place(struct status *s)
{
	struct swap_place *p = &s->place;

	if (!s->placed)
		no(s, "swap area", "%s", last_complaint());
	else if (*p->file)
		yes("swap area", "%s, page %" PRIu64 " of %s (%s)", p->file, p->offset_pages,
			p->device, p->from);
	else
		yes("swap area", "%s%s (%s)", p->device, p->offset_pages ? ", a swap file" : "",
			p->from);
	if (s->placed)
		yes("disk", "%s: the loader has a driver", p->t.driver);
}

/* The kernel makes the image no larger than image_size if it can, and never larger than what is
 * in use. */
static void show_size(struct status *s)
{
	char text[8192], size[SAY_SIZE_BYTES], need[SAY_SIZE_BYTES];
	uint64_t used, limit, left;

	if (!s->placed || sys_read_text(text, sizeof(text), "/proc/meminfo") < 0)
		return;
	if (swap_place_in_use(&s->place)) {
		no(s, "size", "%s", last_complaint());
		return;
	}
	left = s->place.bytes - s->place.used_bytes;
	used = meminfo_bytes(text, "MemTotal") - meminfo_bytes(text, "MemAvailable");
	if (!sys_read_u64(&limit, "/sys/power/image_size") && limit < used)
		used = limit;
	say_size(size, left);
	say_size(need, used);
	if (left < used)
		no(s, "size", "%s are free, an image of now would take up to %s", size, need);
	else
		yes("size", "%s are free, an image of now would take up to %s", size, need);
}

static const char *place_name(const struct swap_place *p)
{
	return *p->file ? p->file : p->device;
}

/* What happens when somebody hibernates by hand, without systemd. */
static void show_by_hand(const struct swap_place *next)
{
	static struct swap_place by_hand;

	if (swap_place_next(&by_hand, HIBERNATOR_KERNEL))
		just("by hand", "echo disk > /sys/power/state would fail or be lost: %s",
			last_complaint());
	else if (strcmp(by_hand.device, next->device) || by_hand.offset_pages != next->offset_pages)
		just("by hand", "echo disk > /sys/power/state would go to %s (%s)",
			place_name(&by_hand), by_hand.from);
}

/* src/shared/hibernate-util.c, hibernation_is_safe: it would not find the image again. */
static bool systemd_refuses(const struct swap_place *next)
{
	return !next->by_power && !booted_by_efi() && systemd_version() >= 255;
}

/* What happens when Torpor does not resume: the image is there still, for whoever knows where. */
static void show_fallback(const struct status *s)
{
	const struct swap_place *p = &s->place;
	char text[4096], value[256];
	bool word, offset;

	if (!s->placed || sys_read_text(text, sizeof(text), "/proc/cmdline") < 0)
		return;
	word = cmdline_value(text, "resume", value, sizeof(value));
	offset = cmdline_value(text, "resume_offset", value, sizeof(value)) &&
		 strtoull(value, NULL, 10) == p->offset_pages;
	if (word && (offset || !p->offset_pages))
		yes("fallback", "resume= on the kernel's command line");
	else if (booted_by_efi() && systemd_version() >= 255)
		yes("fallback", "systemd notes the place in the firmware (HibernateLocation)");
	else if (!p->offset_pages && sys_exists("/etc/initramfs-tools"))
		yes("fallback", "the initramfs looks for an image (initramfs-tools)");
	else
		line("fallback", "no",
			"%s: when the loader does not resume, nobody does, and the session is lost",
			word ? "resume_offset= on the kernel's command line is not the swap file's"
			     : "no resume= on the kernel's command line");
}

/* Whoever hibernates chooses by itself, and may choose another area than the one that is set up. The
 * kernel takes a swap file only when it is told where it begins; systemd does that. */
static void show_goes_there(struct status *s)
{
	static struct swap_place next;
	enum hibernator who = hibernator_here();
	const struct swap_place *p = &s->place;

	if (!s->placed || !s->known)
		return;
	if (swap_place_next(&next, who)) {
		no(s, "goes there", "%s", last_complaint());
		return;
	}
	if (!swap_place_is(&next, s->record.args))
		no(s, "goes there",
			"the next hibernation goes to %s (%s), not to %s: run torpor setup, or set "
			"resume=",
			place_name(&next), next.from, place_name(p));
	else if (who == HIBERNATOR_SYSTEMD && systemd_refuses(&next))
		no(s, "goes there",
			"systemctl hibernate would refuse: this is no UEFI machine, and no resume= is "
			"set");
	else if (*next.file && who == HIBERNATOR_KERNEL && !next.by_power)
		no(s, "goes there", "/sys/power/resume is not set, which a swap file needs");
	else
		yes("goes there", "%s", next.from);
	if (who == HIBERNATOR_SYSTEMD && !next.by_power)
		show_by_hand(&next);
}

static void show_position(struct status *s)
{
	const struct setup_record *r = &s->record;
	char args[SWAP_ARGS_BYTES];

	if (!s->known || !s->placed)
		return;
	swap_place_args(&s->place, args);
	if (loader_words_check(r->args))
		no(s, "position", "%s: run torpor setup again", last_complaint());
	else if (swap_place_is(&s->place, r->args))
		yes("position", "as it was at setup: %s", r->args);
	else
		no(s, "position", "the loader would look at %s, it is %s: run torpor setup again",
			r->args, args);
}

/* ---- The next boot ---- */

static void show_files(struct status *s)
{
	for (uint32_t i = 0; i < s->record.n_files; i++) {
		const struct record_file *f = &s->record.files[i];
		size_t n;
		char *content = file_content(f->path, &n);

		if (!content)
			no(s, "installed", "%s cannot be read: %s", f->path, strerror(errno));
		else if (content_hash(content, n) != f->hash)
			no(s, "installed", "%s is not what was installed", f->path);
		else
			yes("installed", "%s", f->path);
		free(content);
	}
}

static void show_grub(struct status *s)
{
	const char *folder = s->record.grub_folder;
	char path[SYS_PATH_MAX], block[GRUB_TEXT_MAX], *text = NULL;
	size_t n;

	if (grub_check(folder)) {
		no(s, "GRUB entry", "%s", last_complaint());
		return;
	}
	errno = ENOENT;
	if (snprintf(path, sizeof(path), "%s/custom.cfg", folder) < (int)sizeof(path))
		text = file_content(path, &n);
	if (!text && errno != ENOENT)
		no(s, "GRUB entry", "%s cannot be read: %s", path, strerror(errno));
	else if (text && !grub_entry_text(s->record.args, grub_password(folder), block) &&
		 grub_block_is(text, block))
		yes("GRUB entry", "in %s", path);
	else
		no(s, "GRUB entry", "not in %s as it was at setup: run torpor setup again", path);
	free(text);
	if (grub_password(folder) == GRUB_ASKS)
		just("password", "GRUB asks for it before it starts the loader");
	if (grub_is_armed(folder))
		line("next boot", "yes", "GRUB starts the loader, once");
	else
		just("next boot", "an ordinary one; a %s makes the loader the choice (torpor arm)",
			*s->record.image ? "save" : "hibernation");
}

/* Nobody else arms GRUB; the firmware starts the loader by itself. */
static void show_hook(struct status *s)
{
	if (hibernator_here() != HIBERNATOR_SYSTEMD)
		just("sleep hook", "without systemd run torpor arm before each hibernation");
	else if (!hook_check(&s->record))
		yes("sleep hook", "runs %s", s->record.program);
	else if (s->record.how == SETUP_GRUB)
		no(s, "sleep hook", "%s", last_complaint());
	else
		line("sleep hook", "no", "%s", last_complaint());
}

/* Without them a hibernation is resumed all the same, by the kernel's own rule. */
static void show_facts(struct status *s)
{
	char text[FACTS_STATUS_BYTES];

	show_hook(s);
	line("facts", facts_status(&s->record, text) ? "yes" : "no", "%s", text);
}

static void show_efi_entry(struct status *s)
{
	const struct efi_entry *e;
	struct efi_boot boot;

	if (efi_boot_read(&boot)) {
		no(s, "EFI entry", "%s", last_complaint());
		return;
	}
	e = efi_our_entry(&boot, s->record.entry);
	if (!e)
		no(s, "EFI entry", "Boot%04X is not there: run torpor setup again",
			(unsigned int)s->record.entry);
	else if (!e->active || !boot.n_order || boot.order[0] != e->number)
		no(s, "EFI entry", "Boot%04X is %s: run torpor setup again", e->number,
			e->active ? "not the first in BootOrder" : "switched off");
	else
		yes("EFI entry", "Boot%04X, the first; without an image it goes on to the next",
			e->number);
}

static void show_secure_boot(struct status *s)
{
	if (!booted_by_efi())
		return;
	if (secure_boot_is_on())
		no(s, "Secure Boot", "it is on, and the loader is not signed");
	else
		yes("Secure Boot", "it is off");
}

static void show_image(const struct status *s)
{
	char path[SYS_PATH_MAX], text[STOCK_LINE_BYTES];
	struct stock_image image;
	int found;

	if (!s->placed || !sys_path(path, "%s", s->place.device))
		return;
	found = stock_image_look(&image, path, s->place.offset_pages);
	if (found == STOCK_IMAGE)
		yes("image now", "%s", stock_image_line(&image, text));
	else
		just("image now", "%s",
			found < 0                ? last_complaint()
			: found == STOCK_NO_SWAP ? "not even a swap area is there"
						 : "the swap area is empty");
	stock_image_close(&image);
}

/* ---- Torpor's own images in a file ---- */

static void show_save(struct status *s)
{
	if (kexec_check())
		no(s, "torpor save", "%s", last_complaint());
	else
		yes("torpor save", "this kernel can kexec jump");
}

static void show_file(struct status *s)
{
	static struct target t;
	char size[SAY_SIZE_BYTES];

	s->file_good = !image_file_look(&s->record, &t, &s->headers);
	if (!s->file_good) {
		no(s, "image file", "%s", last_complaint());
		return;
	}
	yes("image file", "%s, %s in %" PRIu32 " pieces of %s", s->record.image,
		say_size(size, t.map.file_bytes), t.map.n_extents, s->record.device);
	yes("disk", "%s: the loader has a driver", t.driver);
	yes("position", "as it was at setup: %s", s->record.args);
}

/* An image that torpor make made of flat memory. */
static bool file_lacks_state(const struct status *s)
{
	char path[SYS_PATH_MAX];
	struct image_file f;
	bool lacks;

	if (!sys_path(path, "%s", s->record.image) || image_open(&f, path))
		return false;
	lacks = image_lacks_state(&f, &s->headers);
	image_close(&f);
	return lacks;
}

static void show_file_image(const struct status *s)
{
	const struct img_header *h = &s->headers.h;

	if (!s->file_good)
		return;
	if (!img_state_check(h) && file_lacks_state(s))
		line("image now", "no", "without the state of a processor: it cannot be resumed");
	else if (!img_state_check(h))
		yes("image now", "%.*s", (int)sizeof(h->label), h->label);
	else if (h->state == IMG_EMPTY && s->headers.err[s->headers.slot ^ 1])
		line("image now", "no",
			"not known: header copy %" PRIu32 " is damaged (torpor info)",
			s->headers.slot ^ 1);
	else
		line("image now", "no", "%s", img_err_text(img_state_check(h)));
}

/* ---- All of it ---- */

static void show_hibernation(struct status *s)
{
	if (*s->record.image) {
		section("next save");
		show_file(s);
		show_save(s);
		return;
	}
	section("next hibernation");
	show_kernel(s);
	show_place(s);
	show_goes_there(s);
	show_size(s);
	show_position(s);
	show_fallback(s);
	show_kexec_jump();
}

static void show_boot(struct status *s)
{
	section("next boot");
	if (!s->known) {
		no(s, "set up", "run torpor setup");
		show_secure_boot(s);
		return;
	}
	show_files(s);
	if (s->record.how == SETUP_GRUB)
		show_grub(s);
	else
		show_efi_entry(s);
	if (!*s->record.image)
		show_facts(s);
	show_secure_boot(s);
	if (*s->record.image)
		show_file_image(s);
	else
		show_image(s);
}

/* Without a record, or of a swap file whose name was not found: whatever the kernel would use. */
static const char *recorded_place(const struct setup_record *r)
{
	if (*r->file)
		return r->file;
	return *r->device && !r->offset_pages ? r->device : NULL;
}

/* Who may not look at devices cannot say that something is missing. */
static enum exit_status conclude(const struct status *s)
{
	const char *what = *s->record.image ? "save" : "hibernation";

	if (!s->good && !*sys_root && geteuid() != 0) {
		complain("not all of it can be looked at without root's rights");
		return STATUS_FAILED;
	}
	if (!json)
		say("a %s would %sbe resumed by Torpor\n", what, s->good ? "" : "not ");
	else
		json_enter(json, "would_be_resumed", json_boolean(s->good));
	return s->good ? STATUS_OK : STATUS_NOT_RESUMED;
}

static enum exit_status status(struct status *s)
{
	int known;

	memset(s, 0, sizeof(*s));
	s->good = true;
	known = record_load(&s->record);
	if (known < 0)
		return STATUS_FAILED;
	s->known = known;
	if (json) {
		json_enter(json, "subject", json_string(*s->record.image ? "save" : "hibernation"));
		json_enter(json, "sections", json_array());
	}
	complain_how(COMPLAIN_SILENTLY);
	s->placed = !*s->record.image && !swap_place_find(&s->place, recorded_place(&s->record));
	show_hibernation(s);
	show_boot(s);
	complain_how(COMPLAIN_ALOUD);
	return conclude(s);
}

static int take_option(void *ctx, int letter, const char *arg)
{
	(void)ctx;
	(void)letter;
	(void)arg;
	if (!json)
		json = json_object();
	return 0;
}

int status_main(int argc, char **argv)
{
	static struct status s;
	enum exit_status answer;

	json = NULL;
	if (verb_options(&status_verb, argc, argv, take_option, NULL) < 0)
		return STATUS_USAGE;
	answer = status(&s);
	return (int)(json ? json_print(json, answer) : answer);
}

const struct verb status_verb = {
	.name = "status",
	.run = status_main,
	.summary = "what would happen at the next hibernation and the next boot",
	.forms = {"status [--json]"},
	.text = "Exit status 0: it would be resumed by Torpor; 3: it would not be; 1: that could not be "
		"found out.",
	.options = {{'j', "--json", "for programs, see torpor(8)", 0}},
};
