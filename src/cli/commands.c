/* The table of commands: a new one is its file and a line here. */
#include "commands.h"

/* clang-format off */
const pj_command *const pj_commands[] = {
    &pj_command_analyze,
    &pj_command_plan,
    &pj_command_shapes,
    &pj_command_compare,
    &pj_command_check,
    &pj_command_tables,
    &pj_command_devices,
    &pj_command_hierarchies,
    &pj_command_ops,
    &pj_command_history,
    &pj_command_pareto,
    &pj_command_help,
    NULL,
};
/* clang-format on */
