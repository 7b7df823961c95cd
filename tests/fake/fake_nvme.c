/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The NVMe model: registers, enabling, shutdown. */
#include "fake_nvme.h"

#include <string.h>

#include "fake_nvme_internal.h"

#define BAR         0x3800100000
#define CC_WRITABLE 0x01fffff1u

const struct fake_nvme_config fake_nvme_default = {
	.cap = 2047 | 1ull << 16 | 15ull << 24 | NVME_CAP_CSS_NVM | 1ull << 43 | 4ull << 52,
	.version = NVME_VERSION(1, 4),
	.bar_bytes = 0x4000,
	.mdts = 7,
	.sqes = 0x66,
	.cqes = 0x44,
	.vwc = 7,
	.cntrltype = NVME_CNTRLTYPE_IO,
	.ready_us = 100,
	.shutdown_us = 100,
};

struct fake_nvme fake_nvme;

unsigned fake_nvme_n_admin(void)
{
	return fake_nvme.n_admin;
}

unsigned fake_nvme_n_shutdowns(void)
{
	return fake_nvme.n_shutdowns;
}

unsigned fake_nvme_n_rude(void)
{
	return fake_nvme.n_rude;
}

unsigned fake_nvme_longest_list(void)
{
	return fake_nvme.longest_list;
}

/* One disk that never resets makes the controller so. */
bool fake_nvme_never_resets(void)
{
	for (unsigned i = 0; i < fake_nvme.n_ns; i++) {
		if (fake_nvme.ns[i].disk->never_resets)
			return true;
	}
	return false;
}

/* ---- life ---- */

static void forget_commands(void)
{
	memset(fake_nvme.queue, 0, sizeof(fake_nvme.queue));
	memset(fake_nvme.taken, 0, sizeof(fake_nvme.taken));
	fake_nvme.n_taken = 0;
	for (unsigned i = 0; i < fake_nvme.n_ns; i++)
		fake_nvme.ns[i].disk->n_in_flight = 0;
}

static void enable(void)
{
	uint32_t sq = (fake_nvme.aqa & 0xfff) + 1, cq = (fake_nvme.aqa >> 16 & 0xfff) + 1;
	if (sq < 2 || cq < 2 || fake_nvme.asq % 4096 != 0 || fake_nvme.acq % 4096 != 0 ||
		fake_nvme.asq == 0 || fake_nvme.acq == 0)
		fake_fail("enabled without good admin queues");
	if (fake_nvme.intms != UINT32_MAX || !(fake_config16(fake_nvme.pci, 4) & 0x400))
		fake_fail("enabled with interrupts on");
	fake_nvme.queue[0] = (struct fake_nvme_queue){.created = true,
		.has_sq = true,
		.sq = fake_nvme.asq,
		.cq = fake_nvme.acq,
		.sq_entries = sq,
		.cq_entries = cq,
		.phase = true};
	fake_nvme.ready_at_us = fake_clock_now_us + fake_nvme.c.ready_us;
	if (fake_nvme.c.fatal_when_enabled)
		fake_nvme.csts |= NVME_CSTS_CFS;
}

static void disable(void)
{
	forget_commands();
	fake_nvme.shutdown_at_us = 0;
	fake_nvme.ready_at_us = fake_clock_now_us + fake_nvme.c.ready_us;
}

static void write_cc(uint32_t value)
{
	uint32_t old = fake_nvme.cc, changed = old ^ value;
	bool ready = fake_nvme.csts & NVME_CSTS_RDY, fatal = fake_nvme.csts & NVME_CSTS_CFS;
	if (value & ~CC_WRITABLE)
		fake_fail("reserved bits in CC: %x", value);
	if (fake_nvme_never_resets())
		return;
	if ((changed & NVME_CC_EN) && ready == !(old & NVME_CC_EN) && !fatal)
		fake_nvme.n_rude++;
	if ((old & value & NVME_CC_EN) && (changed & ~NVME_CC_SHN_MASK))
		fake_fail("CC changed while enabled: %x after %x", value, old);
	fake_nvme.cc = value;
	if (changed & value & NVME_CC_EN)
		enable();
	else if (changed & NVME_CC_EN)
		disable();
	if ((changed & NVME_CC_SHN_MASK) && (value & NVME_CC_SHN_MASK)) {
		if (fake_nvme.n_taken != 0)
			fake_fail("shutdown with commands in flight");
		fake_nvme.csts |= NVME_CSTS_SHST_OCCURRING;
		fake_nvme.shutdown_at_us = fake_clock_now_us + fake_nvme.c.shutdown_us;
	}
}

static void finish_shutdown(void)
{
	fake_nvme.shutdown_at_us = 0;
	fake_nvme.csts &= ~NVME_CSTS_SHST_MASK;
	fake_nvme.csts |= NVME_CSTS_SHST_COMPLETE;
	fake_nvme.n_shutdowns++;
}

static void finish_change(void)
{
	fake_nvme.ready_at_us = 0;
	if (fake_nvme.cc & NVME_CC_EN)
		fake_nvme.csts |= NVME_CSTS_RDY;
	else
		fake_nvme.csts = 0;
}

static void tick(void *ctx)
{
	(void)ctx;
	if (fake_nvme.pci->gone)
		return;
	if (fake_nvme.shutdown_at_us != 0 && fake_nvme.shutdown_at_us <= fake_clock_now_us)
		finish_shutdown();
	if (fake_nvme.ready_at_us != 0 && fake_nvme.ready_at_us <= fake_clock_now_us)
		finish_change();
	if ((fake_nvme.csts & (NVME_CSTS_RDY | NVME_CSTS_CFS)) == NVME_CSTS_RDY &&
		!(fake_nvme.csts & NVME_CSTS_SHST_MASK))
		fake_nvme_work();
}

void fake_nvme_leave(enum fake_nvme_left state)
{
	fake_nvme.cc = NVME_CC_EN | NVME_CC_IOSQES | NVME_CC_IOCQES;
	switch (state) {
	case FAKE_NVME_LEFT_STARTING:
		fake_nvme.ready_at_us = fake_clock_now_us + fake_nvme.c.ready_us;
		break;
	case FAKE_NVME_LEFT_NEVER:
		break;
	case FAKE_NVME_LEFT_FATAL:
		fake_nvme.csts = NVME_CSTS_RDY | NVME_CSTS_CFS;
		break;
	case FAKE_NVME_LEFT_SHUT_DOWN:
		fake_nvme.cc |= NVME_CC_SHN_NORMAL;
		fake_nvme.csts = NVME_CSTS_RDY | NVME_CSTS_SHST_COMPLETE;
		break;
	case FAKE_NVME_LEFT_SHUTTING:
		fake_nvme.cc |= NVME_CC_SHN_NORMAL;
		fake_nvme.csts = NVME_CSTS_RDY | NVME_CSTS_SHST_OCCURRING;
		fake_nvme.shutdown_at_us = fake_clock_now_us + fake_nvme.c.shutdown_us;
		break;
	}
}

/* ---- registers ---- */

static uint64_t read_register(void *ctx, uint64_t offset, unsigned bytes)
{
	(void)ctx;
	if (bytes != 4)
		fake_fail("register 0x%x read by %u bytes", (unsigned)offset, bytes);
	switch (offset) {
	case NVME_CAP:
		return fake_nvme.c.cap & UINT32_MAX;
	case NVME_CAP + 4:
		return fake_nvme.c.cap >> 32;
	case NVME_VS:
		return fake_nvme.c.version;
	case NVME_CC:
		return fake_nvme.cc;
	case NVME_CSTS:
		return fake_nvme.csts;
	case NVME_CRTO:
		return fake_nvme.c.crwmt;
	}
	fake_fail("register 0x%x read", (unsigned)offset);
}

static void set_half(uint64_t *value, unsigned shift, uint64_t half)
{
	*value = (*value & ~(0xffffffffull << shift)) | half << shift;
}

static void write_doorbell(uint64_t offset, uint32_t value)
{
	uint64_t stride = 4ull << NVME_CAP_DSTRD(fake_nvme.c.cap);
	if (offset % stride != 0)
		fake_fail("write between doorbells");
	if (!fake_nvme_never_resets() && !(fake_nvme.csts & NVME_CSTS_RDY))
		fake_fail("doorbell of a controller that is not ready");
	fake_nvme_doorbell((unsigned)(offset / stride), value);
}

static void write_register(void *ctx, uint64_t offset, unsigned bytes, uint64_t value)
{
	(void)ctx;
	if (bytes != 4)
		fake_fail("register 0x%x written by %u bytes", (unsigned)offset, bytes);
	if (offset >= NVME_DOORBELLS) {
		write_doorbell(offset - NVME_DOORBELLS, (uint32_t)value);
		return;
	}
	if (offset == NVME_CC) {
		write_cc((uint32_t)value);
		return;
	}
	if (offset == NVME_INTMS) {
		fake_nvme.intms |= (uint32_t)value;
		return;
	}
	if ((fake_nvme.cc & NVME_CC_EN) || (fake_nvme.csts & NVME_CSTS_RDY))
		fake_fail("register 0x%x written while enabled", (unsigned)offset);
	if (offset == NVME_AQA)
		fake_nvme.aqa = (uint32_t)value;
	else if (offset == NVME_ASQ || offset == NVME_ASQ + 4)
		set_half(&fake_nvme.asq, offset == NVME_ASQ ? 0 : 32, value);
	else if (offset == NVME_ACQ || offset == NVME_ACQ + 4)
		set_half(&fake_nvme.acq, offset == NVME_ACQ ? 0 : 32, value);
	else
		fake_fail("write to register 0x%x", (unsigned)offset);
}

/* ---- plugging in ---- */

struct fake_pci_dev *fake_nvme_plug(
	const struct fake_nvme_config *config, const struct fake_nvme_ns *ns, unsigned n_ns)
{
	memset(&fake_nvme, 0, sizeof(fake_nvme));
	fake_nvme.c = *config;
	fake_nvme.n_ns = n_ns;
	memcpy(fake_nvme.ns, ns, n_ns * sizeof(*ns));
	fake_nvme.pci = fake_pci_add(3 << 3, 0x1b36, 0x0010, NVME_CLASS_CODE);
	const uint8_t msix[12] = {0x11, 0, 64, 0x80};
	uint8_t cap = fake_pci_add_cap(fake_nvme.pci, msix, sizeof(msix));
	fake_nvme.pci->writable[cap + 3] = 0xc0;
	struct fake_io io = {read_register, write_register, NULL};
	fake_pci_set_bar(fake_nvme.pci, 0, FAKE_BAR_64, BAR, config->bar_bytes, io);
	fake_tick_add(tick, NULL);
	return fake_nvme.pci;
}
