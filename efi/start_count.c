#include "start_count.h"

#include "log.h"
#include "starts.h"

static CHAR16 name[] = L"" STARTS_NAME;
static EFI_GUID guid = /* STARTS_GUID */
	{0x6a688f36, 0xf000, 0x4ea1, {0x9c, 0x1a, 0xd5, 0xc5, 0xde, 0xff, 0xef, 0x8f}};

uint32_t starts_before(EFI_RUNTIME_SERVICES *rt, uint64_t key)
{
	struct starts s = {0};
	UINTN bytes = sizeof(s);
	if (EFI_ERROR(rt->GetVariable(name, &guid, NULL, &bytes, &s)) || bytes != sizeof(s))
		return 0;
	return s.key == key && s.check == ~s.n ? s.n : 0;
}

void starts_count(EFI_RUNTIME_SERVICES *rt, uint64_t key, uint32_t before)
{
	struct starts s = {.key = key, .n = before + 1, .check = ~(before + 1)};
	EFI_STATUS status = rt->SetVariable(name, &guid,
		EFI_VARIABLE_NON_VOLATILE | EFI_VARIABLE_BOOTSERVICE_ACCESS |
			EFI_VARIABLE_RUNTIME_ACCESS,
		sizeof(s), &s);
	if (EFI_ERROR(status))
		log_line("torpor: the firmware does not keep the count of starts (status %llx)",
			(unsigned long long)status);
}
