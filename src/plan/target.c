/* Reading targets. */
#include "plan/target.h"

#include "cost/device.h"
#include "setup/resource.h"

pj_target pj_target_none(void)
{
    pj_target none = {.name = "", .title = "", .floats_stay = true};
    return none;
}

/* One format word of a list. */
static pj_status read_number(pj_json at, pj_number *out, pj_error *err)
{
    const char *word;
    pj_error why = {0};
    PJ_TRY(pj_json_as_text(at, &word, err));
    if (pj_number_parse(word, out, &why) != PJ_OK)
        return pj_json_fail(at, PJ_EFORMAT, err, "%s", why.what);
    return PJ_OK;
}

/* Every weight format with every activation format. */
static pj_status read_pairs(pj_json entry, pj_choice_list *choices, pj_error *err)
{
    static const char *const keys[] = {"weights", "activations", NULL};
    pj_json weights, activations;
    size_t ignored;
    PJ_TRY(pj_json_as_object(entry, &entry, err));
    PJ_TRY(pj_json_only_keys(entry, keys, err));
    PJ_TRY(pj_json_get_array(entry, "weights", &weights, err));
    PJ_TRY(pj_json_get_array(entry, "activations", &activations, err));
    for (pj_json w = pj_json_first(weights); w.node; w = pj_json_next(w))
        for (pj_json a = pj_json_first(activations); a.node; a = pj_json_next(a)) {
            pj_number weight, activation;
            PJ_TRY(read_number(w, &weight, err));
            PJ_TRY(read_number(a, &activation, err));
            PJ_TRY(pj_choices_pair(choices, NULL, &weight, &activation, &ignored, err));
        }
    return PJ_OK;
}

static pj_status read_others(pj_json root, pj_choice_list *choices, pj_target *out, pj_error *err)
{
    pj_json others = {0};
    PJ_TRY(pj_json_opt_array(root, "others", &others, err));
    out->has_others = others.node != NULL;
    for (pj_json at = pj_json_first(others); at.node; at = pj_json_next(at)) {
        pj_number number;
        size_t format;
        PJ_TRY(read_number(at, &number, err));
        PJ_TRY(pj_choices_format(choices, &number, &format, err));
        out->others[format] = true;
    }
    return PJ_OK;
}

bool pj_target_lists(const char *operators, const pj_node *node)
{
    return !operators || (!*node->domain && pj_text_lists(operators, node->op));
}

/* A list of operators as one text with a space on either side of each. */
static pj_status read_operators(pj_json root, const char *key, pj_arena *arena, const char **out, pj_error *err)
{
    pj_json list = {0};
    pj_str text = pj_str_new(0);
    pj_status status = pj_json_opt_array(root, key, &list, err);
    pj_str_add_char(&text, ' ');
    for (pj_json at = pj_json_first(list); status == PJ_OK && at.node; at = pj_json_next(at)) {
        const char *word;
        status = pj_json_as_text(at, &word, err);
        if (status == PJ_OK)
            pj_str_printf(&text, "%s ", word);
    }
    const char *kept = pj_str_keep(&text, arena);
    *out = list.node ? kept : NULL;
    return status == PJ_OK ? pj_got(kept, err) : status;
}

static pj_status read_target(pj_json root, pj_choice_list *choices, pj_target *out, pj_error *err)
{
    static const char *const keys[] = {"schema", "title",       "notes",  "sources",           "formats",
                                       "others", "floats_stay", "scales", "integer_operators", "weight_operators",
                                       NULL};
    static const char *const schemas[] = {"picojoule.target/1", NULL};
    static const char *const scales[] = {"per_channel", "per_tensor", NULL};
    pj_json formats, sources = {0};
    const char *notes = NULL, *title;
    int word = 0;
    PJ_TRY(pj_json_as_object(root, &root, err));
    PJ_TRY(pj_json_only_keys(root, keys, err));
    PJ_TRY(pj_json_get_word(root, "schema", schemas, &word, err));
    PJ_TRY(pj_json_get_text(root, "title", &title, err));
    PJ_TRY(pj_json_opt_text(root, "notes", &notes, err));
    PJ_TRY(pj_json_opt_array(root, "sources", &sources, err));
    PJ_TRY(pj_json_opt_bool(root, "floats_stay", &out->floats_stay, err));
    PJ_TRY(pj_json_get_array(root, "formats", &formats, err));
    out->title = pj_arena_strdup(choices->arena, title);
    for (pj_json at = pj_json_first(formats); at.node; at = pj_json_next(at))
        PJ_TRY(read_pairs(at, choices, err));
    if (choices->count == 0)
        return pj_json_fail(formats, PJ_EFORMAT, err, "a target has at least one pair of formats");
    PJ_TRY(read_others(root, choices, out, err));
    PJ_TRY(read_operators(root, "integer_operators", choices->arena, &out->integers, err));
    PJ_TRY(read_operators(root, "weight_operators", choices->arena, &out->weighted, err));
    if (pj_json_find(root, "scales").node) {
        PJ_TRY(pj_json_get_word(root, "scales", scales, &word, err));
        out->per_tensor = word == 1;
    }
    return pj_got(out->title, err);
}

static pj_status fill(const pj_json_doc *doc, const char *name, pj_choice_list *choices, pj_target *out, pj_error *err)
{
    *out = pj_target_none();
    out->name = pj_builtin_name(name, choices->arena);
    PJ_TRY(pj_got(out->name, err));
    return read_target(pj_json_root(doc), choices, out, err);
}

pj_status pj_target_open(const char *name_or_path, const pj_setup *setup, pj_choice_list *choices, pj_target *out,
                         pj_error *err)
{
    pj_json_doc *doc;
    PJ_TRY(pj_resource_json(setup, PJ_RESOURCE_TARGET, name_or_path, &doc, NULL, err));
    pj_status status = fill(doc, name_or_path, choices, out, err);
    pj_json_free(doc);
    return status;
}

pj_status pj_target_parse(const char *json, size_t length, const char *name, pj_choice_list *choices, pj_target *out,
                          pj_error *err)
{
    pj_json_doc *doc;
    PJ_TRY(pj_json_parse(json, length, name, &doc, err));
    pj_status status = fill(doc, name, choices, out, err);
    pj_json_free(doc);
    return status;
}

/* The format of a figure "$.peak.int8.tops"; false: it is about something else. */
static bool peak_of(const char *path, pj_number *out)
{
    static const char before[] = "$.peak.";
    char word[32];
    if (strncmp(path, before, sizeof before - 1) != 0)
        return false;
    path += sizeof before - 1;
    size_t length = strcspn(path, ".");
    if (length >= sizeof word)
        return false;
    memcpy(word, path, length);
    word[length] = 0;
    return pj_number_parse(word, out, NULL) == PJ_OK;
}

static pj_status read_peaks(const pj_device *device, pj_choice_list *choices, pj_target *out, pj_error *err)
{
    size_t count, ignored;
    const pj_figure *figure = pj_device_figures(device, &count);
    out->floats_stay = false;
    for (size_t i = 0; i < count; i++) {
        pj_number number;
        if (!peak_of(figure[i].path, &number))
            continue;
        bool is_wide = number.kind == PJ_FLOAT && number.bits >= 32;
        out->floats_stay = out->floats_stay || number.kind == PJ_FLOAT;
        if (!is_wide)
            PJ_TRY(pj_choices_pair(choices, NULL, &number, &number, &ignored, err));
    }
    if (choices->count == 0)
        return pj_fail(err, PJ_EARGUMENT,
                       "the profile of %.100s names no format narrower than fp32 that it computes in: give a target "
                       "(--target list)",
                       pj_device_name(device));
    return PJ_OK;
}

pj_status pj_target_of_device(const char *name, const pj_setup *setup, pj_choice_list *choices, pj_target *out,
                              pj_error *err)
{
    pj_device *device = NULL;
    *out = pj_target_none();
    PJ_TRY(pj_device_open(name, setup, &device, err));
    out->name = pj_arena_strdup(choices->arena, pj_device_name(device));
    out->title = pj_arena_strdup(choices->arena, pj_device_title(device));
    pj_status status = pj_got(out->name && out->title, err);
    if (status == PJ_OK)
        status = read_peaks(device, choices, out, err);
    pj_device_close(device);
    return status;
}

const char *pj_plan_target(size_t index)
{
    return pj_builtin_at(pj_builtin_targets, index);
}
