# SPDX-License-Identifier: GPL-2.0-or-later
# A new test: TEST(name) { ... } in the suite's test_NAME.c, where it belongs; it registers itself (test.h), so
# that nothing else has to be told. A new suite: tests/unit/test_NAME.c, with test.h, and a line in UNIT here;
# SRC_NAME: the sources under test; LIBS_NAME: packages it needs; INCLUDE_NAME: its include path, where it must
# not be $(INC_host) . out/unit/NAME 'pattern*' runs the tests of these names.
UNIT += img
SRC_img := $(IMAGE_SRC) tests/fake/fault_disk.c tests/unit/img_common.c
LIBS_img := $(LZ4_A)

UNIT += img_state
SRC_img_state := $(SRC_img)
LIBS_img_state := $(LZ4_A)

UNIT += img_fault
SRC_img_fault := $(SRC_img)
LIBS_img_fault := $(LZ4_A)

UNIT += img_power
SRC_img_power := $(SRC_img)
LIBS_img_power := $(LZ4_A)

UNIT += store
SRC_store := $(SRC_img) $(STORE_SRC) tests/unit/store_common.c
LIBS_store := $(LZ4_A)

UNIT += store_lies
SRC_store_lies := $(SRC_store)
LIBS_store_lies := $(LZ4_A)

UNIT += state
SRC_state := image-format/err.c image-format/state.c image-format/state_dump.c \
	image-format/saved_state.c

UNIT += facts
SRC_facts := $(FACTS_SRC) image-format/hash.c $(SRC_state)

UNIT += e820_map
SRC_e820_map := cli/machine/e820_map.c swsusp/e820.c swsusp/crc.c swsusp/err.c
LIBS_e820_map := $(SWSUSP_A)

UNIT += acpi_list
SRC_acpi_list := cli/machine/acpi_list.c

UNIT += lib
SRC_lib := lib/err.c lib/format.c lib/log.c lib/arena.c lib/ranges.c \
	lib/panic.c

UNIT += string
SRC_string :=

UNIT += block
SRC_block := drivers/block.c lib/err.c tests/fake/machine.c tests/unit/toy_driver.c

UNIT += pci
SRC_pci := $(PCI_SRC) drivers/usb_handoff.c tests/fake/machine.c tests/fake/fake_pci.c lib/format.c lib/log.c

UNIT += iommu
SRC_iommu := x86/acpi_table.c drivers/iommu.c drivers/iommu_off.c $(PCI_SRC) drivers/usb_handoff.c tests/fake/machine.c \
	tests/fake/fake_pci.c tests/unit/log_text.c lib/err.c lib/format.c lib/log.c

UNIT += watchdog
SRC_watchdog := x86/acpi_table.c drivers/watchdog.c $(PCI_SRC) drivers/usb_handoff.c tests/fake/machine.c \
	tests/fake/fake_pci.c tests/unit/log_text.c lib/err.c lib/format.c lib/log.c

UNIT += page_walk
SRC_page_walk := old-kernel/page_walk.c

UNIT += efi_memory
SRC_efi_memory := efi/efi_memory.c efi/efi_vmd.c old-kernel/page_walk.c lib/err.c lib/format.c lib/log.c tests/unit/log_text.c
INCLUDE_efi_memory := -DGNU_EFI_USE_MS_ABI -fshort-wchar -Iefi -I/usr/include/efi -I/usr/include/efi/x86_64 \
	-Itests/fake/bare -Itests/unit -Ilib -Ix86 -Iold-kernel

UNIT += efi_off
SRC_efi_off := writer/efi_off.c tests/fake/machine.c tests/unit/log_text.c lib/format.c lib/log.c

UNIT += pci_mcfg
SRC_pci_mcfg := x86/acpi_table.c $(PCI_SRC) drivers/pci_mcfg.c tests/fake/machine.c tests/fake/fake_pci.c tests/unit/log_text.c \
	lib/err.c lib/format.c lib/log.c

UNIT += virtio_blk
SRC_virtio_blk := x86/acpi_table.c $(DRIVER_SRC) tests/unit/driver_conformance.c \
	tests/unit/driver_conformance_faults.c tests/fake/machine.c tests/fake/fake_pci.c \
	tests/fake/fake_disk.c tests/fake/fake_virtio_blk.c tests/fake/fake_virtio_queue.c \
	lib/err.c lib/format.c lib/log.c lib/arena.c

UNIT += nvme
SRC_nvme := x86/acpi_table.c $(DRIVER_SRC) tests/unit/driver_conformance.c tests/unit/driver_conformance_faults.c \
	tests/unit/log_text.c tests/fake/machine.c tests/fake/fake_pci.c tests/fake/fake_disk.c \
	tests/fake/fake_nvme.c tests/fake/fake_nvme_queue.c lib/err.c lib/format.c lib/log.c lib/arena.c

UNIT += nvme_controller
SRC_nvme_controller := $(SRC_nvme)

AHCI_TEST_SRC := x86/acpi_table.c $(DRIVER_SRC) tests/unit/driver_conformance.c \
	tests/unit/driver_conformance_faults.c tests/unit/ahci_own.c tests/unit/log_text.c \
	tests/fake/machine.c tests/fake/fake_pci.c tests/fake/fake_disk.c tests/fake/fake_ahci.c \
	tests/fake/fake_ahci_command.c lib/err.c lib/format.c lib/log.c lib/arena.c
UNIT += ahci
SRC_ahci := $(AHCI_TEST_SRC)
UNIT += ahci_errors
SRC_ahci_errors := $(AHCI_TEST_SRC)

UNIT += area
SRC_area := image-io/area_io.c drivers/block.c lib/err.c lib/format.c lib/log.c tests/fake/machine.c \
	tests/fake/fake_ram_disk.c tests/unit/area_common.c

UNIT += area_errors
SRC_area_errors := $(SRC_area)

UNIT += cmdline
SRC_cmdline := loader/door/cmdline.c loader/disk/guid.c lib/format.c

UNIT += gpt
SRC_gpt := loader/disk/gpt.c drivers/block.c lib/err.c tests/fake/machine.c tests/fake/fake_ram_disk.c \
	tests/unit/gpt_make.c

UNIT += boot_memory
SRC_boot_memory := loader/door/boot_memory.c

UNIT += swsusp
SRC_swsusp := $(SWSUSP_SRC) tests/unit/swsusp_common.c tests/unit/swsusp_builder.c
LIBS_swsusp := $(SWSUSP_A)

UNIT += swsusp_fault
SRC_swsusp_fault := $(SRC_swsusp)
LIBS_swsusp_fault := $(SWSUSP_A)

UNIT += swsusp_fields
SRC_swsusp_fields := $(SRC_swsusp)
LIBS_swsusp_fields := $(SWSUSP_A)

UNIT += multiboot2
SRC_multiboot2 := loader/door/multiboot2.c loader/door/boot_memory.c loader/door/map_crc.c swsusp/e820.c swsusp/crc.c swsusp/err.c
LIBS_multiboot2 := $(SWSUSP_A)

UNIT += map_crc
SRC_map_crc := loader/door/map_crc.c swsusp/e820.c swsusp/crc.c swsusp/err.c
LIBS_map_crc := $(SWSUSP_A)

UNIT += tables
SRC_tables := loader/fit/tables.c loader/fit/tables_read.c $(ACPI_SRC) image-format/hash.c image-format/saved_table.c lib/err.c lib/format.c lib/log.c \
	tests/fake/machine.c tests/unit/log_text.c tests/unit/play_firmware.c

UNIT += handoff
SRC_handoff := writer/handoff_check.c writer/pages.c lib/ranges.c

UNIT += vmcoreinfo
SRC_vmcoreinfo := old-kernel/vmcoreinfo.c

UNIT += old_pages
SRC_old_pages := old-kernel/old_pages.c old-kernel/old_memory.c old-kernel/page_walk.c old-kernel/vmcoreinfo.c

UNIT += fingerprints
SRC_fingerprints := writer/fingerprints.c loader/disk/changes.c loader/disk/gpt.c image-io/fingerprint.c drivers/block.c \
	image-format/hash.c lib/err.c lib/format.c lib/log.c lib/arena.c tests/fake/machine.c \
	tests/fake/fake_ram_disk.c tests/unit/gpt_make.c tests/unit/log_text.c

UNIT += output
SRC_output := writer/output.c image-io/area_io.c drivers/block.c $(IMAGE_SRC) lib/err.c lib/arena.c lib/format.c lib/log.c \
	tests/fake/machine.c tests/fake/fake_ram_disk.c tests/unit/saved_machine.c
LIBS_output := $(LZ4_A)

# What suites need that look at an image which the writer's own code wrote onto a disk of RAM.
SAVED_MACHINE_SRC := writer/output.c image-io/area_io.c drivers/block.c $(IMAGE_SRC) lib/err.c lib/arena.c \
	tests/fake/machine.c tests/fake/fake_ram_disk.c tests/unit/saved_machine.c
UNIT += find
SRC_find := loader/own/find.c image-io/err_any.c swsusp/err.c loader/disk/places.c loader/disk/gpt.c loader/door/cmdline.c loader/disk/guid.c lib/format.c lib/log.c $(SAVED_MACHINE_SRC) \
	tests/unit/gpt_make.c tests/unit/log_text.c
LIBS_find := $(LZ4_A)

UNIT += cli_parse
SRC_cli_parse := cli/linux/proc_text.c

UNIT += cli_facts
SRC_cli_facts := cli/linux/proc_text.c cli/linux/proc_lines.c cli/machine/machine_facts.c cli/machine/vmcoreinfo_text.c cli/machine/firmware_settings.c cli/machine/firmware_map.c cli/machine/e820_map.c cli/machine/kcore.c swsusp/e820.c swsusp/crc.c swsusp/err.c \
	cli/machine/memory_use.c old-kernel/vmcoreinfo.c cli/save/kexec.c cli/linux/sysfiles.c cli/base/number.c cli/base/say.c cli/base/escape.c \
	lib/ranges.c \
	tests/unit/cli_tree.c
LIBS_cli_facts := $(SWSUSP_A)

UNIT += cli_memory
SRC_cli_memory := $(SRC_cli_facts)
LIBS_cli_memory := $(SWSUSP_A)

# Finding a target, a file too. cli/linux/file_sys.c is played in tests of files (play_file_sys.c).
TARGET_SRC := cli/linux/proc_text.c cli/linux/proc_lines.c cli/linux/boot_parse.c cli/target/target.c cli/target/target_open.c cli/target/target_file.c cli/base/unfinished.c cli/linux/file_extents.c \
	cli/linux/btrfs_place.c cli/linux/layers.c cli/base/uuid.c cli/image/image_io.c cli/linux/sysfiles.c cli/base/number.c cli/base/say.c cli/base/escape.c $(IMAGE_SRC)
UNIT += cli_target
SRC_cli_target := cli/target/target_use.c $(TARGET_SRC) cli/linux/file_sys.c tests/unit/cli_tree.c
LIBS_cli_target := $(LZ4_A)

UNIT += cli_save
SRC_cli_save := cli/save/region.c cli/save/payload.c cli/save/report.c image-io/err_any.c swsusp/err.c $(TARGET_SRC) cli/linux/file_sys.c \
	writer/handoff_check.c lib/err.c
LIBS_cli_save := $(LZ4_A)

UNIT += cli_resumable
SRC_cli_resumable := cli/save/resumable.c $(FIT_SRC) loader/door/boot_memory.c image-io/err_any.c writer/pages.c lib/err.c \
	lib/ranges.c lib/format.c lib/log.c swsusp/err.c cli/save/payload.c $(TARGET_SRC) cli/linux/file_sys.c
LIBS_cli_resumable := $(LZ4_A)

UNIT += cli_filesystems
SRC_cli_filesystems := cli/target/filesystems.c cli/target/target_area.c $(TARGET_SRC) cli/linux/file_sys.c tests/unit/cli_tree.c
LIBS_cli_filesystems := $(LZ4_A) -lblkid

UNIT += number
SRC_number := cli/base/number.c

UNIT += escape
SRC_escape := cli/base/say.c cli/base/escape.c

UNIT += cli_image
SRC_cli_image := tests/unit/said_json.c cli/dump.c cli/linux/device_tag.c cli/base/verb.c cli/target/target_area.c cli/image/image_view.c cli/base/json.c cli/image/image_json.c cli/image/state_json.c cli/image/stock_json.c cli/info_json.c cli/info.c cli/look.c cli/base/number.c cli/target/kept.c cli/target/kept_about.c $(STORE_SRC) cli/verify.c cli/image/contents.c cli/base/progress.c \
	cli/image/stock_image.c cli/base/now.c $(TARGET_SRC) cli/linux/file_sys.c tests/unit/cli_tree.c $(SWSUSP_SRC)
LIBS_cli_image := $(SWSUSP_A) -lblkid -ljansson

UNIT += cli_keep
SRC_cli_keep := tests/unit/said_json.c cli/linux/device_tag.c cli/linux/boot_parse.c cli/base/verb.c cli/verify.c cli/base/json.c cli/image/image_json.c cli/image/state_json.c cli/image/stock_json.c cli/info_json.c cli/info.c cli/look.c cli/base/number.c cli/image/image_view.c cli/image/stock_image.c cli/image/contents.c cli/base/progress.c cli/base/now.c \
	$(SWSUSP_SRC) cli/keep.c cli/target/kept.c cli/target/kept_about.c cli/base/out_file.c cli/base/spool.c cli/base/unfinished.c cli/image/image_io.c cli/base/uuid.c cli/base/say.c cli/base/escape.c \
	cli/linux/sysfiles.c tests/unit/cli_tree.c \
	$(IMAGE_SRC) $(STORE_SRC)
LIBS_cli_keep := $(SWSUSP_A) -lblkid -ljansson

UNIT += cli_stock
SRC_cli_stock := tests/unit/said_json.c cli/linux/device_tag.c cli/linux/boot_parse.c cli/base/verb.c cli/image/stock_image.c cli/base/now.c cli/target/kept.c cli/target/kept_about.c $(STORE_SRC) cli/image/image_io.c cli/image/image_view.c cli/base/json.c cli/image/image_json.c cli/image/state_json.c cli/image/stock_json.c cli/info_json.c cli/info.c cli/look.c cli/base/number.c cli/verify.c cli/image/contents.c cli/base/progress.c cli/base/uuid.c \
	cli/linux/sysfiles.c cli/base/say.c cli/base/escape.c tests/unit/cli_tree.c tests/unit/swsusp_builder.c $(IMAGE_SRC) $(SWSUSP_SRC)
LIBS_cli_stock := $(SWSUSP_A) -lblkid -ljansson

UNIT += plan
SRC_plan := $(FIT_SRC) loader/own/image.c image-io/err_any.c swsusp/err.c loader/own/find.c image-io/err_any.c swsusp/err.c loader/disk/places.c loader/disk/gpt.c loader/door/cmdline.c loader/disk/guid.c lib/format.c \
	lib/log.c lib/ranges.c $(SAVED_MACHINE_SRC) tests/unit/log_text.c
LIBS_plan := $(LZ4_A)

UNIT += nvs
SRC_nvs := writer/nvs_out.c loader/own/nvs.c loader/own/image.c image-io/err_any.c swsusp/err.c loader/door/boot_memory.c image-io/err_any.c swsusp/err.c \
	loader/own/find.c image-io/err_any.c swsusp/err.c loader/disk/places.c loader/disk/gpt.c loader/door/cmdline.c loader/disk/guid.c lib/format.c lib/log.c lib/ranges.c \
	$(SAVED_MACHINE_SRC) tests/unit/log_text.c
LIBS_nvs := $(LZ4_A)

UNIT += platform
SRC_platform := loader/fit/platform.c lib/format.c lib/log.c tests/unit/log_text.c

UNIT += restore
SRC_restore := loader/own/restore.c x86/jobs.c loader/own/image.c image-io/err_any.c swsusp/err.c loader/own/find.c image-io/err_any.c swsusp/err.c loader/disk/places.c loader/disk/gpt.c loader/door/cmdline.c loader/disk/guid.c \
	lib/format.c lib/log.c $(SAVED_MACHINE_SRC) tests/unit/log_text.c
LIBS_restore := $(LZ4_A)

UNIT += jobs
SRC_jobs := x86/jobs.c tests/fake/machine.c
LIBS_jobs := -lpthread

UNIT += acpi
SRC_acpi := tests/unit/acpi_made.c $(ACPI_SRC) lib/format.c lib/log.c tests/fake/machine.c tests/unit/log_text.c

UNIT += acpi_registers
SRC_acpi_registers := $(ACPI_SRC) lib/format.c lib/log.c tests/fake/machine.c

UNIT += cli_boot_parse
SRC_cli_boot_parse := cli/linux/boot_parse.c cli/boot/grub_text.c cli/boot/setup_record.c cli/base/number.c cli/linux/sysfiles.c cli/base/say.c cli/base/escape.c

UNIT += cli_setup
SRC_cli_setup := tests/unit/said_json.c cli/base/verb.c cli/linux/device_tag.c cli/base/json.c cli/setup.c cli/boot/booted.c cli/boot/setup_grub.c cli/boot/setup_efi.c cli/boot/setup_files.c cli/boot/setup_record.c cli/base/number.c cli/arm.c \
	cli/boot/setup_hook.c cli/base/unfinished.c cli/linux/lock.c cli/linux/settle.c cli/base/interrupt.c cli/linux/run.c cli/linux/trusted.c $(CLI_FACTS_SRC) cli/target/filesystems.c cli/machine/machine_facts.c cli/machine/vmcoreinfo_text.c cli/machine/firmware_settings.c cli/machine/memory_use.c lib/ranges.c \
	cli/boot/setup_image.c cli/status.c cli/target/swap_place.c cli/machine/unsaved.c cli/linux/hibernation_target.c cli/linux/mounts.c cli/boot/grub_text.c cli/image/stock_image.c cli/base/progress.c cli/base/now.c \
	cli/target/target_use.c cli/target/target_area.c $(TARGET_SRC) cli/boot/loader_words.c loader/door/cmdline.c loader/disk/guid.c lib/format.c \
	tests/unit/play_file_sys.c tests/unit/cli_machine.c tests/unit/cli_tree.c $(SWSUSP_SRC)
LIBS_cli_setup := $(SWSUSP_A) -lblkid -ljansson

UNIT += cli_collect
SRC_cli_collect := $(SRC_cli_setup) tests/unit/cli_boot.c
LIBS_cli_collect := $(LIBS_cli_setup)

UNIT_PLAIN += setup_killed
SRC_setup_killed := $(SRC_cli_setup) cli/save/payload.c cli/boot/efi_run.c tests/unit/killed.c tests/unit/killed_machine.c
LIBS_setup_killed := $(LIBS_cli_setup)

UNIT_PLAIN += arm_killed
SRC_arm_killed := $(SRC_setup_killed) tests/unit/cli_boot.c
LIBS_arm_killed := $(LIBS_cli_setup)

UNIT += cli_file
SRC_cli_file := $(SRC_cli_setup) cli/save/payload.c
LIBS_cli_file := $(SWSUSP_A) -lblkid -ljansson

STOCK_SRC := loader/stock/stock.c loader/disk/guid.c loader/disk/places.c loader/disk/gpt.c $(FIT_SRC) loader/own/image.c image-io/err_any.c swsusp/err.c loader/door/boot_memory.c \
	image-io/err_any.c image-io/area_io.c drivers/block.c lib/err.c lib/format.c lib/log.c lib/arena.c lib/ranges.c \
	$(IMAGE_SRC) $(SWSUSP_SRC) tests/fake/machine.c tests/fake/fake_ram_disk.c tests/unit/gpt_make.c \
	tests/unit/log_text.c tests/unit/swsusp_builder.c tests/unit/stock_disk.c \
	loader/stock/stock_check.c loader/stock/stock_facts.c loader/stock/stock_fit.c loader/stock/stock_peek.c loader/fit/tables_read.c \
	loader/door/map_crc.c loader/disk/changes.c image-io/fingerprint.c $(ACPI_SRC) $(FACTS_SRC)
UNIT += stock
SRC_stock := $(STOCK_SRC)
LIBS_stock := $(SWSUSP_A)

UNIT += places
SRC_places := loader/disk/places.c loader/disk/gpt.c drivers/block.c lib/err.c lib/format.c lib/log.c \
	tests/fake/machine.c tests/fake/fake_ram_disk.c tests/unit/gpt_make.c tests/unit/log_text.c

UNIT += stock_restore
SRC_stock_restore := loader/stock/stock_restore.c x86/jobs.c $(STOCK_SRC)
LIBS_stock_restore := $(SWSUSP_A)

UNIT += facts_judge
SRC_facts_judge := $(STOCK_SRC) tests/unit/play_firmware.c
LIBS_facts_judge := $(SWSUSP_A)

UNIT += stock_place
SRC_stock_place := loader/stock/stock_place.c loader/door/more_memory.c $(STOCK_SRC)
LIBS_stock_place := $(SWSUSP_A)

UNIT += extent_map
SRC_extent_map := $(IMAGE_SRC)
LIBS_extent_map := $(LZ4_A)

# Reads out/golden, which unit-build makes.
UNIT += golden
SRC_golden := $(IMAGE_SRC)
LIBS_golden := $(LZ4_A)

UNIT += img_exhaust
SRC_img_exhaust := $(SRC_img)
LIBS_img_exhaust := $(LZ4_A)
UNIT += core_file
SRC_core_file := cli/image/core_file.c

UNIT += cli_hardware
SRC_cli_hardware := cli/save/siblings.c cli/machine/firmware_settings.c cli/linux/proc_text.c cli/machine/hardware.c cli/linux/sysfiles.c cli/base/number.c cli/base/say.c cli/base/escape.c tests/unit/cli_tree.c

UNIT += crash_info
SRC_crash_info := cli/image/crash_info.c old-kernel/page_walk.c old-kernel/vmcoreinfo.c

UNIT += cli_export
SRC_cli_export := cli/linux/device_tag.c cli/base/verb.c cli/base/json.c cli/image/image_json.c cli/image/state_json.c cli/image/stock_json.c cli/info_json.c cli/info.c cli/look.c cli/base/number.c cli/export.c cli/base/out_file.c cli/base/unfinished.c cli/image/export_core.c cli/image/export_out.c cli/make.c cli/image/make_input.c cli/target/make_output.c cli/base/spool.c \
	cli/image/core_file.c cli/image/crash_info.c old-kernel/vmcoreinfo.c cli/image/image_memory.c \
	cli/image/contents.c cli/base/progress.c cli/verify.c cli/target/kept.c cli/target/kept_about.c $(STORE_SRC) cli/image/image_view.c cli/image/stock_image.c cli/base/now.c cli/target/target_use.c \
	cli/target/target_area.c $(TARGET_SRC) cli/linux/file_sys.c tests/unit/cli_tree.c tests/unit/swsusp_builder.c $(SWSUSP_SRC)
LIBS_cli_export := $(SWSUSP_A) -lblkid -ljansson

# Below the seam: the test is the machine.
BARE_INCLUDE := -Itests/fake/bare -Itests/unit -iquote x86 -Ilib
UNIT += clock
SRC_clock := x86/clock.c
INCLUDE_clock = $(BARE_INCLUDE)

UNIT += paging
SRC_paging := x86/paging.c lib/arena.c
INCLUDE_paging = $(BARE_INCLUDE)

UNIT += low_memory
SRC_low_memory := loader/fit/low_memory.c lib/ranges.c

UNIT += judge
SRC_judge := $(JUDGE_SRC) $(FIT_SRC) loader/start_count.c loader/own/find.c image-io/err_any.c swsusp/err.c loader/disk/places.c loader/disk/gpt.c loader/door/cmdline.c loader/disk/guid.c \
	loader/own/image.c image-io/err_any.c swsusp/err.c loader/disk/changes.c loader/stock/stock.c loader/door/boot_memory.c image-io/err_any.c image-io/fingerprint.c \
	lib/format.c lib/log.c lib/ranges.c $(SAVED_MACHINE_SRC) $(SWSUSP_SRC) tests/unit/log_text.c \
	loader/door/map_crc.c $(ACPI_SRC) tests/unit/swsusp_builder.c tests/unit/judge_world.c
LIBS_judge := $(SWSUSP_A)

UNIT += apic
SRC_apic := x86/apic.c lib/log.c lib/format.c
INCLUDE_apic = $(BARE_INCLUDE)

UNIT += firmware_data
SRC_firmware_data := loader/door/firmware_data.c loader/door/efi_tables.c $(ACPI_SRC) lib/ranges.c lib/format.c lib/log.c lib/err.c tests/fake/machine.c \
	tests/unit/log_text.c

UNIT += verb
SRC_verb := cli/base/verb.c cli/help.c cli/completion.c cli/base/say.c cli/base/escape.c

UNIT += out_file
SRC_out_file := cli/base/out_file.c cli/base/unfinished.c cli/base/say.c cli/base/escape.c
