/* Energy tables: opening, pricing, and telling what is in them. */
#include "cost/table.h"

#include "base/real.h"
#include "cost/table_data.h"

static pj_status load(const pj_json_doc *doc, const char *name, pj_table **out, pj_error *err)
{
    pj_arena *arena = pj_arena_new(0);
    pj_table *table = arena ? PJ_NEW(arena, pj_table, 1) : NULL;
    pj_status status = PJ_OK;
    if (table) {
        table->arena = arena;
        table->figures.arena = arena;
        table->name = pj_builtin_name(name, arena);
    }
    if (!table || !table->name)
        status = pj_fail_memory(err);
    else
        status = pj_table_fill(table, pj_json_root(doc), err);
    if (status != PJ_OK) {
        pj_arena_free(arena);
        return status;
    }
    *out = table;
    return PJ_OK;
}

pj_status pj_table_take(const pj_bytes *bytes, const char *name, pj_table **out, pj_error *err)
{
    pj_json_doc *doc;
    PJ_TRY(pj_json_parse(bytes->at, bytes->length, name, &doc, err));
    pj_status status = load(doc, name, out, err);
    pj_json_free(doc);
    return status;
}

pj_status pj_table_open(const char *name_or_path, const pj_setup *setup, pj_table **out, pj_error *err)
{
    pj_bytes bytes;
    const char *name = name_or_path ? name_or_path : pj_setup_default().table;
    PJ_TRY(pj_resource_find(setup, PJ_RESOURCE_TABLE, name, &bytes, err));
    pj_status status = pj_table_take(&bytes, name, out, err);
    pj_bytes_free(&bytes);
    return status;
}

pj_status pj_table_parse(const char *json, size_t length, const char *name, pj_table **out, pj_error *err)
{
    const pj_bytes bytes = {.at = json, .length = length};
    return pj_table_take(&bytes, name, out, err);
}

void pj_table_close(pj_table *table)
{
    if (table)
        pj_arena_free(table->arena);
}

const char *pj_table_name(const pj_table *table)
{
    return table->name;
}

const char *pj_table_title(const pj_table *table)
{
    return table->title;
}

const char *pj_table_notes(const pj_table *table)
{
    return table->notes;
}

const char *pj_table_unit(const pj_table *table)
{
    return table->unit;
}

pj_rules pj_table_rules(const pj_table *table)
{
    return table->rules;
}

const char *pj_rules_word(pj_rules rules)
{
    return rules == PJ_RULES_QTOOLS ? "qtools" : "picojoule";
}

double pj_table_process_nm(const pj_table *table)
{
    return table->process_nm;
}

double pj_table_voltage_v(const pj_table *table)
{
    return table->voltage_v;
}

bool pj_table_counts(const pj_table *table, pj_prim prim)
{
    return prim == PJ_MAC || !table->macs_only;
}

pj_accumulator_policy pj_table_accumulator(const pj_table *table)
{
    return table->accumulator;
}

const pj_figure *pj_table_figures(const pj_table *table, size_t *count)
{
    *count = table->figures.count;
    return table->figures.rows;
}

const char *pj_table_builtin(size_t index)
{
    return pj_builtin_at(pj_builtin_tables, index);
}

static int format_of(const pj_number *number)
{
    int exact = pj_float_format_of_number(number);
    if (exact >= 0)
        return exact;
    for (int i = PJ_FLOAT_FORMATS - 1; i >= 0; i--)
        if (pj_float_formats[i].flavour == PJ_FLOAT_PLAIN && pj_float_formats[i].bits >= number->bits)
            return i;
    return -1;
}

int pj_table_resolve(const pj_table *table, int op, int format)
{
    while (format >= 0 && !table->operations[op].floats[format].given)
        format = table->stand_in[format];
    return format;
}

/* Cells that handle bits one by one do the same to floats: they have no figures of their own per format. */
static bool is_arithmetic(int op)
{
    return op == PJ_CIRCUIT_MUL || op == PJ_CIRCUIT_ADD || op == PJ_OPERATION_MAC;
}

static const pj_curve *fixed_curve(const pj_table *table, int op)
{
    const pj_curve *own = &table->operations[op].fixed;
    return own->form == PJ_CURVE_NONE && !is_arithmetic(op) ? &table->operations[PJ_CIRCUIT_ADD].fixed : own;
}

static bool price(const pj_table *table, int op, const pj_number *out, double gate_bits, double *pj)
{
    if (out->kind == PJ_FLOAT && is_arithmetic(op)) {
        int format = pj_table_resolve(table, op, format_of(out));
        if (format >= 0)
            *pj = table->operations[op].floats[format].pj;
        return format >= 0;
    }
    const pj_curve *curve = fixed_curve(table, op);
    if (curve->form == PJ_CURVE_NONE)
        return false;
    *pj = pj_curve_at(curve, gate_bits);
    return true;
}

pj_status pj_table_operation_physical(const pj_table *table, pj_circuit circuit, const pj_number *out, double gate_bits,
                                      double *pj, pj_error *err)
{
    if (circuit == PJ_CIRCUIT_NONE) {
        *pj = 0;
        return PJ_OK;
    }
    if (price(table, (int)circuit, out, gate_bits, pj))
        return PJ_OK;
    return pj_fail(err, PJ_EUNSUPPORTED, "table %s has no %s for a float of %lld bits", table->name,
                   pj_circuit_word(circuit), (long long)out->bits);
}

/* Q18, Q19: QTools' operation table has "fp16" and "fp32" with add and mul; anything else is a KeyError. */
static bool qtools_knows(pj_circuit circuit, const pj_number *out)
{
    if (out->kind != PJ_FLOAT || circuit == PJ_CIRCUIT_NONE)
        return true;
    return (circuit == PJ_CIRCUIT_MUL || circuit == PJ_CIRCUIT_ADD) && out->flavour == PJ_FLOAT_PLAIN &&
           (out->bits == 16 || out->bits == 32);
}

pj_status pj_table_operation(const pj_table *table, pj_circuit circuit, const pj_number *out, double gate_bits,
                             double *pj, pj_error *err)
{
    if (table->rules == PJ_RULES_QTOOLS && !qtools_knows(circuit, out))
        return pj_fail(err, PJ_EUNSUPPORTED, "QTools has no %s for a float of %lld bits%s", pj_circuit_word(circuit),
                       (long long)out->bits, out->flavour == PJ_FLOAT_PLAIN ? "" : " that is not IEEE");
    return pj_table_operation_physical(table, circuit, out, gate_bits, pj, err);
}

const char *pj_table_stand_in(const pj_table *table, pj_circuit circuit, const pj_number *out)
{
    if (out->kind != PJ_FLOAT || !is_arithmetic((int)circuit))
        return NULL;
    int own = pj_float_format_of_number(out);
    int used = pj_table_resolve(table, (int)circuit, format_of(out));
    return used >= 0 && used != own ? pj_float_formats[used].word : NULL;
}

bool pj_table_mac(const pj_table *table, const pj_number *out, double gate_bits, double *pj)
{
    return price(table, PJ_OPERATION_MAC, out, gate_bits, pj);
}

static const pj_compound *find_compound(const pj_table *table, pj_prim prim)
{
    static const pj_compound mul = {true, 1, 0, 0}, add = {true, 0, 1, 0};
    if (prim == PJ_MUL || prim == PJ_ADD)
        return prim == PJ_MUL ? &mul : &add;
    return table->compounds[prim].given ? &table->compounds[prim] : NULL;
}

pj_status pj_table_compound(const pj_table *table, pj_prim prim, const pj_number *operand, double *pj, pj_error *err)
{
    const pj_compound *compound = find_compound(table, prim);
    const pj_number fixed = pj_number_fixed(operand->bits, operand->bits, false);
    const double bits = (double)operand->bits;
    if (!compound)
        return pj_fail(err, PJ_EUNSUPPORTED, "table %s does not say what \"%s\" costs", table->name,
                       pj_prim_word(prim));
    const struct {
        pj_circuit circuit;
        const pj_number *on;
        double times;
    } parts[] = {
        {PJ_CIRCUIT_MUL, operand, compound->mul      },
        {PJ_CIRCUIT_ADD, operand, compound->add      },
        {PJ_CIRCUIT_ADD, &fixed,  compound->fixed_add},
    };
    *pj = 0;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        double one;
        PJ_TRY(pj_table_operation_physical(table, parts[i].circuit, parts[i].on, bits, &one, err));
        *pj += parts[i].times * one;
    }
    return PJ_OK;
}

double pj_table_sram(const pj_table *table, double size_bits)
{
    if (table->rules == PJ_RULES_QTOOLS)
        return pj_curve_at(&table->sram, pj_log2(size_bits)); /* Q3: not monotonic */
    return pj_curve_at(&table->sram, fmax(size_bits / 8192, table->sram_least_kib));
}

double pj_table_sram_most(const pj_table *table)
{
    const pj_curve *sram = &table->sram;
    return sram->form == PJ_CURVE_POINTS ? 8192 * sram->x[sram->count - 1] : HUGE_VAL;
}

double pj_table_dram(const pj_table *table)
{
    return table->dram;
}

double pj_table_sram_word_bits(const pj_table *table)
{
    return table->sram_word_bits;
}
