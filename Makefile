# Torpor. `make` builds everything into out/, `make check` and `make demo` do all their own set-up.
# V=1 shows the commands. Source lists are explicit; each folder gets only the -I it may use.

out := out
Q := $(if $(V),,@)
say = $(if $(V),,@printf '  %-7s %s\n' $(1) $(2))

CC := gcc
CLANG := clang
WARN := -Wall -Wextra -Wshadow -Wvla -Wmissing-prototypes -Werror
CFLAGS := -std=gnu11 -g -O2 $(WARN)
LZ4_A := /usr/lib/x86_64-linux-gnu/liblz4.a

# ---- sources ----
LIB_SRC := lib/err.c lib/string.c lib/format.c lib/log.c lib/arena.c lib/ranges.c lib/panic.c
IMAGE_SRC := image-format/err.c image-format/extent.c image-format/hash.c image-format/header.c \
	image-format/read.c image-format/cursor.c image-format/decode.c image-format/write.c \
	image-format/write_out.c image-format/write_pages.c image-format/state.c \
	image-format/state_dump.c image-format/saved_state.c
DRIVER_SRC := drivers/block.c drivers/pci.c drivers/disks.c drivers/virtio_blk.c

# ---- who may include whom ----
INC_lib := -Ilib
INC_x86 := -Ix86 -Ilib
INC_drivers := -Idrivers -Ix86 -Ilib
INC_image-format := -Iimage-format
INC_contract := -Icontract
INC_writer := -Iwriter -Idrivers -Ix86 -Ilib -Iimage-format -Icontract
INC_loader := -Iloader -Idrivers -Ix86 -Ilib -Iimage-format -Icontract
INC_cli := -Icli -Iimage-format -Icontract
# Host builds of driver code: the fake machine stands before x86/.
INC_host := -Itests/fake -Itests/unit -Iloader -Iwriter -Idrivers -Ilib -Iimage-format -Icontract -Icli -Ix86

# ---- unit tests: test_NAME.c and what it links; ASan and UBSan on ----
HOST_CFLAGS := -std=gnu11 -g -O1 $(WARN) -fsanitize=address,undefined -fno-sanitize-recover=all \
	-fno-omit-frame-pointer
UNIT := 
include tests/unit/tests.mk

.PHONY: all unit clean
all: unit-build

define unit_rule
$(out)/unit/$(1): tests/unit/test_$(1).c $$(SRC_$(1)) $$(wildcard tests/unit/*.h tests/fake/*.h lib/*.h drivers/*.h x86/*.h image-format/*.h loader/*.h writer/*.h cli/*.h contract/*.h) | $(out)/unit
	$$(call say,HOSTCC,$(1))
	$$(Q)$$(CC) $$(HOST_CFLAGS) $$(INC_host) -o $$@ tests/unit/test_$(1).c $$(SRC_$(1)) -lcmocka $$(LIBS_$(1))
endef
$(foreach t,$(UNIT),$(eval $(call unit_rule,$(t))))

$(out)/unit:
	$(Q)mkdir -p $@

.PHONY: unit-build
unit-build: $(UNIT:%=$(out)/unit/%)

unit: unit-build
	$(Q)for t in $(UNIT); do $(out)/unit/$$t || exit 1; done

clean:
	$(Q)rm -rf $(out)
