/* The members of a setup: one row each, and nothing else in the house spells them.
 *
 * The places in the orders of report, budget, basis (of histories) and told (what a report assumes) are as files and
 * readers know them; a new member takes the next free one. */
#include "setup/setup.h"

#define AT(member)    offsetof(pj_setup, member)
#define WORD(member)  #member
#define NAMED(member) .name = WORD(member), .at = AT(member)

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
    return (pj_setup){.table = "horowitz-45nm",
                      .weights_on = PJ_PLACE_DRAM,
                      .activations_on = PJ_PLACE_DRAM,
                      .io_on_dram = true,
                      .runs = 1,
                      .unbound_dims_are_one = true};
}

static const char in_memory[] = "memory";
static const char *const reuse_words[] = {PJ_REUSE_ONCE, PJ_REUSE_USUAL, "resident", PJ_REUSE_TILED, NULL};
static const char *const cache_words[] = {"append", PJ_CACHE_WHOLE, "in-place", PJ_CACHE_EXPORTED, NULL};

/* clang-format off */
static const pj_setting members[] = {
    /* ---- bindings, operators ---- */
    {NAMED(inputs), .option = "input", .value = "NAME=[TYPE:]DIMS",
     .help = "shape of a graph input, and its element type,\n"
             "for example --input tokens=int64:1,128;\n"
             "? leaves a dimension as the model declares it;\n"
             "repeatable",
     .kind = PJ_SETTING_INPUTS, .count_at = AT(input_count), .group = PJ_ABOUT_MODEL,
     .in_report = WORD(inputs), .report = 10, .written = PJ_WRITTEN_IF_SET, .in_budget = WORD(inputs), .budget = 11,
     .basis = 10,
     .told = "Inputs as given (%o): %v", .place_told = 9},
    {NAMED(dims), .option = "dim", .value = "NAME=N",
     .help = "value of a symbolic dimension, or a formula over\n"
             "others: --dim batch=1, --dim total=past+1;\n"
             "?NAME: where the model has it; repeatable",
     .kind = PJ_SETTING_DIMS, .count_at = AT(dim_count), .group = PJ_ABOUT_MODEL,
     .in_report = WORD(dims), .report = 8, .written = PJ_WRITTEN_ALWAYS, .in_budget = WORD(dims), .budget = 1, .basis = 9},
    {NAMED(step), .option = WORD(step), .value = "S@P",
     .help = "one step of a decoder: S new tokens after P\n"
             "cached ones; 512@0 reads a prompt, 1@1024 makes\n"
             "the next token",
     .kind = PJ_SETTING_TEXT, .group = PJ_ABOUT_MODEL, .check = pj_step_wants,
     .in_report = WORD(step), .report = 25, .written = PJ_WRITTEN_IF_SET, .in_budget = WORD(step), .budget = 19,
     .basis = 24, .told = "One step, new tokens after cached ones (%o): %v", .place_told = 27},
    {NAMED(batch), .option = WORD(batch), .value = "B",
     .help = "sequences, or samples, side by side; of\n"
             "footprint --training: samples of a step",
     .kind = PJ_SETTING_COUNT, .group = PJ_ABOUT_MODEL, .check = pj_batch_wants,
     .in_report = WORD(batch), .report = 26, .written = PJ_WRITTEN_IF_SET, .in_budget = WORD(batch), .budget = 20,
     .basis = 25, .told = "%v sequences side by side (%o)", .place_told = 28},
    {NAMED(trips), .option = WORD(trips), .value = "NAME=N",
     .help = "how often the Loop of that name runs, where the\n"
             "graph does not say it; repeatable",
     .kind = PJ_SETTING_TRIPS, .count_at = AT(trip_count), .group = PJ_ABOUT_MODEL,
     .in_report = WORD(trips), .report = 9, .written = PJ_WRITTEN_IF_SET, .in_budget = WORD(trips), .budget = 12,
     .basis = 11,
     .told = "Loops run as often as given (%o): %v", .place_told = 10},
    {NAMED(op_rules), .option = "op-rules", .value = "FILE",
     .help = "shapes and work of operators that are not built\n"
             "in; docs/op-rules.md describes the file",
     .kind = PJ_SETTING_FILE, .group = PJ_ABOUT_MODEL,
     .in_report = WORD(op_rules), .report = 11, .written = PJ_WRITTEN_ALWAYS, .in_budget = WORD(op_rules), .budget = 5,
     .basis = 8, .told = "Operators as described by %v (%o)", .place_told = 3},
    {.name = "follow_links", .option = "follow-links",
     .help = "weights may lie where links out of the model's\n"
             "folder lead",
     .kind = PJ_SETTING_FLAG, .at = AT(follow_links), .group = PJ_ABOUT_MODEL, .written = PJ_WRITTEN_NEVER},
    /* ---- prices and memory ---- */
    {NAMED(table), .option = WORD(table), .value = "NAME|FILE",
     .help = "energy table (default horowitz-45nm);\n"
             "`picojoule tables` lists the built-in ones",
     .kind = PJ_SETTING_NAME, .group = PJ_ABOUT_ENERGY, .other_prices = true,
     .in_report = WORD(table), .report = 1, .written = PJ_WRITTEN_ALWAYS, .in_budget = WORD(table), .budget = 2,
     .told = "Table %v (%o)", .place_told = 1},
    {NAMED(rules), .option = "table", .kind = PJ_SETTING_FOUND, .other_prices = true,
     .in_report = WORD(rules), .report = 2, .written = PJ_WRITTEN_ALWAYS, .words = {"picojoule", "qtools"},
     .joint = ", ", .told = "rules %v", .place_told = 2},
    {NAMED(unit), .option = "table", .kind = PJ_SETTING_FOUND, .other_prices = true,
     .in_report = WORD(unit), .report = 3, .written = PJ_WRITTEN_ALWAYS, .words = {"pJ", "relative"},
     .told_of = "relative", .told = "Figures are multiples of one operation, as the table says, not joules",
     .place_told = 4},
    {NAMED(devices), .option = "device", .value = "NAME|FILE",
     .help = "estimate for a device beside the table's\n"
             "energies; repeatable; see `picojoule devices`",
     .kind = PJ_SETTING_NAMES, .count_at = AT(device_count), .group = PJ_ABOUT_DEVICES,
     .in_report = WORD(devices), .report = 15, .written = PJ_WRITTEN_NEVER, .in_budget = WORD(devices), .budget = 10},
    {NAMED(load), .option = WORD(load), .value = "latency|throughput",
     .help = "what devices do: one inference after the other,\n"
             "or as many as they can (default: latency at\n"
             "batch 1, else throughput)",
     .kind = PJ_SETTING_TEXT, .group = PJ_ABOUT_DEVICES,
     .in_report = WORD(load), .report = 16, .written = PJ_WRITTEN_IF_SET, .in_budget = WORD(load), .budget = 17,
     .told = "Devices run for %v (%o)", .place_told = 14},
    {NAMED(utilization), .option = WORD(utilization), .value = "X",
     .help = "share of their peak that devices reach, 0 to 1,\n"
             "instead of what their profiles say",
     .kind = PJ_SETTING_TEXT, .group = PJ_ABOUT_DEVICES,
     .in_report = WORD(utilization), .report = 17, .written = PJ_WRITTEN_IF_SET, .in_budget = WORD(utilization),
     .budget = 18, .told = "Devices reach %v of their peak (%o)", .place_told = 15},
    {NAMED(weights_on), .option = "weights-on", .value = "dram|sram|fixed",
     .help = "where weights and other constants are;\n"
             "fixed: hard-wired, free (default dram)",
     .kind = PJ_SETTING_PLACE, .group = PJ_ABOUT_ENERGY,
     .in_report = "weights_on_memory", .report = 4, .written = PJ_WRITTEN_ALWAYS,
     .in_budget = WORD(weights_on), .budget_object = in_memory, .budget = 6, .basis = 1,
     .told = "Weights %v (%o)", .place_told = 5},
    {NAMED(activations_on), .option = "activations-on", .value = "dram|sram|fixed",
     .help = "where tensors between layers are\n"
             "(default dram)",
     .kind = PJ_SETTING_PLACE, .group = PJ_ABOUT_ENERGY,
     .in_report = "activations_on_memory", .report = 5, .written = PJ_WRITTEN_ALWAYS,
     .in_budget = WORD(activations_on), .budget_object = in_memory, .budget = 7, .basis = 2,
     .joint = ", ", .told = "activations %v (%o)", .place_told = 6},
    {NAMED(io_on_dram), .option = "io-on-dram", .value = "yes|no",
     .help = "model inputs and outputs cross DRAM\n"
             "(default yes)",
     .kind = PJ_SETTING_YES_NO, .group = PJ_ABOUT_ENERGY,
     .in_report = "rd_wr_on_io", .report = 6, .written = PJ_WRITTEN_ALWAYS,
     .in_budget = WORD(io_on_dram), .budget_object = in_memory, .budget = 8, .basis = 3,
     .joint = "; ", .told = "model inputs and outputs %v DRAM (%o)", .words = {"do not cross", "cross"},
     .place_told = 7},
    {NAMED(sram_min_bits), .option = "sram-min", .value = "SIZE",
     .help = "the smallest SRAM that a tensor can sit in:\n"
             "16KiB, 8MiB, 4096 (bytes), 100bit (default 0)",
     .kind = PJ_SETTING_SIZE, .group = PJ_ABOUT_ENERGY,
     .in_report = "min_sram_size", .report = 7, .written = PJ_WRITTEN_ALWAYS,
     .in_budget = "sram_min", .budget_object = in_memory, .budget = 9, .basis = 4,
     .joint = "; ", .told = "no SRAM (%o) below %v", .place_told = 8},
    {NAMED(hierarchy), .option = WORD(hierarchy), .value = "NAME|FILE",
     .help = "memory hierarchy of a chip (default: DRAM and\n"
             "one SRAM of 256 KiB, priced by the table); see\n"
             "`picojoule hierarchies`",
     .kind = PJ_SETTING_NAME, .group = PJ_ABOUT_ENERGY, .other_prices = true,
     .in_report = WORD(hierarchy), .report = 21, .written = PJ_WRITTEN_IF_SET, .in_budget = WORD(hierarchy),
     .budget = 13, .basis = 20, .told = "Memory hierarchy %v (%o)", .place_told = 24},
    {NAMED(reuse), .option = WORD(reuse), .value = "once|fused|resident|tiled",
     .help = "what stays on chip: nothing, results of layers\n"
             "that are fused, whole tensors as well, tiles of\n"
             "each layer as well (default fused; tiled with\n"
             "--hierarchy)",
     .kind = PJ_SETTING_TEXT, .group = PJ_ABOUT_ENERGY, .other_prices = true, .usual = PJ_REUSE_USUAL,
     .unsaid = PJ_REUSE_ONCE, .choices = reuse_words,
     .in_report = WORD(reuse), .report = 22, .written = PJ_WRITTEN_ALWAYS, .in_budget = WORD(reuse), .budget = 14,
     .basis = 21},
    {NAMED(kv_cache), .option = "kv-cache", .value = "append|whole",
     .help = "what a step writes of a cache of keys and\n"
             "values: the new position, or all of it (default\n"
             "append); in-place and as-exported are the same",
     .kind = PJ_SETTING_TEXT, .group = PJ_ABOUT_ENERGY, .usual = "append", .choices = cache_words,
     .in_report = WORD(kv_cache), .report = 23, .written = PJ_WRITTEN_IF_SET, .in_budget = WORD(kv_cache), .budget = 15,
     .basis = 22, .told = "Caches of keys and values are written %v (%o)", .place_told = 25},
    {NAMED(runs), .option = WORD(runs), .value = "N",
     .help = "runs one after another, over which weights that\n"
             "fit on chip stay there (default 1)",
     .kind = PJ_SETTING_COUNT, .group = PJ_ABOUT_ENERGY,
     .in_report = WORD(runs), .report = 24, .written = PJ_WRITTEN_IF_SET, .in_budget = WORD(runs), .budget = 16,
     .basis = 23, .told = "Weights that fit on chip are read once in %v runs (%o)", .place_told = 26},
    /* ---- number formats ---- */
    {NAMED(plan), .option = WORD(plan), .value = "FILE",
     .help = "number formats of layers (picojoule.plan/1),\n"
             "instead of those that the model has",
     .kind = PJ_SETTING_FILE, .group = PJ_ABOUT_FORMATS,
     .in_report = WORD(plan), .report = 12, .written = PJ_WRITTEN_ALWAYS, .in_budget = WORD(plan), .budget = 3, .basis = 5,
     .told = "Number formats as %v says (%o)", .place_told = 11},
    {NAMED(quantize), .option = WORD(quantize), .value = "SPEC",
     .help = "one format for all that is floating point:\n"
             "int8, fp16, ...; w4a8: weights int4, activations\n"
             "int8; w4a16: weights int4, activations fp16",
     .kind = PJ_SETTING_TEXT, .group = PJ_ABOUT_FORMATS,
     .in_report = WORD(quantize), .report = 13, .written = PJ_WRITTEN_IF_SET, .in_budget = WORD(quantize), .budget = 4,
     .basis = 6, .told = "What is floating point counts as %v (%o)", .place_told = 12},
    {NAMED(no_fold), .option = "no-fold",
     .help = "quantizers stay layers of their own instead of\n"
             "becoming part of the layer in front",
     .kind = PJ_SETTING_FLAG, .group = PJ_ABOUT_ENERGY,
     .in_report = WORD(no_fold), .report = 14, .written = PJ_WRITTEN_IF_SET, .basis = 7,
     .told = "Quantizers stay layers of their own (%o)", .place_told = 13},
};
/* clang-format on */
enum { MEMBERS = sizeof members / sizeof *members };

const pj_setting *pj_setup_setting(size_t index)
{
    return index < MEMBERS ? &members[index] : NULL;
}

const pj_setting *pj_setting_at(size_t offset)
{
    size_t i = 0;
    while (i < MEMBERS - 1 && members[i].at != offset)
        i++;
    return &members[i];
}

static bool is_called(const char *own, const char *name, size_t length)
{
    return own && strlen(own) == length && memcmp(own, name, length) == 0;
}

const pj_setting *pj_setting_find(const char *name, size_t length)
{
    for (size_t i = 0; i < MEMBERS; i++)
        if (is_called(members[i].name, name, length) || is_called(members[i].option, name, length))
            return &members[i];
    return NULL;
}

static unsigned char place_in(const pj_setting *member, pj_setting_order order)
{
    switch (order) {
    case PJ_ORDER_REPORT:
        return member->report;
    case PJ_ORDER_BUDGET:
        return member->budget;
    case PJ_ORDER_BASIS:
        return member->basis;
    case PJ_ORDER_TOLD:
        return member->place_told;
    }
    return 0;
}

const pj_setting *pj_setting_after(pj_setting_order order, const pj_setting *before)
{
    const pj_setting *next = NULL;
    unsigned char from = before ? place_in(before, order) : 0;
    for (size_t i = 0; i < MEMBERS; i++) {
        unsigned char place = place_in(&members[i], order);
        if (place > from && (!next || place < place_in(next, order)))
            next = &members[i];
    }
    return next;
}
