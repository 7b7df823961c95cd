/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A variable of its own, not a sector of a disk: before the core runs nothing of ours writes to
 * disks.
 */
#include "start_store.h"

#include "err.h"
#include "log.h"

#define ATTRIBUTES                                                                                 \
	(EFI_VARIABLE_NON_VOLATILE | EFI_VARIABLE_BOOTSERVICE_ACCESS | EFI_VARIABLE_RUNTIME_ACCESS)

static CHAR16 name[] = L"" STARTS_NAME;
static EFI_GUID guid = /* STARTS_GUID */
	{0x6a688f36, 0xf000, 0x4ea1, {0x9c, 0x1a, 0xd5, 0xc5, 0xde, 0xff, 0xef, 0x8f}};

static int read(void *ctx, void *buf, uint32_t *bytes)
{
	EFI_RUNTIME_SERVICES *rt = ctx;
	UINT32 attributes = 0;
	UINTN n = *bytes;
	EFI_STATUS status = rt->GetVariable(name, &guid, &attributes, &n, buf);
	if (EFI_ERROR(status))
		return status == EFI_NOT_FOUND ? ERR_NOT_FOUND : ERR_FIRMWARE;
	*bytes = (uint32_t)n;
	/* One that is gone after a reset counts nothing. */
	return attributes & EFI_VARIABLE_NON_VOLATILE ? 0 : ERR_LOST;
}

static int write(void *ctx, const void *buf, uint32_t bytes)
{
	EFI_RUNTIME_SERVICES *rt = ctx;
	EFI_STATUS status = rt->SetVariable(name, &guid, ATTRIBUTES, bytes, (void *)(uintptr_t)buf);
	if (!EFI_ERROR(status))
		return 0;
	log_line("starts: the firmware's SetVariable ends with status %llx",
		(unsigned long long)status);
	return ERR_FIRMWARE;
}

static int remove_it(void *ctx)
{
	EFI_RUNTIME_SERVICES *rt = ctx;
	return EFI_ERROR(rt->SetVariable(name, &guid, 0, 0, NULL)) ? ERR_FIRMWARE : 0;
}

struct start_store start_store(EFI_RUNTIME_SERVICES *rt)
{
	return (struct start_store){.read = read, .write = write, .remove = remove_it, .ctx = rt};
}
