/* picojoule help. */
#include "say.h"

typedef struct help_args {
    pj_output output;
    bool markdown, man;
} help_args;

static const pj_option reference_rows[] = {
    {"markdown", 0, NULL, "all commands in one text, docs/cli.md", PJ_OPTION_FLAG, .at = offsetof(help_args, markdown)},
    {"man",      0, NULL, "all commands as a manual page",         PJ_OPTION_FLAG, .at = offsetof(help_args, man)     },
};

/* The rules of --lint; with --markdown, docs/lint.md. */
static pj_exit help_lint(const help_args *args)
{
    pj_error err = {0};
    pj_out out = pj_out_new(NULL);
    pj_report_options options = args->output.report;
    if (args->markdown)
        options.format = "markdown";
    if (!options.width)
        options.width = 80;
    pj_status status = pj_lint_rules_write(&options, pj_out_write, &out, &err);
    return pj_out_finish(&out, status, &err, NULL);
}

static pj_exit run(pj_line *line, const void *given)
{
    const help_args *args = given;
    if (line->operands && strcmp(line->operand[0], "lint") == 0)
        return help_lint(args);
    const pj_command *command = line->operands ? pj_command_find(line->commands, line->operand[0]) : NULL;
    if (line->operands && !command)
        return pj_say_unknown_command(line->commands, line->operand[0]);
    if (command && args->markdown)
        return pj_say_usage("help", "help: --markdown prints all commands, or the rules of lint, not one command");
    if (args->man)
        pj_help_man(line->commands, pj_help_intro);
    else if (args->markdown)
        pj_help_markdown(line->commands);
    else if (command)
        pj_help_command(command);
    else
        pj_help_program(line->commands);
    return PJ_EXIT_DONE;
}

const pj_command pj_command_help = {
    .name = "help",
    .operands = "[COMMAND|lint]",
    .least = 0,
    .most = 1,
    .summary = "this overview; options of a command; rules of --lint",
    .text = "The same as --help; `picojoule help lint` explains the rules of analyze --lint.",
    .rows = {PJ_ROWS("Documentation", reference_rows,                                                              0)},
    .clashes = {{.with = "#1", .others = "man", .why = "help: --man is a page of all commands, not of '%s' alone"},
             {.with = "man", .others = "markdown"}},
    .size = sizeof(help_args),
    .run = run,
};
