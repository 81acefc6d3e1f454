/* What may stand next on a command line, for shells: `picojoule --complete WORD...`, the words so far, the last one of
 * them not yet whole. A line each: the word, a tab, what it is. Nothing: names of files. */
#include "say.h"

static bool begins(const char *text, const char *with)
{
    return strncasecmp(text, with, strlen(with)) == 0;
}

/* The first line of `what`, up to what stands in brackets. */
static void offer(const char *before, const char *word, const char *typed, const char *what)
{
    if (begins(word, typed))
        printf("%s%s\t%.*s\n", before, word, (int)strcspn(what, "\n"), what);
}

/* Bytes of a listing as CSV. */
typedef struct names {
    const char *before, *typed;
    size_t column, row;
    char name[128];
    size_t length;
} names;

static bool take_names(const char *bytes, size_t length, void *payload)
{
    names *n = payload;
    for (size_t i = 0; i < length; i++) {
        char c = bytes[i];
        if (c != ',' && c != '\n') {
            if (n->column == 0 && c != '\r' && n->length + 1 < sizeof n->name)
                n->name[n->length++] = c;
            continue;
        }
        n->name[n->length] = 0;
        if (n->column == 0 && n->row > 0)
            offer(n->before, n->name, n->typed, "");
        n->column = c == ',' ? n->column + 1 : 0;
        n->row += c == '\n';
        n->length = 0;
    }
    return true;
}

typedef pj_status (*lister)(const char *name, const pj_report_options *options, pj_sink sink, void *payload,
                            pj_error *err);

/* The built-in names of a kind. */
static void offer_names(lister list, const char *before, const char *typed)
{
    names n = {.before = before, .typed = typed};
    pj_error err;
    pj_report_options options = pj_report_options_default();
    options.format = "csv";
    (void)list(NULL, &options, take_names, &n, &err);
}

/*  what is called so: an option, or a command whose operand is one */
static const struct {
    const char *option, *command;
    lister list;
} kinds[] = {
    {"table",     "tables",      pj_tables_write     },
    {"device",    "devices",     pj_devices_write    },
    {"hierarchy", "hierarchies", pj_hierarchies_write},
    {"region",    "regions",     pj_regions_write    },
};
enum { KINDS = sizeof kinds / sizeof *kinds };

/* The words of "dram|sram|fixed", or "add|show FILE"; those that stand for others, as NAME and N, are none. */
static void offer_words(const char *list, const char *before, const char *typed)
{
    char word[64];
    for (const char *at = list; strchr(list, '|') && *at; at++) {
        size_t length = strcspn(at, "| []");
        size_t plain = strspn(at, "abcdefghijklmnopqrstuvwxyz0123456789-_");
        snprintf(word, sizeof word, "%.*s", (int)length, at);
        if (length && plain >= length)
            offer(before, word, typed, "");
        at += length - !at[length];
    }
}

static void offer_values(const pj_given *given, const char *before, const char *typed)
{
    char room[PJ_VALUE_ROOM];
    const char *value = pj_given_value(given, room);
    for (size_t i = 0; i < KINDS; i++)
        if (strcmp(pj_given_name(given), kinds[i].option) == 0)
            offer_names(kinds[i].list, before, typed);
    if (value)
        offer_words(value, before, typed);
}

static void offer_options(const pj_command *command, const char *typed)
{
    pj_given at;
    const char *name = typed + strspn(typed, "-");
    for (const pj_rows *rows = command->rows; rows->title; rows++)
        for (size_t i = 0; pj_rows_at(command, rows, i, &at); i++)
            offer("--", pj_given_name(&at), name, at.option ? at.option->help : at.setting->help);
    offer("--", "help", name, "the options of the command");
}

static void offer_commands(const pj_command *const *commands, const char *typed)
{
    for (size_t i = 0; commands[i]; i++)
        offer("", commands[i]->name, typed, commands[i]->summary);
}

/* The option of a word "--table" or "--table=a100" that wants a value; false: it is none. */
static bool find_option(const pj_command *command, const char *word, pj_given *given)
{
    const pj_rows *rows;
    char room[PJ_VALUE_ROOM];
    bool is_long = strncmp(word, "--", 2) == 0, side = is_long && command->sided && word[2] && word[3] == '-';
    const char *name = word + (side ? 4 : 2);
    bool found = is_long
                     ? pj_option_find(command, name, strcspn(name, "="), 0, given, &rows)
                     : word[0] == '-' && word[1] && !word[2] && pj_option_find(command, NULL, 0, word[1], given, &rows);
    return found && pj_given_value(given, room);
}

static void offer_operands(const pj_command *const *commands, const pj_command *command, const char *typed)
{
    if (strcmp(command->name, "help") == 0)
        offer_commands(commands, typed);
    for (size_t i = 0; i < KINDS; i++)
        if (strcmp(command->name, kinds[i].command) == 0)
            offer_names(kinds[i].list, "", typed);
    offer_words(command->operands, "", typed);
}

void pj_complete(const pj_command *const *commands, int count, char **words)
{
    const char *typed = count ? words[count - 1] : "";
    const pj_command *command = count > 1 ? pj_command_find(commands, words[0]) : NULL;
    pj_given given;
    if (count <= 1)
        offer_commands(commands, typed);
    if (!command)
        return;
    /* some shells take "--table=a" for three words */
    bool parted = strcmp(typed, "=") == 0;
    if (parted || (count > 2 && strcmp(words[count - 2], "=") == 0)) {
        if (count > 2 + !parted && find_option(command, words[count - 2 - !parted], &given))
            offer_values(&given, "", parted ? "" : typed);
        return;
    }
    if (count > 2 && find_option(command, words[count - 2], &given)) {
        offer_values(&given, "", typed);
        return;
    }
    if (typed[0] != '-') {
        offer_operands(commands, command, typed);
        return;
    }
    const char *equals = strchr(typed, '=');
    char before[128];
    if (!equals)
        offer_options(command, typed);
    else if (find_option(command, typed, &given) &&
             snprintf(before, sizeof before, "%.*s", (int)(equals + 1 - typed), typed) < (int)sizeof before)
        offer_values(&given, before, equals + 1);
}
