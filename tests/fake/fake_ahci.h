/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An AHCI controller with disks and other things on its ports. It watches the driver as closely as
 * it can: the order in which engines, links and addresses may change, every command; a driver that
 * breaks the specification ends the test.
 */
#ifndef TESTS_FAKE_AHCI_H
#define TESTS_FAKE_AHCI_H

#include "fake_disk.h"
#include "fake_pci.h"

#define FAKE_AHCI_PORTS 32

enum fake_ahci_kind {
	FAKE_AHCI_EMPTY,
	FAKE_AHCI_DISK,
	FAKE_AHCI_ATAPI,
	FAKE_AHCI_MULTIPLIER,
	FAKE_AHCI_ENCLOSURE,
	FAKE_AHCI_STRANGE, /* a signature that does not exist */
	FAKE_AHCI_MUTE,    /* notices the controller, but never talks */
	FAKE_AHCI_BUSY,    /* a disk that is BUSY for ever */
};

struct fake_ahci_config {
	uint32_t cap, cap2, version;
	uint32_t ports;     /* as the controller says, PI */
	uint64_t bar_bytes; /* a power of two */
	bool bios_owns;     /* it lets go after bios_us */
	uint64_t bios_us;
	bool bios_is_busy;        /* and says so meanwhile */
	bool is_running;          /* in AHCI mode before the driver comes, links up */
	bool forgets_ports;       /* PI is 0 after a reset */
	bool never_enables;       /* AHCI mode does not stay */
	uint64_t notice_us;       /* from the end of a COMRESET until PxSSTS shows somebody */
	uint64_t link_us;         /* from there to the link */
	uint64_t ready_us;        /* from there to the first message */
	bool clears_failed;       /* the bit in PxCI of a failed command */
	bool counts_nothing;      /* PRDBC stays 0 */
	bool fails_once;          /* a failed command is good when it is done again */
	unsigned identify_fails;  /* so many times */
	bool goes_away;           /* no link after a COMRESET in operation ... */
	unsigned comes_back;      /* ... but for the first so many */
	bool completes_wrong_one; /* the first request ends another one in its place */

	struct {
		enum fake_ahci_kind kind;
		struct fake_disk *disk; /* NULL: the one that is plugged */
		bool no_ncq;
		uint8_t depth;                   /* as in word 75: less one */
		void (*change_id)(uint16_t *id); /* before the checksum is made */
		bool bad_checksum;
		bool never_quiet; /* CR stays when ST is cleared, as long as the controller is not
				     reset */
	} port[FAKE_AHCI_PORTS];
};

/* As QEMU's: 6 ports, 32 slots, NCQ, 64 bits; one disk on port 2, depth 32. */
extern const struct fake_ahci_config fake_ahci_default;
#define FAKE_AHCI_PORT 2

/* One controller at 00:06.0. */
struct fake_pci_dev *fake_ahci_plug(const struct fake_ahci_config *config, struct fake_disk *disk);

/* Facts for tests. */
bool fake_ahci_bios_owns(void);
uint32_t fake_ahci_ports(void);         /* PI */
uint32_t fake_ahci_links(void);         /* ports with a link */
uint32_t fake_ahci_running(void);       /* ports whose engine or receiver runs */
unsigned fake_ahci_n_link_resets(void); /* of all ports, since the last reset of the controller */
unsigned fake_ahci_n_resets(void);
unsigned fake_ahci_most_pieces(void);
bool fake_ahci_parked(uint32_t port);
void fake_ahci_pull(uint32_t port); /* the device is pulled out */

#endif
