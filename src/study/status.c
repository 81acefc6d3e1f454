/* What is there of a folder: its chunks, and what their footers say. */
#include "columns/footer.h"
#include "study/study.h"

static uint64_t number_of(const char *text)
{
    int64_t number = 0;
    return text && pj_whole_read(text, &number) ? (uint64_t)number : 0;
}

static void add_errors(const pj_footer *footer, pj_study_status *out)
{
    for (size_t i = 0; i + 1 < PJ_STUDY_CODES; i++) {
        char key[64];
        const char *code = pj_code_at(i);
        snprintf(key, sizeof key, "picojoule.error.%s", code);
        uint64_t rows = *code ? number_of(pj_footer_fact(footer, key)) : 0;
        size_t at = 0;
        while (rows && out->error[at].code && out->error[at].code != code)
            at++;
        if (rows)
            out->error[at].code = code;
        if (rows)
            out->error[at].rows += rows;
    }
    out->errors += number_of(pj_footer_fact(footer, "picojoule.errors"));
}

/* Is it the chunk of that number of the study? */
bool pj_footer_is_chunk(const pj_footer *footer, const char *sha256, uint64_t chunk)
{
    const char *spec = pj_footer_fact(footer, "picojoule.spec"), *number = pj_footer_fact(footer, "picojoule.chunk");
    return spec && number && strcmp(spec, sha256) == 0 && number_of(number) == chunk;
}

static pj_status look_at(const char *folder, const char *sha256, uint64_t chunk, pj_arena *arena, pj_study_status *out,
                         pj_error *err)
{
    pj_footer footer;
    pj_error why = {0};
    const char *path = pj_folder_file(folder, "points", chunk, arena);
    PJ_TRY(pj_got(path, err));
    if (!pj_folder_has(path)) {
        out->first_missing = out->first_missing < chunk ? out->first_missing : chunk;
        return PJ_OK;
    }
    pj_status status = pj_footer_read(path, arena, &footer, &why);
    if (status == PJ_ENOMEM)
        return pj_fail_memory(err);
    if (status != PJ_OK || !pj_footer_is_chunk(&footer, sha256, chunk)) {
        if (!out->foreign++)
            snprintf(out->first_foreign, sizeof out->first_foreign, "%s", path);
        return PJ_OK;
    }
    out->there++;
    out->rows += footer.rows;
    add_errors(&footer, out);
    return PJ_OK;
}

static pj_status read_head(pj_json root, pj_study_status *out, char sha256[PJ_SHA256_DIGITS + 1], pj_error *err)
{
    static const char *const schemas[] = {"picojoule.sweep-run/1", NULL};
    const char *text;
    pj_json spec;
    int word;
    PJ_TRY(pj_json_get_word(root, "schema", schemas, &word, err));
    PJ_TRY(pj_json_get_uint(root, "points", &out->points, err));
    PJ_TRY(pj_json_get_uint(root, "chunks", &out->chunks, err));
    PJ_TRY(pj_json_get_text(root, "version", &text, err));
    snprintf(out->version, sizeof out->version, "%s", text);
    PJ_TRY(pj_json_get_object(root, "spec", &spec, err));
    PJ_TRY(pj_json_get_text(spec, "sha256", &text, err));
    snprintf(sha256, PJ_SHA256_DIGITS + 1, "%s", text);
    return PJ_OK;
}

static pj_status look(const char *folder, const char *sha256, pj_study_status *out, pj_error *err)
{
    pj_arena *arena = pj_arena_new(0);
    pj_status status = pj_got(arena, err);
    out->first_missing = out->chunks;
    for (uint64_t chunk = 0; chunk < out->chunks && status == PJ_OK; chunk++) {
        status = look_at(folder, sha256, chunk, arena, out, err);
        pj_arena_reset(arena);
    }
    pj_arena_free(arena);
    return status;
}

pj_status pj_study_look(const char *folder, pj_study_status *out, pj_error *err)
{
    char sha256[PJ_SHA256_DIGITS + 1];
    pj_json_doc *doc = NULL;
    pj_str path = pj_str_new(0);
    if (err)
        memset(err, 0, sizeof *err);
    *out = (pj_study_status){0};
    pj_str_printf(&path, "%s/sweep.json", folder);
    pj_status status = pj_got(!path.failed, err);
    if (status == PJ_OK)
        status = pj_json_read_report(path.data, &doc, err);
    if (status == PJ_OK)
        status = read_head(pj_json_root(doc), out, sha256, err);
    pj_json_free(doc);
    pj_str_free(&path);
    return status == PJ_OK ? look(folder, sha256, out, err) : status;
}
