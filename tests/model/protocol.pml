/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Torpor's protocol on disk and in the firmware's variables, as one machine that is switched on, saved,
 * resumed, fails, and loses its power at any step. README.md says what is modelled and what is not, run.py
 * which mutation (a -D switch MUT_...) must break which property.
 *
 * Properties are assertions; their number is in the text (PROPERTY).
 *  1  no image is resumed twice (unless it is reusable, or forced)
 *  2  no image is resumed whose file systems changed since it was saved (unless forced)
 *  3  nothing ends an image but a resume, a new save, or a person: no failure, no refusal, no power cut
 *  4  without a resume an ordinary boot comes after STARTS_MAX starts at most
 *  5  facts are believed of no other image than their own
 *  6  what is resumed is whole
 *  7  a header that may be resumed names nothing that is not all there, at any moment
 *  8  no image is begun to be restored more than ATTEMPTS_MAX times (unless forced, or a header sector went bad)
 */
#define PROPERTY(n, holds) assert((n) && (holds))

#ifndef ATTEMPTS_MAX
#define ATTEMPTS_MAX 2 /* the loader's default */
#endif
#ifndef IMAGES
#define IMAGES 2 /* that are saved in one history */
#endif
#define ALL (BIT(IMAGES + 1) - 2)
/* Each image: ATTEMPTS_MAX starts under each of its ATTEMPTS_MAX counts of attempts. */
#define STARTS_MAX (IMAGES * ATTEMPTS_MAX * ATTEMPTS_MAX + 1)

/* A run: what is modelled, and what is wrong. The program that checks takes it from its environment, a simulation
 * from -D switches. */
#ifndef MUTATION
#define MUTATION 0
#endif
#ifndef DOORS
#define DOORS 15 /* set: EFI entry that comes first, GRUB under BIOS, GRUB under UEFI, always ours under BIOS */
#endif
#ifndef KINDS
#define KINDS 3 /* set: own images, stock images */
#endif
#ifndef FORCES
#define FORCES 1 /* starts with force=1 */
#endif
#ifndef SECTORS
#define SECTORS 1 /* header sectors that go bad */
#endif
byte mutation = MUTATION, doors = DOORS, kinds = KINDS, forces_left = FORCES, sectors_fail = SECTORS;
#ifdef CHECK
c_decl {
	\#include <stdlib.h>
	static unsigned char number(const char *name, unsigned char otherwise)
	{
		const char *text = getenv(name);
		return text ? (unsigned char)atoi(text) : otherwise;
	}
}
#define TAKE_SETTINGS                                                                              \
	c_code {                                                                                   \
		now.mutation = number("MUTATION", now.mutation);                                   \
		now.doors = number("DOORS", now.doors);                                            \
		now.kinds = number("KINDS", now.kinds);                                            \
		now.forces_left = number("FORCES", now.forces_left);                               \
		now.sectors_fail = number("SECTORS", now.sectors_fail);                            \
	}
#else
#define TAKE_SETTINGS skip
#endif
#include "mutations.pml"

mtype:door = { EFI_FIRST, GRUB_BIOS, GRUB_EFI, BIOS_ALWAYS };
mtype:door door; /* how the machine is set up */
#define BY_GRUB (door == GRUB_BIOS || door == GRUB_EFI)
#define OWN_IMAGES   (kinds & 1)
#define STOCK_IMAGES (kinds & 2)

/* The firmware's variable: starts for an image in one state (own: generation of the header; stock: 100 + attempts).
 * It is written as a whole, or not, and never lost. */
byte key_id, key_state, starts_counted;

/* What nobody in the machine knows. */
byte next_id = 1; /* of the next image */
byte resumed;     /* set of images whose system has gone on */
byte reusable;    /* set */
byte live, slive; /* the image of each kind that must not be lost; 0: none */
byte starts;      /* in a row, without resume or ordinary boot */

byte tries, stries; /* restores that were begun, of the image that is there of each kind */

byte runs; /* image whose system runs; 0: it was booted */
bit forced, believed, refused;
byte id;

#ifdef TRACE
#include "trace.pml"
#else
#define TRACE_BEGIN skip
#define FOLLOWED    skip
#define EVENT       true
#define EVENT_DONE  skip
#define EVENT_START(n) skip
#define EVENT_FACTS(b) skip
#define EVENT_FAILS true
#define EVENT_CUT   true
#define EVENT_RESET true
#endif
#include "disk.pml"
#include "own.pml"
#include "stock.pml"
#include "system.pml"
#include "canon.pml"

inline begin_start()
{
	d_step { forget_seen(); forced = 0; believed = 0; refused = 0; id = 0; runs = 0; may_fail = 1 }
}

/* What a person must still find on the disk. */
inline check_nothing_lost()
{
	d_step {
		id = unreadable;
		unreadable = NO_COPY; /* what a bad sector held may be lost, but not by us */
		read_heads();
		unreadable = id;
		PROPERTY(3, live == 0 || (slot < NO_COPY && MAY_RESUME(seen.state) && seen.id == live && cache.data == live));
		PROPERTY(7, slot == NO_COPY || !MAY_RESUME(seen.state) || cache.data == seen.id);
		PROPERTY(3, slive == 0 || (cache.swap.is_image && cache.swap.id == slive && cache.sdata == slive));
		forget_seen()
	}
}

/* Counted where nothing else bounds them: the starts of an EFI door, and GRUB's choices, are. */
inline begin_restore(n)
{
	if
	:: forced || door != BIOS_ALWAYS
	:: else -> n++; PROPERTY(8, n <= ATTEMPTS_MAX || sector_failed)
	fi
}

/* ---- the machine ---- */

active proctype machine()
{
	atomic {
		TAKE_SETTINGS;
		TRACE_BEGIN;
		if
		:: doors & 1 -> door = EFI_FIRST
		:: doors & 2 -> door = GRUB_BIOS
		:: doors & 4 -> door = GRUB_EFI
		:: doors & 8 -> door = BIOS_ALWAYS
		fi;
		put_copy_down(0, 1, EMPTY, 0, 0);
		put_copy_down(1, 2, EMPTY, 0, 0);
		make_all_safe();
		begin_start();
		goto boots
	};

power_cut:
	atomic { starts = 0; goto start };

reset:
	atomic { EVENT_RESET -> FOLLOWED; printf("reset\n") };

start:
	atomic {
		check_nothing_lost();
#ifndef TRACE
		forget_what_is_dead();
#endif
		begin_start();
		if
		:: true
		:: forces_left -> forces_left--; forced = 1
		fi;
		starts = (forced -> 0 : starts + 1);
		printf("START %d, forced %d\n", starts, forced);
		PROPERTY(4, starts <= STARTS_MAX);
		if
		:: door == EFI_FIRST -> goto efi_door
		:: door == BIOS_ALWAYS -> starts = 0; goto core /* a person's choice, against advice */
		:: door == BIOS_ALWAYS -> goto boots
		:: BY_GRUB && cache.next -> goto grub_entry
		:: BY_GRUB && !cache.next -> goto boots
		fi
	};

grub_entry: /* GRUB clears its choice, and flushes nothing */
	atomic {
		printf("GRUB: our entry\n");
		if
		:: MUT_CHOICE_KEPT
		:: else ->
			if
			:: safe.next = cache.next
			:: true
			fi;
			cache.next = 0
		fi;
		step();
		if
		:: door == GRUB_BIOS -> goto core
		:: else -> goto efi_door
		fi
	};

efi_door:
	atomic {
		printf("the EFI door\n");
		look_for_own();
		if
		:: OWN_CANDIDATE ->
			judge_own();
			if
			:: refused -> goto boots
			:: else
			fi;
			if
			:: MUT_START_LATE
			:: else -> count_start(seen.id, seen.gen)
			fi
		:: else ->
			if
			:: !cache.swap.is_image -> goto boots
			:: else ->
				judge_stock();
				if
				:: refused -> goto boots
				:: else
				fi;
				count_start(cache.swap.id, 100 + STOCK_ATTEMPTS)
			fi
		fi
	};

core:
	atomic {
		printf("the core\n");
		look_for_own();
		if
		:: OWN_CANDIDATE -> goto core_own
		:: !OWN_CANDIDATE && cache.swap.is_image -> goto core_stock
		:: !OWN_CANDIDATE && !cache.swap.is_image -> goto reset
		fi
	};

core_own:
	atomic {
		judge_own();
		if
		:: refused -> goto reset
		:: else
		fi;
		if
		:: MUT_START_LATE && door != GRUB_BIOS -> count_start(seen.id, seen.gen)
		:: else
		fi;
		if
		:: MUT_ATTEMPT_LATE || MUT_ATTEMPT_NOT_COUNTED
		:: else -> count_attempt()
		fi;
		begin_restore(tries);
		/* Restored, every hash checked; or not. */
		if
		:: cache.data == seen.id
		:: goto reset
		fi;
		if
		:: MUT_ATTEMPT_LATE -> count_attempt()
		:: else
		fi;
		if
		:: MUT_LAUNCHED_LATE
		:: else -> launch()
		fi;
		id = seen.id;
		jump(cache.data);
		if
		:: MUT_LAUNCHED_LATE -> step(); launch()
		:: else
		fi;
		goto resumed_system
	};

core_stock:
	atomic {
		judge_stock();
		if
		:: refused -> goto reset
		:: else
		fi;
		if
		:: MUT_CONSUME_EARLY -> consume()
		:: else
		fi;
		if
		:: MUT_ATTEMPT_NOT_COUNTED || MUT_CONSUME_EARLY
		:: else -> put_swap(1, cache.swap.id, STOCK_ATTEMPTS + 1)
		fi;
		begin_restore(stries);
		if
		:: cache.sdata == cache.swap.id
		:: goto reset
		fi;
		if
		:: believed && !(cache.facts & BIT(cache.swap.id)) && !MUT_BOOT_ID_NOT_COMPARED -> goto reset
		:: else
		fi;
		PROPERTY(5, !believed || (cache.facts & BIT(cache.swap.id)));
		if
		:: MUT_CONSUME_EARLY || MUT_CONSUME_LATE
		:: else -> slive = 0; consume()
		fi;
		id = cache.swap.id;
		jump(cache.sdata);
		if
		:: MUT_CONSUME_LATE -> step(); consume()
		:: else
		fi;
		goto resumed_system
	};

boots:
	atomic {
		printf("an ordinary boot\n");
		begin_start();
		starts = 0;
		if
		:: true -> /* of another system, that mounts, and is switched off again */
			change_filesystems();
			step();
			sync();
			goto reset
		:: true
		fi;
		if
		:: cache.swap.is_image -> kernel_resumes()
		:: else
		fi;
		change_filesystems();
		step();
		goto running
	};

/* A system that was resumed and dies in its first instructions looks like a failed resume. */
resumed_system:
	if
	:: true
	:: goto reset
	fi;

running:
	atomic {
		printf("running\n");
		starts = 0;
		forget_seen();
		forced = 0;
		believed = 0;
		id = 0;
		may_fail = 1;
		if
		:: OWN_IMAGES && next_id <= IMAGES -> goto saves_own
		:: STOCK_IMAGES && next_id <= IMAGES -> goto saves_stock
		:: runs -> /* torpor save returns in the resumed system */
			confirm();
			runs = 0;
			forget_choice();
			goto running
		:: true -> runs = 0; sync(); goto reset
		:: true -> runs = 0; goto reset /* a crash */
		fi
	};

saves_own:
	atomic {
		save_own();
		if
		:: error -> go_on(id); forget_choice(); goto running
		:: !error -> step(); goto reset /* off */
		:: !error -> snapshot(); go_on(id); forget_choice(); goto running
		fi
	};

saves_stock:
	atomic {
		save_stock();
		if
		:: true -> step(); goto reset
		:: true -> /* could not sleep, or woke up: the kernel takes the image back */
			slive = 0;
			cache.swap.is_image = 0;
			go_on(id);
			sync();
			forget_choice();
			goto running
		fi
	}
}
