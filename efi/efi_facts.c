/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Only asked when a stock image is there: a start without one must not wait for the volumes of a
 * slow stick.
 */
#include "efi_facts.h"

#include <stdbool.h>
#include <string.h>

#include "log.h"

#define FILES_MAX   (EFI_FACTS_BYTES / FACTS_FILE_BYTES)
#define VOLUMES_MAX 32u

static CHAR16 path[] = L"\\EFI\\torpor\\"
		       L"facts";

struct reading {
	EFI_BOOT_SERVICES *bs;
	uint8_t *memory; /* FILES_MAX files */
	uint32_t n;
	bool have_damaged; /* at memory[0], as long as n is 0 */
};

static bool read_file(EFI_FILE_HANDLE root, uint8_t *to)
{
	EFI_FILE_HANDLE file;
	UINTN bytes = FACTS_FILE_BYTES;
	if (EFI_ERROR(root->Open(root, &file, path, EFI_FILE_MODE_READ, 0)))
		return false;
	memset(to, 0, FACTS_FILE_BYTES);
	EFI_STATUS s = file->Read(file, &bytes, to);
	file->Close(file);
	return !EFI_ERROR(s) && bytes > 0;
}

/* A damaged one stays in the first place, for the judge to say what is wrong, if nothing better
 * comes. */
static void keep(struct reading *r, const uint8_t *file)
{
	struct state_reader state;
	int err = facts_open(file, FACTS_FILE_BYTES, &state);
	bool is_damaged = err != 0 && err != IMG_ERR_NOT_FOUND;
	if (err && (!is_damaged || r->n > 0))
		return;
	memcpy(r->memory + r->n * FACTS_FILE_BYTES, file, FACTS_FILE_BYTES);
	r->have_damaged = is_damaged;
	r->n += !is_damaged;
}

static void look_at(struct reading *r, EFI_HANDLE volume)
{
	static uint8_t file[FACTS_FILE_BYTES];
	EFI_GUID guid = EFI_SIMPLE_FILE_SYSTEM_PROTOCOL_GUID;
	EFI_FILE_IO_INTERFACE *io;
	EFI_FILE_HANDLE root;
	if (r->n == FILES_MAX || EFI_ERROR(r->bs->HandleProtocol(volume, &guid, (VOID **)&io)) ||
		EFI_ERROR(io->OpenVolume(io, &root)))
		return;
	if (read_file(root, file))
		keep(r, file);
	root->Close(root);
}

static EFI_HANDLE own_volume(EFI_BOOT_SERVICES *bs, EFI_HANDLE image)
{
	EFI_GUID guid = LOADED_IMAGE_PROTOCOL;
	EFI_LOADED_IMAGE *self;
	return EFI_ERROR(bs->HandleProtocol(image, &guid, (VOID **)&self)) ? NULL
									   : self->DeviceHandle;
}

static void look_at_all(struct reading *r, EFI_HANDLE first)
{
	EFI_GUID guid = EFI_SIMPLE_FILE_SYSTEM_PROTOCOL_GUID;
	EFI_HANDLE *handles;
	UINTN n = 0;
	if (first)
		look_at(r, first);
	if (EFI_ERROR(r->bs->LocateHandleBuffer(ByProtocol, &guid, NULL, &n, &handles)))
		return;
	for (UINTN i = 0; i < n && i < VOLUMES_MAX; i++)
		if (handles[i] != first)
			look_at(r, handles[i]);
	r->bs->FreePool(handles);
}

void efi_facts_find(EFI_BOOT_SERVICES *bs, EFI_HANDLE image, void *memory, struct boot_info *bi)
{
	struct reading r = {.bs = bs, .memory = memory};
	look_at_all(&r, own_volume(bs, image));
	bi->facts = (uint64_t)memory;
	bi->facts_bytes = (r.n ? r.n : r.have_damaged) * FACTS_FILE_BYTES;
	log_line("torpor: facts in %u files", r.n);
}
