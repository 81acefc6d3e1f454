/* Options of a comparison: what they mean for one of its two sides. */
#include <string.h>

#include "say.h"

/* The length of NAME in NAME=VALUE; names may hold a '=', too. 0: the value names nothing. */
static size_t name_length(const char *value)
{
    const char *equals = value ? strrchr(value, '=') : NULL;
    return equals ? (size_t)(equals - value) : 0;
}

/* Does the side say something else of what this option says something of for both? */
static bool is_replaced(const pj_args *args, const pj_given *given, char side)
{
    size_t length = name_length(given->value);
    for (size_t i = 0; i < args->givens && !given->side && length; i++) {
        const pj_given *other = &args->given[i];
        if (other->side == side && other->option == given->option && name_length(other->value) == length &&
            memcmp(other->value, given->value, length) == 0)
            return true;
    }
    return false;
}

static bool apply(const pj_command *command, const pj_args *args, char from, char side, pj_args *out, pj_exit *code)
{
    for (size_t i = 0; i < args->givens; i++) {
        const pj_given *given = &args->given[i];
        if (given->side != from || is_replaced(args, given, side))
            continue;
        const char *wants = given->option->set(out, given->value);
        if (!wants)
            continue;
        const char prefix[] = {from, from ? '-' : 0, 0};
        *code = pj_say_usage(command->name, "--%s%s '%s': wants %s", prefix, given->option->name, given->value, wants);
        return false;
    }
    return true;
}

bool pj_args_of_side(const pj_command *command, const pj_args *args, char side, pj_args *out, pj_exit *code)
{
    if (!pj_args_alloc(args->words, args->characters, out)) {
        *code = PJ_EXIT_SYSTEM;
    } else if (apply(command, args, 0, side, out, code) && apply(command, args, side, side, out, code)) {
        pj_args_set_up(out);
        return true;
    }
    pj_args_free(out);
    return false;
}

bool pj_args_has_side(const pj_args *args, char side)
{
    for (size_t i = 0; i < args->givens; i++)
        if (args->given[i].side == side)
            return true;
    return false;
}
