/* The commands, each in the file of its name. */
#pragma once

#include "cli.h"

/* All of them in the order of the help. A new one is its file, cmd_NAME.c, and a line here. */
#define PJ_COMMAND_LIST(X) \
    X(analyze)             \
    X(explain)             \
    X(generate)            \
    X(view)                \
    X(plan)                \
    X(apply)               \
    X(calibrate)           \
    X(sensitivity)         \
    X(verify)              \
    X(sweep)               \
    X(shapes)              \
    X(compare)             \
    X(check)               \
    X(tables)              \
    X(devices)             \
    X(hierarchies)         \
    X(ops)                 \
    X(history)             \
    X(pareto)              \
    X(measure)             \
    X(layers)              \
    X(footprint)           \
    X(rate)                \
    X(schedule)            \
    X(regions)             \
    X(help)

#define PJ_COMMAND_DECLARE(name) extern const pj_command pj_command_##name;
PJ_COMMAND_LIST(PJ_COMMAND_DECLARE)
#undef PJ_COMMAND_DECLARE

/* Ends with NULL. */
extern const pj_command *const pj_commands[];
