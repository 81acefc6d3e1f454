/* Every allocation fails while models of a folder are opened and analyzed, each under other settings: the status and
 * the result of the run in which none fails, or PJ_ENOMEM with a sentence; nothing is left over. Files that are refused
 * are models, too: what refuses them needs memory. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "check.h"
#include "everything.h"
#include "fail_alloc.h"

enum { MOST_BYTES = 1 << 16, MOST_FILES = 16384, MOST_FAILURES = 400 };

typedef struct trial {
    const char *name;
    const void *bytes;
    size_t size;
    pj_setup setup;
    pj_session *session; /* tables and hierarchies stay open: they are not what is tried here */
} trial;

/* Settings number `i`, which take every way through the stage of costs. */
static pj_setup settings_of(size_t i)
{
    static const char *const tables[] = {"horowitz-45nm", "qtools", "horowitz-45nm"};
    static const char *const reuses[] = {NULL, "once", "resident", "tiled"};
    static const char *const hierarchies[] = {NULL, NULL, "tpu-like", "gpu-h200-like"};
    static const char *const formats[] = {NULL, "int8", "w4a8", "fp16", "w4a16"};
    static const char *const devices[] = {"stm32h7a3", "v4-gpu-a100"};
    pj_setup setup = pj_setup_default();
    setup.unbound_dims_are_one = true;
    setup.table = tables[i % 3];
    setup.reuse = reuses[i % 4];
    setup.hierarchy = hierarchies[i % 4];
    setup.quantize = formats[i % 5];
    setup.devices = devices;
    setup.device_count = i % 7 == 0 ? 2 : 0;
    setup.best_order = i % 11 == 0;
    return setup;
}

static pj_status run(const trial *t, bool analyze, digest *out, pj_error *err)
{
    pj_model *model = NULL;
    pj_result *result = NULL;
    pj_status status = pj_model_open_memory(t->bytes, t->size, t->name, &t->setup, &model, err);
    if (status == PJ_OK)
        status = ask_model(model, out, err);
    if (status == PJ_OK && analyze) {
        status = pj_session_run(t->session, model, &t->setup, &result, err);
        if (status == PJ_OK)
            ask_analysis(result, out);
        pj_result_free(result);
    }
    pj_model_close(model);
    return status;
}

/* With allocation `fail` failing, and all after it; false: something does not hold. */
static bool holds(const trial *t, bool analyze, size_t fail, pj_status usual, const digest *want)
{
    pj_error err = {0};
    digest got = digest_new();
    fail_alloc_start(fail, fail % 2 != 0);
    pj_status status = run(t, analyze, &got, &err);
    fail_alloc_stop();
    bool same = status != PJ_OK || (got.bytes == want->bytes && got.hash == want->hash);
    bool leaks = !analyze && fail_alloc_live() != 0; /* a session keeps memory */
    bool told = err.status == status && (status == PJ_OK || err.what[0]);
    if ((status == PJ_ENOMEM || status == usual) && same && told && !leaks)
        return true;
    printf("%s: allocation %zu: status %s (\"%s\"), %ld blocks left%s\n", t->name, fail, pj_status_text(status),
           err.what, fail_alloc_live(), same ? "" : ", the result differs");
    return false;
}

/* The number of failures tried. */
static size_t try_all(const trial *t, bool analyze)
{
    pj_error err = {0};
    digest want = digest_new(), again = digest_new();
    (void)run(t, analyze, &want, &err); /* opens what stays open */
    fail_alloc_start(0, false);
    pj_status usual = run(t, analyze, &again, &err);
    fail_alloc_stop();
    size_t count = fail_alloc_count(), stride = 1 + count / MOST_FAILURES, tried = 0;
    for (size_t fail = 1; fail <= count; fail += stride, tried++)
        CHECK(holds(t, analyze, fail, usual, &again));
    return tried;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The names of a folder, in order; theirs are freed by the caller. */
static size_t list(const char *folder, char **names)
{
    DIR *at = opendir(folder);
    const struct dirent *entry;
    size_t count = 0;
    while (at && (entry = readdir(at)) != NULL && count < MOST_FILES)
        if (entry->d_name[0] != '.' && (names[count] = strdup(entry->d_name)) != NULL)
            count++;
    if (at)
        closedir(at);
    qsort(names, count, sizeof *names, by_name);
    return count;
}

int main(int argc, char **words)
{
    static char *names[MOST_FILES];
    size_t every = argc > 2 ? (size_t)strtoul(words[2], NULL, 10) : 1, tried = 0, models = 0;
    if (argc < 2 || !every) {
        fprintf(stderr, "usage: test_oom_corpus FOLDER [EVERY]\n");
        return 2;
    }
    size_t count = list(words[1], names);
    CHECK(count > 0);
    for (size_t i = 0; i < count; i++) {
        char path[4096], *text = NULL;
        size_t size = 0;
        pj_error err = {0};
        snprintf(path, sizeof path, "%s/%s", words[1], names[i]);
        if (i % every == 0 && pj_file_read(path, MOST_BYTES, &text, &size, &err) == PJ_OK) {
            const trial t = {names[i], text, size, settings_of(models), pj_session_new()};
            tried += try_all(&t, false) + try_all(&t, true);
            pj_session_free(t.session);
            models++;
        }
        free(text);
    }
    for (size_t i = 0; i < count; i++)
        free(names[i]);
    printf("%zu models, %zu failed allocations\n", models, tried);
    return check_done();
}
