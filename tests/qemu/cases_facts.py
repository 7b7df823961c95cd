# SPDX-License-Identifier: GPL-2.0-or-later
"""Facts for the loader: drift that they allow, moves that only they can see, and what counts without them."""

import os
import re
import shutil
import struct
import zlib

import cases_debian
import cases_stock
import efi_vars
import facts_file
import swsusp_image
from cases_setup import PARTITION, SetupStory
from harness import TORPOR, case
from story import NO_RESUME

RESERVED = 2
SSDT_BODY = b"\x08XYZT\x00"  # Name(XYZT, Zero)


class FactsStory(SetupStory):
    """An unmodified kernel, GRUB on a BIOS (or door); the resume is armed by torpor itself."""
    stock = True
    believed = True

    def __init__(self, t, linux_args="", door="seabios-grub", set_up="", **options):
        disk = t.disk(**t.build.stock(*cases_stock.DEBIAN_6_1), linux_args=linux_args)
        super().__init__(t, door, disk, before=f"swapoff -a; {PARTITION}", **options)
        self.set_up(set_up)
        self.work(64)

    def check_loader(self, said):
        if self.believed:
            super().check_loader(said)

    def refused(self, extra=None):
        """A start that does not resume; all that GRUB has written in it is undone. The reason."""
        esp = self.disk.read_partition("esp", 0, self.disk.table["esp"].size)
        image = swsusp_image.digest(self.disk)
        was, self.machine.extra = self.machine.extra, self.machine.extra if extra is None else extra
        self.machine.start()
        reason = self.machine.wait_for(NO_RESUME, 120).group(1)
        self.machine.stop()
        self.machine.extra = was
        self.t.check(swsusp_image.digest(self.disk) == image, "the refusal changed the image")
        self.disk.write_partition("esp", 0, esp)
        self.t.note(f"refused: {reason}")
        return reason

    def refused_by_uefi(self, **wrong):
        """A start that does not resume and goes on to the firmware's next entry, which boots Linux; nothing of
        the image is touched. wrong: attributes of the machine. The reason."""
        image = swsusp_image.digest(self.disk)
        linux_args = self.disk.linux_args()
        self.disk.set_env(linux_args=f"{linux_args} data=none")
        was = {name: getattr(self.machine, name) for name in wrong}
        vars(self.machine).update(wrong, on_reset="reset")
        self.machine.start()
        reason = self.machine.wait_for(NO_RESUME, 120).group(1)
        self.guest.wait_ready()
        times = len(re.findall(NO_RESUME, self.machine.console.text()))
        self.t.check(times == 1, f"the loader was started {times} times")
        self.t.check(swsusp_image.digest(self.disk) == image, "the refusal changed the image")
        self.t.note(f"refused: {reason}")
        self.guest.poweroff()
        vars(self.machine).update(was)
        self.disk.set_env(linux_args=linux_args)
        return reason

    def said(self, text):
        console = self.machine.console.text()
        self.t.check(text in console, f"the loader does not say {text!r}")


def _other_checksum(disk):
    """As if a reserved hole had been a page longer at the save: image and facts agree on it, this boot does
    not. Returns the facts."""
    content = facts_file.read(disk)
    entries = facts_file.memory(content)
    last = max(i for i, e in enumerate(entries) if e[2] == RESERVED)
    start, end, kind = entries[last]
    entries[last] = (start - 4096, end, kind)
    crc = zlib.crc32(struct.pack("<I", len(entries)) +
                     b"".join(struct.pack("<QQI", s, e - s, k) for s, e, k in entries))
    old = facts_file.fact(content, "map_crc")
    content = facts_file.replace(content, struct.pack("<QQ", start, end),
                                 struct.pack("<QQ", start - 4096, end))
    content = facts_file.replace(content, struct.pack("<I", old), struct.pack("<I", crc))
    facts_file.set_image_crc(disk, crc)
    return content


@case("facts-harmless-drift", product=TORPOR)
def harmless_drift(t):
    """The kernel would refuse it: the map's checksum is another one. A table that is gone is refused by
    name, where the kernel would see nothing."""
    body = os.path.join(t.dir, "ssdt")
    with open(body, "wb") as f:
        f.write(SSDT_BODY)
    extra = ["-acpitable", f"sig=SSDT,data={body}"]
    story = FactsStory(t, extra=extra)
    story.save()
    reason = story.refused(extra=[])
    t.check("firmware" in reason or "ACPI" in reason, f"another reason was given: {reason}")
    story.said("stock: ACPI table SSDT was at 0x")
    facts_file.write(story.disk, _other_checksum(story.disk))
    story.resume()
    story.verify()
    story.end()


@case("facts-absent-damaged-strict", product=TORPOR)
def absent(t):
    """Without facts the kernel's rule counts; strict=0 opts out of it."""
    story = FactsStory(t)
    story.save()
    facts = _other_checksum(story.disk)
    for wrong, why in ((b"", "stock: no facts: "),
                       (bytes(len(facts)), "stock: facts are not believed: the file says that there are none"),
                       (facts[:1500], "stock: facts are not believed: "),
                       (facts[:1500] + bytes(len(facts) - 1500), "stock: facts are not believed: "),
                       (facts_file.replace(facts, b"\xff\xff\xff\xff", b"\xfe\xff\xff\xff"),
                        "stock: facts are not believed: they are of another boot or another kernel")):
        facts_file.write(story.disk, wrong)
        reason = story.refused()
        t.check("no facts are believed" in reason, f"another reason was given: {reason}")
        story.said(why)
    config = story.disk.get("/boot/grub/custom.cfg")
    story.disk.put("/boot/grub/custom.cfg", config.replace(b"serial=0x3f8", b"serial=0x3f8 strict=0"))
    story.believed = False
    story.resume()
    story.said("stock: strict=0: goes on all the same")
    story.disk.put("/boot/grub/custom.cfg", config)
    story.verify()
    story.end()


@case("facts-of-previous-boot", product=TORPOR)
def previous_boot(t):
    """With nokaslr every boot has the same entry point: the boot ID in the image tells. What is left is the
    kernel's rule, and the map is the same."""
    story = FactsStory(t, linux_args="nokaslr")
    story.arm()
    story.guest.run("cp -r /var/lib/torpor /esp/record")
    story.guest.poweroff()
    stale = facts_file.read(story.disk)
    story.machine.on_reset = "reset"  # armed, and no image is there
    story.machine.start()
    story.guest.wait_ready()
    story.guest.run(f"swapoff -a; {PARTITION}; mount /dev/disk/esp /esp; ln -sfn /esp/boot /boot; "
                    "mkdir -p /var/lib; mv /esp/record /var/lib/torpor")
    story.work(64)
    story.save()
    facts_file.write(story.disk, stale)
    story.believed = False
    story.resume()
    story.said("they are of another boot (other boot ID)")
    story.said("stock: the memory map has the checksum that the image has")
    story.verify()
    story.end()


@case("facts-moved-tables-ovmf", product=TORPOR)
def moved_tables(t):
    """More memory, and the firmware has its tables elsewhere; a device more, and one has other contents. A kernel
    that went on would run AML from where there is something else now. Its own boot works, and so does the resume
    once the machine is as it was."""
    story = FactsStory(t, door="ovmf-grub", set_up="--efi-entry --esp /esp")
    story.save()
    for wrong, wanted in (({"ram_mib": 1152}, r"stock: the ACPI root pointer was at 0x\w+, now at 0x\w+"),
                          ({"extra": ["-device", "virtio-rng-pci,addr=0x1e"]}, r"stock: ACPI table DSDT .*")):
        reason = story.refused_by_uefi(**wrong)
        t.check("the firmware does not fit" in reason, f"another reason was given: {reason}")
        said = re.search(wanted, story.machine.console.text())
        t.check(said, "the loader does not name what moved")
        t.note(said.group(0).strip())
    story.resume()
    story.verify()
    story.end()


@case("facts-full-variables", product=TORPOR)
def full_variables(t):
    """Where the firmware has no room for a count of starts, a loader that refused would be started for ever: it
    is not started at all. Room again, and the session is back."""
    story = FactsStory(t, door="ovmf-grub", set_up="--efi-entry --esp /esp")
    story.save()
    variables = story.machine.vars
    shutil.copyfile(variables, variables + ".room")
    t.note(f"{efi_vars.fill(variables)} bytes of variables filled")
    reason = story.refused_by_uefi()
    t.check("does not keep a count of starts" in reason, f"another reason was given: {reason}")
    shutil.move(variables + ".room", variables)
    story.resume()
    story.verify()
    story.end()


@case("facts-chained-from-ext4", product=TORPOR)
def chained_from_ext4(t):
    """Debian's GRUB under UEFI starts torpor.efi from /boot on ext4, which the firmware cannot read; the facts
    are on the ESP."""
    d = cases_debian.Debian(t, "ovmf", words=cases_debian.NO_LOGO)
    d.run("torpor setup --loader-args serial=0x3f8")
    folder = d.run("findmnt -n -o FSTYPE -T /boot/grub/torpor/torpor.efi; sed -n 's/^facts=//p' /var/lib/torpor/setup")
    t.check(folder.split() == ["ext4", "/boot/efi/EFI/torpor/facts"], f"set up otherwise: {folder}")
    d.hibernate()
    d.resumed()
    said = re.findall(r"stock: (facts .*)", d.machine.console.text())
    t.check(said and all("believed" in s and "not believed" not in s for s in said), f"facts: {said}")
    t.note(f"loader: {said[-1]}")
    d.poweroff()
