/* The program: finds the command and runs it. */
#include <stdio.h>
#include <string.h>

#include "say.h"

/* clang-format off */
const pj_command *const pj_commands[] = {
    &pj_command_analyze,
    &pj_command_plan,
    &pj_command_shapes,
    &pj_command_compare,
    &pj_command_check,
    &pj_command_tables,
    &pj_command_devices,
    &pj_command_ops,
    &pj_command_history,
    &pj_command_pareto,
    &pj_command_help,
    NULL,
};
/* clang-format on */

const pj_command *pj_command_find(const char *name)
{
    for (size_t i = 0; pj_commands[i]; i++)
        if (strcmp(pj_commands[i]->name, name) == 0)
            return pj_commands[i];
    return NULL;
}

bool pj_is_model_name(const char *word)
{
    size_t length = strlen(word);
    return length > 5 && strcmp(word + length - 5, ".onnx") == 0;
}

pj_exit pj_say_unknown_command(const char *word)
{
    enum { MOST = 16 };
    const char *names[MOST + 1] = {NULL};
    for (size_t i = 0; pj_commands[i] && i < MOST; i++)
        names[i] = pj_commands[i]->name;
    const char *near = pj_nearest_word(word, names);
    if (pj_is_model_name(word))
        return pj_say_usage(NULL, "'%s' is no command; did you mean 'picojoule analyze %s'?", word, word);
    if (word[0] == '-')
        return pj_say_usage(NULL, "the command comes first: picojoule COMMAND [options], not '%s'", word);
    return pj_say_usage(NULL, "there is no command '%s'%s%s%s", word, near ? "; did you mean '" : "", near ? near : "",
                        near ? "'?" : "");
}

static pj_exit run(int count, char **words)
{
    const char *first = count ? words[0] : "";
    const pj_command *command = pj_command_find(first);
    pj_args args;
    pj_exit code;
    if (strcmp(first, "--help") == 0 || strcmp(first, "-h") == 0) {
        pj_help_program();
        return PJ_EXIT_DONE;
    }
    if (strcmp(first, "--version") == 0) {
        printf("picojoule %s\n", PICOJOULE_VERSION);
        return PJ_EXIT_DONE;
    }
    if (count == 0)
        return pj_say_usage(NULL, "what shall be done? For example: picojoule analyze model.onnx");
    if (!command)
        return pj_say_unknown_command(first);
    if (!pj_args_read(command, count - 1, words + 1, &args, &code))
        return code;
    code = command->run(&args);
    pj_args_free(&args);
    return code;
}

int main(int count, char **words)
{
    pj_exit code = run(count > 0 ? count - 1 : 0, words + 1);
    if (fflush(stdout) != 0 || ferror(stdout)) {
        if (code != PJ_EXIT_SYSTEM)
            pj_say("standard output: cannot be written");
        code = PJ_EXIT_SYSTEM;
    }
    return (int)code;
}
