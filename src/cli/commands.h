/* The commands, each in the file of its name. */
#pragma once

#include "cli.h"

extern const pj_command pj_command_analyze, pj_command_plan, pj_command_shapes, pj_command_compare, pj_command_check,
    pj_command_tables, pj_command_devices, pj_command_hierarchies, pj_command_ops, pj_command_history,
    pj_command_pareto, pj_command_help;

/* All of them in the order of the help; ends with NULL. */
extern const pj_command *const pj_commands[];
