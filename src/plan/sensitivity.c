/* Reading measured losses. */
#include "plan/sensitivity.h"

#include "base/limits.h"
#include "base/real.h"

/* What both forms share. */
typedef struct reader {
    const pj_network *network;
    const pj_choice_list *choices;
    pj_losses *out;
    pj_map units; /* name of a layer, weight or output -> pj_member */
} reader;

/* Earlier names win: those of layers, then of weights, then of outputs. */
static bool add_name(pj_map *map, const char *name, const pj_member *unit)
{
    union {
        const void *from;
        void *to;
    } cast = {unit};
    return !*name || pj_map_get(map, name) || pj_map_put(map, name, cast.to);
}

static pj_status start(reader *r, pj_arena *arena, pj_error *err)
{
    const pj_network *network = r->network;
    size_t count = network->units * r->choices->count;
    bool ok = true;
    pj_map_init(&r->units, arena);
    r->out->choices = r->choices->count;
    r->out->loss = PJ_NEW(arena, double, count);
    for (size_t i = 0; r->out->loss && i < count; i++)
        r->out->loss[i] = -1;
    for (size_t u = 0; u < network->units && ok; u++)
        ok = add_name(&r->units, network->unit[u].node->label, &network->unit[u]);
    for (size_t u = 0; u < network->units && ok; u++) {
        const pj_node *node = network->unit[u].node;
        for (int i = 0; i < node->inputs && ok; i++)
            if (node->in[i] && node->in[i]->is_constant)
                ok = add_name(&r->units, node->in[i]->name, &network->unit[u]);
    }
    for (size_t u = 0; u < network->units && ok; u++) {
        const pj_node *node = network->unit[u].node;
        if (node->outputs > 0 && node->out[0])
            ok = add_name(&r->units, node->out[0]->name, &network->unit[u]);
    }
    return pj_got(ok && r->out->loss, err);
}

/* One value. Sentences go to `why`, the caller adds the place. */
static pj_status put(reader *r, const char *name, const char *format, bool is_db, double value, pj_error *why)
{
    const pj_member *unit = pj_map_get(&r->units, name);
    size_t choice = pj_choices_find(r->choices, format);
    if (!unit)
        return pj_fail(why, PJ_EFORMAT, "the model has no layer, weight or output \"%.200s\"", name);
    double loss = is_db ? pj_pow(10, -value / 10) : value;
    if (!isfinite(value) || !isfinite(loss))
        return pj_fail(why, PJ_EFORMAT, "the loss of \"%.200s\" is not a finite number", name);
    if (!is_db && value < 0)
        return pj_fail(why, PJ_EFORMAT, "the loss of \"%.200s\" is negative (%g); higher has to be worse", name, value);
    if (choice == r->choices->count)
        return PJ_OK;
    double *at = &r->out->loss[(size_t)(unit - r->network->unit) * r->choices->count + choice];
    if (*at >= 0 && *at != loss)
        return pj_fail(why, PJ_EFORMAT, "\"%.200s\" has two losses in %.40s: %g and %g", name, format, *at, loss);
    *at = loss;
    return PJ_OK;
}

static pj_status read_value(pj_json at, double *out, pj_error *err)
{
    pj_json output = pj_json_find(at, "xmodel_err"); /* against the float model, what came before included */
    if (pj_json_kind_of(at) != PJ_JSON_OBJECT)
        return pj_json_as_double(at, out, err);
    return output.node ? pj_json_as_double(output, out, err) : pj_json_get_double(at, "qdq_err", out, err);
}

static pj_status read_measured(reader *r, pj_json entry, pj_error *err)
{
    static const char *const keys[] = {"format", "unit", "values", NULL}, *const units[] = {"loss", "sqnr_db", NULL};
    const char *format;
    pj_json values;
    int unit = 0;
    PJ_TRY(pj_json_as_object(entry, &entry, err));
    PJ_TRY(pj_json_only_keys(entry, keys, err));
    PJ_TRY(pj_json_get_text(entry, "format", &format, err));
    PJ_TRY(pj_json_get_word(entry, "unit", units, &unit, err));
    PJ_TRY(pj_json_get_object(entry, "values", &values, err));
    for (pj_json at = pj_json_first(values); at.node; at = pj_json_next(at)) {
        double value;
        pj_error why = {0};
        PJ_TRY(read_value(at, &value, err));
        if (put(r, pj_json_key(at), format, unit == 1, value, &why) != PJ_OK)
            return pj_json_fail(at, PJ_EFORMAT, err, "%s", why.what);
    }
    return PJ_OK;
}

static pj_status read_document(reader *r, pj_json root, pj_error *err)
{
    static const char *const keys[] = {"schema", "measured", "made", "diagnostics", "top1", "top1_drop", NULL};
    static const char *const schemas[] = {"picojoule.sensitivity/1", NULL};
    pj_json measured;
    int schema;
    PJ_TRY(pj_json_as_object(root, &root, err));
    PJ_TRY(pj_json_only_keys(root, keys, err));
    PJ_TRY(pj_json_get_word(root, "schema", schemas, &schema, err));
    PJ_TRY(pj_json_get_array(root, "measured", &measured, err));
    for (pj_json at = pj_json_first(measured); at.node; at = pj_json_next(at))
        PJ_TRY(read_measured(r, at, err));
    return PJ_OK;
}

/* Cuts the next field off a line, in place; quotes as in RFC 4180. */
static char *next_field(char **at)
{
    char *start = *at, *to = *at;
    if (*start != '"') {
        *at += strcspn(*at, ",");
        if (**at)
            *(*at)++ = 0;
        return start;
    }
    for (++*at; **at && (**at != '"' || (*at)[1] == '"'); ++*at) {
        *at += **at == '"';
        *to++ = **at;
    }
    *at += **at == '"';
    *at += **at == ',';
    *to = 0;
    return start;
}

static pj_status read_line(reader *r, char *line, size_t number, const char *file, pj_error *err)
{
    pj_error why = {0};
    char *at = line, *name = next_field(&at), *format = next_field(&at), *value = next_field(&at);
    pj_json_doc *doc = NULL;
    double loss;
    pj_status status = pj_json_parse(value, strlen(value), file, &doc, &why); /* numbers without the locale */
    if (status == PJ_OK)
        status = pj_json_as_double(pj_json_root(doc), &loss, &why);
    pj_json_free(doc);
    if (status == PJ_OK)
        status = put(r, name, format, false, loss, &why);
    else if (status != PJ_ENOMEM)
        status = pj_fail(&why, PJ_EFORMAT, "\"%.60s\" is no number: expected layer,format,loss", value);
    if (status == PJ_OK)
        return PJ_OK;
    pj_str place = pj_str_new(255);
    pj_str_printf(&place, "%.200s:%zu", file, number);
    status = pj_fail(err, status, "%s", why.what);
    pj_error_at(err, place.data, NULL, NULL);
    pj_str_free(&place);
    return status;
}

static pj_status read_csv(reader *r, char *text, const char *file, pj_error *err)
{
    size_t number = 0;
    while (*text) {
        char *line = text;
        text += strcspn(text, "\n");
        if (*text)
            *text++ = 0;
        line[strcspn(line, "\r")] = 0;
        if (number++ == 0) {
            if (strncmp(line, "layer,format,loss", 17) == 0)
                continue;
            pj_error_at(err, file, NULL, NULL);
            return pj_fail(err, PJ_EFORMAT, "the first line should be \"layer,format,loss\"");
        }
        if (*line)
            PJ_TRY(read_line(r, line, number, file, err));
    }
    return PJ_OK;
}

pj_status pj_losses_parse(const char *text, size_t length, const char *name, bool is_csv, const pj_network *network,
                          const pj_choice_list *choices, pj_arena *arena, pj_losses *out, pj_error *err)
{
    reader r = {.network = network, .choices = choices, .out = out};
    pj_json_doc *doc = NULL;
    PJ_TRY(start(&r, arena, err));
    if (is_csv) {
        char *copy = pj_arena_strndup(arena, text, length);
        return copy ? read_csv(&r, copy, name, err) : pj_fail_memory(err);
    }
    PJ_TRY(pj_json_parse(text, length, name, &doc, err));
    pj_status status = read_document(&r, pj_json_root(doc), err);
    pj_json_free(doc);
    return status;
}

pj_status pj_losses_read(const char *path, const pj_setup *setup, const pj_network *network,
                         const pj_choice_list *choices, pj_arena *arena, pj_losses *out, pj_error *err)
{
    size_t length = strlen(path);
    bool is_csv = length > 4 && strcmp(path + length - 4, ".csv") == 0;
    pj_bytes text;
    PJ_TRY(pj_resource_find(setup, PJ_RESOURCE_FILE, path, &text, err));
    pj_status status = pj_losses_parse(text.at, text.length, path, is_csv, network, choices, arena, out, err);
    pj_bytes_free(&text);
    return status;
}
