/* Numbers with unit, source and confidence. */
#include "base/figure.h"

static bool is_confidence(const char *word)
{
    static const char *const words[] = {"primary", "secondary", "derived", "memory", "measured"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(words[i], word) == 0)
            return true;
    return false;
}

/* Appends a row whose texts are copied. */
static pj_status append(pj_figures *figures, pj_json at, pj_figure row, pj_error *err)
{
    PJ_TRY(pj_got(PJ_GROW(figures->arena, figures->rows, figures->count, figures->capacity), err));
    pj_str path = pj_str_new(0);
    pj_json_path(at, &path);
    row.path = path.failed ? NULL : pj_arena_strdup(figures->arena, path.data);
    pj_str_free(&path);
    row.unit = pj_arena_strdup(figures->arena, row.unit);
    row.source = pj_arena_strdup(figures->arena, row.source);
    row.confidence = pj_arena_strdup(figures->arena, row.confidence);
    PJ_TRY(pj_got(row.path && row.unit && row.source && row.confidence, err));
    figures->rows[figures->count++] = row;
    return PJ_OK;
}

/* The text of `object`.source; "@label" stands for $.sources.label. */
static pj_status read_source(pj_json object, const char **out, pj_error *err)
{
    PJ_TRY(pj_json_get_text(object, "source", out, err));
    pj_json at = pj_json_find(object, "source");
    if (**out == '@') {
        pj_json label = pj_json_find(pj_json_find(pj_json_root(object.doc), "sources"), *out + 1);
        if (!label.node)
            return pj_json_fail(at, PJ_EFORMAT, err, "$.sources has no \"%.64s\"", *out + 1);
        at = label;
        PJ_TRY(pj_json_as_text(label, out, err));
    }
    return **out ? PJ_OK : pj_json_fail(at, PJ_EFORMAT, err, "a source cannot be empty");
}

static pj_status read_confidence(pj_json object, const char **out, pj_error *err)
{
    PJ_TRY(pj_json_get_text(object, "confidence", out, err));
    if (is_confidence(*out))
        return PJ_OK;
    return pj_json_fail(pj_json_find(object, "confidence"), PJ_EFORMAT, err,
                        "\"%.64s\" where primary, secondary, derived, memory or measured should stand", *out);
}

static pj_status read_value(pj_json at, double *out, pj_error *err)
{
    const double most = 1e18; /* far from any physical figure, and from infinity when multiplied by a count */
    PJ_TRY(pj_json_as_double(at, out, err));
    return fabs(*out) <= most ? PJ_OK : pj_json_fail(at, PJ_EFORMAT, err, "%g is past %g", *out, most);
}

pj_status pj_figure_coefficient(pj_figures *figures, pj_json object, pj_json at, const char *unit, double *out,
                                pj_error *err)
{
    pj_figure row = {0};
    const char *note;
    row.unit = unit;
    PJ_TRY(pj_json_opt_text(object, "note", &note, err));
    PJ_TRY(read_value(at, &row.value, err));
    PJ_TRY(read_source(object, &row.source, err));
    PJ_TRY(read_confidence(object, &row.confidence, err));
    *out = row.value;
    return append(figures, at, row, err);
}

pj_status pj_figure_inherit(pj_figures *figures, const pj_json *objects, int count, pj_json at, const char *unit,
                            double *out, pj_error *err)
{
    pj_figure row = {.unit = unit, .source = "not stated", .confidence = "memory"};
    int source = 0, confidence = 0;
    const char *note;
    PJ_TRY(pj_json_opt_text(objects[0], "note", &note, err));
    while (source < count && !pj_json_find(objects[source], "source").node)
        source++;
    while (confidence < count && !pj_json_find(objects[confidence], "confidence").node)
        confidence++;
    PJ_TRY(read_value(at, &row.value, err));
    if (source < count)
        PJ_TRY(read_source(objects[source], &row.source, err));
    if (confidence < count)
        PJ_TRY(read_confidence(objects[confidence], &row.confidence, err));
    *out = row.value;
    return append(figures, at, row, err);
}

pj_status pj_figure_take(pj_figures *figures, pj_json object, const char *key, const char *unit, double *out,
                         pj_error *err)
{
    double value;
    PJ_TRY(pj_json_get_double(object, key, &value, err));
    pj_json at = pj_json_find(object, key);
    if (value < 0)
        return pj_json_fail(at, PJ_EFORMAT, err, "%g is negative", value);
    return pj_figure_coefficient(figures, object, at, unit, out, err);
}

pj_status pj_figure_read(pj_figures *figures, pj_json object, const char *key, const char *unit, double *out,
                         pj_error *err)
{
    const char *const known[] = {key, "source", "confidence", "note", NULL};
    PJ_TRY(pj_json_only_keys(object, known, err));
    return pj_figure_take(figures, object, key, unit, out, err);
}
