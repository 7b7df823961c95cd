/* The clock behind clock_us(): the TSC, calibrated once against the ACPI PM timer or the PIT. */
#ifndef X86_TIME_H
#define X86_TIME_H

#include <stdint.h>

/* pm_timer_port: from the FADT, 0 when unknown (then the PIT's channel 2 is used). start_tsc: what
 * clock_us() counts from, 0: now. Takes 12 ms. Until then clock_us() assumes 1 GHz. */
void clock_init(uint16_t pm_timer_port, uint64_t start_tsc);

uint64_t clock_tsc_khz(void);

#endif
