# SPDX-License-Identifier: GPL-2.0-or-later
"""Images of the kernel's own hibernation that must not be resumed, or cannot be: one line says why,
and what is left is for the kernel itself."""

import os
import re

import swsusp_image
import vm
from cases_stock import StockStory
from harness import LOADERS, case
from story import NO_RESUME, Story

KERNEL_RESUMES = {"swap_mib": 1024, "linux_args": "resume=/dev/vda5"}
NO_IMAGE_MS_MAX = 50  # of the loader's time: a swap area without an image delays nobody
EMPTY_SATA_MS = 20  # for ports without a disk
MS_TO_KNOW = r": (\d+) ms from the first instruction until no image was found"


def _hibernated(t, door="seabios-grub", memory_mib=64, **options):
    """A machine that is off, with a good image; GRUB's default is a Linux that looks for it."""
    story = StockStory(t, door, t.disk(**KERNEL_RESUMES), **options)
    story.work(memory_mib)
    story.save()
    t.check(swsusp_image.has_image(story.disk), "no image after the hibernation")
    return story


def _without_kernel_resume(story):
    """From here on Linux leaves the image alone."""
    story.disk.set_env(linux_args=story.disk.linux_args().replace("resume=/dev/vda5", "noresume"))


def _kernel_resumes(story):
    """By GRUB's default entry."""
    story.disk.set_env(linux_args=story.disk.linux_args().replace("noresume", "resume=/dev/vda5"))
    story.machine.on_reset = "stop"
    story.machine.start()
    result = story.guest.finish(story.job, 300)
    console = story.machine.console.text()
    story.t.check(result.status == 0, f"hibernation: exit status {result.status}\n{result.output}")
    story.t.check("Linux version" in console, "not the kernel's own resume")
    story.verify()
    story.end()


@case("stock-refuse-damaged", product=LOADERS)
def damaged(t):
    """One bit of the data is wrong: the loader says so, and the next boot is the kernel's, which
    finds the same, and starts afresh."""
    story = _hibernated(t)
    swsusp_image.flip_data(story.disk)
    story.choose_resume()
    machine = story.machine
    machine.on_reset = "reset"
    machine.start()
    reason = machine.wait_for(NO_RESUME, 120).group(1)
    t.check(reason in ("image data do not have their checksum", "compressed data do not decode"),
            f"another reason was given: {reason}")
    t.check(swsusp_image.has_image(story.disk), "the image is gone after the failure")
    t.check(swsusp_image.attempts(story.disk) == 1, "the attempt was not counted")
    machine.wait_for(r"PM: .*(Invalid image CRC|decompression failed|Failed to load)", 120)
    machine.wait_for(r"^@ready ", 120, machine.agent)
    t.note(f"refused: {reason}; then the kernel's own resume failed too, and Linux booted")
    story.guest.poweroff()
    story.disk.fsck()


@case("stock-refuse-after-failed-attempts", product=LOADERS)
def failed_attempts(t):
    story = _hibernated(t)
    _without_kernel_resume(story)
    swsusp_image.flip_data(story.disk)
    for attempt in (1, 2):
        story.refused()
        t.check(swsusp_image.attempts(story.disk) == attempt, "the attempt was not counted")
    t.check("too many failed attempts" in story.refused(), "tried a third time")
    t.check(swsusp_image.attempts(story.disk) == 2, "the third start counted an attempt")
    t.check(swsusp_image.has_image(story.disk), "the image is gone")


@case("stock-refuse-less-ram", product=LOADERS)
def less_ram(t):
    """Another machine refuses it untouched; the kernel itself still resumes it on the right one."""
    story = _hibernated(t)
    before = swsusp_image.digest(story.disk)
    _without_kernel_resume(story)
    story.machine.ram_mib = 768
    reason = story.refused()
    t.check("the memory map does not fit" in reason, f"another reason was given: {reason}")
    t.check(swsusp_image.digest(story.disk) == before, "the refusal changed the image")
    story.machine.ram_mib = 1024
    _kernel_resumes(story)


@case("stock-failed-attempt-kernel-resumes", product=LOADERS)
def attempt_then_kernel(t):
    """An attempt that failed has left nothing behind that disturbs the kernel's own resume."""
    story = _hibernated(t)
    _without_kernel_resume(story)
    swsusp_image.flip_data(story.disk)
    story.refused()
    swsusp_image.flip_data(story.disk)
    t.check(swsusp_image.attempts(story.disk) == 1, "the attempt was not counted")
    _kernel_resumes(story)


def _no_image(name, door, limit_ms, **options):
    @case(f"stock-no-image-{name}", product=LOADERS)
    def run(t):
        story = Story(t, door, t.disk(**KERNEL_RESUMES), **options)
        story.guest.poweroff()
        story.refused()
        ms = int(re.search(MS_TO_KNOW, story.machine.console.text()).group(1))
        t.note(f"{ms} ms from the loader's first instruction until no image was found")
        limit = limit_ms * max(1, os.getloadavg()[0] / os.cpu_count()) * vm.SLOW
        t.check(ms < limit, f"a swap area without an image took {ms} ms, the limit is {limit:.0f}")


_no_image("seabios-grub", "seabios-grub", NO_IMAGE_MS_MAX, machine="pc")
_no_image("seabios-grub-empty-sata", "seabios-grub", NO_IMAGE_MS_MAX + EMPTY_SATA_MS)
_no_image("ovmf-entry", "ovmf-entry", NO_IMAGE_MS_MAX + EMPTY_SATA_MS)


@case("stock-ten-cycles", product=LOADERS)
def ten_cycles(t):
    settings = {"swap_mib": 1024, "linux_args": "hibernate=nocompress"}
    story = StockStory(t, "seabios-grub", t.disk(**settings))
    story.work(64)
    for _ in range(10):
        story.cycle()
    story.end()
