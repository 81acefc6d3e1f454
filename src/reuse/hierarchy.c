/* Hierarchies: opening, and what follows from a size. */
#include "reuse/hierarchy.h"

static pj_status load(const pj_json_doc *doc, const char *name, pj_hierarchy **out, pj_error *err)
{
    pj_arena *arena = pj_arena_new(0);
    pj_hierarchy *hierarchy = arena ? PJ_NEW(arena, pj_hierarchy, 1) : NULL;
    pj_status status = PJ_OK;
    if (hierarchy) {
        hierarchy->arena = arena;
        hierarchy->figures.arena = arena;
        hierarchy->name = pj_builtin_name(name, arena);
    }
    if (!hierarchy || !hierarchy->name)
        status = pj_fail_memory(err);
    else
        status = pj_hierarchy_fill(hierarchy, pj_json_root(doc), err);
    if (status != PJ_OK) {
        pj_arena_free(arena);
        return status;
    }
    *out = hierarchy;
    return PJ_OK;
}

pj_status pj_hierarchy_take(const pj_bytes *bytes, const char *name, pj_hierarchy **out, pj_error *err)
{
    pj_json_doc *doc;
    PJ_TRY(pj_json_parse(bytes->at, bytes->length, name, &doc, err));
    pj_status status = load(doc, name, out, err);
    pj_json_free(doc);
    return status;
}

pj_status pj_hierarchy_open(const char *name_or_path, const pj_setup *setup, pj_hierarchy **out, pj_error *err)
{
    pj_bytes bytes;
    const char *name = name_or_path ? name_or_path : PJ_HIERARCHY_DEFAULT;
    PJ_TRY(pj_resource_find(setup, PJ_RESOURCE_HIERARCHY, name, &bytes, err));
    pj_status status = pj_hierarchy_take(&bytes, name, out, err);
    pj_bytes_free(&bytes);
    return status;
}

pj_status pj_hierarchy_parse(const char *json, size_t length, const char *name, pj_hierarchy **out, pj_error *err)
{
    const pj_bytes bytes = {.at = json, .length = length};
    return pj_hierarchy_take(&bytes, name, out, err);
}

void pj_hierarchy_close(pj_hierarchy *hierarchy)
{
    if (hierarchy)
        pj_arena_free(hierarchy->arena);
}

const char *pj_hierarchy_builtin(size_t index)
{
    return pj_builtin_at(pj_builtin_hierarchies, index);
}

int pj_hierarchy_level(const pj_hierarchy *hierarchy, const char *name)
{
    for (int i = 0; i < hierarchy->level_count; i++)
        if (strcmp(hierarchy->level[i].name, name) == 0)
            return i;
    return strcmp(name, "sram") == 0 ? hierarchy->level_count - 1 : -1;
}

static double price_at(const pj_curve *curve, double bits, double least_kib)
{
    const double bits_per_kib = 8192;
    double kib = bits / bits_per_kib;
    return pj_curve_at(curve, kib > least_kib ? kib : least_kib);
}

pj_machine pj_hierarchy_resized(const pj_hierarchy *hierarchy, int level, double size_bits)
{
    pj_machine machine = hierarchy->machine;
    const pj_level *at = &hierarchy->level[level];
    const pj_access price = {price_at(&at->cost.read, size_bits, at->cost.least_read_kib),
                             price_at(&at->cost.write, size_bits, at->cost.least_write_kib)};
    if (level == 0) {
        machine.far = price;
    } else {
        machine.near = price;
        machine.near_bits = size_bits * at->usable;
    }
    return machine;
}
