/* The option tables, and reading a command line by them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "say.h"

#define COUNT(rows) (sizeof(rows) / sizeof *(rows))

/* ---- values ---- */

/* A whole number >= 0 at the start of the text; *end is what follows. */
static bool read_number(const char *text, int64_t *out, const char **end)
{
    int64_t value = 0;
    const char *at = text;
    for (; *at >= '0' && *at <= '9'; at++) {
        int digit = *at - '0';
        if (value > (INT64_MAX - digit) / 10)
            return false;
        value = value * 10 + digit;
    }
    *out = value;
    *end = at;
    return at > text;
}

static bool read_whole(const char *text, int64_t *out)
{
    const char *end;
    return read_number(text, out, &end) && !*end;
}

/* Position of a word in a list that ends with NULL; -1: not there. */
static int word_in(const char *const *words, const char *word)
{
    for (int i = 0; words[i]; i++)
        if (strcmp(words[i], word) == 0)
            return i;
    return -1;
}

/* Cuts "NAME=VALUE" at its last '=' (names may hold more of them) and gives the value. */
static char *cut_name(char *text)
{
    char *equals = strrchr(text, '=');
    *equals = 0;
    return equals + 1;
}

static const char *set_dim(pj_args *args, char *value)
{
    static const char wants[] = "NAME=N, for example batch=1";
    pj_dim_binding *dim = &args->dim[args->dims];
    const char *equals = strrchr(value, '=');
    if (!equals || equals == value || !read_whole(equals + 1, &dim->value))
        return wants;
    cut_name(value);
    dim->name = value;
    args->dims++;
    return NULL;
}

/* Dimensions "1,3,?" or "1x3x?": a number each, or ? for the declared one; none at all is a scalar. */
static bool read_dims(const char *text, pj_args *args, pj_input_binding *input)
{
    int64_t *dims = args->numbers + args->numbers_used;
    input->dims = dims;
    input->rank = 0;
    while (*text) {
        if (*text == '?') {
            dims[input->rank] = -1;
            text++;
        } else if (!read_number(text, &dims[input->rank], &text)) {
            return false;
        }
        input->rank++;
        if (*text && ((*text != ',' && *text != 'x') || !text[1]))
            return false;
        text += *text != 0;
    }
    args->numbers_used += (size_t)input->rank;
    return true;
}

static const char *set_input(pj_args *args, char *value)
{
    static const char wants[] = "NAME=[TYPE:]DIMS, for example tokens=int64:1,128";
    pj_input_binding *input = &args->input[args->inputs];
    const char *equals = strrchr(value, '=');
    const char *colon = equals ? strrchr(equals, ':') : NULL;
    if (!equals || equals == value || colon == equals + 1 || !read_dims((colon ? colon : equals) + 1, args, input))
        return wants;
    char *type = cut_name(value);
    if (colon)
        type[colon - type] = 0;
    input->name = value;
    input->dtype = colon ? type : NULL;
    args->inputs++;
    return NULL;
}

static const char *set_table(pj_args *args, char *value)
{
    args->settings.table = value;
    return NULL;
}

static const char *set_device(pj_args *args, char *value)
{
    args->device[args->devices++] = value;
    return NULL;
}

static const char *set_place(pj_place *place, const char *value)
{
    static const char *const words[] = {"dram", "sram", "fixed", NULL};
    static const pj_place places[] = {PJ_PLACE_DRAM, PJ_PLACE_SRAM, PJ_PLACE_FIXED};
    int at = word_in(words, value);
    if (at < 0)
        return "dram, sram or fixed";
    *place = places[at];
    return NULL;
}

static const char *set_weights_on(pj_args *args, char *value)
{
    return set_place(&args->settings.weights_on, value);
}

static const char *set_activations_on(pj_args *args, char *value)
{
    return set_place(&args->settings.activations_on, value);
}

static const char *set_io_on_dram(pj_args *args, char *value)
{
    static const char *const words[] = {"no", "yes", NULL};
    int at = word_in(words, value);
    if (at < 0)
        return "yes or no";
    args->settings.io_on_dram = at == 1;
    return NULL;
}

static const char *set_sram_min(pj_args *args, char *value)
{
    static const struct {
        const char *suffix;
        int64_t bits;
    } units[] = {{"", 1},           {"bit", 1},           {"bits", 1},           {"B", 8},
                 {"KiB", 8 * 1024}, {"MiB", 8 * 1048576}, {"GiB", 8 * 1073741824LL}};
    const char *suffix;
    int64_t number;
    if (read_number(value, &number, &suffix))
        for (size_t i = 0; i < COUNT(units); i++)
            if (strcmp(units[i].suffix, suffix) == 0 && number <= INT64_MAX / units[i].bits) {
                args->settings.sram_min_bits = (uint64_t)(number * units[i].bits);
                return NULL;
            }
    return "a number of bits, or a size like 16KiB, 8MiB, 512B";
}

static const char *set_format(pj_args *args, char *value)
{
    if (word_in(pj_report_formats(), value) < 0)
        return "text, json, csv or markdown";
    args->report.format = value;
    return NULL;
}

static const char *set_out(pj_args *args, char *value)
{
    args->out = strcmp(value, "-") == 0 ? NULL : value;
    return NULL;
}

static const char *set_width(pj_args *args, char *value)
{
    int64_t width;
    if (!read_whole(value, &width) || width < 40 || width > 10000)
        return "a number of columns from 40 to 10000";
    args->report.width = (int)width;
    return NULL;
}

static const char *set_group_by(pj_args *args, char *value)
{
    static const char scope[] = "scope";
    int64_t depth = 0;
    bool is_scope = strncmp(value, scope, sizeof scope - 1) == 0;
    const char *rest = is_scope ? value + sizeof scope - 1 : value;
    if (is_scope && *rest == ':' && (!read_whole(rest + 1, &depth) || depth < 1 || depth > 1000))
        return "a depth from 1 on behind scope, for example scope:2";
    if (strcmp(value, "op") != 0 && !(is_scope && (!*rest || *rest == ':')))
        return "op, scope or scope:DEPTH";
    args->report.group = is_scope ? PJ_GROUP_SCOPE : PJ_GROUP_OP;
    args->report.scope_depth = (int)depth;
    return NULL;
}

static const char *set_sort(pj_args *args, char *value)
{
    static const char *const words[] = {"energy", "macs", "order", NULL};
    static const pj_sort sorts[] = {PJ_BY_ENERGY, PJ_BY_MACS, PJ_IN_ORDER};
    int at = word_in(words, value);
    if (at < 0)
        return "energy, macs or order";
    args->report.sort = sorts[at];
    return NULL;
}

static const char *set_top(pj_args *args, char *value)
{
    int64_t top;
    if (!read_whole(value, &top))
        return "a number of rows";
    args->report.top = (size_t)top;
    return NULL;
}

static const char *set_strict(pj_args *args, char *value)
{
    (void)value;
    args->strict = true;
    return NULL;
}

static const char *set_check(pj_args *args, char *value)
{
    (void)value;
    args->check = true;
    return NULL;
}

static const char *set_markdown(pj_args *args, char *value)
{
    (void)value;
    args->markdown = true;
    args->report.format = "markdown";
    return NULL;
}

/* ---- tables: name, letter, value, help, setter ---- */

static const pj_option model_options[] = {
    {"input", 0, "NAME=[TYPE:]DIMS",
     "shape of a graph input, and its element type,\n"
     "for example --input tokens=int64:1,128;\n"
     "? leaves a dimension as the model declares it;\n"
     "repeatable",
     set_input},
    {"dim", 0, "NAME=N",
     "value of a symbolic dimension, for example\n"
     "--dim batch=1; repeatable",
     set_dim},
};
static const pj_option energy_options[] = {
    {"table", 0, "NAME|FILE",
     "energy table (default horowitz-45nm);\n"
     "`picojoule tables` lists the built-in ones",
     set_table},
    {"device", 0, "NAME|FILE",
     "estimate for a device beside the table's\n"
     "energies; repeatable; see `picojoule devices`",
     set_device},
    {"weights-on", 0, "dram|sram|fixed",
     "where weights and other constants are;\n"
     "fixed: hard-wired, free (default dram)",
     set_weights_on},
    {"activations-on", 0, "dram|sram|fixed",
     "where tensors between layers are\n"
     "(default dram)",
     set_activations_on},
    {"io-on-dram", 0, "yes|no",
     "model inputs and outputs cross DRAM\n"
     "(default yes)",
     set_io_on_dram},
    {"sram-min", 0, "SIZE",
     "the smallest SRAM that a tensor can sit in:\n"
     "bits, or 16KiB, 8MiB (default 0)",
     set_sram_min},
};
static const pj_option report_options[] = {
    {"format", 0, "text|json|csv|markdown", "how the report is written (default text)", set_format},
    {"output", 'o', "FILE",
     "writes to FILE instead of standard output;\n"
     "the file is replaced as a whole or not at all",
     set_out},
    {"width", 0, "N",
     "columns for text (default: the terminal's,\n"
     "else 100)",
     set_width},
};
static const pj_option rows_options[] = {
    {"group-by", 0, "op|scope[:DEPTH]",
     "sums per operator, or per module: the first\n"
     "DEPTH parts of names like /layer1/conv1/Conv",
     set_group_by},
    {"sort", 0, "energy|macs|order",
     "order of the rows (default: energy in text and\n"
     "Markdown, graph order in JSON and CSV)",
     set_sort},
    {"top", 0, "N", "only the first N rows; the rest is summed up", set_top},
};
static const pj_option strict_options[] = {
    {"strict", 0, NULL,
     "what had to be assumed, or is not known, is an\n"
     "error (exit code 4) instead of a remark",
     set_strict},
};
static const pj_option check_options[] = {
    {"check", 0, NULL, "only says whether the file is valid", set_check},
};
static const pj_option markdown_options[] = {
    {"markdown", 0, NULL, "the same as --format markdown", set_markdown},
};
static const pj_option reference_options[] = {
    {"markdown", 0, NULL, "all commands in one text, docs/cli.md", set_markdown},
};

const pj_option_group pj_options_model = {"Model", model_options, COUNT(model_options)};
const pj_option_group pj_options_energy = {"Energy", energy_options, COUNT(energy_options)};
const pj_option_group pj_options_report = {"Report", report_options, COUNT(report_options)};
const pj_option_group pj_options_rows = {"Rows", rows_options, COUNT(rows_options)};
const pj_option_group pj_options_strict = {"Findings", strict_options, COUNT(strict_options)};
const pj_option_group pj_options_check = {"Validation", check_options, COUNT(check_options)};
const pj_option_group pj_options_reference = {"Documentation", reference_options, COUNT(reference_options)};
const pj_option_group pj_options_markdown = {"Documentation", markdown_options, COUNT(markdown_options)};

/* ---- reading ---- */

/* The option that a word names: by `length` characters of its name, or by its letter. */
static const pj_option *find_option(const pj_command *command, const char *name, size_t length, char letter)
{
    for (size_t g = 0; command->group[g]; g++)
        for (size_t i = 0; i < command->group[g]->count; i++) {
            const pj_option *option = &command->group[g]->option[i];
            bool named = name && strlen(option->name) == length && memcmp(option->name, name, length) == 0;
            if (named || (letter && option->letter == letter))
                return option;
        }
    return NULL;
}

/* The other command that has this option, or NULL. */
static const char *owner_of(const char *name, size_t length)
{
    for (size_t i = 0; pj_commands[i]; i++)
        if (find_option(pj_commands[i], name, length, 0))
            return pj_commands[i]->name;
    return NULL;
}

static pj_exit say_unknown(const pj_command *command, const char *word, size_t length)
{
    enum { MOST = 40, LONGEST = 64 };
    const char *names[MOST + 1] = {"help", "version", NULL};
    char given[LONGEST];
    size_t count = 2;
    bool is_long = strncmp(word, "--", 2) == 0;
    for (size_t g = 0; command->group[g]; g++)
        for (size_t i = 0; i < command->group[g]->count && count < MOST; i++)
            names[count++] = command->group[g]->option[i].name;
    snprintf(given, sizeof given, "%.*s", length < LONGEST ? (int)length : LONGEST, word);
    const char *owner = is_long ? owner_of(word + 2, length - 2) : NULL;
    const char *near = is_long ? pj_nearest_word(given + 2, names) : NULL;
    if (owner)
        return pj_say_usage(command->name, "%s: there is no option %s; %s has one", command->name, given, owner);
    return pj_say_usage(command->name, "%s: there is no option %s%s%s%s", command->name, given,
                        near ? "; did you mean --" : "", near ? near : "", near ? "?" : "");
}

/* What is left of a command line. */
typedef struct reader {
    const pj_command *command;
    char **word;
    int words;
    pj_exit code;
} reader;

/* Takes the option in the next word, and its value from there or from the word behind. */
static bool read_option(reader *r, pj_args *args)
{
    char *word = *r->word++;
    bool is_long = word[1] == '-';
    size_t length = is_long ? strcspn(word, "=") : 2;
    const pj_option *option =
        is_long ? find_option(r->command, word + 2, length - 2, 0) : find_option(r->command, NULL, 0, word[1]);
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
            r->code = pj_say_usage(r->command->name, "--%s wants a value: %s", option->name, option->value);
            return false;
        }
        value = *r->word++;
        r->words--;
    }
    const char *wants = option->set(args, value);
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
    int64_t width = 0;
    if (args->out || !isatty(STDOUT_FILENO))
        return;
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
        width = size.ws_col;
    else if (columns && read_whole(columns, &width) && width > 10000)
        width = 0;
    if (!args->report.width && width)
        args->report.width = width < 40 ? 40 : (int)width;
    args->report.color = !(no_color && *no_color) && !(term && strcmp(term, "dumb") == 0);
}

static bool alloc_args(int count, char **words, pj_args *args)
{
    size_t most = (size_t)count + 1, characters = 1;
    for (int i = 0; i < count; i++)
        characters += strlen(words[i]);
    args->operand = calloc(most, sizeof *args->operand);
    args->dim = calloc(most, sizeof *args->dim);
    args->input = calloc(most, sizeof *args->input);
    args->device = calloc(most, sizeof *args->device);
    args->numbers = calloc(characters, sizeof *args->numbers);
    return args->operand && args->dim && args->input && args->device && args->numbers;
}

bool pj_args_read(const pj_command *command, int count, char **words, pj_args *out, pj_exit *code)
{
    reader r = {command, words, count, PJ_EXIT_DONE};
    memset(out, 0, sizeof *out);
    out->command = command->name;
    out->settings = pj_settings_default();
    out->report = pj_report_options_default();
    out->report.width = 0;
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
    if (!alloc_args(count, words, out)) {
        pj_say("out of memory");
        r.code = PJ_EXIT_SYSTEM;
    } else if (read_words(&r, out) && check_operands(&r, out)) {
        out->settings.devices = out->device;
        out->settings.device_count = out->devices;
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
    free(args->device);
    free(args->numbers);
}
