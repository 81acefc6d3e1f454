/* Whose joules: words, rows, and which kind of file one is. */
#include "footprint/input.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/sha256.h"
#include "footprint/generation.h"
#include "footprint/reader.h"

static const char *const boundary_words[] = {
#define WORD_ROW(name, word, what) word,
    PJ_BOUNDARY_LIST(WORD_ROW)
#undef WORD_ROW
};
static const char *const boundary_texts[] = {
#define TEXT_ROW(name, word, what) what,
    PJ_BOUNDARY_LIST(TEXT_ROW)
#undef TEXT_ROW
};

const char *pj_boundary_word(pj_boundary boundary)
{
    return boundary_words[boundary];
}

const char *pj_boundary_text(pj_boundary boundary, const char *basis)
{
    if (boundary == PJ_BOUND_DEVICE && basis && strncmp(basis, "data sheet", 10) == 0)
        return "data sheet at full utilization; small batches need many times this; time between queries is not in it";
    if (boundary == PJ_BOUND_DEVICE && basis && strstr(basis, "fit"))
        return "an estimate by a fit of measured runs; time between queries is not in it";
    return boundary_texts[boundary];
}

/* ---- a generation, from a sweep over the tokens that are there already ---- */

/* What comes before the first token: another input, of the same figure. 0 without. */
static pj_status read_prefill(pj_energy_reader *r, const char *figure, double *joules)
{
    pj_energy_ask ask = *r->ask;
    pj_energy_sources found = {.arena = r->out->arena};
    *joules = 0;
    if (!ask.prefill)
        return PJ_OK;
    ask.prefill = NULL;
    ask.figure = figure;
    PJ_TRY(pj_energy_read(&ask, r->ask->prefill, &found, r->err));
    if (found.count != 1)
        return pj_fail(r->err, PJ_EFORMAT, "--prefill %.60s: it has no single energy of %s", r->ask->prefill, figure);
    *joules = found.rows[0].joules;
    return PJ_OK;
}

static pj_status add_generation(pj_energy_reader *r, pj_json root, const char *figure, const char *key)
{
    pj_energy_source row = r->row;
    double prefill, decode;
    bool table = strcmp(figure, "table") == 0;
    PJ_TRY(pj_generation_find(root, key, r->ask->tokens, &decode, r->err));
    PJ_TRY(read_prefill(r, figure, &prefill));
    const char *name = figure;
    if (table)
        PJ_TRY(pj_json_get_text(pj_json_find(root, "settings"), "table", &name, r->err));
    row.figure = pj_energy_keep(r, name);
    row.hardware = row.hardware ? row.hardware : row.figure;
    row.boundary = table ? PJ_BOUND_OPERATIONS : PJ_BOUND_DEVICE;
    row.joules = prefill + decode * 1e-12 / row.queries_per_run;
    return pj_energy_add(r, &row);
}

/* Figures are members of the points: total_pj, NAME_energy_pj. */
static pj_status read_sweep(pj_energy_reader *r, pj_json root)
{
    static const char suffix[] = "_energy_pj";
    const char *figure = r->ask->figure, *unit = "";
    pj_json point = pj_json_first(pj_json_find(root, "points"));
    size_t before = r->out->count;
    pj_energy_begin(r, "sweep");
    pj_energy_queries(r, 1);
    PJ_TRY(pj_json_get_text(pj_json_find(root, "settings"), "unit", &unit, r->err));
    if (isnan(r->ask->tokens))
        return pj_fail(r->err, PJ_EFORMAT, "a sweep is a generation: --tokens says how many tokens are made");
    if (figure && strcmp(figure, "table") == 0)
        return strcmp(unit, "pJ") == 0 ? add_generation(r, root, figure, "total_pj")
                                       : pj_fail(r->err, PJ_EFORMAT, "it has relative units, no joules");
    for (pj_json at = pj_json_first(point); at.node; at = pj_json_next(at)) {
        const char *key = pj_json_key(at);
        size_t length = strlen(key), tail = sizeof suffix - 1;
        if (length <= tail || strcmp(key + length - tail, suffix) != 0)
            continue;
        const char *name = pj_arena_strndup(r->out->arena, key, length - tail);
        if (!name)
            return pj_fail_memory(r->err);
        if (!figure || strcmp(figure, name) == 0)
            PJ_TRY(add_generation(r, root, name, key));
    }
    if (r->out->count == before && figure)
        return pj_fail(r->err, PJ_EFORMAT, "it has no figures of device \"%.60s\"", figure);
    if (r->out->count == before)
        pj_energy_refuse(r);
    return PJ_OK;
}

/* ---- JSON ---- */

static pj_status read_json(pj_energy_reader *r, char *text, size_t length)
{
    pj_json_doc *doc = NULL;
    const char *schema = "";
    PJ_TRY(pj_json_parse(text, length, r->path, &doc, r->err));
    pj_json root = pj_json_root(doc), at = pj_json_find(root, "schema");
    pj_status status = at.node ? pj_json_as_text(at, &schema, r->err) : PJ_OK;
    if (status != PJ_OK) {
    } else if (strcmp(schema, "picojoule.measurement/1") == 0) {
        status = pj_energy_of_measurement_file(r, root);
    } else if (!at.node && pj_json_find(root, "num_samples").node) {
        status = pj_energy_of_seed003(r, root);
    } else if (strcmp(schema, "picojoule.sweep/1") == 0) {
        status = read_sweep(r, root);
    } else if (strcmp(schema, "picojoule.generation/1") == 0) {
        status = pj_energy_of_generation(r, root);
    } else if (strcmp(schema, "picojoule.report/1") == 0) {
        pj_energy_begin(r, "report");
        status = pj_energy_of_report(r, text, length);
    } else {
        status = pj_json_fail(root, PJ_EFORMAT, r->err,
                              "\"%.60s\" is no report, sweep, generation, measurement or result of the ML Energy Score",
                              schema);
    }
    pj_json_free(doc);
    return status;
}

/* ---- which of them it is ---- */

typedef enum form { FORM_JSON, FORM_CSV, FORM_MODEL } form;

/* Models are no text: a CSV file has a first line without control characters that has a comma. */
static form form_of(const char *text, size_t length, const char *path)
{
    size_t at = 0, name = strlen(path);
    while (at < length && strchr(" \t\r\n", text[at]) && text[at])
        at++;
    if (at < length && text[at] == '{')
        return FORM_JSON;
    if (name > 4 && strcmp(path + name - 4, ".csv") == 0)
        return FORM_CSV;
    size_t from = at;
    while (at < length && ((unsigned char)text[at] >= ' ' || text[at] == '\t'))
        at++;
    bool has_comma = at > from && memchr(text + from, ',', at - from) != NULL;
    return has_comma && (at == length || text[at] == '\n' || text[at] == '\r') ? FORM_CSV : FORM_MODEL;
}

static pj_status digest(pj_energy_reader *r, const char *text, size_t length)
{
    char digits[PJ_SHA256_DIGITS + 1];
    pj_sha256 sum = pj_sha256_new();
    pj_sha256_add(&sum, text, length);
    pj_sha256_end(&sum, digits);
    r->row.sha256 = pj_arena_strdup(r->out->arena, digits);
    return r->row.sha256 ? PJ_OK : pj_fail_memory(r->err);
}

/* All rows that were added have the digest of the file. */
static void sign(pj_energy_reader *r, size_t from, const char *sha256)
{
    for (size_t i = from; i < r->out->count; i++)
        r->out->rows[i].sha256 = sha256;
}

/* A model from standard input. */
static pj_status read_model_bytes(pj_energy_reader *r, const char *bytes, size_t length)
{
    pj_model *model = NULL;
    pj_result *result = NULL;
    pj_energy_begin(r, "model");
    if (!r->ask->setup)
        return pj_fail(r->err, PJ_EFORMAT, "it is neither JSON nor CSV");
    PJ_TRY(pj_model_open_memory(bytes, length, r->path, r->ask->setup, &model, r->err));
    pj_status status = pj_analyze(model, r->ask->setup, &result, r->err);
    if (status == PJ_OK)
        status = pj_energy_of_result(r, result);
    pj_result_free(result);
    pj_model_close(model);
    return status;
}

static pj_status parse(pj_energy_reader *r, char *text, size_t length)
{
    size_t from = r->out->count;
    PJ_TRY(digest(r, text, length));
    const char *sha256 = r->row.sha256;
    pj_status status = PJ_OK;
    switch (form_of(text, length, r->path)) {
    case FORM_JSON:
        status = read_json(r, text, length);
        break;
    case FORM_CSV:
        status = pj_energy_of_emissions(r, text, length);
        break;
    case FORM_MODEL:
        status = read_model_bytes(r, text, length);
        break;
    }
    sign(r, from, sha256);
    pj_error_at(status == PJ_OK ? NULL : r->err, r->path, NULL, NULL);
    return status;
}

pj_status pj_energy_parse(const pj_energy_ask *ask, char *text, size_t length, const char *path, pj_energy_sources *out,
                          pj_error *err)
{
    pj_energy_reader r = {.ask = ask, .path = path, .out = out, .err = err};
    return parse(&r, text, length);
}

static pj_status read_model(pj_energy_reader *r)
{
    char digits[PJ_SHA256_DIGITS + 1] = "";
    size_t from = r->out->count;
    pj_energy_begin(r, "model");
    PJ_TRY(pj_energy_of_report(r, NULL, 0));
    if (strcmp(r->path, "-") != 0)
        PJ_TRY(pj_sha256_file(r->path, digits, r->err));
    sign(r, from, *digits ? pj_energy_keep(r, digits) : NULL);
    return pj_arena_failed(r->out->arena) ? pj_fail_memory(r->err) : PJ_OK;
}

/* Standard input can be read once: there, what is no text is a model by its name alone. */
static bool is_model_file(const char *path)
{
    char head[512];
    FILE *file = strcmp(path, "-") == 0 ? NULL : fopen(path, "rb");
    size_t length = file ? fread(head, 1, sizeof head, file) : 0;
    if (file)
        (void)fclose(file);
    return file && form_of(head, length, path) == FORM_MODEL;
}

pj_status pj_energy_read(const pj_energy_ask *ask, const char *path, pj_energy_sources *out, pj_error *err)
{
    pj_energy_reader r = {.ask = ask, .path = path, .out = out, .err = err};
    char *text = NULL;
    size_t length;
    if (is_model_file(path)) {
        pj_status of_model = read_model(&r);
        pj_error_at(of_model == PJ_OK ? NULL : err, path, NULL, NULL);
        return of_model;
    }
    PJ_TRY(pj_file_read(path, PJ_MAX_CSV_BYTES, &text, &length, err));
    pj_status status = parse(&r, text, length);
    free(text);
    return status;
}

pj_status pj_energy_read_all(const pj_energy_ask *ask, pj_energy_sources *out, pj_error *err)
{
    pj_energy_reader r = {.ask = ask, .out = out, .err = err};
    if (!isnan(ask->joules)) {
        pj_energy_begin(&r, "given");
        r.row.name = "given";
        r.row.boundary = PJ_BOUND_GIVEN;
        pj_energy_queries(&r, 1);
        r.row.joules = ask->joules;
        r.row.seconds = ask->seconds;
        PJ_TRY(pj_energy_add(&r, &r.row));
    }
    if (ask->measurement)
        PJ_TRY(pj_energy_of_measurement(&r, ask->measurement));
    if (ask->result) {
        r.path = ask->result->source;
        pj_energy_begin(&r, "model");
        PJ_TRY(pj_energy_of_result(&r, ask->result));
    }
    for (size_t i = 0; i < ask->path_count; i++)
        PJ_TRY(pj_energy_read(ask, ask->paths[i], out, err));
    return PJ_OK;
}
