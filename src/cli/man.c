/* The manual page: made from the tables of commands and options, as man(7) wants it. */
#include "cli.h"

enum { LINE = 72 };

/* One character of a text, so that roff prints it. */
static int print_char(char c)
{
    if (c == '\\')
        return printf("\\e");
    if (c == '-')
        return printf("\\-");
    putchar(c);
    return 1;
}

/* Text in short lines, as mandoc(1) likes it; an empty line begins a paragraph. */
static void print_text(const char *text)
{
    int column = 0;
    while (*text) {
        size_t word = strcspn(text, " \n");
        if (column && column + (int)word >= LINE) {
            putchar('\n');
            column = 0;
        }
        if (word) {
            column += column ? printf(" ") : *text == '.' || *text == '\'' ? printf("\\&") : 0;
            for (size_t i = 0; i < word; i++)
                column += print_char(text[i]);
        }
        text += word;
        if (text[0] == '\n' && text[1] == '\n') {
            printf("%s.PP", column ? "\n" : "");
            column = LINE;
            text++;
        }
        text += *text != 0;
    }
    if (column)
        putchar('\n');
}

static void print_bold(const char *text)
{
    printf("\\fB");
    while (*text)
        print_char(*text++);
    printf("\\fP");
}

static void print_option(const pj_given *at)
{
    char room[PJ_VALUE_ROOM];
    const char *value = pj_given_value(at, room);
    char name[64], letter[4] = {'-', at->option ? at->option->letter : 0, 0};
    snprintf(name, sizeof name, "--%s", pj_given_name(at));
    printf(".TP\n");
    if (letter[1]) {
        print_bold(letter);
        printf(", ");
    }
    print_bold(name);
    printf("%s", value ? " \\fI" : "");
    for (; value && *value; value++)
        print_char(*value);
    printf("%s\n", value ? "\\fP" : "");
    print_text(at->option ? at->option->help : at->setting->help);
}

/* "command\n    what it does" */
static void print_examples(const char *text)
{
    while (*text) {
        size_t length = strcspn(text, "\n");
        while (length && text[length - 1] == '\\' && text[length])
            length += 1 + strcspn(text + length + 1, "\n");
        printf(".PP\n.nf\n");
        for (size_t i = 0; i < length; i++)
            print_char(text[i]);
        printf("\n.fi\n.RS\n");
        text += length + strspn(text + length, "\n ");
        char what[200];
        snprintf(what, sizeof what, "%.*s", (int)strcspn(text, "\n"), text);
        print_text(what);
        printf(".RE\n");
        text += strcspn(text, "\n");
        text += strspn(text, "\n");
    }
}

static void print_command(const pj_command *command)
{
    pj_given at;
    printf(".SS ");
    print_text(command->name);
    print_bold("picojoule ");
    print_bold(command->name);
    printf(" ");
    print_text(command->operands);
    printf(".PP\n");
    print_text(command->text);
    for (const pj_rows *rows = command->rows; rows->title; rows++)
        for (size_t i = 0; pj_rows_at(command, rows, i, &at); i++)
            print_option(&at);
    if (command->examples)
        print_examples(command->examples);
}

void pj_help_man(const pj_command *const *commands, const char *intro)
{
    printf(".TH PICOJOULE 1 2026-11-29 \"picojoule %s\"\n.SH NAME\n"
           "picojoule \\- where the energy of a neural network goes\n.SH SYNOPSIS\n"
           ".B picojoule\n.I command\n.RI [ options ]\n.SH DESCRIPTION\n",
           PICOJOULE_VERSION);
    print_text(intro);
    printf(".SH COMMANDS\n");
    for (size_t i = 0; commands[i]; i++)
        print_command(commands[i]);
    printf(".SH EXIT STATUS\n");
#define EXIT_ITEM(name, code, meaning) \
    printf(".TP\n\\fB%d\\fP\n", code); \
    print_text(meaning);
    PJ_EXIT_LIST(EXIT_ITEM)
#undef EXIT_ITEM
    printf(".SH ENVIRONMENT\n");
    print_text(
        "NO_COLOR, FORCE_COLOR, CLICOLOR, CLICOLOR_FORCE, TERM and COLUMNS say how text looks; SOURCE_DATE_EPOCH, "
        "GITHUB_SHA and the like say what a record is of.");
}
