/* picojoule view: a report in the browser. */
#define _XOPEN_SOURCE 700 /* mkdtemp; NOLINT(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "commands.h"
#include "page.h"
#include "say.h"

typedef struct view_args {
    pj_setup setup;
    bool no_open, no_engine;
} view_args;

extern char **environ;

/* A saved report begins with a brace, which no model does. */
static bool is_report(const char *path)
{
    FILE *file = strcmp(path, "-") == 0 ? NULL : fopen(path, "rb");
    int first = EOF;
    while (file && (first = getc(file)) != EOF && strchr(" \t\r\n", first))
        ;
    if (file)
        fclose(file);
    return first == '{';
}

/* FOLDER/report.html in a new folder that nobody else reads; NULL: errno says why not. The caller frees it. */
static char *make_path(void)
{
    static const char name[] = "/picojoule-XXXXXX", file[] = "/report.html";
    const char *temp = getenv("TMPDIR");
    temp = temp && *temp ? temp : "/tmp";
    char *path = malloc(strlen(temp) + sizeof name + sizeof file);
    if (!path)
        return NULL;
    strcpy(path, temp);
    strcat(path, name);
    if (!mkdtemp(path)) {
        free(path);
        return NULL;
    }
    return strcat(path, file);
}

/* Hands the page to the desktop. false: there is none. */
static bool open_page(const char *path)
{
    const char *const openers[] = {getenv("BROWSER"), "xdg-open", "open"};
    for (size_t i = 0; i < sizeof openers / sizeof *openers; i++) {
        const char *const words[] = {openers[i], path, NULL};
        posix_spawn_file_actions_t actions;
        pid_t child;
        int status = -1;
        if (!openers[i] || !*openers[i] || posix_spawn_file_actions_init(&actions) != 0)
            continue;
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
        posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
        posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
        bool runs = posix_spawnp(&child, openers[i], &actions, NULL, (char *const *)(uintptr_t)words, environ) == 0;
        while (runs && waitpid(child, &status, 0) < 0 && errno == EINTR)
            ;
        posix_spawn_file_actions_destroy(&actions);
        if (runs && WIFEXITED(status) && WEXITSTATUS(status) == 0)
            return true;
    }
    return false;
}

static pj_status find(const char *path, const view_args *args, pj_model **model, pj_skeleton **skeleton,
                      pj_result **out, pj_error *err)
{
    if (is_report(path))
        return pj_result_read(path, out, err);
    pj_status status = pj_model_open(path, &args->setup, model, err);
    if (status == PJ_OK)
        status = pj_analyze(*model, &args->setup, out, err);
    if (status == PJ_OK && !args->no_engine)
        status = pj_page_skeleton(*model, &args->setup, skeleton, err);
    return status;
}

static pj_exit write_page(const char *subject, const pj_result *result, const pj_skeleton *skeleton, const char *path)
{
    pj_error err = {0};
    pj_report_options options = pj_report_options_default();
    pj_out out = pj_out_new(path);
    options.format = "html";
    options.skeleton = skeleton;
    pj_status status = pj_report_write(result, &options, pj_out_write, &out, &err);
    return pj_out_finish(&out, status, &err, subject);
}

static pj_exit show(const char *subject, const pj_result *result, const pj_skeleton *skeleton, const view_args *args)
{
    char *path = make_path();
    if (!path) {
        pj_say("no page can be written: %s; TMPDIR says where they go", strerror(errno));
        return PJ_EXIT_SYSTEM;
    }
    pj_exit code = write_page(subject, result, skeleton, path);
    if (code == PJ_EXIT_DONE) {
        if (!args->no_open && !open_page(path))
            pj_say("no browser was found; open the page yourself");
        printf("%s\n", path);
    }
    free(path);
    return code;
}

static pj_exit run(pj_line *line, const void *given)
{
    const view_args *args = given;
    const char *path = line->operand[0];
    pj_error err = {0};
    pj_model *model = NULL;
    pj_skeleton *skeleton = NULL;
    pj_result *result = NULL;
    pj_status status = find(path, args, &model, &skeleton, &result, &err);
    const char *subject = model && status == PJ_EARGUMENT ? NULL : path;
    pj_exit code = status == PJ_OK ? show(path, result, skeleton, args) : pj_say_error(&err, subject);
    pj_skeleton_free(skeleton);
    pj_result_free(result);
    pj_model_close(model);
    return code;
}

static const pj_option rows[] = {
    {"no-open",   0, NULL, "writes the page and prints its path, no more", PJ_OPTION_FLAG,
     .at = offsetof(view_args, no_open)  },
    {"no-engine", 0, NULL, "a smaller page, which answers no \"what if\"", PJ_OPTION_FLAG,
     .at = offsetof(view_args, no_engine)},
};

#define AT(group) .at = offsetof(view_args, setup), .settings = PJ_SETTINGS(group)

const pj_command pj_command_view = {
    .name = "view",
    .operands = "MODEL|REPORT",
    .least = 1,
    .most = 1,
    .summary = "a report in the browser: look, zoom, ask what if",
    .text = "Analyzes an ONNX model, or reads a report that was saved with --format json, and\n"
            "opens a page: where the energy goes, layer by layer, as a map and as a table.\n"
            "For a model the page also answers what another format, table, memory, device or\n"
            "size would make of it. It is one file, and sends nothing to anybody.\n"
            "\n"
            "The path of the page is printed. It stays in the folder for temporary files;\n"
            "`picojoule analyze MODEL --format html -o report.html` writes the same page\n"
            "where you want it.",
    .rows = {{.title = "Model", AT(PJ_ABOUT_MODEL)},
             {.title = "Energy", AT(PJ_ABOUT_ENERGY)},
             {.title = "Number formats", AT(PJ_ABOUT_FORMATS)},
             {.title = "Devices", AT(PJ_ABOUT_DEVICES)},
             PJ_ROWS("Page", rows, 0)},
    .examples = "picojoule view model.onnx\n"
                "    opens the page\n"
                "picojoule view model.onnx --dim batch=1 --dim sequence=128 --device h100\n"
                "    begins with these sizes and this device\n"
                "picojoule view report.json --no-open\n"
                "    of a saved report; prints the path of the page",
    .size = sizeof(view_args),
    .run = run,
};
