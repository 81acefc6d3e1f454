/* The program: finds the command and runs it. */
#define _XOPEN_SOURCE 700 /* SIGXFSZ; NOLINT */
#include <signal.h>

#include "commands.h"
#include "say.h"

static pj_exit run(int count, char **words)
{
    const char *first = count ? words[0] : "";
    const pj_command *command = pj_command_find(pj_commands, first);
    if (strcmp(first, "--help") == 0 || strcmp(first, "-h") == 0) {
        pj_help_program(pj_commands);
        return PJ_EXIT_DONE;
    }
    if (strcmp(first, "--version") == 0 || strcmp(first, "-V") == 0) {
        pj_help_version();
        return PJ_EXIT_DONE;
    }
    if (strcmp(first, "--complete") == 0) {
        pj_complete(pj_commands, count - 1, words + 1);
        return PJ_EXIT_DONE;
    }
    if (count == 0)
        return pj_say_usage(NULL, "what shall be done? For example: picojoule analyze model.onnx");
    if (!command)
        return pj_say_unknown_command(pj_commands, first);
    return pj_command_run(pj_commands, command, count - 1, words + 1);
}

int main(int count, char **words)
{
    signal(SIGXFSZ, SIG_IGN); /* a file that may not grow is an error of writing, which is told */
    pj_exit code = run(count > 0 ? count - 1 : 0, words + 1);
    if (fflush(stdout) != 0 || ferror(stdout)) {
        if (code != PJ_EXIT_SYSTEM)
            pj_say("standard output: cannot be written");
        code = PJ_EXIT_SYSTEM;
    }
    return (int)code;
}
