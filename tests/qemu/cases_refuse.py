# SPDX-License-Identifier: GPL-2.0-or-later
"""Everything that must not be saved or resumed: one clear line, nothing hangs, nothing is lost."""

import uuid

import image
from harness import LOADERS, TORPOR, case
from story import AREA, DOORS, Story, on_second_disk


def _saved(t, door="seabios-grub", memory_mib=64, **options):
    """A machine that is off, with a good image."""
    story = Story(t, door, t.disk(), **options)
    story.work(memory_mib)
    story.save()
    t.check(image.state(story.disk)[0] == "VALID", "no valid image after the save")
    return story


def _still_resumes(story):
    story.machine.on_reset = "stop"
    story.resume()
    story.verify()


# ---- the loader ----

def _refused(t, story, why, machine=None, times=1):
    reason = story.refused(machine, times=times)
    t.check(why in reason, f"another reason was given: {reason}")


for door_name in DOORS:
    def _register(door):
        @case(f"refuse-no-image-{door}", product=LOADERS)
        def no_image(t):
            story = Story(t, door, t.disk())
            story.guest.poweroff()
            _refused(t, story, "no image area")
    _register(door_name)


@case("refuse-spent", product=TORPOR)
def spent(t):
    """Resumed once, an image is never resumed again."""
    for door in ("seabios-grub", "ovmf-entry"):
        story = _saved(t, door)
        story.resume()
        story.guest.run("workload stop")
        story.guest.poweroff()
        _refused(t, story, "resumed before")


@case("refuse-other-partuuid", product=TORPOR)
def other_partuuid(t):
    story = _saved(t)
    right = story.disk.torpor_args()
    story.disk.set_env(torpor_args=f"{right} area=partuuid:{uuid.uuid4()}")
    _refused(t, story, "not found: area=partuuid:")
    story.disk.set_env(torpor_args="serial=0x3f8 area=nowhere")
    _refused(t, story, "area=nowhere")
    story.disk.set_env(torpor_args=f"{right} area=partuuid:{story.disk.table['torpor'].guid}")
    _still_resumes(story)


@case("refuse-less-ram", product=TORPOR)
def less_ram(t):
    story = _saved(t)
    story.machine.ram_mib = 768
    _refused(t, story, "the memory map does not fit")
    t.check(image.state(story.disk) == ("VALID", 0), "the refusal changed the image")
    story.machine.ram_mib = 1024
    _still_resumes(story)


@case("refuse-no-disk", product=TORPOR)
def no_disk(t):
    """The image is on a second disk, which is missing."""
    first, second = t.disk(), t.disk("second")
    story = on_second_disk(t, first, second, "/dev/vdb4")
    story.save()
    drives = list(story.machine.drives)
    story.machine.drives = drives[:1]
    _refused(t, story, "not found")
    story.machine.drives = drives
    _still_resumes(story)


@case("refuse-other-firmware", product=TORPOR)
def other_firmware(t):
    story = _saved(t)
    machine, _ = t.machine(story.disk, name="uefi", firmware="ovmf")
    _refused(t, story, "the firmware does not fit", machine)


def _damage(name, place, what, door="seabios-grub", times=1):
    @case(f"refuse-damaged-{name}", product=TORPOR)
    def run(t):
        story = _saved(t, door)
        for offset in place(story.disk):
            image.flip(story.disk, offset)
        _refused(t, story, f"{what} is damaged", times=times)
        state = image.state(story.disk)[0]
        t.check(state in ("VALID", "LOADING", "none", "damaged"), f"the image's state is {state} now")


_damage("header", lambda disk: [h.offset + 40 for h in image.headers(disk)], "the image header")
_damage("root", lambda disk: [image.headers(disk)[-1].root_offset + 20], "the image root")
_damage("index", lambda disk: [image.index_offset(disk) + 3], "the image index")
_damage("index-uefi", lambda disk: [image.index_offset(disk) + 3], "the image index", "ovmf-entry")
_damage("data", lambda disk: [image.stored_chunk(disk).offset + 5], "image data")
# Seen only while it is loaded, after boot services: reset, and the boot entry is still the first one;
# after two attempts the program returns and the firmware goes on to GRUB.
_damage("data-uefi", lambda disk: [image.stored_chunk(disk).offset + 5], "image data", "ovmf-entry",
        times=3)


@case("refuse-after-failed-attempts", product=TORPOR)
def failed_attempts(t):
    """An image that fails while it is loaded is not tried for ever."""
    story = _saved(t)
    image.flip(story.disk, image.stored_chunk(story.disk).offset + 5)
    for attempt in (1, 2):
        _refused(t, story, "image data is damaged")
        t.check(image.state(story.disk) == ("LOADING", attempt), "the attempt was not counted")
    _refused(t, story, "too many failed attempts")


# ---- the command ----

def _save_refused(t, guest, command, said):
    """It fails, says one line, and the running system is as it was."""
    output = guest.run(f"{command}; [ $? != 0 ]", timeout_s=300)
    t.check(len(output.splitlines()) == 1, f"not one line: {command}:\n{output}")
    t.check(said in output, f"{command}: says nothing of {said!r}:\n{output}")
    t.note(output)


@case("refuse-save", product=TORPOR)
def refuse_save(t):
    story = Story(t, "seabios-grub", t.disk())
    story.work(64)
    guest = story.guest
    _save_refused(t, guest, "torpor save --to /dev/disk/data", "mounted")
    guest.run("swapon /dev/disk/swap")
    _save_refused(t, guest, "torpor save --to /dev/disk/swap", "swap")
    _save_refused(t, guest, "torpor save --to /dev/vda", "mounted")
    _save_refused(t, guest, "torpor save --to /dev/nothing", "/dev/nothing")
    _save_refused(t, guest, "torpor save --to /data/hello", "/data/hello")
    _save_refused(t, guest, "torpor save --to /dev/disk/bios", "too small")
    _save_refused(t, guest, f"torpor save --then dance --to {AREA}", "dance")
    _save_refused(t, guest, f"su -s /bin/sh nobody -c \"torpor save --to {AREA}\"", "root")
    guest.run("echo 1 > /proc/sys/kernel/kexec_load_disabled")
    _save_refused(t, guest, f"torpor save --to {AREA}", "kexec_load_disabled")
    story.verify()


@case("refuse-save-disk-full", product=TORPOR)
def refuse_save_disk_full(t):
    """The writer finds out when the old system is already frozen: it comes back and says so."""
    story = Story(t, "seabios-grub", t.disk(area_mib=64))
    story.work()
    _save_refused(t, story.guest, f"torpor save --to {AREA}", "full")
    story.verify()
    _save_refused(t, story.guest, f"torpor save --to {AREA}", "full")
    story.verify()


@case("refuse-save-without-jump", product=TORPOR)
def refuse_save_without_jump(t):
    """A kernel built without the kexec jump, as Debian's is: the missing option is named."""
    story = Story(t, "seabios-grub", t.disk(**t.build.stock()))
    story.work(64)
    _save_refused(t, story.guest, f"torpor save --to {AREA}", "CONFIG_KEXEC_JUMP")
    story.verify()
