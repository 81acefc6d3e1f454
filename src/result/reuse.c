/* What results have of the memory hierarchy. */
#include "result/reuse.h"
#include "base/err.h"

#define COUNT(rows)      (sizeof(rows) / sizeof *(rows))
#define OF(type, member) .of = PJ_OF_ONE, .at = offsetof(type, member)
#define UNKNOWN          .rule = PJ_MAY_LACK | PJ_LEFT_OUT, .absent = -1

const char pj_key_time_us[] = "time_us";

/* ---- levels ---- */

/* A level with its name, as it is written. */
typedef struct named_level {
    const char *name;
    pj_level_figure figure;
} named_level;

/* clang-format off */
static const pj_field level_fields[] = {
    {.key = "name", .type = &pj_field_text, OF(named_level, name)},
    {.key = "read_bits", .type = &pj_field_amount, OF(named_level, figure.read_bits)},
    {.key = "written_bits", .type = &pj_field_amount, OF(named_level, figure.written_bits)},
    {.key = "pj", .type = &pj_field_amount, OF(named_level, figure.pj)},
};
/* clang-format on */

static void write_levels(const pj_field_writer *w, const pj_seen *of)
{
    const pj_level_figure *level = of->at;
    pj_json_write_begin(w->json, PJ_JSON_WRITE_ARRAY_LINE);
    for (size_t i = 0; i < w->result->level_count; i++) {
        const named_level one = {w->result->levels[i], level[i]};
        pj_json_write_begin(w->json, PJ_JSON_WRITE_OBJECT_LINE);
        pj_fields_write(w, level_fields, COUNT(level_fields), PJ_OF_ONE, &one);
        pj_json_write_end(w->json);
    }
    pj_json_write_end(w->json);
}

/* Those of the totals come first, and name the levels of the result. */
static pj_status read_levels(pj_field_reader *r, pj_json value, const pj_slot *of)
{
    pj_level_figure *level = of->at;
    pj_result *result = r->result;
    size_t count = 0;
    PJ_TRY(pj_json_as_array(value, &value, r->err));
    const char **names = PJ_NEW(r->arena, const char *, PJ_MOST_LEVELS);
    if (!names)
        return pj_fail_memory(r->err);
    for (pj_json at = pj_json_first(value); at.node; at = pj_json_next(at)) {
        named_level one = {0};
        if (count == PJ_MOST_LEVELS)
            return pj_json_fail(at, PJ_EFORMAT, r->err, "there are more than %d levels", PJ_MOST_LEVELS);
        PJ_TRY(pj_fields_read(r, level_fields, COUNT(level_fields), PJ_OF_ONE, at, &one));
        names[count] = one.name;
        level[count++] = one.figure;
    }
    if (!result->levels) {
        result->levels = names;
        result->level_count = count;
    }
    if (count != result->level_count)
        return pj_json_fail(value, PJ_EFORMAT, r->err, "here are %zu levels, the totals have %zu", count,
                            result->level_count);
    return PJ_OK;
}

static const pj_field_type type_levels = {write_levels, read_levels, NULL, NULL, NULL};

/* ---- tensors ---- */

/* {"conv1.out": "gone"} */
static void write_kept(const pj_field_writer *w, const pj_seen *of)
{
    const pj_reuse *reuse = of->base;
    pj_json_write_begin(w->json, PJ_JSON_WRITE_OBJECT_LINE);
    for (size_t i = 0; i < reuse->kept_count; i++)
        pj_json_put_text(w->json, reuse->kept[i].tensor, reuse->kept[i].where);
    pj_json_write_end(w->json);
}

static pj_status read_kept(pj_field_reader *r, pj_json value, const pj_slot *of)
{
    pj_reuse *reuse = of->base;
    PJ_TRY(pj_json_as_object(value, &value, r->err));
    pj_kept_tensor *kept = PJ_NEW(r->arena, pj_kept_tensor, pj_json_count(value));
    if (!kept)
        return pj_fail_memory(r->err);
    reuse->kept = kept;
    for (pj_json at = pj_json_first(value); at.node; at = pj_json_next(at)) {
        const char *where;
        PJ_TRY(pj_json_as_text(at, &where, r->err));
        kept[reuse->kept_count++] =
            (pj_kept_tensor){pj_arena_strdup(r->arena, pj_json_key(at)), pj_arena_strdup(r->arena, where)};
    }
    return PJ_OK;
}

static bool is_kept_absent(const pj_seen *of)
{
    const pj_reuse *reuse = of->base;
    return reuse->kept_count == 0;
}

static const pj_field_type type_kept = {write_kept, read_kept, is_kept_absent, NULL, NULL};

/* ---- layers ---- */

/* clang-format off */
static const pj_field layer_fields[] = {
    {.key = "levels", .type = &type_levels, OF(pj_reuse, level)},
    {.key = "register_pj", .type = &pj_field_amount, OF(pj_reuse, register_pj)},
    {.key = "bound_bits", .type = &pj_field_amount, UNKNOWN, OF(pj_reuse, bound_bits)},
    {"tile", "m", &pj_field_amount, .is_line = true, .rule = PJ_MAY_LACK_OBJECT | PJ_LEFT_OUT, OF(pj_reuse, tile_m)},
    {"tile", "n", &pj_field_amount, .rule = PJ_MAY_LACK_OBJECT | PJ_LEFT_OUT, OF(pj_reuse, tile_n)},
    {"tile", "r", &pj_field_amount, .rule = PJ_MAY_LACK_OBJECT | PJ_LEFT_OUT, OF(pj_reuse, tile_r)},
    {.key = "stays", .type = &pj_field_text, .rule = PJ_MAY_LACK | PJ_LEFT_OUT | PJ_NULL, OF(pj_reuse, stays)},
    {.key = "utilization", .type = &pj_field_amount, UNKNOWN, OF(pj_reuse, utilization)},
    {.key = "cycles", .type = &pj_field_amount, UNKNOWN, OF(pj_reuse, cycles)},
    {.key = pj_key_time_us, .type = &pj_field_amount, UNKNOWN, OF(pj_reuse, time_us)},
    {.key = "memory_bound", .type = &pj_field_flag, .rule = PJ_MAY_LACK | PJ_LEFT_OUT, OF(pj_reuse, is_memory_bound)},
    {.key = "fused_into", .type = &pj_field_text, .rule = PJ_MAY_LACK | PJ_LEFT_OUT | PJ_NULL,
     OF(pj_reuse, fused_into)},
    {.key = "kept", .type = &type_kept, .rule = PJ_MAY_LACK | PJ_LEFT_OUT, OF(pj_reuse, kept)},
};

static const pj_field totals_fields[] = {
    {.key = "levels", .type = &type_levels, OF(pj_reuse_totals, level)},
    {.key = "register_pj", .type = &pj_field_amount, OF(pj_reuse_totals, register_pj)},
    {.key = "bound_bits", .type = &pj_field_amount, UNKNOWN, OF(pj_reuse_totals, bound_bits)},
    {.key = "cycles", .type = &pj_field_amount, UNKNOWN, OF(pj_reuse_totals, cycles)},
    {.key = pj_key_time_us, .type = &pj_field_amount, UNKNOWN, OF(pj_reuse_totals, time_us)},
    {"tensors", "gone", &pj_field_amount, .is_line = true, OF(pj_reuse_totals, gone)},
    {"tensors", "chip", &pj_field_amount, OF(pj_reuse_totals, on_chip)},
    {"tensors", "level0", &pj_field_amount, OF(pj_reuse_totals, level0)},
    {.key = "saved_pj", .type = &pj_field_amount, OF(pj_reuse_totals, saved_pj)},
    {.key = "most_saved_pj", .type = &pj_field_amount, UNKNOWN, OF(pj_reuse_totals, most_saved_pj)},
};
/* clang-format on */

static bool is_reuse_absent(const pj_seen *of)
{
    return !*(const void *const *)of->at;
}

static void write_layer(const pj_field_writer *w, const pj_seen *of)
{
    pj_json_write_begin(w->json, PJ_JSON_WRITE_OBJECT_LINE);
    pj_fields_write(w, layer_fields, COUNT(layer_fields), PJ_OF_ONE, *(const void *const *)of->at);
    pj_json_write_end(w->json);
}

static void write_totals(const pj_field_writer *w, const pj_seen *of)
{
    pj_json_write_begin(w->json, PJ_JSON_WRITE_OBJECT);
    pj_fields_write(w, totals_fields, COUNT(totals_fields), PJ_OF_ONE, *(const void *const *)of->at);
    pj_json_write_end(w->json);
}

static pj_status read_one(pj_field_reader *r, const pj_field *fields, size_t count, size_t size, pj_json value,
                          const pj_slot *of)
{
    void *out = pj_arena_alloc(r->arena, 1, size);
    if (!out)
        return pj_fail_memory(r->err);
    memcpy(of->at, &out, sizeof out);
    PJ_TRY(pj_json_as_object(value, &value, r->err));
    return pj_fields_read(r, fields, count, PJ_OF_ONE, value, out);
}

static pj_status read_layer(pj_field_reader *r, pj_json value, const pj_slot *of)
{
    return read_one(r, layer_fields, COUNT(layer_fields), sizeof(pj_reuse), value, of);
}

static pj_status read_totals(pj_field_reader *r, pj_json value, const pj_slot *of)
{
    return read_one(r, totals_fields, COUNT(totals_fields), sizeof(pj_reuse_totals), value, of);
}

const pj_field_type pj_field_reuse = {write_layer, read_layer, is_reuse_absent, NULL, NULL};
const pj_field_type pj_field_reuse_totals = {write_totals, read_totals, is_reuse_absent, NULL, NULL};
