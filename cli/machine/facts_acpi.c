/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where the firmware's tables are that a resumed kernel goes on to use: by the kernel's own
 * list, else by its log; each with what sysfs shows of it, and nothing when one of them does
 * not fit.
 */
#include "facts_collect.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <errno.h>

#include "handoff.h"
#include "machine_facts.h"
#include "proc_text.h"
#include "say.h"
#include "sysfiles.h"

#define TABLES          "/sys/firmware/acpi/tables"
#define TABLE_BYTES_MAX (8u << 20)
#define PHYS_MAX        (1ull << 52)

/* ---- Contents, by sysfs ---- */

struct content {
	uint8_t *data;
	size_t bytes;
};

/* The n-th of a signature, from 0: "SSDT" when there is one, "SSDT1", "SSDT2" when there are
 * more. False: it is not there; nothing to be freed. */
static bool read_table(const char *signature, uint32_t n, struct content *ret)
{
	char path[128];
	long got;

	snprintf(path, sizeof(path), TABLES "/%.4s", signature);
	if (n || !sys_exists("%s", path))
		snprintf(path, sizeof(path), TABLES "/%.4s%" PRIu32, signature, n + 1);
	if (!sys_exists("%s", path))
		return false;
	ret->data = malloc(TABLE_BYTES_MAX);
	got = ret->data ? sys_read_all(path, ret->data, TABLE_BYTES_MAX) : -1;
	if (got <= 0 || got == TABLE_BYTES_MAX) {
		free(ret->data);
		return false;
	}
	ret->bytes = (size_t)got;
	return true;
}

/* ---- The list ---- */

static bool list_by_kernel(const struct all_facts *a, struct acpi_list *l)
{
	static uint8_t descs[ACPI_LIST_MAX * ACPI_DESC_BYTES];
	uint64_t address = a->symbol[SYMBOL_ACPI].address, at;
	uint8_t head[ACPI_ROOT_BYTES];
	uint32_t n;

	return address && kcore_read(&a->core, address, head, sizeof(head)) &&
	       acpi_root_head(head, &at, &n) &&
	       kcore_read(&a->core, at, descs, (size_t)n * ACPI_DESC_BYTES) &&
	       acpi_root_descs(l, descs, n);
}

/* All lines in what was read of the log; false: it does not tell. */
static bool take_lines(struct acpi_list *l, char *text)
{
	char *save = NULL;

	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		if (acpi_log_line(l, line) < 0)
			return false;
	return true;
}

/* A record a read. The ring may overtake the reader, which is a gap that sysfs makes visible. */
static bool list_by_log(struct acpi_list *l)
{
	static char text[16384];
	char path[SYS_PATH_MAX];
	bool ok = true;
	ssize_t n = 0;
	int fd;

	l->n = 0;
	fd = sys_path(path, "/dev/kmsg") ? open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC) : -1;
	while (fd >= 0 && ok && ((n = read(fd, text, sizeof(text) - 1)) > 0 || errno == EPIPE)) {
		text[n > 0 ? n : 0] = 0;
		ok = take_lines(l, text);
		errno = 0;
	}
	if (fd >= 0)
		close(fd);
	return fd >= 0 && ok && l->n > 0;
}

/* ---- Is it true? ---- */

/* What is RAM in the firmware's map was put there by AML or out of an initrd, and is part of
 * the image. */
static bool is_firmwares(const struct all_facts *a, const struct acpi_entry *e)
{
	return e->address < PHYS_MAX && e820_is_not_ram(&a->map, e->address, e->length);
}

static bool is_ours(const struct all_facts *a, const struct acpi_entry *e)
{
	return e->address >= PHYS_MAX || e820_has_ram(&a->map, e->address, 1);
}

/* NULL, or what does not fit. */
static const char *check_fadt(const struct all_facts *a, const struct acpi_list *l)
{
	const struct acpi_entry *dsdt = acpi_list_at(l, "DSDT", 0), *facs;
	struct acpi_fadt fadt;
	struct content c;
	bool ok;

	if (!acpi_list_at(l, "FACP", 0) || acpi_list_at(l, "FACP", 1) || !dsdt ||
		acpi_list_at(l, "DSDT", 1) || acpi_list_at(l, "FACS", 2))
		return "it has not one FACP and one DSDT";
	if (!read_table("FACP", 0, &c))
		return "sysfs has no FACP";
	ok = acpi_fadt_read(c.data, c.bytes, &fadt);
	free(c.data);
	if (!ok)
		return "sysfs has no good FACP";
	if (is_firmwares(a, dsdt) && dsdt->address != fadt.x_dsdt && dsdt->address != fadt.dsdt)
		return "its DSDT is not where the FACP says";
	for (uint32_t i = 0; (facs = acpi_list_at(l, "FACS", i)); i++)
		if (facs->address != fadt.x_facs && facs->address != fadt.facs)
			return "its FACS is not where the FACP says";
	return NULL;
}

/* ---- Taking it ---- */

static bool wants_hash(const char *signature)
{
	return !strcmp(signature, "DSDT") || !strcmp(signature, "SSDT");
}

static bool is_wanted(const char *signature)
{
	static const char *const wanted[] = {
		"DSDT", "SSDT", "FACP", "FACS", "MCFG", "DMAR", "IVRS"};

	for (size_t i = 0; i < sizeof(wanted) / sizeof(*wanted); i++)
		if (!strcmp(signature, wanted[i]))
			return true;
	return false;
}

/* e: the n-th of its signature. NULL, or what does not fit. */
static const char *take_entry(struct all_facts *a, const struct acpi_entry *e, uint32_t n)
{
	struct saved_table *t = &a->table[a->n_tables];
	struct content c;

	if (is_ours(a, e))
		return NULL;
	if (!is_firmwares(a, e))
		return "a table lies in no range of the memory map";
	if (a->n_tables == SAVED_TABLES_MAX)
		return "there are too many tables";
	if (!read_table(e->signature, n, &c))
		return "sysfs lacks a table";
	if (c.bytes != e->length || memcmp(c.data, e->signature, 4)) {
		free(c.data);
		return "a table has another length in sysfs";
	}
	memset(t, 0, sizeof(*t));
	strcpy(t->signature, e->signature);
	t->phys = e->address;
	t->length = e->length;
	t->has_hash = wants_hash(e->signature);
	t->hash = t->has_hash ? img_hash(c.data, c.bytes) : 0;
	a->n_tables++;
	free(c.data);
	return NULL;
}

/* How many before it have its signature. */
static uint32_t number_of(const struct acpi_list *l, uint32_t index)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < index; i++)
		n += !strcmp(l->v[i].signature, l->v[index].signature);
	return n;
}

static const char *check_whole(const struct acpi_list *l)
{
	uint32_t n = 0;
	struct content c;

	while (acpi_list_at(l, "SSDT", n))
		n++;
	if (!read_table("SSDT", n, &c))
		return NULL;
	free(c.data);
	return "sysfs has more SSDTs";
}

static const char *take_list(struct all_facts *a, const struct acpi_list *l)
{
	const char *wrong = check_fadt(a, l);

	a->n_tables = 0;
	for (uint32_t i = 0; i < l->n && !wrong; i++)
		if (is_wanted(l->v[i].signature))
			wrong = take_entry(a, &l->v[i], number_of(l, i));
	if (!wrong)
		wrong = check_whole(l);
	if (wrong)
		a->n_tables = 0;
	return wrong;
}

static void take_facs(struct all_facts *a)
{
	struct content c;

	if (!read_table("FACS", 0, &c))
		return;
	a->f.has_facs_signature = acpi_facs_signature(c.data, c.bytes, &a->f.facs_signature);
	free(c.data);
}

void collect_tables(struct all_facts *a)
{
	static struct acpi_list list;
	const char *wrong = "the kernel's list cannot be read", *log = "it is not in the ring";

	take_facs(a);
	if (!a->map.n) {
		facts_missing(a, "ACPI tables: not without the memory map");
		return;
	}
	if (list_by_kernel(a, &list))
		wrong = take_list(a, &list);
	if (wrong && list_by_log(&list))
		log = take_list(a, &list);
	a->f.tables_known = !wrong || !log;
	if (!a->f.tables_known)
		facts_missing(a, "ACPI tables: %s; the kernel's log: %s", wrong, log);
}

/* ---- What else the firmware handed over ---- */

static void collect_runtime(struct all_facts *a)
{
	uint32_t n = 0;
	int err;

	complain_how(COMPLAIN_SILENTLY);
	err = runtime_map_read(a->runtime, FACTS_RUNTIME_MAX, &n);
	complain_how(COMPLAIN_ALOUD);
	if (err || !n)
		facts_missing(a, "EFI runtime ranges: %s",
			err ? last_complaint() : "the kernel shows none");
	if (err)
		n = 0;
	a->n_runtime = n;
}

static void collect_efi(struct all_facts *a)
{
	char text[1024];

	a->f.efi = 1;
	if (sys_read_u64(&a->f.efi_runtime, "/sys/firmware/efi/runtime"))
		a->f.efi_runtime = 0;
	if (!a->f.efi_runtime)
		facts_missing(a, "EFI runtime services: the kernel does not say where they are");
	if (sys_read_text(text, sizeof(text), "/sys/firmware/efi/systab") > 0)
		a->f.rsdp = systab_rsdp(text);
	collect_runtime(a);
}

void collect_firmware(struct all_facts *a)
{
	static struct acpi_list list;
	struct content madt;

	if (sys_exists("/sys/firmware/efi"))
		collect_efi(a);
	if (!a->f.rsdp)
		a->f.rsdp = boot_params_rsdp(a->zero_page.data, a->zero_page.bytes);
	if (!a->f.rsdp && list_by_log(&list) && acpi_list_at(&list, "RSDP", 0))
		a->f.rsdp = acpi_list_at(&list, "RSDP", 0)->address;
	if (!a->f.rsdp)
		facts_missing(a,
			"ACPI root pointer: neither in boot_params, nor from EFI, nor in the log");
	if (read_table("APIC", 0, &madt)) {
		a->f.n_processors = acpi_madt_processors(madt.data, madt.bytes);
		free(madt.data);
	}
	if (!a->f.n_processors)
		facts_missing(a, "number of processors: no good MADT in sysfs");
}
