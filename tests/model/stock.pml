/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Images of stock kernels, as loader/stock/stock.c and stock_kind.c treat them, and as the kernel itself does.
 */
#define STOCK_ATTEMPTS ((cache.swap.count_of == cache.swap.id) * cache.swap.attempts)

/* What facts say, or the kernel's rule where there are none that are believed. */
inline judge_stock()
{
	if
	:: (cache.facts & BIT(cache.swap.id)) -> believed = 1
	:: cache.facts && !(cache.facts & BIT(cache.swap.id)) -> believed = 1 /* equal checksum and entry: nokaslr */
	:: !(cache.facts & BIT(cache.swap.id)) -> believed = 0
	fi;
	if
	:: MUT_STOCK_REFUSED_IS_LOST && STOCK_ATTEMPTS >= ATTEMPTS_MAX -> consume(); refused = 1
	:: !forced && STOCK_ATTEMPTS >= ATTEMPTS_MAX -> refused = 1
	:: !forced && (cache.facts & BIT(cache.swap.id)) && (cache.fs & BIT(cache.swap.id)) && !MUT_FACTS_FS_NOT_COMPARED -> refused = 1
	:: else ->
		if
		:: refused = 0; EVENT_FACTS(believed)
		:: refused = 1
		fi
	fi
}

inline put_swap(is_image_, count_of_, attempts_)
{
	request(SWAP, is_image_, count_of_, attempts_, 0, 0);
	if
	:: error || MUT_NO_FLUSH_AFTER_SWAP
	:: else -> flush()
	fi;
	if
	:: error -> goto reset
	:: else
	fi
}

/* The signature back in place: from here on the image is spent, whatever happens. */
inline consume()
{
	put_swap(0, 0, 0)
}

/* The kernel's own writes; it flushes last. facts: of the hook, which may not run; what it wrote in the same boot is
 * right for this image too. */
inline save_stock()
{
	printf("the kernel hibernates\n");
	arm_grub();
	id = next_id;
	next_id++;
	stries = 0;
	if
	:: cache.facts = BIT(id); step(); sync()
	:: cache.facts = 0; step(); sync()
	:: true
	:: cache.facts -> cache.facts = cache.facts | BIT(id); sync()
	fi;
	cache.fs = cache.fs & ~BIT(id);
	safe.fs = cache.fs;
	safe.sdata = 0;
	cache.sdata = id;
	cache.swap.is_image = 1;
	cache.swap.id = id;
	step();
	sync();
	slive = id
}

/* The kernel's own resume: consumes first, and never asks about file systems; what it cannot load is lost. Without
 * resume=, swapon gives the signature back. */
inline kernel_resumes()
{
	id = cache.swap.id;
	slive = 0;
	cache.swap.is_image = 0;
	step();
	sync();
	if
	:: cache.sdata == id ->
		printf("the kernel resumes image %d\n", id);
		PROPERTY(1, !(resumed & BIT(id)));
		go_on(id);
		runs = id
	:: true
	fi
}
