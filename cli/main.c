/* SPDX-License-Identifier: GPL-2.0-or-later */
/* torpor: the Linux command. */
#include <stdio.h>
#include <string.h>

#include "commands.h"
#include "layout.h"
#include "say.h"

static const char usage[] =
	"usage: torpor COMMAND ...\n"
	"\n"
	"  save --to DEVICE-OR-FILE [OPTION...]   save the running system into the area on a\n"
	"                                 disk or partition (PARTLABEL=NAME will do), or in\n"
	"                                 a file that setup made\n"
	"      --then poweroff|reboot|continue   what to do when it is saved (default: poweroff)\n"
	"      --format            make a new area there, whatever it holds\n"
	"      --serial PORT       the writer's log on a 16550: an I/O port (0x3f8) or ttyS0\n"
	"      --reusable          it may be resumed any number of times; nothing that is\n"
	"                          mounted may be writable\n"
	"      --region-frames N   2 MiB frames for writer and loader, 2 to 16 (default: 8)\n"
	"      -v, --verbose       show what is found, and the logs of writer and loader\n"
	"  format [--force] [--keep SIZE] DEVICE\n"
	"                                 make an empty area (--force: whatever it holds), with a\n"
	"                                 store of SIZE (512M, 4G) behind it\n"
	"  keep put NAME FILE --in AREA   keep a file in the store, across reboots, saves and resumes\n"
	"  keep get NAME [FILE] --in AREA, keep list --in AREA, keep drop NAME --in AREA\n"
	"      --replace           put: also when something of that name is kept; get: also\n"
	"                          when FILE is there already\n"
	"  info [--yaml] [--offset PAGES] FILE-OR-DEVICE\n"
	"                                 show what is in an area (--yaml: its state streams) or\n"
	"                                 swap area (in a swap file: its partition, its offset)\n"
	"  verify [--offset PAGES] FILE-OR-DEVICE\n"
	"                                 read a whole image and check every hash\n"
	"  dump FILE-OR-DEVICE [STREAM]   an area's nodes and objects as YAML, state streams by\n"
	"                                 their own tables; or one stream (NODE/OBJECT)\n"
	"  export [--elf | --raw] [-o FILE] [--force] [--offset PAGES] FILE-OR-DEVICE\n"
	"                                 the saved memory as an ELF core for crash, gdb and\n"
	"                                 makedumpfile, or as a flat file\n"
	"  make --elf CORE | --raw MEMORY [--force] -o FILE-OR-DEVICE\n"
	"                                 an image in a new file or an area; of an exported core\n"
	"                                 one that may be resumed: ONLY where every disk is as it\n"
	"                                 was at the save, else its file systems are destroyed\n"
	"  setup [OPTION...]              let Torpor resume the kernel's own hibernation\n"
	"      --grub, --efi-entry     by GRUB's choice for one boot, or by a boot entry\n"
	"      --swap DEVICE-OR-FILE   not the swap area that the kernel would use\n"
	"      --file PATH             make this file, and resume what torpor save puts into it\n"
	"      --size auto|SIZE        of the file: auto (default) holds all memory; 4G\n"
	"      --esp DIR, --grub-dir DIR, --loader-dir DIR   where they are, if not as usual\n"
	"      --loader-args WORDS     more words for the loader's command line\n"
	"      --dry-run               only say what would be done\n"
	"  setup --remove                 undo it\n"
	"  status                         what would happen at the next hibernation and boot\n"
	"  arm [-v], disarm               the next boot starts the loader, or not, and the loader\n"
	"                                 is told of this boot (run by the sleep hook that setup\n"
	"                                 installs; -v: what is not known)\n"
	"  facts [FILE]                   what arm would tell the loader, or has told it, as YAML\n"
	"\n"
	"Exit status: 0 done (save: saved, and went on or was resumed; status: it would be\n"
	"resumed), 1 failed, 2 wrong usage, 3 status: it would not be resumed, 4 missing: there\n"
	"is no such file, device, area or thing, 5 there is an area and no image, 6 damaged.\n";

static const struct command {
	const char *name;
	int (*run)(int argc, char **argv);
} commands[] = {
	{"save", save_main},
	{"format", format_main},
	{"info", info_main},
	{"verify", verify_main},
	{"dump", dump_main},
	{"export", export_main},
	{"make", make_main},
	{"keep", keep_main},
	{"setup", setup_main},
	{"status", status_main},
	{"arm", arm_main},
	{"disarm", disarm_main},
	{"facts", facts_main},
};

static int run_command(int argc, char **argv)
{
	for (size_t i = 0; i < sizeof(commands) / sizeof(*commands); i++)
		if (!strcmp(argv[0], commands[i].name))
			return commands[i].run(argc, argv);
	complain("%s: no such command (see torpor --help)", argv[0]);
	return STATUS_USAGE;
}

static int run(int argc, char **argv)
{
	if (argc < 2) {
		fputs(usage, stderr);
		return STATUS_USAGE;
	}
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h")) {
		fputs(usage, stdout);
		return STATUS_OK;
	}
	if (!strcmp(argv[1], "--version")) {
		printf("torpor %s, image format %u.%u\n", TORPOR_VERSION, IMG_VERSION_MAJOR,
			IMG_VERSION_MINOR);
		return STATUS_OK;
	}
	return run_command(argc - 1, argv + 1);
}

int main(int argc, char **argv)
{
	int status;

	if (say_begin())
		return STATUS_FAILED;
	status = run(argc, argv);
	return say_end() && status == STATUS_OK ? STATUS_FAILED : status;
}
