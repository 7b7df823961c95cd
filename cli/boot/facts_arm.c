/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Facts for the loader, before a hibernation and after it.
 * systemd goes on whatever a hook answers: what must not be resumed is told by its absence.
 */
#include "facts_arm.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "facts_collect.h"
#include "facts_file.h"
#include "say.h"

static struct all_facts all;
static uint8_t file[FACTS_FILE_BYTES];

static void collect(const struct setup_record *r)
{
	facts_collect(&all, r->device, r->offset_pages);
}

static void say_missing(FILE *out, const char *before)
{
	for (uint32_t i = 0; i < all.n_missing; i++)
		say_to(out, "%snot known: %s\n", before, all.missing[i]);
}

static void say_mounts(void)
{
	for (uint32_t i = 0; i < all.n_filesystems; i++)
		if (all.filesystem[i].reason[0])
			say("facts: not checked: %s (%s): %s\n", all.filesystem[i].mount_point,
				all.filesystem[i].type, all.filesystem[i].reason);
}

int facts_arm(const struct setup_record *r, enum facts_say how)
{
	if (!*sys_root)
		sync(); /* what the mounts themselves have changed is compared as on disk */
	collect(r);
	if (all.refusal[0])
		return complain("%s", all.refusal);
	if (how == FACTS_VERBOSE) {
		say_missing(stdout, "facts: ");
		say_mounts();
	}
	if (!facts_encode(&all, file)) {
		complain("facts for the loader: they do not fit into %u bytes", FACTS_FILE_BYTES);
		return facts_file_clear(r);
	}
	if (facts_file_write(r, file)) {
		say("facts: none for the loader, which will go by the kernel's own rule\n");
		return 0;
	}
	say(all.n_missing ? "facts: in %s; %u not known%s\n" : "facts: in %s, complete\n", r->facts,
		all.n_missing, how == FACTS_VERBOSE ? "" : " (torpor arm -v says what)");
	return 0;
}

/* As the loader believes facts (stock_facts_doubt). */
static bool is_bound(const struct facts *f)
{
	return f->map_known != FACTS_MAP_UNKNOWN && f->jump_address && f->boot_id_phys;
}

int facts_refuse(const struct setup_record *r, const char *why)
{
	char text[FACTS_REFUSAL_BYTES];

	snprintf(text, sizeof(text), "%.*s", (int)sizeof(text) - 1, why);
	collect(r);
	strcpy(all.f.refusal, text);
	if (!is_bound(&all.f))
		return complain("the loader cannot be told: %s",
			all.n_missing ? all.missing[0] : "this boot is not known");
	if (!facts_encode(&all, file))
		return complain("the loader cannot be told: the facts do not fit into %u bytes",
			FACTS_FILE_BYTES);
	return facts_file_write(r, file);
}

int facts_disarm(const struct setup_record *r)
{
	return facts_file_clear(r);
}

bool facts_status(const struct setup_record *r, char ret_text[FACTS_STATUS_BYTES])
{
	const char *trouble = facts_file_trouble(r);

	if (trouble) {
		snprintf(ret_text, FACTS_STATUS_BYTES, "%.150s%s%s", r->facts,
			*r->facts ? ": " : "", trouble);
		return false;
	}
	collect(r);
	if (all.refusal[0])
		snprintf(ret_text, FACTS_STATUS_BYTES, "%s", all.refusal);
	else if (all.n_missing)
		snprintf(ret_text, FACTS_STATUS_BYTES, "%u not known: %s%s", all.n_missing,
			all.missing[0], all.n_missing > 1 ? "; ..." : "");
	else
		snprintf(ret_text, FACTS_STATUS_BYTES, "complete, for %.150s", r->facts);
	return !all.refusal[0] && !all.n_missing;
}
