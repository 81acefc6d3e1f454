/* --help and docs/cli.md: made from the tables of commands and options. */
#include "cli.h"

const char pj_help_intro[] = "Reads an ONNX model and reports where the energy of a run goes, layer by layer,\n"
                             "before anything is deployed.";

static const char first_steps[] = "picojoule analyze model.onnx\n"
                                  "    where the energy goes, largest layers first\n"
                                  "picojoule analyze model.onnx --dim batch=1 --dim sequence=128\n"
                                  "    a model with symbolic dimensions\n"
                                  "picojoule analyze model.onnx --group-by op\n"
                                  "    the same, summed per operator\n"
                                  "picojoule analyze model.onnx --format json -o report.json\n"
                                  "    for programs\n"
                                  "picojoule shapes model.onnx\n"
                                  "    type and shape of every tensor";

enum { TEXT_AT = 32 };

/* Lines of a text, each led by `prefix`. */
static void print_lines(const char *text, const char *prefix)
{
    while (*text) {
        size_t length = strcspn(text, "\n");
        printf("%s%.*s\n", length ? prefix : "", (int)length, text);
        text += length + (text[length] != 0);
    }
}

static void print_option(const char *name, char letter, const char *value, const char *help)
{
    char head[128];
    int used =
        letter ? snprintf(head, sizeof head, "  -%c, --%s", letter, name) : snprintf(head, sizeof head, "  --%s", name);
    if (value)
        snprintf(head + used, sizeof head - (size_t)used, " %s", value);
    bool fits = strlen(head) + 2 <= TEXT_AT;
    printf("%s%s", head, fits ? "" : "\n");
    for (int column = fits ? (int)strlen(head) : 0; *help; column = 0) {
        size_t length = strcspn(help, "\n");
        printf("%*s%.*s\n", TEXT_AT - column, "", (int)length, help);
        help += length + (help[length] != 0);
    }
}

void pj_help_program(const pj_command *const *commands)
{
    printf("picojoule %s\n\n%s\n\nUsage: picojoule COMMAND [options]\n\n", PICOJOULE_VERSION, pj_help_intro);
    for (size_t i = 0; commands[i]; i++) {
        char head[64];
        snprintf(head, sizeof head, "%s %s", commands[i]->name, commands[i]->operands);
        printf("  %-24s%s\n", head, commands[i]->summary);
    }
    printf("\nFirst steps:\n\n");
    print_lines(first_steps, "  ");
    printf("\n`picojoule COMMAND --help` explains the options of a command.\n");
}

static void print_rows(const pj_command *command, const pj_rows *rows)
{
    pj_given at;
    char room[PJ_VALUE_ROOM];
    if (rows == command->rows || strcmp(rows->title, rows[-1].title) != 0)
        printf("\n%s:\n", rows->title);
    for (size_t i = 0; pj_rows_at(command, rows, i, &at); i++)
        print_option(pj_given_name(&at), at.option ? at.option->letter : 0, pj_given_value(&at, room),
                     at.option ? at.option->help : at.setting->help);
}

void pj_help_version(void)
{
    static const char *const features[] = {"history", "threads", "zlib", "zstd", "runtime"};
    printf("picojoule %s", pj_version());
    int told = 0;
    for (size_t i = 0; i < sizeof features / sizeof *features; i++)
        if (pj_has_feature(features[i]))
            printf("%s%s", told++ ? ", " : " (", features[i]);
    printf(told ? ")\n" : "\n");
}

void pj_help_command(const pj_command *command)
{
    printf("Usage: picojoule %s%s%s [options]\n\n", command->name, *command->operands ? " " : "", command->operands);
    print_lines(command->text, "");
    for (const pj_rows *rows = command->rows; rows->title; rows++)
        print_rows(command, rows);
    printf("\nGeneral:\n");
    print_option("config", 0, "FILE",
                 "options that are not given here (default: the\n"
                 "nearest picojoule.config.json; docs/config.md)");
    print_option("no-config", 0, NULL, "without any such file");
    print_option("help", 'h', NULL, "this text");
    print_option("version", 'V', NULL, "the version, and what was built in");
    if (command->examples) {
        printf("\nExamples:\n\n");
        print_lines(command->examples, "  ");
    }
}

/* A text in one line of a Markdown table. */
static void print_cell(const char *text)
{
    for (; *text; text++) {
        if (*text == '|')
            putchar('\\');
        putchar(*text == '\n' ? ' ' : *text);
    }
}

/* The length of a command: to the end of the line, or of the last one of those that end in a backslash. */
static int command_length(const char *text)
{
    size_t length = strcspn(text, "\n");
    while (length > 0 && text[length - 1] == '\\' && text[length])
        length += 1 + strcspn(text + length + 1, "\n");
    return (int)length;
}

/* "command\n    what it does" becomes a comment and the command below it. */
static void markdown_examples(const char *text)
{
    printf("\n```sh\n");
    while (*text) {
        int length = command_length(text);
        const char *what = text + length + strspn(text + length, "\n ");
        int what_length = (int)strcspn(what, "\n");
        printf("# %.*s\n%.*s\n", what_length, what, length, text);
        text = what + what_length + strspn(what + what_length, "\n");
    }
    printf("```\n");
}

static void markdown_rows(const pj_command *command, const pj_rows *rows)
{
    pj_given at;
    char room[PJ_VALUE_ROOM];
    for (size_t i = 0; pj_rows_at(command, rows, i, &at); i++) {
        const char *value = pj_given_value(&at, room);
        printf("| `");
        if (at.option && at.option->letter)
            printf("-%c`, `", at.option->letter);
        printf("--%s%s", pj_given_name(&at), value ? " " : "");
        print_cell(value ? value : "");
        printf("` | ");
        print_cell(at.option ? at.option->help : at.setting->help);
        printf(" |\n");
    }
}

static void markdown_command(const pj_command *command)
{
    printf("\n## picojoule %s\n\n    picojoule %s%s%s [options]\n\n", command->name, command->name,
           *command->operands ? " " : "", command->operands);
    print_lines(command->text, "");
    printf("\n| Option | Meaning |\n|---|---|\n");
    for (const pj_rows *rows = command->rows; rows->title; rows++)
        markdown_rows(command, rows);
    if (command->examples)
        markdown_examples(command->examples);
}

void pj_help_markdown(const pj_command *const *commands)
{
    printf("# The command line\n\n<!-- made by `picojoule help --markdown`; a test compares -->\n\n%s\n\n"
           "| Command | |\n|---|---|\n",
           pj_help_intro);
    for (size_t i = 0; commands[i]; i++) {
        printf("| [`picojoule %s%s", commands[i]->name, *commands[i]->operands ? " " : "");
        print_cell(commands[i]->operands);
        printf("`](#picojoule-%s) | %s |\n", commands[i]->name, commands[i]->summary);
    }
    printf(
        "\n## Conventions\n\n"
        "- `--help` and `--version` work everywhere. An option's value follows after a space or `=`. Options and\n"
        "  arguments may stand in any order; `--` ends the options. Words and built-in names are read in any case.\n"
        "- `man picojoule` is this page; bash, zsh and fish complete commands, options, words and built-in names "
        "(share/).\n"
        "- `-` as MODEL reads standard input. A NAME that is no built-in one is a FILE if it has a `/`, ends with\n"
        "  `.json` or exists.\n"
        "- The report goes to standard output, everything else to standard error. After a failure there is nothing on\n"
        "  standard output. `-o FILE` writes a temporary file beside FILE and renames it: FILE is there as a whole or\n"
        "  not at all.\n"
        "- Colour is used on a terminal only, and not when `NO_COLOR` is set, `CLICOLOR` is 0 or `TERM` is dumb;\n"
        "  `FORCE_COLOR` and `CLICOLOR_FORCE` want it anywhere, and `--color` decides. Numbers do not depend on the\n"
        "  locale; the same input gives the same bytes.\n"
        "- `PICOJOULE_ERRORS=json` makes each message on standard error a line of JSON, for programs that start this "
        "one:\n"
        "  `{\"status\", \"file\", \"node\", \"op\", \"what\"}` of an error, those that there are; else "
        "`{\"message\"}`.\n\n"
        "## Exit codes\n\n| Code | Meaning |\n|---:|---|\n");
#define EXIT_ROW(name, code, meaning) printf("| %d | %s |\n", code, meaning);
    PJ_EXIT_LIST(EXIT_ROW)
#undef EXIT_ROW
    printf(
        "\nAn input that cannot be opened (absent, a folder, no permission) is bad input, 3; one that fails while it\n"
        "is read, 5.\n");
    for (size_t i = 0; commands[i]; i++)
        markdown_command(commands[i]);
}
