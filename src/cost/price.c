/* Prices: work times table, moves times memory. */
#include "cost/price.h"

/* The format a primitive works in: with macs, additions are those of the bias, and what requantizes integers works on
 * their sum. */
static const pj_number *operand_of(const pj_layer_detail *detail, pj_prim prim)
{
    bool accumulates = detail->count[PJ_MAC] > 0;
    bool rescales = (prim == PJ_MUL || prim == PJ_SHIFT) && detail->formats->accumulator.number.kind != PJ_FLOAT;
    return accumulates && (prim == PJ_ADD || rescales) ? &detail->formats->result.number
                                                       : &detail->formats->operand.number;
}

/* One multiply and one accumulate. */
static pj_status price_mac(const pj_memory *memory, const pj_layer_detail *detail, double *pj, pj_error *err)
{
    const pj_table *table = memory->table;
    const pj_unit *unit = &detail->formats->multiplier;
    const pj_number *sum = &detail->formats->accumulator.number;
    double multiply, add;
    *pj = memory->mac_pj;
    if (memory->mac_pj >= 0)
        return PJ_OK;
    if (pj_table_mac(table, &unit->out, unit->gate_bits, pj))
        return PJ_OK;
    PJ_TRY(pj_table_operation(table, unit->circuit, &unit->out, unit->gate_bits, &multiply, err));
    PJ_TRY(pj_table_operation(table, PJ_CIRCUIT_ADD, sum, (double)sum->bits, &add, err));
    *pj = unit->gate_factor * multiply + add;
    return PJ_OK;
}

static pj_status price_primitive(const pj_table *table, const pj_number *operand, pj_prim prim, double *pj,
                                 pj_error *err)
{
    if (prim == PJ_ADD)
        return pj_table_operation(table, PJ_CIRCUIT_ADD, operand, (double)operand->bits, pj, err);
    if (prim == PJ_MUL) {
        pj_unit unit = pj_multiplier(operand, operand);
        PJ_TRY(pj_table_operation(table, unit.circuit, &unit.out, unit.gate_bits, pj, err));
        *pj *= unit.gate_factor;
        return PJ_OK;
    }
    return pj_table_compound(table, prim, operand, pj, err);
}

static pj_status price_conversion(const pj_table *table, const pj_conversion *conversion, double *out, pj_error *err)
{
    for (int p = 0; p < PJ_PRIMS && conversion->prims; p++) {
        double pj;
        if (!(conversion->prims & 1u << p) || !pj_table_counts(table, (pj_prim)p))
            continue;
        PJ_TRY(price_primitive(table, &conversion->on, (pj_prim)p, &pj, err));
        *out += (double)conversion->elements.whole * pj;
    }
    return PJ_OK;
}

static pj_status price_work(const pj_memory *memory, const pj_layer_detail *detail, double *out, pj_error *err)
{
    const pj_table *table = memory->table;
    *out = 0;
    for (int p = 0; p < PJ_PRIMS; p++) {
        int64_t count = detail->count[p];
        double pj;
        if (count == 0 || !pj_table_counts(table, (pj_prim)p))
            continue;
        if (detail->formats->operand.from == PJ_FROM_NOTHING)
            return pj_fail(err, PJ_EUNSUPPORTED, "the number format of its operands is not known");
        if (p == PJ_MAC)
            PJ_TRY(price_mac(memory, detail, &pj, err));
        else
            PJ_TRY(price_primitive(table, operand_of(detail, (pj_prim)p), (pj_prim)p, &pj, err));
        *out += (double)count * pj;
    }
    PJ_TRY(price_conversion(table, detail->in, out, err));
    return price_conversion(table, detail->out, out, err);
}

/* ---- conversions ---- */

/* Operators on quantized tensors count the requantization of their results themselves, one shift for each. */
static pj_status price_requantization(const pj_table *table, const pj_layer_detail *detail, double *out, pj_error *err)
{
    static const pj_prim steps[] = {PJ_MUL, PJ_ADD, PJ_SHIFT};
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        double pj;
        if (!pj_table_counts(table, steps[i]))
            continue;
        PJ_TRY(price_primitive(table, operand_of(detail, steps[i]), steps[i], &pj, err));
        *out += (double)detail->count[PJ_SHIFT] * pj;
    }
    return PJ_OK;
}

/* What of `op_cost` converts number formats: all that a quantizer does, and what other layers do beside their work. */
static pj_status price_conversions(const pj_precision *precision, const pj_table *table, const pj_layer_detail *detail,
                                   double op_cost, double *out, pj_error *err)
{
    const pj_node *node = detail->node;
    *out = op_cost;
    if (pj_precision_node(precision, node)->quantizer != PJ_NO_QUANTIZER)
        return PJ_OK;
    *out = 0;
    if (node->desc && pj_op_takes_scales(node->desc) && detail->count[PJ_SHIFT] > 0)
        PJ_TRY(price_requantization(table, detail, out, err));
    PJ_TRY(price_conversion(table, detail->in, out, err));
    return price_conversion(table, detail->out, out, err);
}

pj_status pj_price_layer(pj_pricing *pricing, size_t layer, pj_layer *row, pj_error *err)
{
    const pj_precision *precision = pricing->traffic->precision;
    const pj_table *table = pricing->traffic->memory->table;
    const pj_layer_detail *detail = &pricing->traffic->layers->detail[layer];
    pj_energy *energy = &row->energy;
    double runs = (double)row->runs;
    memset(energy, 0, sizeof *energy);
    row->reuse = NULL;
    PJ_TRY(pricing->policy->charge(pricing->traffic, layer, row, err));
    PJ_TRY(price_work(pricing->traffic->memory, detail, &energy->op_cost, err));
    PJ_TRY(price_conversions(precision, table, detail, energy->op_cost, &row->conversion, err));
    row->conversion *= runs;
    energy->inputs *= runs;
    energy->outputs *= runs;
    energy->parameters *= runs;
    energy->op_cost *= runs;
    return PJ_OK;
}

/* One finding for each format that the table lacks and replaces. */
static void report_stand_in(const pj_table *table, const pj_number *number, pj_circuit circuit, pj_map *said,
                            pj_diags *diags, const char *node)
{
    const char *stand_in = pj_table_stand_in(table, circuit, number);
    pj_str word = pj_str_new(64);
    if (!stand_in)
        return;
    pj_number_print(number, &word);
    char *key = pj_str_keep(&word, said->arena);
    if (!key || pj_map_get(said, key) || !pj_map_put(said, key, key))
        return;
    pj_diag_add(diags, PJ_DIAG_STAND_IN, node, "table %s has no figure for %s; %s stands in for it (first seen here)",
                pj_table_name(table), key, stand_in);
}

static void report_stand_ins(const pj_table *table, const pj_layer *row, const pj_layer_detail *detail, pj_map *said,
                             pj_diags *diags)
{
    if (row->macs > 0) {
        const pj_unit *unit = &detail->formats->multiplier;
        report_stand_in(table, &unit->out, unit->circuit, said, diags, row->name);
        report_stand_in(table, &detail->formats->accumulator.number, PJ_CIRCUIT_ADD, said, diags, row->name);
    } else if (row->flops > 0) {
        report_stand_in(table, &detail->formats->operand.number, PJ_CIRCUIT_MUL, said, diags, row->name);
    }
}

pj_status pj_price_all(pj_pricing *pricing, pj_arena *arena, pj_diags *diags, pj_layers *layers, pj_error *err)
{
    pj_map said;
    pj_map_init(&said, arena);
    for (size_t i = 0; i < layers->count; i++) {
        pj_layer *row = &layers->row[i];
        pj_error why;
        if (row->free || !row->counted)
            continue;
        pj_status status = pj_price_layer(pricing, i, row, &why);
        if (status == PJ_EUNSUPPORTED) {
            pj_diag_add(diags, PJ_DIAG_UNPRICED, row->name, "not in the totals: %s", why.what);
            memset(&row->energy, 0, sizeof row->energy);
            row->conversion = 0;
            row->reuse = NULL;
            row->counted = false;
        } else if (status != PJ_OK) {
            pj_error_at(&why, NULL, row->name, row->op);
            *err = why;
            return status;
        }
        report_stand_ins(pricing->traffic->memory->table, row, &layers->detail[i], &said, diags);
    }
    return PJ_OK;
}
