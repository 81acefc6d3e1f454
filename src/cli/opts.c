/* Reading a command line by the option tables. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "say.h"

/* The option that a word names: by `length` characters of its name, or by its letter. */
static const pj_option *find_in_group(const pj_option_group *group, const char *name, size_t length, char letter)
{
    for (size_t i = 0; i < group->count; i++) {
        const pj_option *option = &group->option[i];
        bool named = name && strlen(option->name) == length && memcmp(option->name, name, length) == 0;
        if (named || (letter && option->letter == letter))
            return option;
    }
    return NULL;
}

static const pj_option *find_option(const pj_command *command, const char *name, size_t length, char letter)
{
    const pj_option *option = NULL;
    for (size_t g = 0; !option && command->group[g]; g++)
        option = find_in_group(command->group[g], name, length, letter);
    return option;
}

static bool is_in_group(const pj_option_group *group, const pj_option *option)
{
    return option >= group->option && option < group->option + group->count;
}

/* Does the command compare two sides, each with options of its own? */
static bool has_sides(const pj_command *command)
{
    for (size_t g = 0; command->group[g]; g++)
        if (command->group[g] == &pj_options_sides)
            return true;
    return false;
}

/* The other command that has this option, or NULL. */
static const char *owner_of(const char *name, size_t length)
{
    for (size_t i = 0; pj_commands[i]; i++)
        if (find_option(pj_commands[i], name, length, 0))
            return pj_commands[i]->name;
    return NULL;
}

/* "a-" or "b-" at the start of the name of an option that is for one side of a comparison; else "". */
static const char *side_prefix(const pj_command *command, const char *name)
{
    bool sided = (name[0] == 'a' || name[0] == 'b') && name[1] == '-' && has_sides(command);
    return !sided ? "" : name[0] == 'a' ? "a-" : "b-";
}

static pj_exit say_unknown(const pj_command *command, const char *word, size_t length)
{
    enum { MOST = 40, LONGEST = 64 };
    const char *names[MOST + 1] = {"help", "version", NULL};
    char given[LONGEST];
    bool is_long = strncmp(word, "--", 2) == 0;
    const char *prefix = is_long ? side_prefix(command, word + 2) : "";
    size_t count = *prefix ? 0 : 2;
    for (size_t g = 0; command->group[g]; g++) {
        bool fits = !*prefix || command->group[g] == &pj_options_model || command->group[g] == &pj_options_energy;
        for (size_t i = 0; fits && i < command->group[g]->count && count < MOST; i++)
            names[count++] = command->group[g]->option[i].name;
    }
    snprintf(given, sizeof given, "%.*s", length < LONGEST ? (int)length : LONGEST, word);
    const char *owner = is_long ? owner_of(word + 2, length - 2) : NULL;
    const char *near = is_long ? pj_nearest_word(given + 2 + strlen(prefix), names) : NULL;
    if (owner)
        return pj_say_usage(command->name, "%s: there is no option %s; %s has one", command->name, given, owner);
    return pj_say_usage(command->name, "%s: there is no option %s%s%s%s%s", command->name, given,
                        near ? "; did you mean --" : "", near ? prefix : "", near ? near : "", near ? "?" : "");
}

/* What is left of a command line. */
typedef struct reader {
    const pj_command *command;
    char **word;
    int words;
    pj_exit code;
} reader;

/* The option that a long word names; for one side of a comparison, *side is that side. */
static const pj_option *find_long(const pj_command *command, const char *name, size_t length, char *side)
{
    bool sided = length > 2 && *side_prefix(command, name);
    const pj_option *option = sided ? find_in_group(&pj_options_model, name + 2, length - 2, 0) : NULL;
    if (sided && !option)
        option = find_in_group(&pj_options_energy, name + 2, length - 2, 0);
    *side = 0;
    if (option)
        *side = name[0];
    return option ? option : find_option(command, name, length, 0);
}

/* Gives the option its value; a comparison keeps those that each side needs for itself. */
static const char *take_option(const reader *r, const pj_option *option, char side, const char *value, pj_args *args)
{
    if (has_sides(r->command) && (is_in_group(&pj_options_model, option) || is_in_group(&pj_options_energy, option))) {
        args->given[args->givens++] = (pj_given){option, value, side};
        return NULL;
    }
    return option->set(args, value);
}

/* Takes the option in the next word, and its value from there or from the word behind. */
static bool read_option(reader *r, pj_args *args)
{
    char *word = *r->word++, side = 0;
    bool is_long = word[1] == '-';
    size_t length = is_long ? strcspn(word, "=") : 2;
    const pj_option *option =
        is_long ? find_long(r->command, word + 2, length - 2, &side) : find_option(r->command, NULL, 0, word[1]);
    char *value = is_long && word[length] ? word + length + 1 : !is_long && word[2] ? word + 2 : NULL;
    r->words--;
    if (!option) {
        r->code = say_unknown(r->command, word, length);
        return false;
    }
    if (!option->value && value) {
        r->code = pj_say_usage(r->command->name, "--%s takes no value", option->name);
        return false;
    }
    if (option->value && !value) {
        if (r->words == 0) {
            r->code =
                pj_say_usage(r->command->name, "--%s wants a value: %s", side ? word + 2 : option->name, option->value);
            return false;
        }
        value = *r->word++;
        r->words--;
    }
    const char *wants = take_option(r, option, side, value, args);
    if (wants)
        r->code = pj_say_usage(r->command->name, "--%s '%s': wants %s", option->name, value, wants);
    return !wants;
}

static bool read_words(reader *r, pj_args *args)
{
    bool options = true;
    while (r->words > 0) {
        char *word = *r->word;
        bool is_option = options && word[0] == '-' && word[1];
        if (is_option && strcmp(word, "--") != 0) {
            if (!read_option(r, args))
                return false;
            continue;
        }
        if (is_option)
            options = false;
        else
            args->operand[args->operands++] = word;
        r->word++;
        r->words--;
    }
    return true;
}

static bool check_operands(reader *r, const pj_args *args)
{
    const pj_command *command = r->command;
    if (args->operands < command->least)
        r->code = pj_say_usage(command->name, "%s: %s is missing", command->name, command->operands);
    else if (args->operands > command->most)
        r->code = pj_say_usage(command->name, "%s: there is one argument too many: '%s'", command->name,
                               args->operand[command->most]);
    else
        return true;
    return false;
}

/* Is --help (or -h), or --version among the words before "--"? */
static bool asks_for(int count, char **words, const char *name, const char *letter)
{
    for (int i = 0; i < count && strcmp(words[i], "--") != 0; i++)
        if (strcmp(words[i], name) == 0 || strcmp(words[i], letter) == 0)
            return true;
    return false;
}

/* Width and colour of the terminal, if the report goes to one. */
static void ask_terminal(pj_args *args)
{
    struct winsize size;
    const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM"), *columns = getenv("COLUMNS");
    long width = 0;
    if (args->out || !isatty(STDOUT_FILENO))
        return;
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
        width = size.ws_col;
    else if (columns)
        width = strtol(columns, NULL, 10);
    if (!args->report.width && width > 0)
        args->report.width = width < 40 ? 40 : width > 10000 ? 10000 : (int)width;
    args->report.color = !(no_color && *no_color) && !(term && strcmp(term, "dumb") == 0);
}

bool pj_args_alloc(int words, size_t characters, pj_args *args)
{
    size_t most = (size_t)words + 1;
    memset(args, 0, sizeof *args);
    args->words = words;
    args->characters = characters;
    args->setup = pj_setup_default();
    args->report = pj_report_options_default();
    args->report.width = 0;
    args->operand = calloc(most, sizeof *args->operand);
    args->dim = calloc(most, sizeof *args->dim);
    args->input = calloc(most, sizeof *args->input);
    args->trip = calloc(most, sizeof *args->trip);
    args->sweep = calloc(most, sizeof *args->sweep);
    args->device = calloc(most, sizeof *args->device);
    args->lint_off = calloc(most, sizeof *args->lint_off);
    args->limit = calloc(most, sizeof *args->limit);
    args->given = calloc(most, sizeof *args->given);
    args->numbers = calloc(characters, sizeof *args->numbers);
    args->texts = calloc(2 * characters + 2 * most, 1); /* lists: a terminator for each part */
    bool ok = args->operand && args->dim && args->input && args->trip && args->sweep && args->device &&
              args->lint_off && args->limit && args->given && args->numbers && args->texts &&
              pj_plan_args_alloc(&args->plan, most, characters);
    if (!ok)
        pj_say("out of memory");
    return ok;
}

static size_t count_characters(int count, char **words)
{
    size_t characters = 1;
    for (int i = 0; i < count; i++)
        characters += strlen(words[i]);
    return characters;
}

void pj_args_set_up(pj_args *args)
{
    args->setup.dims = args->dim;
    args->setup.dim_count = args->dims;
    args->setup.inputs = args->input;
    args->setup.input_count = args->inputs;
    args->setup.trips = args->trip;
    args->setup.trip_count = args->trips;
    args->setup.devices = args->device;
    args->setup.device_count = args->devices;
}

bool pj_args_read(const pj_command *command, int count, char **words, pj_args *out, pj_exit *code)
{
    reader r = {command, words, count, PJ_EXIT_DONE};
    if (asks_for(count, words, "--help", "-h")) {
        pj_help_command(command);
        *code = PJ_EXIT_DONE;
        return false;
    }
    if (asks_for(count, words, "--version", "--version")) {
        printf("picojoule %s\n", PICOJOULE_VERSION);
        *code = PJ_EXIT_DONE;
        return false;
    }
    if (!pj_args_alloc(count, count_characters(count, words), out)) {
        r.code = PJ_EXIT_SYSTEM;
    } else if (read_words(&r, out) && check_operands(&r, out)) {
        out->command = command->name;
        pj_args_set_up(out);
        ask_terminal(out);
        return true;
    }
    *code = r.code;
    pj_args_free(out);
    return false;
}

void pj_args_free(pj_args *args)
{
    free(args->operand);
    free(args->dim);
    free(args->input);
    free(args->trip);
    free(args->sweep);
    free(args->device);
    pj_plan_args_free(&args->plan);
    free(args->lint_off);
    free(args->limit);
    free(args->given);
    free(args->numbers);
    free(args->texts);
}
