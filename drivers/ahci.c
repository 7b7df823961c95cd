/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * AHCI controllers, AHCI 1.3.1 (versions 1.0 to 1.3 too), with SATA disks on their ports.
 *
 * Supported: BIOS hand-off, reset of the controller and of each port, staggered spin-up, memory
 * above 4 GiB, where the controller does not reach it by way of buffers below; native command
 * queueing where controller and disk have it (up to 32 requests), else READ/WRITE DMA EXT, one at a
 * time; 48-bit addresses, sectors of 512 and 4096 bytes, FLUSH CACHE EXT, STANDBY IMMEDIATE. Passed
 * over with a line in the log: ATAPI drives, enclosures, port multipliers, disks without 48-bit
 * addresses, locked disks. Not: hot plugging, FIS-based switching, power saving, command completion
 * coalescing, interrupts.
 *
 * Controllers in RAID mode count (ahci_ids.c) where their registers look like AHCI's.
 *
 * ahci.c is the controller, ahci_port.c a port, ahci_disk.c a disk on a port.
 *
 * The controller is taken over by a reset, whatever state firmware or another driver left it in.
 * All ports are started together (one after the other where it staggers the spin-up): those that
 * have no link after 100 ms are empty, after 10 ms where nobody was before the reset; the others
 * get 30 s to become ready. A port that fails is logged and the others are used; the controller
 * fails when no port has a disk and one failed.
 *
 * A slot is a command header, a command table of 1 KiB, and where a disk queues, a tag. Requests
 * are up to 1 MiB in up to 56 pieces. A request has ended when its bit is clear in PxCI and PxSACT.
 * Bits of slots that were not given, and registers that read as all ones, end the device.
 *
 * An error drops everything that is in flight on the port: a failed queue is lost as a whole, and
 * the device may not even say which request it was. So the port and the device are reset
 * (COMRESET), and each request is done again once, alone, with READ/WRITE DMA EXT; its second
 * result counts. Reads and writes can be repeated: nobody relies on the order of requests in
 * flight. When the reset fails, or a repeated request has no answer, the device is lost.
 *
 * Stop: a block device is a port. Stopping it stops its engine and its receiver (PxCMD.ST, FRE; CR
 * and FR clear afterwards), so it does no DMA while the controller goes on for its other ports.
 * With the last of them the controller is reset and its bus mastering goes off. A port that does
 * not stop takes the controller with it at once, since nothing else would keep it away from memory;
 * the other disks are logged, and every further request to them is ERR_LOST.
 *
 * Memory: 33 KiB a disk with 32 slots, 256 bytes a port, 2 KiB for the controller.
 *
 * QEMU: q35 has one (00:1f.2), elsewhere -device ahci,id=sata; -drive if=none,id=d0,format=raw,
 * file=disk.img -device ide-hd,drive=d0,bus=ide.0,serial=S (sata.0), and ide-cd. Its disks have
 * sectors of 512 bytes only, and no error log of queues.
 */
#include "ahci.h"

#include "ahci_disk.h"
#include "deadline.h"
#include "format.h"
#include "log.h"
#include "machine.h"

#define HANDOFF_MS      25   /* 10.6.3: BIOS lets go, or says that it is busy */
#define HANDOFF_BUSY_MS 2000 /* then it gets this long */
#define ENABLE_MS       100
#define RESET_MS        1000  /* 10.4.3 */
#define EMPTY_MS        10    /* for a port on which nobody was before the reset */
#define LINK_MS         90    /* more, for the others */
#define TALK_MS         1000  /* for a link that has noticed somebody */
#define READY_MS        30000 /* a disk may have to spin up */

struct ahci {
	struct pci_dev pci;
	char name[16];
	uint8_t *regs;
	uint32_t cap;
	uint32_t seen;   /* ports on which somebody may be: their links are waited for */
	uint32_t linked; /* ports with a link, once they were started */
	bool parks;      /* its disks were told to rest: no reset wakes them again */
	struct ahci_port port[AHCI_PORTS_MAX];
	struct ahci_disk *disk[AHCI_PORTS_MAX]; /* those that run */
	int last_err;                           /* of a port */
};

static uint32_t hba_read(const struct ahci *h, uint32_t reg)
{
	return mmio_read32(h->regs + reg);
}

static void hba_write(struct ahci *h, uint32_t reg, uint32_t value)
{
	mmio_write32(h->regs + reg, value);
}

/* Those of the ports that are it. */
static uint32_t that_are(const struct ahci *h, uint32_t ports, bool (*it)(const struct ahci_port *))
{
	uint32_t found = 0;
	for (uint32_t i = 0; i < AHCI_PORTS_MAX; i++)
		found |= (uint32_t)((ports >> i & 1) && it(&h->port[i])) << i;
	return found;
}

/* ---- take-over ---- */

/* 10.6.3. Firmware that does not let go in time has had its chance: the reset follows. */
static void take_from_bios(struct ahci *h)
{
	if (!(hba_read(h, AHCI_CAP2) & AHCI_CAP2_BOH))
		return;
	uint32_t bohc = hba_read(h, AHCI_BOHC);
	if (!(bohc & AHCI_BOHC_BOS))
		return;
	hba_write(h, AHCI_BOHC, bohc | AHCI_BOHC_OOS);
	int err = WAIT_FOR(!(hba_read(h, AHCI_BOHC) & AHCI_BOHC_BOS), HANDOFF_MS);
	if (err != 0 && (hba_read(h, AHCI_BOHC) & AHCI_BOHC_BB))
		err = WAIT_FOR(!(hba_read(h, AHCI_BOHC) & AHCI_BOHC_BOS), HANDOFF_BUSY_MS);
	if (err != 0)
		log_line("ahci %s: the BIOS does not let go; taken all the same", h->name);
}

static bool is_enabled(const struct ahci *h)
{
	return hba_read(h, AHCI_GHC) & AHCI_GHC_AE;
}

/* 10.1.2: before any other register */
static int enable(struct ahci *h)
{
	hba_write(h, AHCI_GHC, (hba_read(h, AHCI_GHC) | AHCI_GHC_AE) & ~AHCI_GHC_IE);
	return WAIT_FOR(is_enabled(h), ENABLE_MS);
}

/* 10.4.3 HBA reset. PI is for firmware to write, and not every controller keeps it: whoever comes
 * after us would find no ports. */
static int reset(struct ahci *h)
{
	uint32_t ports = hba_read(h, AHCI_PI);
	hba_write(h, AHCI_GHC, AHCI_GHC_AE | AHCI_GHC_HR);
	int err = WAIT_FOR(!(hba_read(h, AHCI_GHC) & AHCI_GHC_HR), RESET_MS);
	if (err == 0)
		err = enable(h);
	if (err == 0 && ports != 0 && hba_read(h, AHCI_PI) == 0)
		hba_write(h, AHCI_PI, ports);
	return err;
}

/* The ports that there are. Before 1.3 PI could be left 0, for all. */
static uint32_t read_ports(const struct ahci *h)
{
	uint32_t ports = hba_read(h, AHCI_PI);
	if (ports == 0 && hba_read(h, AHCI_VS) < AHCI_VS_1_3)
		ports = UINT32_MAX >> (31 - AHCI_CAP_NP(h->cap));
	return ports;
}

/* A port whose registers are not in the BAR is none. */
static int set_ports(struct ahci *h, uint32_t ports, uint64_t regs_bytes)
{
	uint32_t n = 0;
	for (uint32_t i = 0; i < AHCI_PORTS_MAX; i++) {
		if (!(ports >> i & 1) || AHCI_PORT(i) + AHCI_PORT_BYTES > regs_bytes)
			continue;
		h->port[i].regs = h->regs + AHCI_PORT(i);
		h->port[i].reaches_all = h->cap & AHCI_CAP_S64A;
		n++;
	}
	log_line("ahci %s: version %x, CAP %08x, %u ports (%08x)", h->name, hba_read(h, AHCI_VS),
		h->cap, n, ports);
	if (!(h->cap & AHCI_CAP_S64A))
		log_line("ahci %s: reaches memory below 4 GiB only", h->name);
	return n > 0 ? 0 : ERR_BAD_ANSWER;
}

static uint32_t all_ports(const struct ahci *h)
{
	uint32_t ports = 0;
	for (uint32_t i = 0; i < AHCI_PORTS_MAX; i++)
		ports |= (uint32_t)(h->port[i].regs != NULL) << i;
	return ports;
}

/* Links come up without software where the spin-up is not staggered: where a running controller
 * shows nobody before our reset, nobody is. One that shows nobody at all may just have been
 * reset: somebody would answer within 10 ms (SATA 3.x, 8.4.1). */
static uint32_t where_somebody_is(const struct ahci *h, bool was_running)
{
	uint32_t ports = all_ports(h);
	if (!was_running || (h->cap & AHCI_CAP_SSS))
		return ports;
	(void)WAIT_FOR(that_are(h, ports, ahci_port_is_seen) != 0, EMPTY_MS);
	return that_are(h, ports, ahci_port_is_seen);
}

/* Before anything is written: what is named by number only must look like it. Readable whatever
 * the mode. */
static bool is_plausible(const struct ahci *h)
{
	uint32_t cap = hba_read(h, AHCI_CAP), ports = hba_read(h, AHCI_PI);
	uint32_t version = hba_read(h, AHCI_VS);
	bool known =
		version == AHCI_VS_0_95 || (version >= AHCI_VS_1_0 && version <= AHCI_VS_1_3_1);
	return known && cap != 0 && cap != UINT32_MAX && ports != UINT32_MAX &&
	       (uint32_t)__builtin_popcount(ports) <= AHCI_CAP_NP(cap) + 1;
}

static int take_over(struct ahci *h)
{
	struct pci_bar bar;
	bool was_awake = pci_is_awake(&h->pci);
	int err = pci_wake(&h->pci);
	if (err == 0)
		err = pci_map_bar(&h->pci, AHCI_ABAR, &bar);
	if (err != 0)
		return err;
	if (bar.is_io || bar.bytes < AHCI_PORT(1))
		return ERR_BAD_ANSWER;
	h->regs = bar.regs;
	if (h->pci.class_code != AHCI_CLASS && !is_plausible(h)) {
		log_line("ahci %s: a RAID controller without AHCI registers", h->name);
		h->regs = NULL;
		return ERR_UNSUPPORTED;
	}
	bool was_running = was_awake && is_enabled(h);
	err = enable(h);
	if (err != 0)
		return err;
	take_from_bios(h);
	h->cap = hba_read(h, AHCI_CAP);
	uint32_t ports = read_ports(h);
	if (h->cap == UINT32_MAX)
		return ERR_LOST;
	err = set_ports(h, ports, bar.bytes);
	if (err != 0)
		return err;
	h->seen = where_somebody_is(h, was_running);
	return reset(h);
}

/* ---- stop ---- */

/* For good. The reset ends what a port that did not stop may still do; should it not work,
 * nothing comes through without bus mastering. Whoever comes next, perhaps we ourselves, sees by
 * the links who is there. */
static void shut_down(struct ahci *h)
{
	for (uint32_t i = 0; i < AHCI_PORTS_MAX; i++) {
		if (h->disk[i] != NULL && !h->disk[i]->off) {
			log_line("%s: lost with its controller", h->disk[i]->block.name);
			h->disk[i]->off = true;
		}
	}
	int err = h->regs != NULL && !h->parks ? reset(h) : ERR_LOST;
	pci_bus_master_off(&h->pci);
	if (err == 0 && !(h->cap & AHCI_CAP_SSS))
		(void)WAIT_FOR(that_are(h, h->linked, ahci_port_is_linked) == h->linked, LINK_MS);
}

static void park_disk(struct ahci_disk *disk)
{
	disk->hba->parks = true;
}

static void stop_disk(struct ahci_disk *disk)
{
	struct ahci *h = disk->hba;
	disk->off = true;
	int err = ahci_port_quiet(disk->port);
	if (err != 0)
		log_line("%s: does not stop; its controller is switched off", disk->block.name);
	uint32_t n_left = 0;
	for (uint32_t i = 0; i < AHCI_PORTS_MAX; i++)
		n_left += h->disk[i] != NULL && !h->disk[i]->off;
	if (err != 0 || n_left == 0)
		shut_down(h);
}

/* ---- start ---- */

static void port_failed(struct ahci *h, uint32_t i, int err)
{
	log_line("ahci %s port %u: not started: %s", h->name, i, err_text(err));
	h->last_err = err;
}

static void reset_links(struct ahci *h, uint32_t ports)
{
	for (uint32_t i = 0; i < AHCI_PORTS_MAX; i++) {
		if (!(ports >> i & 1))
			continue;
		ahci_port_listen(&h->port[i]);
		ahci_port_assert_reset(&h->port[i]);
	}
	delay_us(AHCI_COMRESET_US);
	for (uint32_t i = 0; i < AHCI_PORTS_MAX; i++) {
		if (ports >> i & 1)
			ahci_port_release_reset(&h->port[i]);
	}
}

/* Those of the ports that have a link. */
static uint32_t wait_for_links(struct ahci *h, uint32_t ports)
{
	uint32_t seen = ports & h->seen;
	(void)WAIT_FOR(that_are(h, ports, ahci_port_is_linked) == ports, EMPTY_MS);
	(void)WAIT_FOR(that_are(h, seen, ahci_port_is_linked) == seen, LINK_MS);
	(void)WAIT_FOR(that_are(h, ports, ahci_port_is_waking) == 0, TALK_MS);
	uint32_t linked = that_are(h, ports, ahci_port_is_linked);
	h->linked |= linked;
	for (uint32_t i = 0; i < AHCI_PORTS_MAX; i++) {
		if (linked >> i & 1)
			ahci_port_forget_errors(&h->port[i]);
	}
	return linked;
}

static int add_disk(struct ahci *h, uint32_t i, struct arena *dma, struct disks *into)
{
	struct ahci_disk *disk = arena_alloc(dma, sizeof(*disk), 64);
	if (disk == NULL)
		return ERR_NO_MEMORY;
	disk->hba = h;
	disk->stop = stop_disk;
	disk->parked = park_disk;
	disk->block.pci_address = h->pci.address;
	disk->block.unit = i;
	format(disk->block.name, sizeof(disk->block.name), "ahci %s port %u", h->name, i);
	int err = ahci_disk_start(disk, &h->port[i], dma, h->cap);
	if (err == 0)
		err = disks_add(into, &disk->block);
	if (err == 0)
		h->disk[i] = disk;
	return err;
}

static const char *what_else(uint32_t signature)
{
	switch (signature) {
	case AHCI_SIG_ATAPI:
		return "an ATAPI drive";
	case AHCI_SIG_PORT_MULTIPLIER:
		return "a port multiplier";
	case AHCI_SIG_ENCLOSURE:
		return "an enclosure";
	}
	return "a device of unknown kind";
}

/* What is on a port with a link. Not being a disk is no failure. */
static int look_at(struct ahci *h, uint32_t i, struct arena *dma, struct disks *into)
{
	if (!ahci_port_is_ready(&h->port[i]))
		return ERR_TIMEOUT;
	uint32_t signature = ahci_port_read(&h->port[i], AHCI_PxSIG);
	if (signature == AHCI_SIG_DISK)
		return add_disk(h, i, dma, into);
	log_line("ahci %s port %u: %s (signature %08x): passed over", h->name, i,
		what_else(signature), signature);
	return 0;
}

static void start_ports(struct ahci *h, uint32_t ports, struct arena *dma, struct disks *into)
{
	reset_links(h, ports);
	uint32_t linked = wait_for_links(h, ports);
	(void)WAIT_FOR(that_are(h, linked, ahci_port_is_ready) == linked, READY_MS);
	for (uint32_t i = 0; i < AHCI_PORTS_MAX; i++) {
		if (!(ports >> i & 1))
			continue;
		int err = linked >> i & 1 ? look_at(h, i, dma, into) : 0;
		if (err != 0)
			port_failed(h, i, err);
		if (h->disk[i] == NULL && ahci_port_quiet(&h->port[i]) != 0)
			port_failed(h, i, ERR_TIMEOUT);
	}
}

/* Memory to receive in is there before anything is switched on. */
static int init_ports(struct ahci *h, uint32_t ports, struct arena *dma)
{
	for (uint32_t i = 0; i < AHCI_PORTS_MAX; i++) {
		if (!(ports >> i & 1))
			continue;
		int err = ahci_port_quiet(&h->port[i]);
		if (err == 0)
			err = ahci_port_init(&h->port[i], dma);
		if (err != 0)
			return err;
	}
	return 0;
}

static int start(struct ahci *h, struct arena *dma, struct disks *into)
{
	int err = take_over(h);
	if (err != 0)
		return err;
	uint32_t ports = all_ports(h);
	err = init_ports(h, ports, dma);
	if (err != 0)
		return err;
	pci_bus_master_on(&h->pci);
	if (!(h->cap & AHCI_CAP_SSS)) {
		start_ports(h, ports, dma, into);
		return 0;
	}
	for (uint32_t i = 0; i < AHCI_PORTS_MAX; i++) {
		if (ports >> i & 1)
			start_ports(h, 1u << i, dma, into);
	}
	return 0;
}

int ahci_probe(const struct pci_dev *pci, struct arena *dma, struct disks *into)
{
	struct ahci *h = arena_alloc(dma, sizeof(*h), 64);
	if (h == NULL)
		return ERR_NO_MEMORY;
	h->pci = *pci;
	(void)pci_name(pci->address, h->name);
	uint32_t n_before = into->n;
	int err = start(h, dma, into);
	if (into->n > n_before)
		return 0;
	shut_down(h);
	return err != 0 ? err : h->last_err;
}
