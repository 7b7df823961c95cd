# SPDX-License-Identifier: GPL-2.0-or-later
# One line a fuzzer in FUZZ; FUZZSRC_name: the sources under test; FUZZLIBS_name: packages it needs.
FUZZ += cmdline
FUZZSRC_cmdline := loader/door/cmdline.c loader/disk/guid.c lib/format.c

# fuzz_img has an img_hash of its own.
FUZZ += img
FUZZSRC_img := $(filter-out image-format/hash.c,$(IMAGE_SRC))
FUZZLIBS_img := $(LZ4_A)

FUZZ += store
FUZZSRC_store := $(FUZZSRC_img) $(STORE_SRC)
FUZZLIBS_store := $(LZ4_A)

FUZZ += state
FUZZSRC_state := image-format/err.c image-format/state.c image-format/state_dump.c \
	image-format/saved_state.c cli/image/state_json.c cli/base/json.c cli/base/say.c cli/base/escape.c
FUZZLIBS_state := -ljansson

FUZZ += swsusp
FUZZSRC_swsusp := $(SWSUSP_SRC) tests/unit/swsusp_builder.c
FUZZLIBS_swsusp := $(SWSUSP_A)

FUZZ += format
FUZZSRC_format := lib/format.c

FUZZ += virtio_blk
FUZZSRC_virtio_blk := x86/acpi_table.c $(DRIVER_SRC) tests/fuzz/fuzz_block.c tests/fake/machine.c tests/fake/fake_pci.c lib/err.c \
	lib/format.c lib/log.c lib/arena.c

FUZZ += cli
FUZZSRC_cli := cli/linux/proc_text.c old-kernel/vmcoreinfo.c

FUZZ += nvme
FUZZSRC_nvme := $(FUZZSRC_virtio_blk)

FUZZ += ahci
FUZZSRC_ahci := $(FUZZSRC_virtio_blk)

FUZZ += multiboot2
FUZZSRC_multiboot2 := loader/door/multiboot2.c loader/door/boot_memory.c loader/door/map_crc.c swsusp/e820.c swsusp/crc.c swsusp/err.c
FUZZLIBS_multiboot2 := $(SWSUSP_A)

FUZZ += efi_tables
FUZZSRC_efi_tables := loader/door/efi_tables.c loader/door/firmware_data.c $(ACPI_SRC) lib/ranges.c lib/err.c lib/format.c lib/log.c tests/fake/machine.c

FUZZ += gpt
FUZZSRC_gpt := loader/disk/gpt.c drivers/block.c lib/err.c tests/fake/machine.c tests/fake/fake_ram_disk.c \
	tests/unit/gpt_make.c

FUZZ += changes
FUZZSRC_changes := loader/disk/changes.c loader/disk/gpt.c image-io/fingerprint.c drivers/block.c image-format/hash.c lib/err.c \
	lib/format.c lib/log.c tests/fake/machine.c tests/fake/fake_ram_disk.c tests/unit/gpt_make.c

FUZZ += stock_facts
FUZZSRC_stock_facts := loader/stock/stock_facts.c loader/stock/stock_fit.c $(FIT_SRC) loader/fit/tables_read.c \
	loader/own/image.c image-io/err_any.c swsusp/err.c loader/door/boot_memory.c $(ACPI_SRC) tests/fake/machine.c lib/arena.c lib/err.c lib/format.c lib/log.c lib/ranges.c \
	$(FACTS_SRC) $(IMAGE_SRC) $(SWSUSP_SRC)
FUZZLIBS_stock_facts := $(SWSUSP_A)

FUZZ += handoff
FUZZSRC_handoff := writer/handoff_check.c writer/pages.c lib/ranges.c

FUZZ += acpi
FUZZSRC_acpi := $(ACPI_SRC) lib/format.c lib/log.c tests/fake/machine.c

FUZZ += boot_parse
FUZZSRC_boot_parse := cli/linux/boot_parse.c cli/boot/grub_text.c cli/boot/setup_record.c cli/base/number.c cli/linux/sysfiles.c cli/base/say.c cli/base/escape.c

FUZZ += extent_map
FUZZSRC_extent_map := $(IMAGE_SRC)
FUZZLIBS_extent_map := $(LZ4_A)

FUZZ += filesystem
FUZZSRC_filesystem := cli/target/filesystems.c cli/target/target_area.c $(TARGET_SRC) cli/linux/file_sys.c
FUZZLIBS_filesystem := $(LZ4_A) -lblkid

FUZZ += core_file
FUZZSRC_core_file := cli/image/core_file.c cli/image/crash_info.c old-kernel/page_walk.c old-kernel/vmcoreinfo.c

FUZZ += mcfg
FUZZSRC_mcfg := x86/acpi_table.c $(PCI_SRC) drivers/pci_mcfg.c tests/fake/machine.c tests/fake/fake_pci.c lib/err.c lib/format.c \
	lib/log.c

FUZZ += wdat
FUZZSRC_wdat := x86/acpi_table.c drivers/watchdog.c $(PCI_SRC) tests/fake/machine.c tests/fake/fake_pci.c lib/err.c lib/format.c lib/log.c

FUZZ += iommu
FUZZSRC_iommu := x86/acpi_table.c drivers/iommu.c drivers/iommu_off.c $(PCI_SRC) tests/fake/machine.c tests/fake/fake_pci.c lib/err.c \
	lib/format.c lib/log.c

FUZZ += facts
FUZZSRC_facts := cli/machine/e820_map.c swsusp/e820.c swsusp/crc.c swsusp/err.c cli/machine/acpi_list.c cli/machine/kcore.c cli/linux/proc_text.c cli/linux/proc_lines.c cli/linux/sysfiles.c cli/base/number.c
FUZZLIBS_facts := $(SWSUSP_A)
