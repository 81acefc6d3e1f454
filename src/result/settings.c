/* What two results rest on and do not share. */
#include <inttypes.h>
#include <string.h>

#include "base/err.h"
#include "base/map.h"
#include "base/str.h"
#include "cost/memory.h"
#include "picojoule/result.h"

static void put_table(const pj_result *s, pj_str *out)
{
    pj_str_add(out, s->table);
}

static void put_rules(const pj_result *s, pj_str *out)
{
    pj_str_add(out, s->rules);
}

static void put_unit(const pj_result *s, pj_str *out)
{
    pj_str_add(out, s->unit);
}

static void put_weights_on(const pj_result *s, pj_str *out)
{
    pj_str_add(out, pj_place_word(s->setup.weights_on));
}

static void put_activations_on(const pj_result *s, pj_str *out)
{
    pj_str_add(out, pj_place_word(s->setup.activations_on));
}

static void put_io(const pj_result *s, pj_str *out)
{
    pj_str_add(out, s->setup.io_on_dram ? "yes" : "no");
}

static void put_sram_min(const pj_result *s, pj_str *out)
{
    pj_str_printf(out, "%" PRIu64, s->setup.sram_min_bits);
}

static void put_optional(const char *text, pj_str *out)
{
    pj_str_add(out, text ? text : "none");
}

static void put_op_rules(const pj_result *s, pj_str *out)
{
    put_optional(s->model->op_rules, out);
}

static void put_plan(const pj_result *s, pj_str *out)
{
    put_optional(s->setup.plan, out);
}

static void put_quantize(const pj_result *s, pj_str *out)
{
    put_optional(s->setup.quantize, out);
}

static void put_no_fold(const pj_result *s, pj_str *out)
{
    pj_str_add(out, s->setup.no_fold ? "yes" : "no");
}

static void put_devices(const pj_result *s, pj_str *out)
{
    for (size_t i = 0; i < s->setup.device_count; i++) {
        pj_str_add(out, i ? ", " : "");
        pj_str_add(out, s->devices[i]);
    }
    pj_str_add(out, s->setup.device_count ? "" : "none");
}

typedef struct setting {
    const char *name, *option;
    bool other_prices;
    void (*put)(const pj_result *result, pj_str *out);
} setting;

static const setting settings[] = {
    {"table",                 "table",          true,  put_table         },
    {"rules",                 "table",          true,  put_rules         },
    {"unit",                  "table",          true,  put_unit          },
    {"weights_on_memory",     "weights-on",     false, put_weights_on    },
    {"activations_on_memory", "activations-on", false, put_activations_on},
    {"rd_wr_on_io",           "io-on-dram",     false, put_io            },
    {"min_sram_size",         "sram-min",       false, put_sram_min      },
    {"op_rules",              "op-rules",       false, put_op_rules      },
    {"plan",                  "plan",           false, put_plan          },
    {"quantize",              "quantize",       false, put_quantize      },
    {"no_fold",               "no-fold",        false, put_no_fold       },
    {"devices",               "device",         false, put_devices       },
};
enum { SETTINGS = sizeof settings / sizeof *settings };

/* The array and the arena that it lives in. */
typedef struct change_list {
    pj_arena *arena;
    pj_setting_change change[];
} change_list;

static char *print_setting(const setting *which, const pj_result *result, pj_arena *arena)
{
    pj_str text = pj_str_new(0);
    which->put(result, &text);
    return pj_str_keep(&text, arena);
}

static const char *print_dim(const pj_dim_binding *dim, pj_arena *arena)
{
    pj_str text = pj_str_new(0);
    if (!dim)
        return "none";
    pj_str_printf(&text, "%" PRId64, dim->value);
    return pj_str_keep(&text, arena);
}

/* Dimensions of `these` that `those` do not have at the same value; where `swapped`, that they do not have at all. */
static void compare_dims(const pj_result *these, const pj_result *those, bool swapped, pj_arena *arena,
                         pj_setting_change *out, size_t *count)
{
    pj_map others;
    pj_map_init(&others, arena);
    pj_dim_binding *copies = pj_arena_memdup(arena, those->model->dims, those->model->dim_count, sizeof *copies);
    for (size_t i = 0; i < those->model->dim_count; i++)
        if (!copies || !pj_map_put(&others, those->model->dims[i].name, &copies[i]))
            return;
    for (size_t i = 0; i < these->model->dim_count; i++) {
        const pj_dim_binding *dim = &these->model->dims[i];
        const pj_dim_binding *other = pj_map_get(&others, dim->name);
        if (other && (swapped || other->value == dim->value))
            continue; /* swapped: the other way round has found it */
        pj_str name = pj_str_new(0);
        pj_str_printf(&name, "dims.%s", dim->name);
        out[(*count)++] = (pj_setting_change){.name = pj_str_keep(&name, arena),
                                              .option = "dim",
                                              .a = print_dim(swapped ? other : dim, arena),
                                              .b = print_dim(swapped ? dim : other, arena)};
    }
}

pj_status pj_result_settings_diff(const pj_result *a, const pj_result *b, pj_setting_change **out, size_t *count,
                                  pj_error *err)
{
    pj_arena *arena = pj_arena_new(0);
    size_t most = SETTINGS + a->model->dim_count + b->model->dim_count;
    change_list *list = arena ? pj_arena_alloc(arena, 1, sizeof *list + most * sizeof *list->change) : NULL;
    *out = NULL;
    *count = 0;
    for (size_t i = 0; list && i < SETTINGS; i++) {
        char *of_a = print_setting(&settings[i], a, arena), *of_b = print_setting(&settings[i], b, arena);
        if (of_a && of_b && strcmp(of_a, of_b) != 0)
            list->change[(*count)++] =
                (pj_setting_change){settings[i].name, settings[i].option, of_a, of_b, settings[i].other_prices};
    }
    if (list) {
        list->arena = arena;
        compare_dims(a, b, false, arena, list->change, count);
        compare_dims(b, a, true, arena, list->change, count);
    }
    if (!list || pj_arena_failed(arena)) {
        pj_arena_free(arena);
        return pj_fail_memory(err);
    }
    *out = list->change;
    return PJ_OK;
}

void pj_setting_changes_free(pj_setting_change *changes)
{
    if (changes) {
        char *list = (char *)(void *)changes - offsetof(change_list, change);
        pj_arena_free(((change_list *)(void *)list)->arena);
    }
}
