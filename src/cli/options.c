/* Which options a command has: its own rows, and settings. */
#include "say.h"

static bool takes(const pj_rows *rows, const pj_setting *setting)
{
    return setting->kind != PJ_SETTING_FOUND && (rows->settings & PJ_SETTINGS(setting->group)) &&
           (!rows->in_budget || setting->in_budget);
}

bool pj_rows_at(const pj_command *command, const pj_rows *rows, size_t index, pj_given *out)
{
    *out = (pj_given){0};
    for (size_t i = 0; rows->settings && (out->setting = pj_setup_setting(i)); i++)
        if (takes(rows, out->setting) && index-- == 0)
            return true;
    for (size_t i = 0; i < rows->count; i++) {
        out->option = &rows->option[i];
        if (!(out->option->not_for & command->bit) && index-- == 0)
            return true;
    }
    return false;
}

static bool is_called(const pj_given *given, const char *name, size_t length, char letter)
{
    const char *own = pj_given_name(given);
    bool named = name && strlen(own) == length && memcmp(own, name, length) == 0;
    return named || (letter && given->option && given->option->letter == letter);
}

bool pj_option_find(const pj_command *command, const char *name, size_t length, char letter, pj_given *out,
                    const pj_rows **rows)
{
    for (*rows = command->rows; (*rows)->title; (*rows)++)
        for (size_t i = 0; pj_rows_at(command, *rows, i, out); i++)
            if (is_called(out, name, length, letter))
                return true;
    return false;
}

const pj_command *pj_command_find(const pj_command *const *commands, const char *name)
{
    while (*commands && strcasecmp((*commands)->name, name) != 0)
        commands++;
    return *commands;
}

bool pj_is_model_name(const char *word)
{
    size_t length = strlen(word);
    return length > 5 && strcmp(word + length - 5, ".onnx") == 0;
}

pj_exit pj_say_unknown_command(const pj_command *const *commands, const char *word)
{
    pj_line line = {0};
    pj_texts names = {0};
    if (pj_is_model_name(word))
        return pj_say_usage(NULL, "'%s' is no command; did you mean 'picojoule analyze %s'?", word, word);
    if (word[0] == '-')
        return pj_say_usage(NULL, "the command comes first: picojoule COMMAND [options], not '%s'", word);
    for (size_t i = 0; commands[i]; i++)
        pj_texts_add(&line, &names, commands[i]->name);
    const char *near = pj_texts_add(&line, &names, NULL) ? pj_nearest_word(word, names.text) : NULL;
    pj_exit code = pj_say_usage(NULL, "there is no command '%s'%s%s%s", word, near ? "; did you mean '" : "",
                                near ? near : "", near ? "'?" : "");
    pj_line_free(&line);
    return code;
}
