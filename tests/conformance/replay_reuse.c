/* Replays the goldens of memory hierarchies: replay_reuse FOLDER reads FOLDER/goldens.json. Each case is computed by
 * the functions that the commands call; a case is recognised by its members. */
#include <cjson/cJSON.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "ops/op.h"
#include "reuse/hierarchy.h"
#include "reuse/resident.h"
#include "reuse/special.h"
#include "reuse/tile.h"

/* ---- what differs ---- */

typedef struct outcome {
    const char *id;
    int wrong;
} outcome;

static void PJ_PRINTF(2, 3) differ(outcome *out, const char *format, ...)
{
    va_list args;
    if (out->wrong++)
        printf("; ");
    else
        printf("%s: ", out->id);
    va_start(args, format);
    vprintf(format, args);
    va_end(args);
}

static const cJSON *member(const cJSON *object, const char *key)
{
    return cJSON_GetObjectItemCaseSensitive(object, key);
}

static double number(const cJSON *object, const char *key, double absent)
{
    const cJSON *item = member(object, key);
    return cJSON_IsNumber(item) ? item->valuedouble : absent;
}

static const char *text(const cJSON *item)
{
    const char *string = cJSON_GetStringValue(item);
    return string ? string : "";
}

/* Whole numbers, compared exactly: what is not whole lies between its neighbours. */
static void check_exact(outcome *out, const cJSON *row, const char *key, double got)
{
    const cJSON *item = member(row, key);
    if (item && (!cJSON_IsNumber(item) || !(fabs(got - item->valuedouble) < 1)))
        differ(out, "%s: wanted %.17g, got %.17g", key, cJSON_IsNumber(item) ? item->valuedouble : NAN, got);
}

static void check_within(outcome *out, const char *what, double wanted, double got, double tolerance)
{
    if (!(fabs(got / wanted - 1) <= tolerance))
        differ(out, "%s: wanted %.6g within %g, got %.6g", what, wanted, tolerance, got);
}

static void check_range(outcome *out, const char *what, double wanted, double got, const cJSON *range)
{
    double ratio = got / wanted, least = NAN, most = NAN;
    if (cJSON_GetArraySize(range) == 2) {
        least = cJSON_GetArrayItem(range, 0)->valuedouble;
        most = cJSON_GetArrayItem(range, 1)->valuedouble;
    }
    if (!(ratio >= least && ratio <= most))
        differ(out, "%s: wanted %.6g times %g to %g, got %.6g", what, wanted, least, most, got);
}

/* ---- nests ---- */

static bool read_numbers(const cJSON *list, double *out, int least, int most)
{
    int count = cJSON_GetArraySize(list);
    if (count < least || count > most)
        return false;
    for (int i = 0; i < count; i++) {
        const cJSON *item = cJSON_GetArrayItem(list, i);
        if (!cJSON_IsNumber(item) || !(item->valuedouble >= 1))
            return false;
        out[i] = item->valuedouble;
    }
    return true;
}

/* `row`.nest, with the widths of the nest, or of the whole case. */
static bool read_nest(const cJSON *row, const cJSON *whole, double accumulator_bits, pj_nest *out)
{
    enum { SIZES = 9, WITH_DILATION = 11 };
    const cJSON *nest = member(row, "nest"), *window = member(nest, "conv");
    const cJSON *bits = member(nest, "bits") ? member(nest, "bits") : member(whole, "bits");
    double width[4], size[WITH_DILATION];
    for (int i = SIZES; i < WITH_DILATION; i++)
        size[i] = 1;
    *out = (pj_nest){.groups = number(nest, "G", 1),
                     .m = number(nest, "M", 0),
                     .n = number(nest, "N", 0),
                     .r = number(nest, "R", 0)};
    if (!(out->groups >= 1 && out->m >= 1 && out->n >= 1 && out->r >= 1) || !read_numbers(bits, width, 4, 4))
        return false;
    out->input_bits = width[0];
    out->weight_bits = width[1];
    out->accumulator_bits = accumulator_bits > 0 ? accumulator_bits : width[2];
    out->output_bits = width[3];
    if (!window)
        return true;
    if (!read_numbers(window, size, SIZES, WITH_DILATION))
        return false;
    memcpy(&out->window, size, sizeof out->window);
    return true;
}

static bool compute_nest(outcome *out, const cJSON *row)
{
    pj_nest nest;
    pj_machine machine = pj_machine_free();
    pj_tile_ask ask = {.buffer_bits = number(row, "buffer_bits", 0)};
    pj_tiling tiling;
    const cJSON *stays = member(row, "stays"), *at;
    if (!read_nest(row, row, 0, &nest) || !(ask.buffer_bits > 0))
        return false;
    machine.far = machine.weights = (pj_access){0.5, 0.5}; /* 1 pJ a bit each way over the boundary */
    machine.near = (pj_access){0, 0};
    machine.near_bits = ask.buffer_bits;
    pj_tile_find(&machine, &nest, &ask, &tiling);
    check_exact(out, row, "traffic_bits", tiling.far_bits);
    check_exact(out, row, "bound_bits", tiling.bound_bits);
    check_exact(out, row, "once_bits", tiling.once_bits);
    bool listed = !stays;
    cJSON_ArrayForEach(at, stays)
    {
        listed = listed || text(at)[0] == tiling.stays;
    }
    if (!listed)
        differ(out, "stays: %c is not in the list", tiling.stays);
    return true;
}

/* ---- fusion ---- */

enum { MOST_TENSORS = 1000, MOST_INPUTS = 16 };

typedef struct graph {
    const cJSON *tensors;
    int tensor_count, nodes;
    pj_fuse_node node[MOST_TENSORS];
    int in[MOST_TENSORS][MOST_INPUTS], maker[MOST_TENSORS], readers[MOST_TENSORS], into[MOST_TENSORS];
    bool stays[MOST_TENSORS];
} graph;

static int tensor_of(const graph *g, const char *name)
{
    int i = 0;
    const cJSON *at;
    cJSON_ArrayForEach(at, g->tensors)
    {
        if (strcmp(at->string, name) == 0)
            return i;
        i++;
    }
    return -1;
}

static bool read_node(graph *g, const cJSON *row)
{
    const cJSON *inputs = cJSON_GetArrayItem(row, 1), *made = cJSON_GetArrayItem(row, 2);
    const pj_op_desc *desc = pj_op_find("", text(cJSON_GetArrayItem(row, 0)), 0);
    pj_fuse_node *node = &g->node[g->nodes];
    node->inputs = cJSON_GetArraySize(inputs);
    if (g->nodes == MOST_TENSORS - 1 || node->inputs > MOST_INPUTS)
        return false;
    for (int i = 0; i < node->inputs; i++)
        g->in[g->nodes][i] = tensor_of(g, text(cJSON_GetArrayItem(inputs, i)));
    node->in = g->in[g->nodes];
    node->fuses = desc ? pj_op_follows(desc) : PJ_FUSE_NONE;
    for (const cJSON *at = cJSON_IsArray(made) ? made->child : made; at; at = cJSON_IsArray(made) ? at->next : NULL) {
        int tensor = tensor_of(g, text(at));
        if (tensor < 0)
            return false;
        g->maker[tensor] = g->nodes;
    }
    g->nodes++;
    return true;
}

static bool read_graph(graph *g, const cJSON *row)
{
    const cJSON *at;
    g->tensors = member(row, "tensors");
    g->tensor_count = cJSON_GetArraySize(g->tensors);
    if (g->tensor_count > MOST_TENSORS)
        return false;
    for (int i = 0; i < g->tensor_count; i++)
        g->maker[i] = -1;
    cJSON_ArrayForEach(at, member(row, "nodes"))
    {
        if (!read_node(g, at))
            return false;
    }
    cJSON_ArrayForEach(at, member(row, "graph_outputs"))
    {
        int tensor = tensor_of(g, text(at));
        if (tensor < 0)
            return false;
        g->stays[tensor] = true;
    }
    return true;
}

static bool read_fuse(const cJSON *list, unsigned *out)
{
    const cJSON *at;
    *out = 0;
    cJSON_ArrayForEach(at, list)
    {
        int word = PJ_FUSE_NONE + 1;
        while (word < PJ_FUSE_CLASSES && strcmp(pj_fuse_words[word], text(at)) != 0)
            word++;
        if (word == PJ_FUSE_CLASSES)
            return false;
        *out |= 1u << word;
    }
    return true;
}

static bool compute_graph(outcome *out, const cJSON *row)
{
    graph *g = calloc(1, sizeof *g);
    unsigned fuse;
    bool good = g && read_graph(g, row) && read_fuse(member(row, "fuse"), &fuse);
    if (good) {
        double once = 0, gone = 0;
        pj_fuse_find(g->node, g->nodes, g->maker, g->stays, g->tensor_count, fuse, g->readers, g->into);
        for (int t = 0; t < g->tensor_count; t++) {
            double bits = cJSON_GetArrayItem(g->tensors, t)->valuedouble;
            once += bits * (g->readers[t] + (g->maker[t] >= 0));
            gone += g->into[t] >= 0 ? 2 * bits : 0;
        }
        check_exact(out, row, "once_activation_bits", once);
        check_exact(out, row, "fused_activation_bits", once - gone);
    }
    free(g);
    return good;
}

/* ---- residency ---- */

static void check_on_chip(outcome *out, const cJSON *row, const bool *on_chip)
{
    const cJSON *wanted = member(row, "on_chip"), *tensor, *at;
    int i = 0;
    cJSON_ArrayForEach(tensor, member(row, "tensors"))
    {
        bool listed = false;
        cJSON_ArrayForEach(at, wanted)
        {
            listed = listed || strcmp(text(at), tensor->string) == 0;
        }
        if (listed != on_chip[i++])
            differ(out, "on_chip: %s %s", tensor->string, listed ? "is not" : "is");
    }
}

static bool compute_residency(outcome *out, const cJSON *row)
{
    pj_stay stay[MOST_TENSORS];
    size_t count = 0;
    int steps = 0;
    const cJSON *at;
    cJSON_ArrayForEach(at, member(row, "tensors"))
    {
        if (count == MOST_TENSORS || cJSON_GetArraySize(at) != 4)
            return false;
        stay[count] = (pj_stay){cJSON_GetArrayItem(at, 0)->valuedouble, cJSON_GetArrayItem(at, 1)->valueint,
                                cJSON_GetArrayItem(at, 2)->valueint, cJSON_GetArrayItem(at, 3)->valuedouble};
        steps = stay[count].last >= steps ? stay[count].last + 1 : steps;
        count++;
    }
    pj_arena *arena = pj_arena_new(0);
    pj_residency found;
    pj_error err = {0};
    double capacity = number(row, "capacity_kbit", 0) * (1 - number(row, "reserve", 0));
    bool good = arena && pj_resident_choose(stay, count, steps, capacity, NULL, number(row, "price_write", 1),
                                            number(row, "price_read", 1), arena, &found, &err) == PJ_OK;
    if (good) {
        check_on_chip(out, row, found.on_chip);
        check_exact(out, row, "saved_kbit", found.saved);
        if (found.bound >= 0 && found.saved > found.bound * (1 + 1e-12))
            differ(out, "saved: %g is more than its bound %g", found.saved, found.bound);
    }
    pj_arena_free(arena);
    return good;
}

/* ---- layers on a hierarchy ---- */

static pj_hierarchy *open_hierarchy(const cJSON *row)
{
    pj_hierarchy *hierarchy = NULL;
    pj_error err = {0};
    (void)pj_hierarchy_open(text(member(row, "hierarchy")), NULL, &hierarchy, &err);
    return hierarchy;
}

static bool tile_layer(const pj_hierarchy *h, const cJSON *row, const cJSON *whole, pj_tiling *out)
{
    pj_nest nest;
    pj_tile_ask ask = {.buffer_bits = h->machine.near_bits};
    if (!read_nest(row, whole, h->accumulator_bits, &nest))
        return false;
    pj_tile_find(&h->machine, &nest, &ask, out);
    return true;
}

static double level_of(const pj_tiling *tiling, pj_store store)
{
    double pj = 0;
    for (int x = 0; x < PJ_NEST_OPERANDS; x++)
        pj += tiling->pj[x][store];
    return pj;
}

static void check_levels(outcome *out, const cJSON *row, const pj_hierarchy *h, const pj_tiling *tiling)
{
    const double fj_per_pj = 1000;
    const struct {
        const char *name;
        double pj;
    } levels[] = {
        {"mac",            tiling->macs * h->mac_pj},
        { "registers", level_of(tiling,      PJ_STORE_REGISTERS)},
        { "global", level_of(tiling,           PJ_STORE_NEAR)},
        { "dram", level_of(tiling,            PJ_STORE_FAR)},
        { "weights", level_of(tiling,        PJ_STORE_WEIGHTS)},
    };
    const cJSON *at;
    cJSON_ArrayForEach(at, member(row, "fj_per_mac"))
    {
        size_t i = 0;
        while (i < sizeof levels / sizeof *levels && strcmp(levels[i].name, at->string) != 0)
            i++;
        if (i == sizeof levels / sizeof *levels)
            differ(out, "%s: not a level", at->string);
        else
            check_within(out, at->string, at->valuedouble, levels[i].pj / tiling->macs * fj_per_pj,
                         number(member(row, "level_tolerance"), at->string, 0));
    }
}

static bool compute_layer(outcome *out, const cJSON *row)
{
    const double pj_per_uj = 1e6;
    pj_hierarchy *h = open_hierarchy(row);
    pj_tiling tiling;
    bool good = h && h->mac_pj >= 0 && tile_layer(h, row, row, &tiling);
    if (good) {
        double pj = tiling.total_pj + tiling.macs * h->mac_pj;
        check_within(out, "energy_uj", number(row, "energy_uj", NAN), pj / pj_per_uj, number(row, "tolerance", 0));
        check_levels(out, row, h, &tiling);
    }
    pj_hierarchy_close(h);
    return good;
}

/* A list of [name, layer], or of layers with their names. */
static const cJSON *layer_of(const cJSON *item, const char **name)
{
    const cJSON *layer = cJSON_IsArray(item) ? cJSON_GetArrayItem(item, 1) : item;
    *name = cJSON_IsArray(item) ? text(cJSON_GetArrayItem(item, 0)) : item->string ? item->string : "layer";
    return layer;
}

static bool compute_energies(outcome *out, const cJSON *row)
{
    pj_hierarchy *h = open_hierarchy(row);
    bool good = h && h->mac_pj >= 0;
    double sum = 0;
    const cJSON *at;
    cJSON_ArrayForEach(at, member(row, "layers"))
    {
        const char *name;
        const cJSON *layer = layer_of(at, &name);
        pj_tiling tiling;
        good = good && tile_layer(h, layer, row, &tiling);
        if (!good)
            break;
        double pj = tiling.total_pj + tiling.macs * h->mac_pj;
        sum += pj;
        if (getenv("REPLAY_VERBOSE"))
            printf("# %s: %g, got %.4f of it; tile %g x %g x %g, %c stays\n", name, number(layer, "energy_pj", NAN),
                   pj / number(layer, "energy_pj", NAN), tiling.m, tiling.n, tiling.r, tiling.stays);
        check_within(out, name, number(layer, "energy_pj", NAN), pj, number(row, "layer_tolerance", 0));
    }
    if (good)
        check_within(out, "energy_pj", number(row, "energy_pj", NAN), sum, number(row, "tolerance", 0));
    pj_hierarchy_close(h);
    return good;
}

static bool compute_dram(outcome *out, const cJSON *row)
{
    const double bits_per_mb = 8e6;
    pj_hierarchy *h = open_hierarchy(row);
    bool good = h != NULL;
    double sum = 0;
    const cJSON *at, *total = member(row, "total");
    cJSON_ArrayForEach(at, member(row, "layers"))
    {
        const char *name;
        const cJSON *layer = layer_of(at, &name);
        pj_tiling tiling;
        good = good && tile_layer(h, layer, row, &tiling);
        if (!good)
            break;
        double mb = tiling.far_bits / bits_per_mb;
        sum += mb;
        if (getenv("REPLAY_VERBOSE"))
            printf("# %s: %g MB, got %.4f\n", name, number(layer, "dram_mb", NAN), mb);
        check_range(out, name, number(layer, "dram_mb", NAN), mb, member(row, "range"));
    }
    if (good && total)
        check_range(out, "total", number(total, "dram_mb", NAN), sum, member(total, "range"));
    pj_hierarchy_close(h);
    return good;
}

/* ---- closed forms ---- */

static bool compute_attention(outcome *out, const cJSON *row)
{
    const double length = number(row, "L", 0), depth = number(row, "d", 0);
    pj_attention attention = {.rows = length,
                              .columns = length,
                              .depth = depth,
                              .value_depth = depth,
                              .element_bits = number(row, "bits", 0),
                              .accumulator_bits = number(row, "accumulator_bits", 0),
                              .buffer_bits = number(row, "buffer_bits", 0),
                              .block_columns = number(row, "block_columns", 0)};
    pj_attention_traffic traffic = pj_attention_find(&attention);
    check_exact(out, row, "block_rows", traffic.block_rows);
    check_exact(out, row, "passes", traffic.passes);
    check_exact(out, row, "traffic_bits", traffic.bits);
    check_exact(out, row, "unfused_bits", traffic.unfused);
    return true;
}

static bool compute_cache(outcome *out, const cJSON *row)
{
    check_exact(out, row, "kv_bits",
                pj_cache_bits(number(row, "past", 0), number(row, "width", 0), number(row, "bits", 0)));
    return true;
}

static bool compute_recurrent(outcome *out, const cJSON *row)
{
    double hidden = number(row, "hidden", 0), steps = number(row, "steps", 0);
    pj_nest gates = {.groups = 1,
                     .m = 1,
                     .n = 4 * hidden,
                     .r = hidden + number(row, "input", 0),
                     .weight_bits = number(row, "bits", 0)};
    double weights = pj_nest_bits(&gates, PJ_NEST_W);
    check_exact(out, row, "weight_bits", weights);
    check_exact(out, row, "fits_bits", pj_recurrent_bits(weights, 0, steps, weights));
    check_exact(out, row, "does_not_fit_bits", pj_recurrent_bits(weights, 0, steps, 0));
    return true;
}

/* ---- cases ---- */

enum { MOST_MEMBERS = 8 };

/*  members that a case of this kind has, and those that are compared: one of them at least */
static const struct {
    const char *given[MOST_MEMBERS];
    const char *compared[MOST_MEMBERS];
    bool (*compute)(outcome *out, const cJSON *row);
} forms[] = {
    {{"nest", "buffer_bits"},                               {"traffic_bits", "bound_bits", "once_bits"},       compute_nest     },
    {{"tensors", "nodes", "graph_outputs", "fuse"},         {"once_activation_bits", "fused_activation_bits"}, compute_graph    },
    {{"tensors", "capacity_kbit"},                          {"on_chip", "saved_kbit"},                         compute_residency},
    {{"hierarchy", "nest"},                                 {"energy_uj"},                                     compute_layer    },
    {{"hierarchy", "layers", "energy_pj"},                  {"energy_pj"},                                     compute_energies },
    {{"hierarchy", "layers", "range"},                      {"total", "range"},                                compute_dram     },
    {{"L", "d", "bits", "accumulator_bits", "buffer_bits"},
     {"block_rows", "passes", "traffic_bits", "unfused_bits"},
     compute_attention                                                                                                          },
    {{"past", "width", "bits"},                             {"kv_bits"},                                       compute_cache    },
    {{"hidden", "input", "steps", "bits"},                  {"weight_bits", "fits_bits", "does_not_fit_bits"}, compute_recurrent},
};

static bool has_all(const cJSON *row, const char *const *names)
{
    for (int i = 0; i < MOST_MEMBERS && names[i]; i++)
        if (!member(row, names[i]))
            return false;
    return true;
}

static bool has_one(const cJSON *row, const char *const *names)
{
    for (int i = 0; i < MOST_MEMBERS && names[i]; i++)
        if (member(row, names[i]))
            return true;
    return false;
}

static bool is_known_kind(const char *kind)
{
    return strcmp(kind, "exact") == 0 || strcmp(kind, "peer") == 0 || strcmp(kind, "measured") == 0;
}

static bool replay_case(const cJSON *row)
{
    outcome out = {text(member(row, "id")), 0};
    size_t i = 0, count = sizeof forms / sizeof *forms;
    while (i < count && !(has_all(row, forms[i].given) && has_one(row, forms[i].compared)))
        i++;
    if (!is_known_kind(text(member(row, "kind"))))
        differ(&out, "kind: \"%s\" is not known", text(member(row, "kind")));
    else if (i == count)
        differ(&out, "its members are of no case that is known");
    else if (!forms[i].compute(&out, row))
        differ(&out, "a member is missing, or not what it should be");
    if (!out.wrong)
        printf("%s: ok", out.id);
    printf("\n");
    return out.wrong == 0;
}

static cJSON *read_goldens(const char *folder)
{
    char path[4096], *bytes = NULL;
    size_t length = 0;
    pj_error err = {0};
    (void)snprintf(path, sizeof path, "%s/goldens.json", folder);
    if (pj_file_read(path, (size_t)64 << 20, &bytes, &length, &err) != PJ_OK)
        return NULL;
    cJSON *root = cJSON_ParseWithLength(bytes, length);
    free(bytes);
    if (strcmp(text(member(root, "schema")), "picojoule.goldens/1") == 0 && cJSON_IsArray(member(root, "cases")))
        return root;
    cJSON_Delete(root);
    return NULL;
}

int main(int argc, char **argv)
{
    int passed = 0, failed = 0;
    cJSON *root = argc == 2 ? read_goldens(argv[1]) : NULL;
    const cJSON *at;
    if (!root) {
        fprintf(stderr, "usage: replay_reuse FOLDER, which holds a goldens.json of schema picojoule.goldens/1\n");
        return 2;
    }
    cJSON_ArrayForEach(at, member(root, "cases"))
    {
        if (replay_case(at))
            passed++;
        else
            failed++;
    }
    cJSON_Delete(root);
    printf("total: %d passed, %d failed\n", passed, failed);
    return failed > 0;
}
