/*
 * How often the core was started for an image without leaving a trace on it. Once boot services have
 * ended, the core can refuse only by a reset; a boot entry that comes first would then start it again, for
 * ever. What the core has counted itself, or resumed, has another state on disk, and so another key.
 */
#ifndef EFI_START_COUNT_H
#define EFI_START_COUNT_H

#include <efi.h>
#include <stdint.h>

/* 0 when this key was never counted, or the variable makes no sense. */
uint32_t starts_before(EFI_RUNTIME_SERVICES *rt, uint64_t key);

/* Counts one more. A firmware that does not keep it is logged: the start goes on. */
void starts_count(EFI_RUNTIME_SERVICES *rt, uint64_t key, uint32_t before);

#endif
