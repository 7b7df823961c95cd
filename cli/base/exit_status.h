/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the command ends with, for scripts: the one list, used by every verb. It is part of the
 * interface: numbers are never given another meaning.
 *
 *   0  done. save: saved, and went on or was resumed. status: the next hibernation would be resumed.
 *      info: looked, also when an area or swap area is empty. verify: everything is good
 *   1  failed: it could not be done, or could not be looked at (no permission, a read error, no room)
 *   2  wrong usage: an unknown or contradictory option; nothing was done
 *   3  status: looked, and the next hibernation or save would not be resumed
 *   4  missing: no such file or device, no image area or swap area there, no store, nothing kept under
 *      that name, no such stream
 *   5  empty: an area or swap area is there, and no image in it
 *   6  damaged: what is there is not as it was written: index, data, a kept file, both header copies, or the one
 *      that would say that there is something (of two that both say so a damaged one is a warning)
 *
 * A signal that ends the command ends it as signals do (128 + its number in a shell).
 */
#ifndef CLI_EXIT_STATUS_H
#define CLI_EXIT_STATUS_H

enum exit_status {
	STATUS_OK = 0,
	STATUS_FAILED = 1,
	STATUS_USAGE = 2,
	STATUS_NOT_RESUMED = 3,
	STATUS_MISSING = 4,
	STATUS_EMPTY = 5,
	STATUS_DAMAGED = 6,
};

#endif
