/* The table of memory policies, and which of them a setup means. */
#include "cost/leveled.h"
#include "setup/setup.h"

/* clang-format off */
static const pj_policy policies[] = {
    {PJ_REUSE_ONCE,
     "Each layer reads and writes each of its tensors once: no reuse, no fusion, no tiling",
     false, 0, NULL, pj_once_charge},
    {PJ_REUSE_USUAL,
     "Each tensor crosses DRAM and the buffer once; what goes from a layer to one that is fused into it is in neither",
     true, PJ_KEEPS_FUSED, pj_leveled_prepare, pj_leveled_charge},
    {"resident",
     "As fused; tensors that fit stay whole in the buffer from the layer that makes them to the last one that reads them",
     true, PJ_KEEPS_FUSED | PJ_KEEPS_TENSORS, pj_leveled_prepare, pj_leveled_charge},
    {PJ_REUSE_TILED,
     "As resident; layers with multiply-accumulates move what the best tiles of their loops move (an estimate: "
     "compilers may find others)",
     true, PJ_KEEPS_FUSED | PJ_KEEPS_TENSORS | PJ_KEEPS_TILES, pj_leveled_prepare, pj_leveled_charge},
};

/* `once` with a hierarchy that was asked for. */
static const pj_policy once_by_levels = {
    PJ_REUSE_ONCE,
    "Each tensor crosses all levels once for each layer that reads or writes it: nothing stays on chip",
    true, 0, pj_leveled_prepare, pj_leveled_charge};
/* clang-format on */
enum { POLICIES = sizeof policies / sizeof *policies };

const pj_policy *pj_policy_at(size_t index)
{
    return index < POLICIES ? &policies[index] : NULL;
}

static const pj_policy *find(const char *name)
{
    size_t i = 0;
    while (i < POLICIES && strcmp(policies[i].name, name) != 0)
        i++;
    return i < POLICIES ? &policies[i] : NULL;
}

/* Options that say where tensors are, and QTools, know no levels. */
static pj_status check(const pj_setup *setup, const pj_table *table, bool places, pj_error *err)
{
    bool has_levels = setup->reuse && strcmp(setup->reuse, PJ_REUSE_ONCE) != 0;
    const char *value = setup->hierarchy ? setup->hierarchy : setup->resized ? setup->resized : setup->reuse;
    const char *asked = setup->hierarchy ? "--hierarchy" : setup->resized ? "the size of level" : "--reuse";
    if (!setup->hierarchy && !setup->resized && !has_levels)
        return PJ_OK;
    if (pj_table_rules(table) == PJ_RULES_QTOOLS)
        return pj_fail(
            err, PJ_ECONFLICT,
            "%s %.100s does not go with the table %.64s: its rules, those of QTools, know no memory hierarchy", asked,
            value, pj_table_name(table));
    if (places)
        return pj_fail(
            err, PJ_ECONFLICT,
            "%s %.100s does not go with --weights-on, --activations-on, --io-on-dram or --sram-min, which say "
            "where tensors are under --reuse once; a hierarchy says that itself",
            asked, value);
    return PJ_OK;
}

static pj_status check_units(const pj_table *table, const pj_hierarchy *hierarchy, pj_error *err)
{
    if (hierarchy && strcmp(hierarchy->unit, pj_table_unit(table)) != 0)
        return pj_fail(err, PJ_ECONFLICT, "the figures of the hierarchy %.64s are %s, those of the table %.64s %s",
                       hierarchy->name, hierarchy->unit, pj_table_name(table), pj_table_unit(table));
    return PJ_OK;
}

pj_status pj_policy_choose(const pj_setup *setup, const pj_table *table, const pj_hierarchy *hierarchy,
                           const pj_policy **out, pj_error *err)
{
    bool places = pj_setup_has_places(setup), plain = places || pj_table_rules(table) == PJ_RULES_QTOOLS;
    const char *usual = plain ? PJ_REUSE_ONCE : hierarchy || setup->resized ? PJ_REUSE_TILED : PJ_REUSE_USUAL;
    PJ_TRY(check(setup, table, places, err));
    PJ_TRY(check_units(table, hierarchy, err));
    *out = find(setup->reuse ? setup->reuse : usual);
    if (!*out)
        return pj_fail(err, PJ_EARGUMENT, "there is no memory policy '%.64s': once, fused, resident, tiled",
                       setup->reuse);
    if (!(*out)->has_levels && (hierarchy || setup->resized))
        *out = &once_by_levels;
    return PJ_OK;
}

const char *pj_policy_assumed(const pj_setup *setup)
{
    const pj_policy *policy = find(setup->reuse ? setup->reuse : PJ_REUSE_ONCE);
    if (policy && !policy->has_levels && setup->hierarchy)
        policy = &once_by_levels;
    return policy ? policy->assumed : "";
}
