# SPDX-License-Identifier: GPL-2.0-or-later
# Torpor. `make` builds the product into out/, `make check` and `make demo` do all their own set-up.
# V=1 shows the commands. Source lists are explicit; each folder gets only the -I it may use.

# Whoever starts this, and how: tools sort, print and parse the same everywhere.
export LC_ALL := C.UTF-8
unexport LANGUAGE POSIXLY_CORRECT
ifeq ($(shell [ -d "$${TMPDIR:-/tmp}" ] && [ -w "$${TMPDIR:-/tmp}" ] && echo yes),)
unexport TMPDIR
endif

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
out := out
Q := $(if $(V),,@)
comma := ,
say = $(if $(V),,@printf '  %-7s %s\n' $(1) $(2))

CC := gcc
CLANG := clang
WARN := -Wall -Wextra -Wshadow -Wvla -Wmissing-prototypes -Werror
CFLAGS := -std=gnu11 -g -O2 $(WARN)
# Where this compiler finds it.
archive = $(shell $(CC) -print-file-name=$(1))
LZ4_A := $(call archive,liblz4.a)
# What swsusp/ needs: LZ4, LZO, and libdeflate's CRC-32.
SWSUSP_A := $(LZ4_A) $(call archive,liblzo2.a) $(call archive,libdeflate.a)

LIBGCC = $(shell $(CC) -print-libgcc-file-name)# what the compiler calls by itself

# ---- sources ----
# MAJOR.MINOR: of everything that is built here.
VERSION := $(shell cat VERSION)
LIB_SRC := lib/version.c lib/err.c lib/string.c lib/format.c lib/log.c lib/arena.c lib/ranges.c lib/panic.c \
	lib/packages.c
IMAGE_SRC := image-format/err.c image-format/extent.c image-format/extent_map.c image-format/hash.c \
	image-format/header.c image-format/read.c image-format/cursor.c image-format/decode.c image-format/write.c \
	image-format/write_out.c image-format/write_pages.c image-format/state.c \
	image-format/state_dump.c image-format/saved_state.c image-format/saved_table.c
# What `torpor arm` tells the loader.
FACTS_SRC := abi/facts.c
# And how it finds it out, and writes it.
CLI_FACTS_SRC := cli/facts.c cli/boot/facts_arm.c cli/boot/facts_file.c cli/machine/facts_collect.c cli/machine/facts_missing.c cli/machine/facts_map.c cli/machine/facts_kept.c cli/machine/facts_acpi.c cli/machine/facts_kernel.c \
	cli/machine/facts_mounts.c cli/machine/firmware_map.c cli/machine/e820_map.c cli/machine/acpi_list.c cli/machine/kcore.c old-kernel/vmcoreinfo.c $(FACTS_SRC)
# Whether a stock image fits this machine.
STOCK_CHECK_SRC := loader/stock/stock_check.c loader/stock/stock_facts.c loader/stock/stock_fit.c loader/stock/stock_peek.c \
	loader/fit/tables_read.c $(FACTS_SRC)
# Whether any image fits it.
FIT_SRC := loader/fit/usable.c loader/own/plan.c loader/fit/tables.c loader/fit/runtime.c loader/fit/cpu_features.c loader/fit/platform.c loader/fit/settings.c loader/fit/low_memory.c
# The store, which only the command has.
STORE_SRC := image-format/store.c image-format/store_put.c image-format/store_space.c
SWSUSP_SRC := swsusp/err.c swsusp/header.c swsusp/info.c swsusp/map.c swsusp/runs.c swsusp/frames.c \
	swsusp/feed.c swsusp/unit.c swsusp/crc.c swsusp/e820.c swsusp/open.c swsusp/verify.c swsusp/entry.c old-kernel/page_walk.c
PCI_SRC := drivers/pci_config.c drivers/pci_scan.c drivers/pci_device.c
DRIVER_SRC := drivers/block.c $(PCI_SRC) drivers/pci_mcfg.c drivers/usb_handoff.c drivers/iommu.c drivers/iommu_off.c drivers/watchdog.c drivers/disks.c drivers/disks_start.c \
	drivers/nvme_ctrl.c drivers/nvme.c \
	drivers/virtio_pci.c drivers/virtio_blk.c drivers/ahci.c drivers/ahci_ids.c drivers/ahci_port.c drivers/ahci_disk.c

ACPI_SRC := x86/acpi.c x86/acpi_power.c x86/acpi_table.c
X86_SRC := x86/program.c x86/traps.c x86/paging.c x86/clock.c $(ACPI_SRC) x86/apic.c x86/console.c \
	x86/jobs.c x86/smp.c
X86_ASM := x86/traps.asm x86/levels.asm x86/jump.asm x86/smp.asm
IMAGE_IO_SRC := image-io/err_any.c swsusp/err.c image-io/area_io.c image-io/fingerprint.c
WRITER_SRC := writer/main.c writer/handoff_check.c old-kernel/page_walk.c old-kernel/vmcoreinfo.c old-kernel/old_memory.c old-kernel/old_kernel.c \
	old-kernel/old_pages.c writer/output.c writer/pages.c writer/nvs_out.c writer/dma_check.c writer/efi_off.c writer/machine_state.c \
	writer/fingerprints.c
CLI_SRC := cli/main.c cli/base/verb.c cli/base/number.c cli/look.c cli/help.c cli/completion.c lib/version.c cli/base/say.c cli/base/escape.c cli/base/json.c cli/base/now.c cli/linux/sysfiles.c cli/linux/proc_text.c cli/linux/proc_lines.c cli/linux/mounts.c cli/machine/machine_facts.c cli/machine/vmcoreinfo_text.c cli/machine/firmware_settings.c cli/target/target.c cli/target/target_open.c \
	cli/target/target_use.c cli/target/target_file.c cli/target/target_area.c cli/linux/layers.c cli/linux/file_sys.c cli/linux/file_extents.c \
	cli/linux/btrfs_place.c cli/save/region.c cli/save/payload.c cli/save/kexec.c cli/save/kernel_threads.c cli/save/siblings.c cli/save.c cli/machine/hardware.c cli/save/report.c \
	cli/target/filesystems.c \
	cli/format.c cli/target/kept.c cli/target/kept_about.c cli/keep.c cli/base/out_file.c cli/base/unfinished.c cli/linux/lock.c cli/linux/settle.c cli/base/interrupt.c cli/linux/run.c cli/linux/trusted.c cli/image/image_io.c cli/image/image_view.c cli/image/image_json.c cli/image/state_json.c cli/image/stock_json.c cli/info_json.c cli/info.c cli/verify.c cli/dump.c cli/base/uuid.c cli/image/stock_image.c \
	cli/linux/boot_parse.c cli/linux/device_tag.c cli/boot/grub_text.c cli/target/swap_place.c cli/machine/unsaved.c cli/linux/hibernation_target.c cli/boot/setup_record.c cli/boot/setup_files.c cli/setup.c cli/boot/booted.c cli/boot/setup_image.c \
	cli/boot/setup_grub.c cli/boot/setup_efi.c cli/boot/efi_run.c cli/arm.c cli/status.c lib/err.c
CLI_SRC += cli/machine/memory_use.c cli/boot/loader_words.c loader/door/cmdline.c loader/disk/guid.c cli/image/contents.c cli/base/progress.c cli/image/image_memory.c cli/image/core_file.c cli/image/crash_info.c cli/export.c \
	cli/image/export_core.c cli/image/export_out.c cli/make.c cli/image/make_input.c cli/target/make_output.c cli/base/spool.c $(CLI_FACTS_SRC) cli/boot/setup_hook.c
# What the loader would say of an image, before there is one: the loader's own check, compiled for the host.
CLI_SRC += cli/save/resumable.c $(FIT_SRC) loader/door/boot_memory.c image-io/err_any.c writer/pages.c lib/ranges.c lib/format.c lib/log.c
# What the EFI door needs too, to look at an image before boot services end.
LOOK_SRC := loader/door/cmdline.c loader/disk/guid.c loader/disk/gpt.c loader/own/find.c loader/own/image.c $(FIT_SRC) loader/door/boot_memory.c \
	loader/disk/places.c loader/disk/changes.c loader/stock/stock.c image-io/err_any.c \
	loader/door/map_crc.c loader/fit/this_cpu.c $(SWSUSP_SRC)
JUDGE_SRC := loader/judge.c loader/judge_own.c loader/judge_stock.c loader/stock/stock_place.c $(STOCK_CHECK_SRC)
LOADER_SRC := loader/main.c loader/boot_on.c $(JUDGE_SRC) loader/own_kind.c loader/stock_kind.c loader/door/multiboot2.c \
	loader/door/efi_tables.c loader/door/firmware_data.c loader/own/nvs.c loader/door/more_memory.c loader/own/restore.c loader/stock/stock_restore.c $(LOOK_SRC)
EFI_SRC := efi/main.c efi/efi_memory.c efi/efi_vmd.c efi/efi_disks.c efi/efi_facts.c efi/efi_machine.c efi/start_store.c loader/start_count.c $(JUDGE_SRC) \
	$(LOOK_SRC) $(IMAGE_IO_SRC) $(IMAGE_SRC) drivers/block.c drivers/iommu.c x86/clock.c $(ACPI_SRC) x86/apic.c $(LIB_SRC)

# The whole-machine cases of `make check`: a sample for less than 15 minutes on two idle cores.
# check-machines runs all (tests/qemu/run.py -l).
CHECK_CASES := save-seabios-grub save-ovmf-chain save-la57-seabios-grub save-area-on-second-disk \
	save-all-controllers save-reboot save-snapshot save-file-ext4-seabios-grub save-consumed \
	save-reusable save-busy-kernel-threads cuts-ext4 cuts-fat \
	matrix-seabios-virtiolegacy-kexec-1g matrix-efientry-nvme4096-kexec-5g matrix-ovmfgrub-ahci-kexec-1g \
	matrix-seabios-nvme4096-stock-5g matrix-efientry-virtio-stock-1g matrix-i440fx-seabios-ahci-stock-1g \
	stock-6.1-uncompressed stock-refuse-damaged facts-harmless-drift setup-grub-partition setup-efi-entry \
	debian-12-seabios-grub debian-12-ovmf-grub \
	toy-bios toy-continue toy-nvme-4096 golden-resume export-crash export-make \
	fault-save-disk-vanishes-nvme fault-read-errors-nvme \
	'refuse-changed-*' refuse-missing-disk-efi-entry refuse-no-image-seabios-grub refuse-no-image-ovmf-entry refuse-spent \
	refuse-other-partuuid refuse-less-ram refuse-no-disk refuse-other-firmware refuse-damaged-header \
	refuse-damaged-data 'refuse-damaged-*-uefi' refuse-after-failed-attempts 'refuse-save*'

# ---- who may include whom: a list a room ----
inc_of = $(INC_$(patsubst %/,%,$(dir $(1))))
INC_lib := -Ilib
INC_x86 := -Ix86 -Ilib
INC_drivers := -Idrivers -Ix86 -Ilib
INC_image-format := -Iimage-format
INC_swsusp := -Iswsusp -Iold-kernel
INC_abi := -Iabi -Iimage-format
INC_old-kernel := -Iold-kernel -Iabi -Ilib -Iimage-format
INC_image-io := -Iimage-io -Iswsusp -Idrivers -Ix86 -Ilib -Iimage-format
INC_writer := -Iwriter -Iold-kernel -Iimage-io -Idrivers -Ix86 -Ilib -Iimage-format -Iabi
INC_loader/disk := -Iloader/disk -Iimage-io -Idrivers -Ix86 -Ilib -Iimage-format
INC_loader/door := -Iloader/door $(INC_loader/disk) -Iswsusp -Iabi
INC_loader/fit := -Iloader/fit $(INC_loader/door)
INC_loader/own := -Iloader/own $(INC_loader/fit)
INC_loader/stock := -Iloader/stock $(INC_loader/fit)
INC_loader := -Iloader -Iloader/own -Iloader/stock $(INC_loader/fit)
INC_efi := -Iefi -Iold-kernel -I/usr/include/efi -I/usr/include/efi/x86_64 $(INC_loader)
INC_cli/base := -Icli/base
# lib: ranges, numbers that lie anywhere, and the texts of errors that the writer reports.
INC_cli/linux := -Icli/linux $(INC_cli/base) -Iimage-format -Iabi -Ilib
INC_cli/image := -Icli/image -Iold-kernel $(INC_cli/base) -Iimage-format -Iswsusp -Iabi
INC_cli/target := -Icli/target -Icli/image -Iold-kernel -Iswsusp $(INC_cli/linux)
INC_cli/machine := -Icli/machine $(INC_cli/target)
INC_cli/save := -Icli/save -Iimage-io $(INC_cli/machine)
INC_cli/boot := -Icli/boot $(INC_cli/machine)
INC_cli := -Icli -Icli/boot $(INC_cli/save)
ROOMS := lib x86 drivers image-format swsusp abi old-kernel image-io writer loader/disk loader/door loader/fit \
	loader/own loader/stock loader efi cli/base cli/linux cli/image cli/target cli/machine cli/save cli/boot cli
.PHONY: inc-table
inc-table: # "ROOM: what it may include", for HACKING.md and the check of it
	$(Q)$(foreach r,$(ROOMS),echo '$(r):' $(filter-out $(r) /%,$(sort $(INC_$(r):-I%=%)));)

# Tests include everything: one path for all, so that a source is compiled once for all suites. The fake
# machine stands before x86/.
INC_host := -Itests/fake -Itests/unit -Iwriter -Iold-kernel $(INC_cli) $(INC_loader)

# ---- the freestanding programs: flat, position independent, linked at 0 (linker.ld) ----
METAL_CFLAGS := -std=gnu11 -g -O2 $(WARN) -ffreestanding -fpie -mno-red-zone -fno-stack-protector \
	-fno-strict-aliasing -fvisibility=hidden -fno-asynchronous-unwind-tables -MMD -MP
metal = $(1:%=$(out)/metal/%.o)

$(out)/%/lib/version.c.o: CFLAGS += -DTORPOR_VERSION='"$(VERSION)"'
$(out)/%/lib/version.c.o: METAL_CFLAGS += -DTORPOR_VERSION='"$(VERSION)"'
$(out)/%/lib/version.c.o: EFI_CFLAGS += -DTORPOR_VERSION='"$(VERSION)"'
$(foreach kind,metal efi host,$(out)/$(kind)/lib/version.c.o): VERSION

# Before program_start_cpu nothing may touch an SSE register.
$(out)/metal/x86/program.c.o $(out)/metal/x86/traps.c.o $(out)/metal/x86/smp.c.o: METAL_CFLAGS += -mgeneral-regs-only
# XXH64 and the page scanners are the hot loops of a save and a resume.
$(out)/metal/image-format/%.c.o: METAL_CFLAGS += -O3

$(out)/metal/%.c.o: %.c
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(METAL_CFLAGS) $(call inc_of,$<) -c -o $@ $<

$(out)/metal/%.asm.o: %.asm
	$(call say,NASM,$<)
	$(Q)mkdir -p $(@D)
	$(Q)nasm -f elf64 -o $@ $<

$(call metal,loader/entry.asm tests/qemu/toy/entry.asm): loader/start.inc

METAL_COMMON := $(X86_SRC) $(X86_ASM) $(LIB_SRC) $(DRIVER_SRC) $(IMAGE_IO_SRC) $(IMAGE_SRC)

$(out)/writer.elf: $(call metal,writer/entry.asm $(WRITER_SRC) $(METAL_COMMON)) linker.ld
$(out)/loader.elf: $(call metal,loader/entry.asm $(LOADER_SRC) $(METAL_COMMON)) linker.ld
$(out)/%.elf:
	$(call say,LD,$@)
	$(Q)ld -pie --no-dynamic-linker -z noexecstack -z norelro --gc-sections --no-warn-rwx-segments \
		-T linker.ld -o $@ $(filter %.o,$^) $(SWSUSP_A) $(LIBGCC)
	$(Q)! nm -u $@ | grep -v ' w ' | grep . || { echo "$@: undefined symbols" >&2; rm $@; exit 1; }

$(out)/%.bin: $(out)/%.elf
	$(call say,BIN,$@)
	$(Q)objcopy -O binary $< $@

$(out)/torpor.mb2: $(out)/loader.bin
$(out)/toy.mb2: $(out)/toy.bin
$(out)/%.mb2: loader/door/multiboot2.asm
	$(call say,NASM,$@)
	$(Q)core=$(filter %.bin,$^); nasm -f bin -DCORE="\"$$core\"" -DCORE_MEMORY=$$((0x$$(nm \
		$${core%.bin}.elf | awk '$$3 == "program_end" {print $$1}'))) -o $@ $<

# ---- the toy kernel of tests/qemu ----
TOY_SRC := tests/qemu/toy/main.c tests/qemu/toy/speed.c tests/qemu/toy/levels.c tests/qemu/toy/nmi.c \
	tests/qemu/toy/nmi.asm loader/door/multiboot2.c loader/door/efi_tables.c $(LOOK_SRC)
INC_tests/qemu/toy := $(INC_loader)

$(out)/metal/tests/qemu/toy/entry.asm.o: tests/qemu/toy/entry.asm $(out)/writer.bin
	$(call say,NASM,$<)
	$(Q)mkdir -p $(@D)
	$(Q)nasm -f elf64 -DWRITER='"$(out)/writer.bin"' -o $@ $<

$(out)/format_area: tests/qemu/toy/format_area.c $(IMAGE_SRC) $(wildcard image-format/*.h)
	$(call say,HOSTCC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) -Iimage-format -o $@ $(filter %.c,$^) $(LZ4_A)

$(out)/toy.elf: $(call metal,tests/qemu/toy/entry.asm $(TOY_SRC) $(METAL_COMMON)) linker.ld

# ---- torpor.efi: position independent ELF made into PE by objcopy, as GNU-EFI does it ----
# crt0 calls efi_main, or, from GNU-EFI 3.0.18 on, _entry, which would bring all of its library along.
EFI_CFLAGS := -std=gnu11 -g -O2 $(WARN) -ffreestanding -fpic -fshort-wchar -mno-red-zone \
	-fno-stack-protector -fno-strict-aliasing -fvisibility=hidden -maccumulate-outgoing-args \
	-fno-asynchronous-unwind-tables -DGNU_EFI_USE_MS_ABI -MMD -MP

$(out)/efi/%.c.o: %.c
	$(call say,EFICC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(EFI_CFLAGS) $(call inc_of,$<) -c -o $@ $<

$(out)/efi/efi/core.asm.o: efi/core.asm $(out)/loader.bin
	$(call say,NASM,$<)
	$(Q)mkdir -p $(@D)
	$(Q)nasm -f elf64 -DCORE='"$(out)/loader.bin"' -o $@ $<

# The optional header's MajorImageVersion and MinorImageVersion (PE format, "Optional Header Windows-Specific
# Fields"): 68 bytes behind the signature, whose place is at 60. No tool of binutils sets them.
pe_version = at=$$(od -An -tu4 -j60 -N4 $@) && v=$(VERSION) && \
	printf "$$(printf '\\%03o\\000\\%03o\\000' $${v%.*} $${v\#*.})" | \
	dd of=$@ bs=1 seek=$$((at + 68)) conv=notrunc status=none

$(out)/torpor.efi: $(EFI_SRC:%=$(out)/efi/%.o) $(out)/efi/efi/core.asm.o
	$(call say,EFI,$@)
	$(Q)ld -shared -Bsymbolic -nostdlib -z noexecstack --no-warn-rwx-segments --no-undefined \
		--defsym=_entry=efi_main -T $(call archive,elf_x86_64_efi.lds) -o $@.so \
		$(call archive,crt0-efi-x86_64.o) $^ $(SWSUSP_A) \
		$(call archive,libgnuefi.a) $(LIBGCC)
	$(Q)objcopy -j .text -j .sdata -j .data -j .rodata -j .dynamic -j .dynsym -j .rel -j .rela \
		-j '.rel.*' -j '.rela.*' -j .reloc -O efi-app-x86_64 --subsystem=10 $@.so $@
	$(Q)$(pe_version)

# ---- torpor: the Linux command, static ----
$(out)/host/%.c.o: %.c
	$(call say,HOSTCC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) $(call inc_of,$<) -MMD -MP -c -o $@ $<

# These two ask the loader's own code.
$(out)/host/cli/save/resumable.c.o: INC_cli/save += -Iwriter $(INC_loader)
$(out)/host/cli/boot/loader_words.c.o: INC_cli/boot += $(INC_loader)

$(out)/host/cli/save/writer_blob.S.o: cli/save/writer_blob.S $(out)/writer.bin
	$(call say,AS,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) -DWRITER='"$(out)/writer.bin"' -c -o $@ $<

$(out)/torpor: $(patsubst %,$(out)/host/%.o,$(CLI_SRC) $(IMAGE_SRC) $(STORE_SRC) $(SWSUSP_SRC) cli/save/writer_blob.S)
	$(call say,LD,$@)
	$(Q)$(CC) -static -o $@ $^ $(SWSUSP_A) -lblkid -luuid -ljansson

-include $(shell find $(out)/metal $(out)/efi $(out)/host $(out)/san $(out)/plain $(out)/fuzz/o -name '*.d' 2>/dev/null)

# ---- unit tests: test_NAME.c and what it links; ASan and UBSan on ----
HOST_CFLAGS := -std=gnu11 -g -O1 $(WARN) -fsanitize=address,undefined -fno-sanitize-recover=all \
	-fno-omit-frame-pointer
# Not optimized, by Clang, and linked by gold with the sanitizers' shared library: a third of what GCC's -O1 and
# static libraries cost, and whatever of these is not there is done without. Optimized is what suites spend
# their time in.
have = $(shell command -v $(1) 2>/dev/null)
SAN_CC := $(if $(call have,$(CLANG)),$(CLANG),$(CC))
SAN_RUNTIME = $(shell $(SAN_CC) -print-file-name=libclang_rt.asan-x86_64.so)
SAN_CFLAGS := $(filter-out -O1,$(HOST_CFLAGS))
SAN_LDFLAGS = $(if $(call have,ld.gold),-fuse-ld=gold) \
	$(if $(filter /%,$(SAN_RUNTIME)),-shared-libsan -Wl$(comma)-rpath$(comma)$(dir $(SAN_RUNTIME)))
SAN_LINK = $(SAN_CC) $(SAN_CFLAGS) $(SAN_LDFLAGS)
SAN_OPTIMIZED := drivers/% image-io/% image-format/% swsusp/% tests/fake/% tests/unit/driver_conformance% \
	tests/unit/test_area.c tests/unit/area_common.c tests/unit/test_store.c tests/unit/store_common.c tests/unit/img_common.c
$(addsuffix .o,$(addprefix $(out)/san/host/,$(SAN_OPTIMIZED))): SAN_CFLAGS += -O1
HEADERS := tests/fake/*.h lib/*.h drivers/*.h x86/*.h image-io/*.h image-format/*.h swsusp/*.h loader/*.h loader/*/*.h writer/*.h old-kernel/*.h \
	cli/*.h cli/*/*.h abi/*.h
UNIT :=
UNIT_PLAIN :=
include tests/unit/tests.mk

.PHONY: all deps check check-builds check-build check-run check-matrix check-machines soak demo bench unit clean
# The product; deps first on a fresh machine.
PRODUCT := $(out)/torpor $(out)/torpor.mb2 $(out)/torpor.efi
TEST_PROGRAMS := $(out)/toy.mb2 $(out)/format_area
all: $(PRODUCT)

deps:
	$(Q)tests/setup.sh build
deps-%:
	$(Q)tests/setup.sh $*

# Set-up and build come first, in a make of their own: on a fresh machine there is no compiler yet.
check: deps-check
	$(Q)$(MAKE) --no-print-directory -j$$(nproc) check-build
	$(Q)$(MAKE) --no-print-directory check-run
check-build: $(PRODUCT) $(TEST_PROGRAMS) unit-build fuzz-build corpus-build $(out)/model/trace
check-run:
	$(Q)python3 tests/check.py --unit $(UNIT) $(UNIT_PLAIN) --fuzz $(FUZZ) --qemu $(CHECK_CASES)

# Firmware x disk x kind of image x memory, a line each and a table; and all cases, those too.
check-matrix check-machines: deps-check
	$(Q)$(MAKE) --no-print-directory -j$$(nproc) $(PRODUCT) $(TEST_PROGRAMS)
	$(Q)python3 tests/qemu/run.py -j2 --again $(if $(filter check-matrix,$@),'matrix-*')

# Other Debian releases, in chroots: as root.
check-builds:
	$(Q)tests/setup.sh build mmdebstrap
	$(Q)tests/builds/check.sh trixie sid

# The long things: SECONDS for each fuzzer, CUTS power cuts in a real save, CYCLES saves and resumes.
SOAK_SECONDS = $(if $(filter file,$(origin SECONDS)),600,$(SECONDS))# unless the command line has it
CUTS := 200
CYCLES := 100
SEED := 0
soak: deps-check
	$(Q)$(MAKE) --no-print-directory -j$$(nproc) $(PRODUCT) fuzz-build $(FUZZ:%=$(out)/cover/%)
	$(Q)python3 tests/soak.py --fuzz $(FUZZ) --seconds $(SOAK_SECONDS) --cuts $(CUTS) --cycles $(CYCLES) \
		--seed $(SEED)

demo: deps-demo
	$(Q)$(MAKE) --no-print-directory -j$$(nproc) $(PRODUCT)
	$(Q)python3 tests/demo.py

bench:
	$(Q)tests/setup.sh initramfs-tools-core klibc-utils udev
	$(Q)$(MAKE) --no-print-directory -j$$(nproc) $(PRODUCT) $(TEST_PROGRAMS)
	$(Q)python3 tests/bench/bench.py

# Each source is compiled once for all suites, and tracked by its .d file; again only for a suite that asks for an
# include path of its own (INCLUDE_name).
space := $(subst ,, )
san_key = $(if $(filter-out $(INC_host),$(1)),$(subst $(space),+,$(strip $(subst /,_,$(subst -I,,$(1))))),host)
unit_inc = $(or $(INCLUDE_$(1)),$(INC_host))
san = $(patsubst %,$(out)/san/$(call san_key,$(1))/%.o,$(sort $(filter %.c,$(2)))) $(filter-out %.c,$(2))

define san_rule
$(out)/san/$(call san_key,$(1))/%.o: %
	$$(call say,SANCC,$$<)
	$$(Q)mkdir -p $$(@D)
	$$(Q)$$(SAN_CC) $$(SAN_CFLAGS) $(1) -MMD -MP -c -o $$@ $$<
endef
SAN_DONE :=
$(foreach t,$(UNIT),$(if $(filter $(call san_key,$(call unit_inc,$(t))),$(SAN_DONE)),,$(eval \
	$(call san_rule,$(call unit_inc,$(t))))$(eval SAN_DONE += $(call san_key,$(call unit_inc,$(t))))))

define unit_rule
$(out)/unit/$(1): $(call san,$(call unit_inc,$(1)),tests/unit/test_$(1).c tests/unit/test.c tests/unit/environment.c $(SRC_$(1))) | $(out)/unit
	$$(call say,HOSTLD,$(1))
	$$(Q)$$(SAN_LINK) -o $$@ $$^ -lcmocka $$(LIBS_$(1))
endef
$(foreach t,$(UNIT),$(eval $(call unit_rule,$(t))))

# Suites that fork thousands of times: without sanitizers that is four times as fast.
$(out)/plain/%.o: %
	$(call say,HOSTCC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(SAN_CC) $(filter-out -O2,$(CFLAGS)) $(INC_host) -MMD -MP -c -o $@ $<

define plain_unit_rule
$(out)/unit/$(1): $(patsubst %,$(out)/plain/%.o,$(sort tests/unit/test_$(1).c tests/unit/test.c tests/unit/environment.c $(filter %.c,$(SRC_$(1))))) | $(out)/unit
	$$(call say,HOSTLD,$(1))
	$$(Q)$$(CC) -o $$@ $$^ -lcmocka $$(LIBS_$(1))
endef
$(foreach t,$(UNIT_PLAIN),$(eval $(call plain_unit_rule,$(t))))

$(out)/unit:
	$(Q)mkdir -p $@

# Golden images, by an encoder that knows image-format/FORMAT.md only.
$(out)/golden/made: $(wildcard tests/golden/*.py)
	$(call say,GOLDEN,$(@D))
	$(Q)mkdir -p $(@D) && /usr/bin/python3 tests/golden/make.py $(@D) >$@

# T: the suites that are meant, by name or pattern ('cli_* gpt'); without it, all.
UNIT_ALL := $(UNIT) $(UNIT_PLAIN)
UNIT_MEANT := $(if $(T),$(foreach t,$(subst *,%,$(T)),$(or $(filter $(t),$(UNIT_ALL)),$(error no unit suite is $(t)))),$(UNIT_ALL))
.PHONY: unit-build
unit-build: $(UNIT_MEANT:%=$(out)/unit/%) $(if $(filter golden,$(UNIT_MEANT)),$(out)/golden/made)

unit: unit-build
	$(Q)python3 tests/check.py --only-unit --unit $(UNIT_MEANT)

# Lengths, circles, what has no contract or no suite: information, not a gate. V=1 names all.
.PHONY: metrics
metrics: $(PRODUCT)
	$(Q)python3 tests/metrics.py $(if $(V),-v)

# ---- what real firmware says: the loader's own sources on a corpus of machines (tests/corpus/run.py) ----
CORPUS := $(out)/corpus/maps $(out)/corpus/pairs $(out)/corpus/acpi
$(out)/corpus/maps: tests/corpus/maps.c tests/corpus/map_file.c tests/corpus/made_image.c \
	tests/corpus/expected.c tests/corpus/before.c loader/stock/stock_place.c \
	$(filter-out tests/unit/%,$(STOCK_SRC))
$(out)/corpus/pairs: tests/corpus/pairs.c tests/corpus/map_file.c tests/corpus/expected.c \
	$(filter-out tests/unit/%,$(STOCK_SRC))
$(out)/corpus/acpi: tests/corpus/acpi.c $(ACPI_SRC) lib/log.c lib/format.c
$(CORPUS): $(wildcard tests/corpus/*.h $(HEADERS))
	$(call say,HOSTCC,$(@F))
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(HOST_CFLAGS) -O2 $(INC_host) -Itests/corpus -o $@ $(filter %.c,$^) $(SWSUSP_A)

.PHONY: corpus-build corpus
corpus-build: $(CORPUS) $(out)/loader.bin

# TORPOR_CORPUS names another folder of machines than ../shared/corpus.
corpus: deps-check
	$(Q)$(MAKE) --no-print-directory -j$$(nproc) corpus-build
	$(Q)python3 tests/corpus/run.py

include tests/model/model.mk

# ---- fuzzers: fuzz_NAME.c and what it links; seeds are in tests/fuzz/corpus/NAME ----
FUZZ_CFLAGS := -std=gnu11 -g -O1 $(WARN) -fsanitize=fuzzer,address,undefined \
	-fno-sanitize-recover=all -fno-omit-frame-pointer
SECONDS := 60# for each of them
FUZZ :=
include tests/fuzz/fuzz.mk

$(out)/fuzz/o/%.o: %
	$(call say,FUZZCC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CLANG) $(FUZZ_CFLAGS:-fsanitize=fuzzer,%=-fsanitize=fuzzer-no-link,%) $(INC_host) -Itests/fuzz -MMD -MP -c -o $@ $<

define fuzz_rule
$(out)/fuzz/$(1): $(patsubst %,$(out)/fuzz/o/%.o,$(sort tests/fuzz/fuzz_$(1).c $(FUZZSRC_$(1)))) | $(out)/fuzz
	$$(call say,FUZZLD,$(1))
	$$(Q)$$(CLANG) $$(FUZZ_CFLAGS) -o $$@ $$^ $$(FUZZLIBS_$(1))
endef
$(foreach f,$(FUZZ),$(eval $(call fuzz_rule,$(f))))

# The same programs, counting lines instead of looking for faults: for make soak's table.
COVER_CFLAGS := -std=gnu11 -g -O1 $(WARN) -fsanitize=fuzzer,address -fprofile-instr-generate -fcoverage-mapping
define cover_rule
$(out)/cover/$(1): tests/fuzz/fuzz_$(1).c $$(FUZZSRC_$(1)) $$(wildcard tests/fuzz/*.h $$(HEADERS))
	$$(call say,COVERCC,$(1))
	$$(Q)mkdir -p $$(@D)
	$$(Q)$$(CLANG) $$(COVER_CFLAGS) $$(INC_host) -Itests/fuzz -o $$@ tests/fuzz/fuzz_$(1).c \
		$$(FUZZSRC_$(1)) $$(FUZZLIBS_$(1))
endef
$(foreach f,$(FUZZ),$(eval $(call cover_rule,$(f))))

$(out)/fuzz:
	$(Q)mkdir -p $@

.PHONY: fuzz-build fuzz
fuzz-build: $(FUZZ:%=$(out)/fuzz/%)

# What was found interesting stays in out/fuzz/corpus; a failing input in out/fuzz/NAME-crash-*.
fuzz: fuzz-build
	$(Q)for f in $(FUZZ); do \
		seeds=tests/fuzz/corpus/$$f; [ -d $$seeds ] || seeds=; \
		mkdir -p $(out)/fuzz/corpus/$$f; \
		$(out)/fuzz/$$f -max_total_time=$(SECONDS) -timeout=10 -artifact_prefix=$(out)/fuzz/$$f- \
			$(out)/fuzz/corpus/$$f $$seeds >$(out)/fuzz/$$f.log 2>&1 || \
			{ tail -40 $(out)/fuzz/$$f.log; echo "$$f: FAILED, see $(out)/fuzz/$$f.log"; exit 1; }; \
		sed -n "s/^#\([0-9]*\)\tDONE *\(cov: [0-9]*\).*\(corp: [0-9]*\).*/$$f: \1 runs, \2, \3/p" \
			$(out)/fuzz/$$f.log; \
	done

# ---- a benchmark on the host: LZO and LZ4 hibernation images, against the bare decompressors ----
$(out)/bench/swsusp_decode: tests/bench/swsusp_decode.c $(SWSUSP_SRC) $(wildcard swsusp/*.h)
	$(call say,HOSTCC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) -Iswsusp -o $@ $(filter %.c,$^) $(SWSUSP_A)

# ---- installing ----
PREFIX := /usr/local
DESTDIR :=
.PHONY: install deb check-package
install: all
	install -d $(DESTDIR)$(PREFIX)/share/bash-completion/completions
	install -D $(out)/torpor $(DESTDIR)$(PREFIX)/sbin/torpor
	install -D -m 644 -t $(DESTDIR)$(PREFIX)/lib/torpor $(out)/torpor.mb2 $(out)/torpor.efi
	install -D -m 644 -t $(DESTDIR)$(PREFIX)/share/man/man8 docs/torpor.8
	install -D -m 644 -t $(DESTDIR)$(PREFIX)/share/man/man7 docs/torpor-loader.7
	install -D -m 644 -t $(DESTDIR)$(PREFIX)/share/doc/torpor README.md CHANGELOG.md docs/*.md
	$(out)/torpor completion > $(DESTDIR)$(PREFIX)/share/bash-completion/completions/torpor

# The Debian package: out/torpor_VERSION_amd64.deb.
deb:
	$(Q)tests/setup.sh build dpkg-dev debhelper
	$(Q)packaging/deb.sh

# It is installed, used and purged in chroots with nothing else, as root.
check-package:
	$(Q)tests/setup.sh build dpkg-dev debhelper lintian mmdebstrap
	$(Q)tests/builds/package.sh bookworm trixie

clean:
	$(Q)rm -rf $(out)
