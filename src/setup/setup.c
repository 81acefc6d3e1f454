/* Defaults and copies of what is asked. */
#include "setup/setup.h"

static const char default_table[] = "horowitz-45nm";

const char *const *pj_place_words(void)
{
    static const char *const words[] = {
#define PJ_PLACE_WORD(name, word) word,
        PJ_PLACE_LIST(PJ_PLACE_WORD)
#undef PJ_PLACE_WORD
            NULL,
    };
    return words;
}

const char *pj_place_word(pj_place place)
{
    return pj_place_words()[place];
}

pj_setup pj_setup_default(void)
{
    return (pj_setup){.table = default_table,
                      .weights_on = PJ_PLACE_DRAM,
                      .activations_on = PJ_PLACE_DRAM,
                      .io_on_dram = true,
                      .unbound_dims_are_one = true};
}

static const char *copy_text(const char *text, pj_arena *arena)
{
    return text ? pj_arena_strdup(arena, text) : NULL;
}

static const pj_dim_binding *copy_dims(const pj_dim_binding *dims, size_t count, pj_arena *arena)
{
    pj_dim_binding *copy = PJ_NEW(arena, pj_dim_binding, count);
    for (size_t i = 0; copy && i < count; i++)
        copy[i] = (pj_dim_binding){copy_text(dims[i].name, arena), dims[i].value};
    return copy;
}

static const pj_input_binding *copy_inputs(const pj_input_binding *inputs, size_t count, pj_arena *arena)
{
    pj_input_binding *copy = PJ_NEW(arena, pj_input_binding, count);
    for (size_t i = 0; copy && i < count; i++) {
        const pj_input_binding *from = &inputs[i];
        const int64_t *dims = pj_arena_memdup(arena, from->dims, (size_t)from->rank, sizeof *dims);
        copy[i] = (pj_input_binding){copy_text(from->name, arena), copy_text(from->dtype, arena), from->rank, dims};
    }
    return copy;
}

static const pj_trips_binding *copy_trips(const pj_trips_binding *trips, size_t count, pj_arena *arena)
{
    pj_trips_binding *copy = PJ_NEW(arena, pj_trips_binding, count);
    for (size_t i = 0; copy && i < count; i++)
        copy[i] = (pj_trips_binding){copy_text(trips[i].node, arena), trips[i].trips};
    return copy;
}

static const char *const *copy_texts(const char *const *texts, size_t count, pj_arena *arena)
{
    const char **copy = PJ_NEW(arena, const char *, count);
    for (size_t i = 0; copy && i < count; i++)
        copy[i] = copy_text(texts[i], arena);
    return copy;
}

pj_setup pj_setup_copy(const pj_setup *setup, pj_arena *arena)
{
    pj_setup copy = *setup;
    copy.dims = copy_dims(setup->dims, setup->dim_count, arena);
    copy.inputs = copy_inputs(setup->inputs, setup->input_count, arena);
    copy.trips = copy_trips(setup->trips, setup->trip_count, arena);
    copy.op_rules = copy_text(setup->op_rules, arena);
    copy.table = copy_text(setup->table ? setup->table : default_table, arena);
    copy.devices = copy_texts(setup->devices, setup->device_count, arena);
    copy.plan = copy_text(setup->plan, arena);
    copy.quantize = copy_text(setup->quantize, arena);
    return copy;
}
