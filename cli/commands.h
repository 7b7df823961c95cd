/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The verbs. Each takes its own arguments, argv[0] being its name; the answer is the exit status. */
#ifndef CLI_COMMANDS_H
#define CLI_COMMANDS_H

#include "exit_status.h"
#include "verb.h"

int save_main(int argc, char **argv);
int format_main(int argc, char **argv);
int info_main(int argc, char **argv);
int verify_main(int argc, char **argv);
int dump_main(int argc, char **argv);
int export_main(int argc, char **argv);
int make_main(int argc, char **argv);
int keep_main(int argc, char **argv);
int setup_main(int argc, char **argv);
int status_main(int argc, char **argv);
int arm_main(int argc, char **argv);
int disarm_main(int argc, char **argv);
int facts_main(int argc, char **argv);

extern const struct verb save_verb, format_verb, info_verb, verify_verb, dump_verb, export_verb,
	make_verb, keep_verb, setup_verb, status_verb, arm_verb, disarm_verb, facts_verb;

#endif
