/* Any bytes as an energy table: parse it, then ask every price of every number format. */
#include <math.h>
#include <stdlib.h>

#include "cost/table.h"
#include "fuzz.h"

static const char *const formats[] = {"fp64",          "fp32",   "tf32",    "bf16",   "fp16",     "fp8e4m3",
                                      "fp8e5m2",       "fp4",    "int1",    "int8",   "uint4",    "int64",
                                      "po2_4",         "upo2_8", "ternary", "binary", "binary01", "fixed<1024,-1024>",
                                      "ufixed<7,1024>"};

static void check(double pj)
{
    if (!(pj >= 0)) /* prices are never negative, never NaN */
        abort();
}

static void ask(const pj_table *table, const char *format)
{
    pj_error err = {0};
    pj_number number;
    double pj = 0;
    if (pj_number_parse(format, &number, &err) != PJ_OK)
        abort();
    for (int circuit = 0; circuit < PJ_CIRCUITS; circuit++) {
        if (pj_table_operation(table, (pj_circuit)circuit, &number, (double)number.bits, &pj, &err) == PJ_OK)
            check(pj);
        if (pj_table_operation_physical(table, (pj_circuit)circuit, &number, (double)number.bits, &pj, &err) == PJ_OK)
            check(pj);
        (void)pj_table_stand_in(table, (pj_circuit)circuit, &number);
    }
    if (pj_table_mac(table, &number, (double)number.bits, &pj))
        check(pj);
    for (int prim = 0; prim < PJ_PRIMS; prim++)
        if (pj_table_compound(table, (pj_prim)prim, &number, &pj, &err) == PJ_OK)
            check(pj);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    pj_error err = {0};
    pj_table *table = NULL;
    size_t count;
    if (pj_table_parse((const char *)data, size, "fuzz.json", &table, &err) != PJ_OK)
        return 0;
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
        ask(table, formats[i]);
    for (double bits = 0; bits < 1e18; bits = bits * 10 + 1)
        check(pj_table_sram(table, bits));
    check(pj_table_dram(table));
    check(pj_table_sram_word_bits(table));
    (void)pj_table_accumulator(table);
    const pj_figure *figures = pj_table_figures(table, &count);
    for (size_t i = 0; i < count; i++)
        if (!figures[i].source || !figures[i].unit || !isfinite(figures[i].value))
            abort();
    pj_table_close(table);
    return 0;
}
