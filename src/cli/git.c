/* Files as they were at a commit. */
#define _XOPEN_SOURCE 700 /* nftw */
#include "git.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "budget_file.h"
#include "say.h"

extern char **environ;

/* Budgets may name files above their own folder: of so many folders. */
#define DEEP "/a/b/c/d/e/f/g/h"
enum { DEPTH = 8 };

static char *join(const char *a, const char *b)
{
    size_t length = strlen(a) + strlen(b) + 1;
    char *text = malloc(length);
    if (text)
        snprintf(text, length, "%s%s", a, b);
    return text;
}

/* Runs git in a folder; what it prints goes to the file `out`. The exit code; -1: it cannot be run. */
static int run_git(const char *folder, const char *const *words, const char *out)
{
    const char *all[12] = {"git", "-C", *folder ? folder : "."};
    posix_spawn_file_actions_t actions;
    size_t count = 3;
    pid_t child;
    int status = -1;
    while (*words && count < sizeof all / sizeof *all - 1)
        all[count++] = *words++;
    if (posix_spawn_file_actions_init(&actions) != 0)
        return -1;
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, out, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    if (posix_spawnp(&child, "git", &actions, NULL, (char *const *)(uintptr_t)all, environ) == 0)
        while (waitpid(child, &status, 0) < 0)
            if (errno != EINTR)
                break;
    posix_spawn_file_actions_destroy(&actions);
    return status >= 0 && WIFEXITED(status) && WEXITSTATUS(status) != 127 ? WEXITSTATUS(status) : -1;
}

/* Does the path stay within so many folders above its own? */
static bool is_near(const char *path)
{
    int depth = 0;
    for (const char *part = path; *part && depth >= -DEPTH; part += strspn(part, "/")) {
        size_t length = strcspn(part, "/");
        bool is_up = length == 2 && memcmp(part, "..", 2) == 0, is_here = length == 1 && *part == '.';
        depth += is_up ? -1 : is_here ? 0 : 1;
        part += length;
    }
    return *path && *path != '/' && depth >= -DEPTH;
}

/* A path of the budget's folder, as it was; where it was not there, nothing is written. false: no memory. */
static bool read_file(const char *commit, const char *folder, const char *path, const pj_past *past)
{
    struct stat info;
    char *to = join(past->folder, "/"), *target = to ? join(to, path) : NULL, *at = join(commit, ":./");
    char *object = at ? join(at, path) : NULL;
    bool made = target && object;
    if (made && is_near(path) && stat(target, &info) != 0) {
        pj_make_folders(target);
        if (run_git(folder, (const char *const[]){"cat-file", "--filters", object, NULL}, target) != 0)
            remove(target);
    }
    free(to);
    free(target);
    free(at);
    free(object);
    return made;
}

/* Names of what is built in have neither a folder nor an ending. */
static bool read_inputs(const char *commit, const char *folder, const pj_budget *budget, size_t skip,
                        const pj_past *past)
{
    const char *input;
    for (size_t i = 0; i < pj_budget_models(budget); i++)
        for (size_t k = 0; (input = pj_budget_input(budget, i, k)); k++)
            if (strpbrk(input, "./") && strlen(input) > skip && *input != '/' &&
                !read_file(commit, folder, input + skip, past))
                return false;
    return true;
}

static pj_exit say_memory(void)
{
    pj_say("not enough memory");
    return PJ_EXIT_SYSTEM;
}

static pj_exit make_folder(pj_past *out)
{
    const char *temp = getenv("TMPDIR");
    out->top = join(temp && *temp ? temp : "/tmp", "/picojoule-XXXXXX");
    if (!out->top)
        return say_memory();
    if (!mkdtemp(out->top)) {
        pj_say("%s: cannot be made: %s", out->top, strerror(errno));
        free(out->top);
        out->top = NULL;
        return PJ_EXIT_SYSTEM;
    }
    out->folder = join(out->top, DEEP);
    return out->folder ? PJ_EXIT_DONE : say_memory();
}

static pj_exit check_commit(const char *folder, const char *commit)
{
    char *object = join(commit, "^{commit}");
    if (!object)
        return say_memory();
    int code =
        run_git(folder, (const char *const[]){"rev-parse", "--verify", "--quiet", "--end-of-options", object, NULL},
                "/dev/null");
    free(object);
    if (code == 0)
        return PJ_EXIT_DONE;
    if (code < 0)
        pj_say("--against git:%s: the program git cannot be run", commit);
    else
        pj_say("--against git:%s: there is no such commit here; a shallow clone has to fetch it first, for example "
               "`git fetch --depth 1 origin main` for git:FETCH_HEAD",
               commit);
    return PJ_EXIT_INPUT;
}

pj_exit pj_past_read(const char *commit, const char *file, const pj_budget *budget, pj_past *out)
{
    const char *slash = strrchr(file, '/'), *name = slash ? slash + 1 : file;
    size_t skip = slash ? (size_t)(slash - file) + 1 : 0;
    char *folder = strndup(file, skip);
    pj_budget *old = NULL;
    pj_error err = {0};
    pj_exit code = folder ? check_commit(folder, commit) : say_memory();
    if (code == PJ_EXIT_DONE)
        code = make_folder(out);
    bool made =
        code == PJ_EXIT_DONE && read_file(commit, folder, name, out) && read_inputs(commit, folder, budget, skip, out);
    char *to = made ? join(out->folder, "/") : NULL;
    out->budget = to ? join(to, name) : NULL;
    if (code == PJ_EXIT_DONE && !out->budget)
        code = say_memory();
    if (out->budget && access(out->budget, F_OK) != 0) {
        free(out->budget);
        out->budget = NULL;
    } else if (code == PJ_EXIT_DONE && pj_budget_read(out->budget, &old, &err) != PJ_OK) {
        code = pj_say_error(&err, out->budget);
    } else if (code == PJ_EXIT_DONE && !read_inputs(commit, folder, old, strlen(out->folder) + 1, out)) {
        code = say_memory();
    }
    pj_budget_free(old);
    free(to);
    free(folder);
    return code;
}

static int remove_one(const char *path, const struct stat *info, int kind, struct FTW *at)
{
    (void)info, (void)kind, (void)at;
    return remove(path);
}

void pj_past_remove(pj_past *past)
{
    enum { OPEN = 16 };
    if (past->top)
        nftw(past->top, remove_one, OPEN, FTW_DEPTH | FTW_PHYS);
    free(past->top);
    free(past->folder);
    free(past->budget);
    *past = (pj_past){NULL, NULL, NULL};
}
