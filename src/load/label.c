/* What nodes are called in reports: labels that are unique, and the module they come from. */
#include "load/loader.h"

const char *pj_load_label(pj_arena *arena, const char *prefix, const PjOnnx__NodeProto *node, size_t index)
{
    pj_str text = pj_str_new(0);
    if (*pj_text(node->name))
        pj_str_printf(&text, "%s%s", prefix, node->name);
    else
        pj_str_printf(&text, "%s%s_%zu", prefix, pj_text(node->op_type), index);
    const char *label = text.failed ? NULL : pj_arena_strndup(arena, text.data, text.length);
    pj_str_free(&text);
    return label;
}

const char *pj_load_label_at(pj_loader *loader, const pj_spot *place, const PjOnnx__NodeProto *node, size_t index)
{
    const pj_node *holder = place->graph->holder;
    if (place->call || !holder || *pj_text(node->name))
        return pj_load_label(loader->arena, place->call ? place->call->prefix : "", node, index);
    pj_str prefix = pj_str_new(0);
    pj_str_printf(&prefix, "%s/", holder->label);
    const char *label = prefix.failed ? NULL : pj_load_label(loader->arena, prefix.data, node, index);
    pj_str_free(&prefix);
    return label;
}

const char *pj_load_unique(pj_loader *loader, const char *label)
{
    int *counter = pj_map_get(&loader->labels, label);
    const char *unique = label;
    if (counter == &loader->once) {
        counter = PJ_NEW(loader->scratch, int, 1);
        if (!counter || !pj_map_put(&loader->labels, label, counter))
            return NULL;
        *counter = 1;
    }
    while (counter && unique && pj_map_get(&loader->labels, unique)) {
        pj_str text = pj_str_new(0);
        pj_str_printf(&text, "%s_%d", label, ++*counter);
        unique = text.failed ? NULL : pj_arena_strndup(loader->arena, text.data, text.length);
        pj_str_free(&text);
    }
    return unique && pj_map_put(&loader->labels, unique, &loader->once) ? unique : NULL;
}

static pj_status label_nodes(pj_loader *loader, pj_graph *graph, bool named);

static pj_status label_subgraphs(pj_loader *loader, const pj_node *node, bool named)
{
    for (int i = 0; i < node->attrs; i++) {
        const pj_attr *attr = &node->attr[i];
        for (int g = 0; attr->kind == PJ_ATTR_GRAPHS && g < attr->count; g++)
            PJ_TRY(label_nodes(loader, attr->graphs[g], named));
        if (attr->kind == PJ_ATTR_GRAPH)
            PJ_TRY(label_nodes(loader, attr->graph, named));
    }
    return PJ_OK;
}

static pj_status label_nodes(pj_loader *loader, pj_graph *graph, bool named)
{
    for (int i = 0; i < graph->nodes; i++) {
        pj_node *node = graph->node[i];
        if (named == (*node->name != 0))
            node->label = pj_load_unique(loader, node->label);
        PJ_TRY(pj_got(node->label, loader->err));
        PJ_TRY(label_subgraphs(loader, node, named));
    }
    return PJ_OK;
}

pj_status pj_load_labels(pj_loader *loader, pj_graph *graph)
{
    PJ_TRY(pj_got(pj_map_reserve(&loader->labels, (size_t)loader->steps), loader->err));
    PJ_TRY(label_nodes(loader, graph, true));
    return label_nodes(loader, graph, false);
}

/* Appends one module of a path whose modules are named in full: "layer1.0" after "layer1" is "0". */
static void add_module(pj_str *path, const char *parent, size_t parent_length, const char *module, size_t length)
{
    if (parent_length > 0 && length > parent_length + 1 && memcmp(module, parent, parent_length) == 0 &&
        module[parent_length] == '.') {
        module += parent_length + 1;
        length -= parent_length + 1;
    }
    if (length > 0 && path->length > 0)
        pj_str_add_char(path, '/');
    pj_str_add_bytes(path, module, length);
}

/* Python's "['', 'layer1', 'layer1.0', 'conv2d_1']": the last one is the node itself. */
static void scope_of_list(const char *list, pj_str *path)
{
    const char *parent = "", *module = "";
    size_t parent_length = 0, length = 0;
    for (const char *at = list; *at; at++) {
        if (*at != '\'' && *at != '"')
            continue;
        const char *end = strchr(at + 1, *at);
        if (!end)
            return;
        add_module(path, parent, parent_length, module, length);
        if (length > 0) {
            parent = module;
            parent_length = length;
        }
        module = at + 1;
        length = (size_t)(end - module);
        at = end;
    }
}

/* ": Model/layer1: Sequential/layer1.0: Block/conv2d_1: aten.conv2d": names and classes; the last is the node. */
static void scope_of_namespace(const char *space, pj_str *path)
{
    const char *parent = "", *slash;
    size_t parent_length = 0;
    for (; (slash = strchr(space, '/')); space = slash + 1) {
        const char *colon = memchr(space, ':', (size_t)(slash - space));
        size_t length = (size_t)((colon ? colon : slash) - space);
        add_module(path, parent, parent_length, space, length);
        if (length > 0) {
            parent = space;
            parent_length = length;
        }
    }
}

const char *pj_load_scope(pj_loader *loader, const PjOnnx__NodeProto *node, const char *label)
{
    const char *list = NULL, *space = NULL, *slash = strrchr(label, '/');
    for (size_t i = 0; i < node->n_metadata_props; i++) {
        const char *key = pj_text(node->metadata_props[i]->key);
        if (strcmp(key, "pkg.torch.onnx.name_scopes") == 0)
            list = pj_text(node->metadata_props[i]->value);
        else if (strcmp(key, "namespace") == 0)
            space = pj_text(node->metadata_props[i]->value);
    }
    pj_str path = pj_str_new(0);
    if (list)
        scope_of_list(list, &path);
    else if (space)
        scope_of_namespace(space, &path);
    else if (slash)
        pj_str_add_bytes(&path, label, (size_t)(slash - label));
    const char *kept = path.failed ? NULL : pj_load_intern(loader, path.data);
    pj_str_free(&path);
    return kept;
}
