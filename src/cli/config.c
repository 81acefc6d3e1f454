/* Options that a file or the environment give, where the command line does not. */
#include "config.h"

#include <unistd.h>

#include "say.h"

static const char file_name[] = "picojoule.config.json";

/* Beside settings these may be configured: how a report looks. */
static const char *const looks[] = {"format", "width", "color", "top", "columns", NULL};

typedef struct config {
    pj_line *line;
    const char *from, *folder; /* of the file; NULL: an environment variable */
    pj_take take;
    void *payload;
    pj_texts told; /* what came from it, as options */
    size_t given;  /* options of the command line: these come first */
    pj_exit code;
} config;

static bool is_configurable(const pj_given *given)
{
    for (size_t i = 0; looks[i]; i++)
        if (given->option && strcmp(given->option->name, looks[i]) == 0)
            return true;
    return given->setting != NULL;
}

static bool is_on_line(const config *c, const pj_given *given)
{
    for (size_t i = 0; i < c->given; i++)
        if (strcmp(pj_given_name(&c->line->given[i]), pj_given_name(given)) == 0)
            return true;
    return false;
}

static bool has_command(const config *c, const char *name, pj_given *given)
{
    const pj_rows *rows;
    for (size_t i = 0; c->line->commands[i]; i++)
        if (pj_option_find(c->line->commands[i], name, strlen(name), 0, given, &rows) && is_configurable(given))
            return true;
    return false;
}

/* Paths in a file are from its folder on. */
static const char *locate(const config *c, const pj_given *given, const char *value)
{
    bool is_path = given->setting && (given->setting->kind == PJ_SETTING_FILE || strchr(value, '/') ||
                                      (strlen(value) > 5 && strcmp(value + strlen(value) - 5, ".json") == 0));
    bool is_named =
        given->setting && (given->setting->kind == PJ_SETTING_FILE || given->setting->kind == PJ_SETTING_NAME ||
                           given->setting->kind == PJ_SETTING_NAMES);
    if (!c->folder || !is_path || !is_named || *value == '/')
        return pj_line_text(c->line, value, value + strlen(value));
    size_t size = strlen(c->folder) + strlen(value) + 2;
    char *path = pj_line_keep(c->line, size, 1);
    if (path)
        snprintf(path, size, "%s/%s", c->folder, value);
    return path ? path : "";
}

static const char *make_optional(const config *c, const char *value)
{
    size_t length = strlen(value);
    char *text = pj_line_keep(c->line, length + 2, 1);
    if (text)
        snprintf(text, length + 2, "?%s", value);
    return text ? text : value;
}

static void tell(config *c, const pj_given *given)
{
    size_t size = strlen(pj_given_name(given)) + (given->value ? strlen(given->value) : 0) + 4;
    char *text = pj_line_keep(c->line, size, 1);
    if (text)
        snprintf(text, size, "--%s%s%s", pj_given_name(given), given->value ? " " : "",
                 given->value ? given->value : "");
    pj_texts_add(c->line, &c->told, text);
}

/* What the command does not have is for others. */
static bool take(const char *name, const char *value, void *payload)
{
    config *c = payload;
    pj_given given, other;
    const pj_rows *rows;
    if (strcmp(name, "schema") == 0)
        return true;
    if (!has_command(c, name, &other)) {
        c->code = pj_say_usage(c->line->command->name, "%s: '%s' is no option that can be configured", c->from, name);
        return false;
    }
    if (!pj_option_find(c->line->command, name, strlen(name), 0, &given, &rows) || is_on_line(c, &given))
        return true;
    given.value = value ? locate(c, &given, value) : NULL;
    if (given.setting && given.setting->kind == PJ_SETTING_DIMS && value) /* not all models have it */
        given.value = make_optional(c, value);
    given.configured = true;
    if (!c->take(c->payload, rows, &given)) {
        pj_say("that is from %s", c->from);
        c->code = PJ_EXIT_USAGE;
        return false;
    }
    tell(c, &given);
    return true;
}

/* The nearest one, upwards from the working folder; NULL: there is none. */
static const char *find_file(pj_line *line)
{
    enum { ROOM = 4096 };
    char *path = pj_line_keep(line, ROOM + sizeof file_name, 1);
    if (!path || !getcwd(path, ROOM))
        return NULL;
    for (char *end = path + strlen(path); end; end = strrchr(path, '/')) {
        snprintf(end, sizeof file_name + 1, "/%s", file_name);
        if (access(path, R_OK) == 0)
            return path;
        *end = 0;
    }
    return NULL;
}

static bool read_file(config *c, const char *path)
{
    pj_error err = {0};
    const char *slash = strrchr(path, '/');
    c->from = path;
    c->folder = slash ? pj_line_text(c->line, path, slash) : ".";
    pj_status status = pj_config_read(path, take, c, &err);
    if (status != PJ_OK && c->code == PJ_EXIT_DONE)
        c->code = pj_say_error(&err, path);
    return status == PJ_OK;
}

/* Lists are parted at commas. */
static bool read_variable(config *c, const pj_given *given)
{
    char name[64] = "PICOJOULE_";
    size_t at = strlen(name);
    for (const char *from = pj_given_name(given); *from && at + 1 < sizeof name; from++)
        name[at++] = (char)(*from == '-' ? '_' : *from >= 'a' && *from <= 'z' ? *from - 'a' + 'A' : *from);
    const char *value = getenv(name);
    bool is_list =
        given->setting && (given->setting->kind == PJ_SETTING_NAMES || given->setting->kind == PJ_SETTING_DIMS);
    c->from = pj_line_text(c->line, name, name + strlen(name));
    c->folder = NULL;
    while (value && *value) {
        size_t length = is_list ? strcspn(value, ",") : strlen(value);
        bool has_value = given->setting ? given->setting->value != NULL : true;
        if (!take(pj_given_name(given), has_value ? pj_line_text(c->line, value, value + length) : NULL, c))
            return false;
        value += length + (value[length] == ',');
    }
    return true;
}

static bool read_environment(config *c)
{
    pj_given at;
    for (const pj_rows *rows = c->line->command->rows; rows->title; rows++)
        for (size_t i = 0; pj_rows_at(c->line->command, rows, i, &at); i++)
            if (is_configurable(&at) && !read_variable(c, &at))
                return false;
    return true;
}

pj_exit pj_configure(pj_line *line, const char *file, bool none, pj_take take_given, void *payload, pj_texts *told)
{
    config c = {.line = line, .take = take_given, .payload = payload, .given = line->givens, .code = PJ_EXIT_DONE};
    if (!read_environment(&c))
        return c.code;
    c.given = line->givens; /* the environment comes before the file */
    const char *path = none ? NULL : file ? file : find_file(line);
    if (path)
        read_file(&c, path);
    *told = c.told;
    if (c.told.count && path)
        c.from = path;
    return c.code;
}
