# SPDX-License-Identifier: GPL-2.0-or-later
"""Torpor saves and resumes Linux: every door, several machines, twice in the same guest."""

import re

import image
from harness import TORPOR, case
from story import AREA, CONTINUED, DOORS, NEWER_KERNELS_CPU, RESUMED, Story, on_second_disk


# The loader's second run; the first lies below 4 GiB.
REGION_ABOVE_4_GIB = r"loader: \w+ door, program at 0x[1-9a-f][0-9a-f]{8,}, in the region"


def twice(name, door, disk=None, memory_mib=256, suite=None, said="", **options):
    @case(name, product=TORPOR)
    def run(t):
        kernel = t.build.own_kernel(suite) if suite else {}
        story = Story(t, door, t.disk(**kernel, **(disk or {})), **options)
        story.work(memory_mib)
        story.cycle()
        t.check(re.search(said, story.machine.console.text()), f"the loader does not say {said}")
        story.cycle()
        story.end()


for door_name in DOORS:
    twice(f"save-{door_name}", door_name)
twice("save-5g-seabios-grub", "seabios-grub", {"area_mib": 2048}, ram_mib=5120)
twice("save-5g-ovmf-entry", "ovmf-entry", {"area_mib": 2048}, ram_mib=5120)
twice("save-1-cpu", "seabios-grub", cpus=1)
twice("save-4-cpus", "ovmf-entry", cpus=4)
# On these the kernel parks processors in MWAIT, which TCG makes a loop: in its own memory.
twice("save-4-cpus-intel", "seabios-grub", cpus=4, cpu="max,la57=off,vendor=GenuineIntel")
twice("save-la57-seabios-grub", "seabios-grub", cpu="max,la57=on")
twice("save-la57-ovmf-entry", "ovmf-entry", cpu="max,la57=on")
twice("save-la57-5g-seabios-grub", "seabios-grub", {"area_mib": 2048}, ram_mib=5120, cpu="max,la57=on",
      said=REGION_ABOVE_4_GIB)
twice("save-virtio-legacy", "seabios-grub", {"kind": "virtio-legacy"})
twice("save-i440fx", "seabios-grub", machine="pc")
for kernel, debian in (("6.12", "trixie"), ("7.2", "sid")):
    twice(f"save-{kernel}-seabios-grub", "seabios-grub", suite=debian, cpu=NEWER_KERNELS_CPU)
    twice(f"save-{kernel}-ovmf-entry", "ovmf-entry", suite=debian, cpu=NEWER_KERNELS_CPU)
    twice(f"save-{kernel}-la57-ovmf-chain", "ovmf-chain", suite=debian,
          cpu=NEWER_KERNELS_CPU.replace("la57=off", "la57=on"))


@case("save-area-on-second-disk", product=TORPOR)
def save_second_disk(t):
    """The area is found by its partition's GUID on a disk that is not the one booted from; the area
    of the first disk is another one."""
    first, second = t.disk(), t.disk("second", kind="virtio-legacy")
    story = on_second_disk(t, first, second, "/dev/vdb4")
    story.cycle()
    t.check(image.state(first)[0] == "none", "the first disk has an image")
    story.end()


@case("save-reboot", product=TORPOR)
def save_reboot(t):
    """One run of the machine: save, reset, GRUB's one-shot entry chosen from inside, resume."""
    story = Story(t, "seabios-grub", t.disk(), on_reset="reset")
    story.work()
    story.guest.run("mount /dev/disk/esp /esp && grub-editenv /esp/boot/grub/grubenv set "
                    "next_entry=resume && umount /esp")
    boots_before = story.machine.console.text().count("Linux version")
    result = story.guest.run(story.save_command("reboot"), timeout_s=400)
    t.check(re.search(RESUMED, result), f"torpor save does not say that it was resumed:\n{result}")
    t.check(story.machine.console.text().count("Linux version") == boots_before,
            "a Linux was booted for the resume")
    t.check(story.machine.resets() >= 1, "the machine was not reset")
    story.verify()
    story.end()


@case("save-remapping-left-on", product=TORPOR)
def save_remapping(t):
    """Firmware leaves DMA remapping on: no disk answers until the loader has turned it off."""
    for door, state in (("seabios-grub", "blocked"), ("ovmf-chain", "passed")):
        disk = t.disk(door, kind="ahci")
        disk.set_env(remapping=state)
        story = Story(t, door, disk, extra=["-device", "intel-iommu"])
        story.work(16)
        story.cycle()
        console = story.machine.console.text()
        t.check(f"grub: remapping {state}" in console, "GRUB did not turn it on")
        for said in ("iommu: VT-d unit at 0xfed90000: firmware left DMA remapping on, turned off", *(
                ["DMA remapping is on (VT-d unit at 0xfed90000) and will be turned off"] if state == "passed" else [])):
            t.check(said in console, f"nobody says: {said}")
        story.end()


@case("save-watchdog-left-armed", product=TORPOR)
def save_watchdog(t):
    """Firmware leaves a watchdog armed, which would reset the machine behind the loader. QEMU's runs from the
    start, as after a reset of the chip, so it may bite in the second run of the machine only."""
    disk = t.disk()
    story = Story(t, "seabios-grub", disk)
    story.work(16)
    story.save()
    disk.set_env(watchdog="armed")
    story.machine.extra += ["-global", "ICH9-LPC.noreboot=false"]
    story.resume()
    said = "watchdog: firmware left the TCO timer at port 0x660 running, stopped"
    t.check(said in story.machine.console.text(), f"the loader does not say: {said}")
    story.guest.run("sleep 12", timeout_s=60)  # longer than twice its time
    story.verify()
    story.end()


# The FADT as it is, hardware-reduced: Linux has read it, and the writer reads it anew. 112: flags, bit 20; 9: checksum.
HARDWARE_REDUCED = """
fadt=$((0x$(dmesg | sed -n 's/.*ACPI: FACP 0x\\([0-9A-F]*\\) .*/\\1/p')))
byte() { od -An -tu1 -j$1 -N1 /sys/firmware/acpi/tables/FACP | tr -d ' '; }
put() { printf "\\\\$(printf %03o $2)" | dd of=/dev/mem bs=1 seek=$((fadt + $1)) conv=notrunc 2>/dev/null; }
sum=$(byte 9); flags=$(byte 114)
put 114 $((flags + 16)); put 9 $(((sum + 240) % 256))
[ $(byte 114) = $((flags + 16)) ]
"""


@case("save-off-by-firmware", product=TORPOR)
def save_off_by_firmware(t):
    """No ACPI register switches this machine off: the firmware's ResetSystem does, after the commit."""
    story = Story(t, "ovmf-grub", t.disk())
    story.work(16)
    story.guest.run(HARDWARE_REDUCED)
    story.save_command = lambda then: f"torpor save --serial 0x3f8 --then {then} --to {AREA}"
    story.save()
    console = story.machine.console.text()
    t.check(story.machine.ended == "poweroff", f"the machine ended by {story.machine.ended}")
    t.check(re.search(r"writer: power off by the firmware, ResetSystem at 0xffff", console), "not by the firmware")
    t.check(image.state(story.disk)[0] == "VALID", "no valid image after the save")


@case("save-nvs-ovmf-chain", product=TORPOR)
def save_nvs(t):
    """ACPI NVS is put back, all but the FACS, when the loader is told to."""
    disk = t.disk()
    disk.set_env(torpor_args=f"{disk.torpor_args()} nvs=1")
    story = Story(t, "ovmf-chain", disk)
    story.work(16)
    story.cycle()
    said = re.search(r"nvs: .*", story.machine.console.text())
    t.check(said and re.search(r"[1-9]\d* bytes of ACPI NVS put back, 64 kept", said.group()),
            f"the loader says {said and said.group()}")
    t.note(said.group())
    story.end()


@case("save-snapshot", product=TORPOR)
def save_snapshot(t):
    """Save and go on; then the snapshot is resumed in another machine, while the first one has long
    gone on. Nothing is written to the data partition in between: the workload's files are in
    memory."""
    disk = t.disk()
    story = Story(t, "seabios-grub", disk)
    story.work(directory="/run")
    story.guest.run("sync; mount -o remount,ro /data")
    job = story.guest.start(story.save_command("continue"))
    result = story.guest.finish(job, 300)
    t.check(result.status == 0 and re.search(CONTINUED, result.output),
            f"torpor save: exit status {result.status}\n{result.output}")
    beats_then = story.beats
    t.check(not story.guest.run("workload check 240", timeout_s=300), "workload after the snapshot")
    for command in ("info", "verify"):
        story.guest.run(f"torpor {command} {AREA}", timeout_s=120)
    story.machine.stop()
    copy = t.copy(disk, "copy")

    # By itself it is not resumed: the system that it was taken from has gone on.
    t.check("resumed before" in story.refused(), "the snapshot was resumed without being told to")
    story.machine.stop()

    copy.set_env(next_entry="resume", torpor_args=f"{copy.torpor_args()} force=1")
    other, guest = t.machine(copy, name="other")
    other.start()
    result = guest.finish(job, 300)
    t.check(result.status == 0 and re.search(RESUMED, result.output),
            f"in the other machine: exit status {result.status}\n{result.output}")
    story.machine, story.guest, story.beats = other, guest, beats_then
    guest.run("mount -o remount,rw /data")
    story.verify()


@case("save-busy-kernel-threads", product=TORPOR)
def save_busy_kernel_threads(t):
    """A kernel thread on the second processor that writes all the time: it is not stopped for a save, and
    its request must not be in the way when that processor goes offline. Afterwards it is back there."""
    other = t.bare_disk("other", [("data", 24576)])
    other.make("data", "mke2fs", "-q", "-F", "-t", "ext4", "-i", "1024", "-E", "nodiscard,lazy_itable_init=1")
    story = Story(t, "seabios-grub", t.disk(), more_disks=[other])
    run = story.guest.run
    run("mkdir -p /other && mount -t ext4 -o init_itable=1 /dev/vdb1 /other")
    story.work(64)
    run("until p=$(pidof ext4lazyinit); do sleep 0.1; done; taskset -p 2 $p; "
        "before=$(cat /sys/devices/virtual/workqueue/cpumask)")
    for _ in range(3):
        run(f"{story.save_command('continue')} && pidof ext4lazyinit", timeout_s=120)
    place = run("taskset -p $p; [ $(cat /sys/devices/virtual/workqueue/cpumask) = $before ]")
    t.check(re.search(r"affinity mask: 2$", place), f"the kernel thread has moved: {place}")
    story.cycle()
    story.end()


@case("save-many", product=TORPOR)
def save_many(t):
    """Ten cycles in one guest, by the firmware's own entry."""
    story = Story(t, "ovmf-entry", t.disk())
    story.work(64)
    for _ in range(10):
        story.cycle()
    story.end()


@case("save-beside-store", product=TORPOR)
def save_beside_store(t):
    """What is kept behind the area is there after a save and a resume, after a save that failed (the
    image does not fit), and after formats that were refused."""
    story = Story(t, "seabios-grub", t.disk(area_mib=256))
    run = story.guest.run
    run(f"torpor format --keep 200M {AREA} && "
        "dd if=/dev/urandom of=/run/thing bs=1M count=20 2> /dev/null && "
        f"torpor keep put thing /run/thing --in {AREA} && torpor info {AREA}", timeout_s=120)
    same = (f"torpor keep get thing --in {AREA} | cmp - /run/thing && "
            f"torpor keep list --in {AREA} | grep -q '1 kept'")
    story.work(16)
    headers = run(f"head -c 65536 {AREA} | sha256sum")
    t.check("nothing was changed" in run(f"torpor save --dry-run --to {AREA}", timeout_s=120),
            "save --dry-run does not say that nothing was changed")
    t.check(run(f"head -c 65536 {AREA} | sha256sum") == headers, "save --dry-run has changed the area")
    story.cycle()
    run(same, timeout_s=120)

    # Noise that does not fit into the 56 MiB in front of the store.
    run("dd if=/dev/urandom of=/run/noise bs=1M count=120 2> /dev/null", timeout_s=120)
    said = run(story.save_command("poweroff"), timeout_s=300, status=1)
    t.note(f"refused: {said.splitlines()[-1]}")
    run(f"rm /run/noise; {same}", timeout_s=120)
    t.check("kept" in run(f"torpor format {AREA} 2>&1", status=1), "format does not name what is kept")
    t.check("kept" in run(f"{story.save_command('poweroff')} --format 2>&1", status=1),
            "save --format does not name what is kept")
    run(f"{same} && torpor keep drop thing --in {AREA}", timeout_s=120)
    story.end()
