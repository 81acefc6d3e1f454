/* Reading a budget file: texts, files, and what the figures of an entry rest on. */
#include "budget/reader.h"

#include <string.h>

/* ---- small pieces ---- */

pj_status pj_reader_keys(pj_reader *r, pj_json object, const char *const *keys)
{
    PJ_TRY(pj_json_as_object(object, &object, r->err));
    PJ_TRY(pj_json_only_keys(object, keys, r->err));
    pj_json remark = pj_json_find(object, PJ_REMARK);
    const char *text;
    if (!remark.node || pj_json_kind_of(remark) == PJ_JSON_TEXT)
        return PJ_OK;
    PJ_TRY(pj_json_as_array(remark, &remark, r->err));
    for (pj_json at = pj_json_first(remark); at.node; at = pj_json_next(at))
        PJ_TRY(pj_json_as_text(at, &text, r->err));
    return PJ_OK;
}

bool pj_reader_is_remark(pj_json member)
{
    return strcmp(pj_json_key(member), PJ_REMARK) == 0;
}

const char *pj_reader_keep(pj_reader *r, const char *text)
{
    return text ? pj_arena_strdup(r->arena, text) : NULL;
}

pj_status pj_reader_text(pj_reader *r, pj_json object, const char *key, const char **out)
{
    const char *text = NULL;
    PJ_TRY(pj_json_opt_text(object, key, &text, r->err));
    if (text && !*text)
        return pj_json_fail(pj_json_find(object, key), PJ_EFORMAT, r->err, "the text is empty");
    if (!text)
        return PJ_OK;
    *out = pj_reader_keep(r, text);
    return *out ? PJ_OK : pj_fail_memory(r->err);
}

const char *pj_reader_found(pj_reader *r, const char *path)
{
    pj_str text = pj_str_new(0);
    pj_str_add(&text, *path == '/' ? "" : r->folder);
    pj_str_add(&text, path);
    return pj_str_keep(&text, r->arena);
}

/* Tables and devices have names, or are files: those with a slash, or with .json at the end. */
static const char *named_or_file(pj_reader *r, const char *name)
{
    size_t length = strlen(name);
    bool is_file = strchr(name, '/') || (length > 5 && strcmp(name + length - 5, ".json") == 0);
    return is_file ? pj_reader_found(r, name) : pj_reader_keep(r, name);
}

static pj_status get_file(pj_reader *r, pj_json object, const char *key, const char **out)
{
    const char *text = NULL;
    PJ_TRY(pj_reader_text(r, object, key, &text));
    *out = text ? pj_reader_found(r, text) : *out;
    return PJ_OK;
}

size_t pj_reader_device(pj_reader *r, const char *name)
{
    pj_setup *settings = &r->entry->setup;
    const char *device = named_or_file(r, name);
    if (!device)
        return 0;
    for (size_t i = 0; i < settings->device_count; i++)
        if (strcmp(settings->devices[i], device) == 0)
            return i;
    const char **more = PJ_NEW(r->arena, const char *, settings->device_count + 1);
    if (!more)
        return 0;
    if (settings->device_count)
        memcpy(more, settings->devices, settings->device_count * sizeof *more);
    more[settings->device_count] = device;
    settings->devices = more;
    return settings->device_count++;
}

/* ---- what figures rest on ---- */

static pj_status read_dims(pj_reader *r, pj_json object)
{
    pj_json dims = {0};
    PJ_TRY(pj_json_opt_object(object, "dims", &dims, r->err));
    pj_dim_binding *bound = PJ_NEW(r->arena, pj_dim_binding, pj_json_count(dims));
    if (!bound)
        return pj_fail_memory(r->err);
    r->entry->setup.dims = bound;
    for (pj_json at = pj_json_first(dims); at.node; at = pj_json_next(at)) {
        uint64_t value;
        if (pj_reader_is_remark(at))
            continue;
        PJ_TRY(pj_json_as_uint(at, &value, r->err));
        bound[r->entry->setup.dim_count++] = (pj_dim_binding){pj_reader_keep(r, pj_json_key(at)), (int64_t)value};
    }
    return PJ_OK;
}

static pj_status read_place(pj_reader *r, pj_json memory, const char *key, pj_place *out)
{
    int at;
    if (!pj_json_find(memory, key).node)
        return PJ_OK;
    PJ_TRY(pj_json_get_word(memory, key, pj_place_words(), &at, r->err));
    *out = (pj_place)at;
    return PJ_OK;
}

static pj_status read_memory(pj_reader *r, pj_json memory)
{
    static const char *const keys[] = {"weights_on", "activations_on", "io_on_dram", "sram_min", PJ_REMARK, NULL};
    pj_setup *settings = &r->entry->setup;
    bool ignored;
    double bytes;
    PJ_TRY(pj_reader_keys(r, memory, keys));
    PJ_TRY(read_place(r, memory, "weights_on", &settings->weights_on));
    PJ_TRY(read_place(r, memory, "activations_on", &settings->activations_on));
    PJ_TRY(pj_json_opt_bool(memory, "io_on_dram", &settings->io_on_dram, r->err));
    pj_json sram = pj_json_find(memory, "sram_min");
    if (!sram.node)
        return PJ_OK;
    PJ_TRY(pj_budget_amount(sram, PJ_QUANTITY_BYTES, &bytes, &ignored, r->err));
    if (bytes > 1e15)
        return pj_json_fail(sram, PJ_EFORMAT, r->err, "more than a petabyte");
    settings->sram_min_bits = (uint64_t)(8 * bytes);
    return PJ_OK;
}

static pj_status read_devices(pj_reader *r, pj_json object)
{
    pj_json devices = {0};
    PJ_TRY(pj_json_opt_array(object, "devices", &devices, r->err));
    for (pj_json at = pj_json_first(devices); at.node; at = pj_json_next(at)) {
        const char *name;
        PJ_TRY(pj_json_as_text(at, &name, r->err));
        pj_reader_device(r, name);
    }
    return PJ_OK;
}

pj_status pj_reader_basis(pj_reader *r, pj_json object)
{
    pj_setup *settings = &r->entry->setup;
    pj_json memory = {0};
    const char *table = NULL;
    *settings = pj_setup_default();
    r->entry->setup.unbound_dims_are_one = true; /* and then refused, with all their names at once */
    PJ_TRY(read_dims(r, object));
    PJ_TRY(pj_reader_text(r, object, "table", &table));
    settings->table = table ? named_or_file(r, table) : settings->table;
    PJ_TRY(get_file(r, object, "plan", &settings->plan));
    PJ_TRY(pj_reader_text(r, object, "quantize", &settings->quantize));
    PJ_TRY(get_file(r, object, "op_rules", &r->entry->setup.op_rules));
    PJ_TRY(pj_json_opt_object(object, "memory", &memory, r->err));
    if (memory.node)
        PJ_TRY(read_memory(r, memory));
    return read_devices(r, object);
}
