/* Reading a command line by the rows of a command, and running it. */
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "config.h"
#include "progress.h"
#include "say.h"

/* What is left of a command line, and what was read. */
typedef struct reader {
    pj_line *line;
    const pj_command *command;
    char *args; /* the struct of the command */
    char **word;
    int words;
    const char *config; /* --config */
    bool no_config, has_run;
    pj_exit code;
} reader;

/* "a-" or "b-" at the start of the name of an option that is for one side of a comparison; else "". */
static const char *side_prefix(const pj_command *command, const char *name)
{
    bool sided = (name[0] == 'a' || name[0] == 'b') && name[1] == '-' && command->sided;
    return !sided ? "" : name[0] == 'a' ? "a-" : "b-";
}

/* The first command that has this option, or NULL. */
static const char *owner_of(const pj_line *line, const char *name, size_t length)
{
    pj_given given;
    const pj_rows *rows;
    for (size_t i = 0; line->commands[i]; i++)
        if (pj_option_find(line->commands[i], name, length, 0, &given, &rows))
            return line->commands[i]->name;
    return NULL;
}

/* The option of the command that was probably meant; where it is for a side, settings alone are. */
static const char *nearest(pj_line *line, const char *name, bool sided)
{
    pj_texts names = {0};
    pj_given given;
    if (!sided) {
        pj_texts_add(line, &names, "help");
        pj_texts_add(line, &names, "version");
    }
    for (const pj_rows *rows = line->command->rows; rows->title; rows++)
        for (size_t i = 0; pj_rows_at(line->command, rows, i, &given); i++)
            if (!sided || given.setting)
                pj_texts_add(line, &names, pj_given_name(&given));
    return pj_texts_add(line, &names, NULL) ? pj_nearest_word(name, names.text) : NULL;
}

static pj_exit say_unknown(pj_line *line, const char *word, size_t length)
{
    const char *command = line->command->name, *given = pj_line_text(line, word, word + length);
    bool is_long = strncmp(word, "--", 2) == 0;
    const char *prefix = is_long ? side_prefix(line->command, word + 2) : "";
    const char *owner = is_long ? owner_of(line, word + 2, length - 2) : NULL;
    const char *near = is_long && !owner ? nearest(line, given + 2 + strlen(prefix), *prefix) : NULL;
    if (owner)
        return pj_say_usage(command, "%s: there is no option %s; %s has one", command, given, owner);
    return pj_say_usage(command, "%s: there is no option %s%s%s%s%s", command, given, near ? "; did you mean --" : "",
                        near ? prefix : "", near ? near : "", near ? "?" : "");
}

/* The option that a long word names; for one side of a comparison, given->side is that side. */
static bool find_long(const pj_command *command, const char *name, size_t length, pj_given *given, const pj_rows **rows)
{
    if (length > 2 && *side_prefix(command, name) && pj_option_find(command, name + 2, length - 2, 0, given, rows) &&
        given->setting) {
        given->side = name[0];
        return true;
    }
    return pj_option_find(command, name, length, 0, given, rows);
}

static bool repeats(const pj_given *given)
{
    return given->option ? given->option->kind == PJ_OPTION_TEXTS || given->option->repeats
                         : given->setting->count_at != 0;
}

/* Options that are no lists have one value. */
static bool is_first(reader *r, const pj_given *given)
{
    for (size_t i = 0; i < r->line->givens; i++) {
        const pj_given *other = &r->line->given[i];
        if (other->option != given->option || other->setting != given->setting || other->side != given->side ||
            repeats(given) ||
            (given->setting && r->command->each && strcmp(pj_given_name(given), r->command->each) == 0))
            continue;
        r->code = pj_say_usage(r->command->name, "--%s%s%s is there twice", given->side == 'a' ? "a-" : "",
                               given->side == 'b' ? "b-" : "", pj_given_name(given));
        return false;
    }
    return true;
}

/* Sets what is given, but for the settings of a comparison, which each side takes for itself. */
static bool take(reader *r, const pj_rows *rows, const pj_given *given)
{
    pj_given *kept = pj_line_add(r->line, &r->line->given, &r->line->givens, sizeof *kept);
    if (!kept) {
        r->code = PJ_EXIT_SYSTEM;
        return false;
    }
    *kept = *given;
    if (given->setting)
        return r->command->sided || pj_given_set(r->line, given, (pj_setup *)(void *)(r->args + rows->at), &r->code);
    char *at = r->args + rows->at + given->option->at;
    const char *wants = pj_option_take(r->line, given->option, at, given->value);
    if (!wants && given->option->kind == PJ_OPTION_WORD)
        kept->value = *(const char **)(void *)at; /* as it is spelled */
    if (wants)
        r->code = pj_say_usage(r->command->name, "--%s '%s': wants %s", given->option->name, given->value, wants);
    return !wants;
}

/* What "format=json" is short for. */
static void stand_for(const pj_command *command, const char *is, pj_given *given, const pj_rows **rows)
{
    size_t length = strcspn(is, "=");
    pj_option_find(command, is, length, 0, given, rows);
    given->value = is + length + 1;
}

/* Takes the option in the next word, and its value from there or from the word after it. */
static bool read_option(reader *r)
{
    char *word = *r->word++;
    bool is_long = word[1] == '-';
    size_t length = is_long ? strcspn(word, "=") : 2;
    const pj_rows *rows;
    pj_given given;
    bool found = is_long ? find_long(r->command, word + 2, length - 2, &given, &rows)
                         : pj_option_find(r->command, NULL, 0, word[1], &given, &rows);
    char *inner = is_long && word[length] ? word + length + 1 : !is_long && word[2] ? word + 2 : NULL;
    r->words--;
    if (!found) {
        r->code = say_unknown(r->line, word, length);
        return false;
    }
    char room[PJ_VALUE_ROOM];
    const char *wanted = pj_given_value(&given, room), *name = given.side ? word + 2 : pj_given_name(&given);
    if (!wanted && inner) {
        r->code = pj_say_usage(r->command->name, "--%s takes no value", pj_given_name(&given));
        return false;
    }
    if (wanted && !inner && r->words == 0) {
        r->code = pj_say_usage(r->command->name, "--%s wants a value: %s", name, wanted);
        return false;
    }
    if (wanted && !inner) {
        inner = *r->word++;
        r->words--;
    }
    given.value = inner;
    if (given.option && given.option->is)
        stand_for(r->command, given.option->is, &given, &rows);
    return is_first(r, &given) && take(r, rows, &given);
}

static bool read_words(reader *r)
{
    bool options = true;
    while (r->words > 0) {
        char *word = *r->word;
        bool is_option = options && word[0] == '-' && word[1];
        if (is_option && strcmp(word, "--") != 0) {
            if (!read_option(r))
                return false;
            continue;
        }
        if (is_option)
            options = false;
        else
            r->line->operand[r->line->operands++] = word;
        r->word++;
        r->words--;
    }
    return true;
}

static bool check_operands(reader *r)
{
    const pj_command *command = r->command;
    if (r->line->operands < command->least)
        r->code = pj_say_usage(command->name, "%s: %s is missing", command->name, command->operands);
    else if (r->line->operands > command->most)
        r->code = pj_say_usage(command->name, "%s: there is one argument too many: '%s'", command->name,
                               r->line->operand[command->most]);
    else
        return true;
    return false;
}

/* Is the name of `length` characters that of what is given, or of its group? */
static bool is_meant(const pj_given *given, const char *name, size_t length)
{
    static const char *const groups[] = {"@model", "@energy", "@formats", "@devices"};
    const char *own = name[0] != '@'                 ? pj_given_name(given)
                      : !given->setting              ? ""
                      : length > 2 && name[1] == 's' ? "@settings"
                                                     : groups[given->setting->group];
    return strlen(own) == length && memcmp(own, name, length) == 0;
}

static const pj_given *find_given(const pj_line *line, const char *name, size_t length)
{
    for (size_t i = 0; i < line->givens; i++)
        if (!line->given[i].configured && is_meant(&line->given[i], name, length))
            return &line->given[i];
    return NULL;
}

/* Is the value one of those between '|'? */
static bool is_among(const char *value, const char *words, size_t length)
{
    size_t own = strlen(value);
    for (const char *at = words, *end = words + length; at < end; at++) {
        size_t one = strcspn(at, "| ");
        if (one == own && memcmp(at, value, own) == 0)
            return true;
        at += one;
    }
    return false;
}

/* What is given of NAME or NAME=VALUE|VALUE..., `length` characters, or NULL. */
static const pj_given *find_meant(const pj_line *line, const char *meant, size_t length)
{
    size_t name = strcspn(meant, " =");
    const pj_given *given = find_given(line, meant, name < length ? name : length);
    if (!given || name >= length)
        return given;
    return given->value && is_among(given->value, meant + name + 1, length - name - 1) ? given : NULL;
}

static bool applies(const pj_line *line, const pj_clash *clash)
{
    const char *with = clash->with;
    for (const char *at = clash->without; at && *at; at += strspn(at, " ")) {
        size_t length = strcspn(at, " ");
        if (find_meant(line, at, length))
            return false;
        at += length;
    }
    if (with && *with == '#')
        return line->operands == (size_t)(with[1] - '0');
    if (with && *with == '=')
        return line->operands && strcmp(line->operand[0], with + 1) == 0;
    while (with && *with) {
        size_t length = strcspn(with, " ");
        if (!find_meant(line, with, length))
            return false;
        with += length + (with[length] == ' ');
    }
    return true;
}

/* "--NAME has no effect beside --OTHER VALUE" */
static pj_exit say_no_effect(const pj_line *line, const char *name, const char *other, size_t length, bool has_value)
{
    const pj_given *given = has_value ? find_given(line, other, length) : NULL;
    return pj_say_usage(line->command->name, "--%s has no effect beside --%.*s%s%s", name, (int)length, other,
                        given ? " " : "", given ? given->value : "");
}

static pj_exit say_clash(const pj_line *line, const pj_clash *clash, const pj_given *given)
{
    const char *command = line->command->name, *name = pj_given_name(given), *hole;
    if (clash->why && (hole = strstr(clash->why, "%s")))
        return pj_say_usage(command, "%.*s%s%s", (int)(hole - clash->why), clash->why, line->operand[0], hole + 2);
    if (clash->why)
        return pj_say_usage(command, "%s", clash->why);
    if (!clash->with)
        return pj_say_usage(command, "--%s is for --%s", name, clash->without);
    if (clash->with[0] == '=')
        return pj_say_usage(command, "--%s has no effect on %s %s", name, command, clash->with + 1);
    return say_no_effect(line, name, clash->with, strcspn(clash->with, " ="),
                         strchr(clash->with, '=') || (clash->without && strchr(clash->without, '=')));
}

/* Options that are for one format alone have no effect beside another. */
static bool check_formats(reader *r)
{
    const pj_given *format = find_given(r->line, "format", strlen("format"));
    for (size_t i = 0; format && i < r->line->givens; i++) {
        const pj_option *option = r->line->given[i].option;
        if (!option || r->line->given[i].configured || !option->format || strcmp(format->value, option->format) == 0)
            continue;
        r->code = say_no_effect(r->line, option->name, "format", strlen("format"), true);
        return false;
    }
    return true;
}

static bool check_clashes(reader *r)
{
    for (const pj_clash *clash = r->command->clashes; clash->others; clash++) {
        if (!applies(r->line, clash))
            continue;
        for (const char *name = clash->others; *name;) {
            size_t length = strcspn(name, " ");
            const pj_given *given = find_given(r->line, name, length);
            if (given) {
                r->code = say_clash(r->line, clash, given);
                return false;
            }
            name += length + (name[length] == ' ');
        }
    }
    return true;
}

static bool is_on(const char *variable)
{
    const char *value = getenv(variable);
    return value && *value && strcmp(value, "0") != 0;
}

static bool wants_color(bool terminal)
{
    const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM"), *color = getenv("CLICOLOR");
    if (no_color && *no_color)
        return false;
    if (is_on("FORCE_COLOR") || is_on("CLICOLOR_FORCE"))
        return true;
    return terminal && !(color && strcmp(color, "0") == 0) && !(term && strcmp(term, "dumb") == 0);
}

/* Width and colour of the terminal, if the report goes to one. */
static const pj_output *ask_terminal(pj_output *output)
{
    enum { AUTO, ALWAYS };
    struct winsize size;
    const char *columns = getenv("COLUMNS");
    long width = 0;
    if (output->out && strcmp(output->out, "-") == 0)
        output->out = NULL;
    bool terminal = !output->out && isatty(STDOUT_FILENO);
    output->report.color = output->color == AUTO ? !output->out && wants_color(terminal) : output->color == ALWAYS;
    if (!terminal)
        return output;
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
        width = size.ws_col;
    else if (columns)
        width = strtol(columns, NULL, 10);
    if (!output->report.width && width > 0)
        output->report.width = width < 40 ? 40 : width > 10000 ? 10000 : (int)width;
    return output;
}

/* What is allocated, not what threads reserve, where the system tells these apart. 0: no limit. */
static void limit_memory(uint64_t bytes)
{
#ifdef __linux__
    enum { RESOURCE = RLIMIT_DATA };
#else
    enum { RESOURCE = RLIMIT_AS };
#endif
    struct rlimit now;
    if (!bytes || getrlimit(RESOURCE, &now) != 0 || now.rlim_cur <= bytes)
        return;
    now.rlim_cur = bytes;
    setrlimit(RESOURCE, &now);
}

/* Is --help (or -h), or --version among the words before "--"? */
static bool asks_for(int count, char **words, const char *name, const char *letter)
{
    for (int i = 0; i < count && strcmp(words[i], "--") != 0; i++)
        if (strcmp(words[i], name) == 0 || strcmp(words[i], letter) == 0)
            return true;
    return false;
}

static void set_defaults(reader *r)
{
    pj_output *output = (pj_output *)(void *)r->args;
    output->report = pj_report_options_default();
    output->report.width = 0;
    for (const pj_rows *rows = r->command->rows; rows->title; rows++)
        if (rows->settings && !r->command->sided) {
            pj_setup *setup = (pj_setup *)(void *)(r->args + rows->at);
            *setup = pj_setup_default();
            setup->watch = pj_progress;
        }
    if (r->command->defaults)
        r->command->defaults(r->args);
}

static void free_settings(reader *r)
{
    for (const pj_rows *rows = r->command->rows; rows->title; rows++)
        if (rows->settings && !r->command->sided)
            pj_setup_clear((pj_setup *)(void *)(r->args + rows->at));
}

static bool take_configured(void *payload, const pj_rows *rows, const pj_given *given)
{
    return take(payload, rows, given);
}

/* What stands before the command line: the environment, then a file. */
static bool configure(reader *r)
{
    pj_texts told = {0};
    r->code = pj_configure(r->line, r->config, r->no_config, take_configured, r, &told);
    if (r->code != PJ_EXIT_DONE || !told.count)
        return r->code == PJ_EXIT_DONE;
    size_t size = 1;
    for (size_t i = 0; i < told.count; i++)
        size += strlen(told.text[i] ? told.text[i] : "") + 2;
    char *text = pj_line_keep(r->line, size, 1);
    for (size_t i = 0, at = 0; text && i < told.count; i++)
        at += (size_t)snprintf(text + at, size - at, "%s%s", i ? ", " : "", told.text[i] ? told.text[i] : "");
    ((pj_output *)(void *)r->args)->report.configured = text;
    return true;
}

/* --config FILE and --no-config are of all commands: takes them out of the words. */
static bool take_config(reader *r, int *count, char **words)
{
    int kept = 0;
    for (int i = 0; i < *count; i++) {
        bool is_file = strcmp(words[i], "--config") == 0, is_equal = strncmp(words[i], "--config=", 9) == 0;
        if (strcmp(words[i], "--") == 0) {
            while (i < *count)
                words[kept++] = words[i++];
        } else if (strcmp(words[i], "--no-config") == 0) {
            r->no_config = true;
        } else if (is_file && i + 1 == *count) {
            r->code = pj_say_usage(r->command->name, "--config wants a value: FILE");
            return false;
        } else if (is_file || is_equal) {
            r->config = is_equal ? words[i] + 9 : words[++i];
        } else {
            words[kept++] = words[i];
        }
    }
    *count = kept;
    return true;
}

static bool has_settings(const pj_command *command)
{
    unsigned settings = 0;
    for (const pj_rows *rows = command->rows; rows->title; rows++)
        settings |= rows->settings;
    return settings != 0;
}

static pj_exit run(reader *r)
{
    r->line->operand = pj_line_keep(r->line, (size_t)r->words + 1, sizeof *r->line->operand);
    r->args = pj_line_keep(r->line, 1, r->command->size);
    if (!r->line->operand || !r->args)
        return PJ_EXIT_SYSTEM;
    set_defaults(r);
    if (read_words(r) && configure(r) && check_operands(r) && check_formats(r) && check_clashes(r))
        r->code = pj_refuse_line(r->line);
    else if (r->code == PJ_EXIT_DONE)
        r->code = PJ_EXIT_SYSTEM;
    if (r->code == PJ_EXIT_DONE) {
        const pj_output *output = ask_terminal((pj_output *)(void *)r->args);
        limit_memory(output->memory_limit);
        r->has_run = true;
        pj_progress_start(has_settings(r->command) ? "reading the model" : "working");
        r->code = r->command->run(r->line, r->args);
        pj_progress_end();
        if (r->code == PJ_EXIT_SYSTEM && output->memory_limit)
            pj_say("--memory-limit let it take no more than %" PRIu64 " bytes of memory", output->memory_limit);
    }
    free_settings(r);
    return r->code;
}

pj_exit pj_command_run(const pj_command *const *commands, const pj_command *command, int count, char **words)
{
    pj_line line = {.command = command, .commands = commands};
    reader r = {.line = &line, .command = command, .word = words, .words = count, .code = PJ_EXIT_DONE};
    if (asks_for(count, words, "--help", "-h")) {
        pj_help_command(command);
        return PJ_EXIT_DONE;
    }
    if (asks_for(count, words, "--version", "-V")) {
        pj_help_version();
        return PJ_EXIT_DONE;
    }
    pj_exit code = take_config(&r, &r.words, words) ? run(&r) : r.code;
    if (command->own_failure && !r.has_run && code != PJ_EXIT_DONE)
        code = command->own_failure;
    pj_line_free(&line);
    return code;
}
