/* The table of commands. */
#include "commands.h"

#define ADDRESS(name) &pj_command_##name,
const pj_command *const pj_commands[] = {PJ_COMMAND_LIST(ADDRESS) NULL};
