# SPDX-License-Identifier: GPL-2.0-or-later
# The program that tells what the real code writes; out/model is run.py's.
TRACE_SRC = $(sort tests/model/trace.c tests/unit/gpt_make.c tests/unit/stock_disk.c $(STOCK_SRC) $(SRC_judge))
$(out)/model/trace: $(call san,$(INC_host),$(TRACE_SRC))
	$(call say,HOSTLD,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(SAN_LINK) -o $@ $^ -lcmocka $(SWSUSP_A)

.PHONY: model
model: $(out)/model/trace
	$(Q)python3 tests/model/run.py $(out)/model
