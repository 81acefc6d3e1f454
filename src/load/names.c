/* What all parts of load/ do: keep texts, look names up, make values, count steps. */
#include "base/limits.h"
#include "load/loader.h"

const char *pj_load_domain(const char *domain)
{
    return !domain || strcmp(domain, "ai.onnx") == 0 ? "" : domain;
}

const char *pj_load_intern(pj_loader *loader, const char *text)
{
    char *kept = *text ? pj_map_get(&loader->texts, text) : NULL;
    if (kept || !*text)
        return *text ? kept : "";
    kept = pj_arena_strdup(loader->arena, text);
    return kept && pj_map_put(&loader->texts, kept, kept) ? kept : NULL;
}

pj_status pj_load_texts(pj_loader *loader, char *const *texts, size_t count, const char *const **out)
{
    const char **copies = PJ_NEW(loader->arena, const char *, count);
    for (size_t i = 0; copies && i < count; i++) {
        copies[i] = pj_load_intern(loader, texts[i]);
        if (!copies[i])
            copies = NULL;
    }
    *out = copies;
    return pj_got(copies, loader->err);
}

const char *pj_load_title(const char *what, const char *name, char text[PJ_TITLE])
{
    snprintf(text, PJ_TITLE, *name ? "%s '%.80s'" : "%s", what, name);
    return text;
}

pj_value *pj_load_find(const pj_spot *place, const char *name)
{
    for (; place; place = place->outer) {
        pj_value *value = pj_map_get(place->names, name);
        if (value)
            return value;
    }
    return NULL;
}

/* The name of a value in the graph: with the call's prefix, and a number if the graph has that name already. */
static const char *final_name(pj_loader *loader, const pj_spot *place, const char *name)
{
    if (!place->call)
        return pj_arena_strdup(loader->arena, name);
    pj_str text = pj_str_new(0);
    pj_str_printf(&text, "%s%s", place->call->prefix, name);
    size_t length = text.length;
    for (int i = 2; !text.failed && pj_map_get(&place->graph->values, text.data); i++) {
        text.length = length;
        pj_str_printf(&text, "_%d", i);
    }
    const char *kept = text.failed ? NULL : pj_arena_strndup(loader->arena, text.data, text.length);
    pj_str_free(&text);
    return kept;
}

static void fail_taken(const pj_loader *loader, const char *name, const pj_value *old, const pj_node *node)
{
    const char *first = old->producer ? old->producer->label : old->is_input ? "a graph input" : "an initializer";
    const char *quote = old->producer ? "'" : "";
    if (node)
        pj_fail(loader->err, PJ_EFORMAT, "the value '%.150s' is defined twice: by %s%s%.120s%s and by node '%.120s'",
                name, old->producer ? "node " : "", quote, first, quote, node->label);
    else
        pj_fail(loader->err, PJ_EFORMAT, "the value '%.150s' is defined twice: it already is %s%s%.150s%s", name,
                old->producer ? "made by node " : "", quote, first, quote);
}

pj_status pj_load_define(pj_loader *loader, const pj_spot *place, const char *name, pj_node *node, int output,
                         pj_value **out)
{
    pj_model *model = loader->model;
    pj_value *value = pj_map_get(place->names, name);
    if (value && value->producer_output < 0) {
        value->producer = node;
        value->producer_output = output;
        *out = value;
        return PJ_OK;
    }
    if (value) {
        fail_taken(loader, name, value, node);
        return PJ_EFORMAT;
    }
    value = PJ_NEW(loader->arena, pj_value, 1);
    model->value = pj_arena_more(loader->arena, model->value, (size_t)model->values, sizeof(pj_value *));
    const char *kept = final_name(loader, place, name);
    PJ_TRY(pj_got(value && model->value && kept, loader->err));
    value->name = kept;
    value->graph = place->graph;
    value->producer = node;
    value->producer_output = output;
    value->type = value->declared = pj_type_unknown();
    value->index = model->values;
    model->value[model->values++] = value;
    bool same = place->names == &place->graph->values;
    PJ_TRY(pj_got(pj_map_put(&place->graph->values, kept, value), loader->err));
    if (!same && (!(kept = pj_load_intern(loader, name)) || !pj_map_put(place->names, kept, value)))
        return pj_fail_memory(loader->err);
    *out = value;
    return PJ_OK;
}

/* A known name close to `name`, for "did you mean"; NULL: none is. */
static const char *near_name(const pj_spot *place, const char *name)
{
    const char *best = NULL;
    size_t most = strlen(name) < 4 ? 1 : 3;
    for (; place; place = place->outer)
        for (size_t i = 0; i < place->names->count; i++) {
            const char *key = place->names->entry[i].key;
            size_t distance = pj_text_distance(name, key, most);
            if (distance <= most && (distance < most || !best || strcmp(key, best) < 0)) {
                best = key;
                most = distance;
            }
        }
    return best;
}

pj_status pj_load_fail_dangling(const pj_loader *loader, const pj_spot *place, const char *what, const char *name)
{
    const char *near = near_name(place, name);
    return pj_fail(loader->err, PJ_EFORMAT, "%s '%.200s', which nothing in the graph makes%s%.200s%s", what, name,
                   near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
}

pj_status pj_load_step(pj_loader *loader)
{
    if (loader->steps >= PJ_MAX_NODES) {
        pj_fail(loader->err, PJ_ELIMIT, "the model has more than %d nodes once its functions are inlined",
                PJ_MAX_NODES);
        return PJ_ELIMIT;
    }
    loader->steps++;
    return PJ_OK;
}
