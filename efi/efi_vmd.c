/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The firmware's disks behind VMD go on until their driver stops, with nobody else who could turn
 * their bus mastering off.
 */
#include "efi_vmd.h"

#include <stdbool.h>
#include <string.h>

#include <efipciio.h>

#define VENDOR_INTEL 0x8086u
#define VMD_MAX      32u

static EFI_HANDLE stopped[VMD_MAX];
static uint32_t n_stopped;

/* The devices that Linux's driver for VMD takes. */
static bool is_vmd(uint32_t id)
{
	static const uint16_t devices[] = {0x201d, 0x28c0, 0x467f, 0x4c3d, 0x7d0b, 0x9a0b, 0xa77f,
		0xad0b, 0xb06f, 0xb60b, 0xfd0b};
	for (uint32_t i = 0; i < sizeof(devices) / sizeof(devices[0]); i++)
		if (id == (VENDOR_INTEL | (uint32_t)devices[i] << 16))
			return true;
	return false;
}

static bool is_vmd_handle(EFI_BOOT_SERVICES *bs, EFI_HANDLE handle)
{
	EFI_GUID guid = EFI_PCI_IO_PROTOCOL_GUID;
	EFI_PCI_IO *io;
	UINT32 id = 0;
	return !EFI_ERROR(bs->HandleProtocol(handle, &guid, (VOID **)&io)) &&
	       !EFI_ERROR(io->Pci.Read(io, EfiPciIoWidthUint32, 0, 1, &id)) && is_vmd(id);
}

uint32_t efi_vmd_stop(EFI_BOOT_SERVICES *bs, uint32_t *ret_n_left)
{
	EFI_GUID guid = EFI_PCI_IO_PROTOCOL_GUID;
	EFI_HANDLE *handles;
	UINTN n = 0;
	uint32_t n_vmd = 0;
	*ret_n_left = n_stopped = 0;
	if (EFI_ERROR(bs->LocateHandleBuffer(ByProtocol, &guid, NULL, &n, &handles)))
		return 0;
	for (UINTN i = 0; i < n; i++) {
		if (!is_vmd_handle(bs, handles[i]))
			continue;
		n_vmd++;
		if (n_stopped < VMD_MAX &&
			!EFI_ERROR(bs->DisconnectController(handles[i], NULL, NULL)))
			stopped[n_stopped++] = handles[i];
		else
			++*ret_n_left;
	}
	bs->FreePool(handles);
	return n_vmd;
}

void efi_vmd_start_again(EFI_BOOT_SERVICES *bs)
{
	while (n_stopped > 0)
		bs->ConnectController(stopped[--n_stopped], NULL, NULL, TRUE);
}
