/* Replays the QTools figures of a folder: replay_qtools FOLDER. Each row is computed by the library with its shipped
 * tables and must agree in every field, energies to 1e-12. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arith/arith.h"
#include "base/ckd.h"
#include "cost/memory.h"
#include "cost/table.h"
#include "replay.h"

/* ---- reading a row ---- */

static const char *text_of(const cJSON *row, const char *key)
{
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(row, key));
    return text ? text : "";
}

static double number_of(const cJSON *row, const char *key, double absent)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(row, key);
    return cJSON_IsNumber(item) ? item->valuedouble : absent;
}

/* true, or a number that is not 0. */
static bool yes(const cJSON *row, const char *key)
{
    return cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(row, key)) || number_of(row, key, 0) != 0;
}

/*  kind here, kind in the files, class name where it is not told by the sign or the variant */
static const struct {
    pj_number_kind kind;
    const char *word;
    const char *name;
} kinds[] = {
    {PJ_FIXED,    "fixed",      "quantized_bits"},
    {PJ_PO2,      "po2",        "quantized_po2" },
    {PJ_TERNARY,  "ternary",    "ternary"       },
    {PJ_BINARY,   "binary_pm1", "binary"        },
    {PJ_BINARY01, "binary_01",  "binary"        },
    {PJ_FLOAT,    "float",      "floating_point"},
};

/*  class name, kind (PJ_NUMBER_KINDS: any), variant */
static const struct {
    const char *name;
    pj_number_kind kind;
    pj_number_variant variant;
} variants[] = {
    {"stochastic_ternary", PJ_TERNARY,      PJ_VARIANT_STOCHASTIC},
    {"stochastic_binary",  PJ_BINARY,       PJ_VARIANT_STOCHASTIC},
    {"bernoulli",          PJ_BINARY01,     PJ_VARIANT_STOCHASTIC},
    {"quantized_relu",     PJ_NUMBER_KINDS, PJ_VARIANT_RELU      },
    {"quantized_tanh",     PJ_NUMBER_KINDS, PJ_VARIANT_TANH      },
    {"quantized_ulaw",     PJ_NUMBER_KINDS, PJ_VARIANT_ULAW      },
};

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* The quantizer with this id; false (and the row unusable) where there is none. */
static bool quantizer_of(replay *context, const char *id, pj_number *out)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(context->quantizers, id);
    const char *word = text_of(item, "kind"), *name = text_of(item, "name");
    size_t kind = 0;
    while (kind < COUNT(kinds) && strcmp(kinds[kind].word, word) != 0)
        kind++;
    if (kind == COUNT(kinds)) {
        context->unusable = "it names a quantizer that is not in the file, or one of unknown kind";
        return false;
    }
    *out = pj_number_fixed(pj_number_whole(number_of(item, "bits", 0)), pj_number_whole(number_of(item, "int_bits", 0)),
                           yes(item, "is_signed"));
    out->kind = kinds[kind].kind;
    out->max_val_po2 = number_of(item, "max_val_po2", -1);
    out->value_count = (int)number_of(item, "inference_value_counts", -1);
    for (size_t i = 0; i < COUNT(variants); i++)
        if (strcmp(variants[i].name, name) == 0)
            out->variant = variants[i].variant;
    return true;
}

static bool operand(replay *context, const cJSON *row, const char *key, pj_number *out)
{
    return quantizer_of(context, text_of(row, key), out);
}

/* Product of the dimensions from `first` to before `end`, times `bits`; false where it leaves 64 bits. */
static bool product_of(replay *context, const cJSON *shape, int first, int end, uint64_t bits, uint64_t *out)
{
    *out = bits;
    for (int i = first; i < end; i++) {
        double dim = cJSON_GetNumberValue(cJSON_GetArrayItem(shape, i));
        if (!(dim >= 0 && dim < 9e15) || !pj_mul_u64(*out, (uint64_t)dim, out)) {
            context->unusable = "its shape is not one of numbers whose product fits 64 bits";
            return false;
        }
    }
    return true;
}

static const pj_table *table_of(replay *context, const cJSON *row)
{
    const char *name = text_of(row, "table");
    if (strcmp(name, "settings_default") == 0)
        return context->defaults;
    if (*name && strcmp(name, "horowitz") != 0)
        context->unusable = "it names a table that is neither horowitz nor settings_default";
    return context->horowitz;
}

/* ---- writing what the library computes ---- */

static const char *class_name(const pj_number *number)
{
    for (size_t i = 0; i < COUNT(variants); i++)
        if (variants[i].variant == number->variant &&
            (variants[i].kind == number->kind || variants[i].kind == PJ_NUMBER_KINDS))
            return variants[i].name;
    return number->kind == PJ_PO2 && !number->is_signed ? "quantized_relu_po2" : kinds[number->kind].name;
}

/* Quotients keep the class quantized_po2 without a sign too. */
static const char *quotient_name(const pj_number *number)
{
    return number->kind == PJ_PO2 ? "quantized_po2" : class_name(number);
}

/* A format, field by field, each key behind `prefix`. */
static void add_fields(cJSON *got, const char *prefix, const pj_number *number, const char *name)
{
    const struct {
        const char *key;
        double value;
    } fields[] = {
        {"bits",        (double)number->bits    },
        {"int_bits",    (double)number->int_bits},
        {"is_signed",   number->is_signed       },
        {"is_po2",      number->kind == PJ_PO2  },
        {"max_val_po2", number->max_val_po2     },
    };
    char key[40];
    snprintf(key, sizeof key, "%skind", prefix);
    cJSON_AddStringToObject(got, key, kinds[number->kind].word);
    snprintf(key, sizeof key, "%sname", prefix);
    cJSON_AddStringToObject(got, key, name);
    /* A format of its own shows what belongs to po2 only where it is one. */
    size_t count = *prefix || number->kind == PJ_PO2 ? COUNT(fields) : 3;
    for (size_t i = 0; i < count; i++) {
        snprintf(key, sizeof key, "%s%s", prefix, fields[i].key);
        cJSON_AddNumberToObject(got, key, fields[i].value);
    }
    if (number->value_count > 0) {
        snprintf(key, sizeof key, "%sinference_value_counts", prefix);
        cJSON_AddNumberToObject(got, key, number->value_count);
    }
}

static void add_format(cJSON *got, const char *key, const pj_number *number, const char *name)
{
    add_fields(cJSON_AddObjectToObject(got, key), "", number, name);
}

/* Gates of a unit and the operation table it is priced in. */
static void add_gates(cJSON *got, const char *circuit_key, const pj_unit *unit)
{
    cJSON_AddStringToObject(got, circuit_key, pj_circuit_word(unit->circuit));
    cJSON_AddNumberToObject(got, "gate_bits", unit->gate_bits);
    cJSON_AddNumberToObject(got, "gate_factor", unit->gate_factor);
}

static void add_op_table(cJSON *got, const pj_number *number)
{
    char word[32] = "fpm";
    if (number->kind == PJ_FLOAT)
        snprintf(word, sizeof word, "fp%" PRId64, number->bits);
    cJSON_AddStringToObject(got, "op_table", word);
}

/* One unit's energy; false where the table has no such operation. */
static bool unit_energy(const pj_table *table, const pj_unit *unit, double *pj)
{
    pj_error err = {0};
    *pj = 0;
    if (unit->circuit == PJ_CIRCUIT_NONE)
        return true;
    if (pj_table_operation(table, unit->circuit, &unit->out, unit->gate_bits, pj, &err) != PJ_OK)
        return false;
    *pj *= unit->gate_factor;
    return true;
}

/* An energy, or null where there is none. */
static void add_energy(cJSON *got, const char *key, bool known, double pj)
{
    if (known)
        cJSON_AddNumberToObject(got, key, pj);
    else
        cJSON_AddNullToObject(got, key);
}

static void add_unit_energy(cJSON *got, const char *key, const pj_table *table, const pj_unit *unit, int times)
{
    double pj;
    bool known = unit_energy(table, unit, &pj);
    add_energy(got, key, known, pj * times);
}

/* The energy of one addition at the width of `number`. */
static void add_addition(cJSON *got, replay *context, const pj_number *number)
{
    pj_unit unit = {PJ_CIRCUIT_ADD, (double)number->bits, 1, *number};
    add_op_table(got, number);
    add_unit_energy(got, "add_energy_pj", context->horowitz, &unit, 1);
}

static void add_error(cJSON *got, const pj_error *err)
{
    cJSON_AddStringToObject(got, "error", err->what);
}

/* ---- one function per kind of row ---- */

static void op_energy(replay *context, const cJSON *row, cJSON *got)
{
    const char *family = text_of(row, "op_table"), *op = text_of(row, "op");
    const pj_table *table = table_of(context, row);
    double argument = number_of(row, "argument", 0);
    pj_unit unit = {PJ_CIRCUIT_NONE, argument, 1, pj_number_fixed(pj_number_whole(argument), 0, true)};
    bool moves = strcmp(op, "rd") == 0 || strcmp(op, "wr") == 0;
    for (unsigned circuit = 0; circuit < PJ_CIRCUITS; circuit++)
        if (strcmp(pj_circuit_word((pj_circuit)circuit), op) == 0)
            unit.circuit = (pj_circuit)circuit;
    if (strncmp(family, "fp", 2) == 0 && strcmp(family, "fpm") != 0)
        unit.out = pj_number_float(strtol(family + 2, NULL, 10), PJ_FLOAT_PLAIN);
    if (strcmp(family, "sram") == 0 && moves)
        add_energy(got, "energy_pj", true, pj_table_sram(table, exp2(argument)));
    else if (strcmp(family, "dram") == 0 && moves)
        add_energy(got, "energy_pj", true, argument * pj_table_dram(table));
    else if (unit.circuit == PJ_CIRCUIT_NONE)
        add_energy(got, "energy_pj", false, 0);
    else
        add_unit_energy(got, "energy_pj", table, &unit, 1);
}

/* The memory of a row; `mode_key` says where things live. Q39: to QTools a word it does not know means fixed, to us it
 * is an error of the command line. */
static pj_memory memory_of(replay *context, const cJSON *row, const char *mode_key)
{
    pj_memory memory = {.table = table_of(context, row)};
    int place = PJ_PLACE_DRAM;
    while (place != PJ_PLACE_FIXED && strcmp(pj_place_word((pj_place)place), text_of(row, mode_key)) != 0)
        place++;
    memory.activations_on = memory.weights_on = (pj_place)place;
    memory.io_on_dram = yes(row, "rd_wr_on_io");
    memory.min_sram_bits = number_of(row, "min_sram_size", 0);
    return memory;
}

static void memory_row(replay *context, const cJSON *row, cJSON *got)
{
    pj_memory memory = memory_of(context, row, "mode");
    const cJSON *shape = cJSON_GetObjectItemCaseSensitive(row, "shape");
    bool is_io = yes(row, "is_io_layer"), is_read = strcmp(text_of(row, "op"), "read") == 0;
    uint64_t bits;
    if (!product_of(context, shape, 1, cJSON_GetArraySize(shape), (uint64_t)number_of(row, "bits", 0), &bits))
        return;
    pj_place place = pj_memory_place(&memory, is_io);
    pj_move move = is_read ? pj_move_read(&memory, PJ_OPERAND_INPUT, place, bits)
                           : pj_move_write(&memory, PJ_OPERAND_OUTPUT, place, bits);
    add_energy(got, "energy_pj", true, pj_move_price(&memory, &move));
}

/* Reading `elements` parameters of the width that the row gives under `key`; null: there are none. */
static double read_parameters(const pj_memory *memory, const cJSON *row, const char *key, double elements)
{
    double bits = number_of(row, key, 0) * elements;
    pj_move move = pj_move_read(memory, PJ_OPERAND_PARAMETER, memory->weights_on, bits > 0 ? (uint64_t)bits : 0);
    return pj_move_price(memory, &move);
}

static void parameter_row(replay *context, const cJSON *row, cJSON *got)
{
    static const char *const with_kernel[] = {"Dense", "Conv1D", "Conv2D", "DepthwiseConv2D", "Conv2DTranspose"};
    static const char *const vectors[] = {"gamma_bits", "beta_bits", "mean_bits", "variance_bits"};
    const char *name = text_of(row, "class_name");
    const cJSON *shape = cJSON_GetObjectItemCaseSensitive(row, "w_shape");
    pj_memory memory = memory_of(context, row, "weights_on_memory");
    uint64_t elements;
    double pj = 0;
    name += *name == 'Q';
    for (size_t i = 0; i < COUNT(with_kernel); i++)
        if (strcmp(name, with_kernel[i]) == 0) {
            if (!product_of(context, shape, 0, cJSON_GetArraySize(shape), 1, &elements))
                return;
            pj += read_parameters(&memory, row, "w_bits", (double)elements);
            pj += read_parameters(&memory, row, "b_bits", number_of(row, "b_shape", 0));
        }
    for (size_t i = 0; i < COUNT(vectors) && strcmp(name, "BatchNormalization") == 0; i++)
        pj += read_parameters(&memory, row, vectors[i], number_of(row, "channels", 0));
    add_energy(got, "energy_pj", true, pj);
}

static void multiplier_row(replay *context, const cJSON *row, cJSON *got)
{
    pj_number w, x;
    if (!operand(context, row, "w", &w) || !operand(context, row, "x", &x))
        return;
    pj_unit unit = pj_multiplier(&w, &x);
    add_fields(got, "out_", &unit.out, class_name(&unit.out));
    add_gates(got, "impl", &unit);
    add_op_table(got, &unit.out);
    add_unit_energy(got, "energy_pj", context->horowitz, &unit, 1);
}

static void accumulator_row(replay *context, const cJSON *row, cJSON *got)
{
    const cJSON *shape = cJSON_GetObjectItemCaseSensitive(row, "kernel_shape");
    const cJSON *bias_id = cJSON_GetObjectItemCaseSensitive(row, "bias");
    pj_number w, x, bias;
    uint64_t terms;
    if (!operand(context, row, "w", &w) || !operand(context, row, "x", &x) ||
        !product_of(context, shape, 0, cJSON_GetArraySize(shape) - 1, 1, &terms))
        return;
    pj_unit unit = pj_multiplier(&w, &x);
    pj_number sum = pj_accumulator(&unit.out, terms), with_bias = pj_accumulator(&unit.out, terms + 1);
    add_format(got, "mult_out", &unit.out, class_name(&unit.out));
    add_format(got, "kernel_acc", &sum, class_name(&sum));
    if (cJSON_IsString(bias_id)) {
        if (!operand(context, row, "bias", &bias))
            return;
        add_format(got, "acc_use_bias_true", &with_bias, class_name(&with_bias));
        sum = pj_adder(&sum, &bias);
    }
    add_format(got, "acc", &sum, class_name(&sum));
    add_addition(got, context, &sum);
}

static void adder_row(replay *context, const cJSON *row, cJSON *got)
{
    pj_number a, b;
    if (!operand(context, row, "a", &a) || !operand(context, row, "b", &b))
        return;
    pj_number sum = pj_adder(&a, &b);
    add_fields(got, "out_", &sum, class_name(&sum));
    add_addition(got, context, &sum);
}

static void divider_row(replay *context, const cJSON *row, cJSON *got)
{
    pj_number a, b;
    pj_unit unit;
    pj_error err = {0};
    if (!operand(context, row, "numerator", &a) || !operand(context, row, "denominator", &b))
        return;
    if (pj_divider(&a, &b, &unit, &err) != PJ_OK) {
        add_error(got, &err);
        return;
    }
    add_fields(got, "out_", &unit.out, quotient_name(&unit.out));
    add_gates(got, "impl", &unit);
    add_op_table(got, &unit.out);
    add_unit_energy(got, "energy_pj", context->horowitz, &unit, 1);
}

static void merge_row(replay *context, const cJSON *row, cJSON *got)
{
    enum { MOST_INPUTS = 64 };
    static const char *const types[] = {"Add", "Multiply", "Maximum", "Minimum", "Average", "Concatenate"};
    pj_number inputs[MOST_INPUTS];
    int count = 0;
    unsigned kind = 0;
    const cJSON *id;
    cJSON_ArrayForEach(id, cJSON_GetObjectItemCaseSensitive(row, "inputs"))
    {
        const char *text = cJSON_GetStringValue(id);
        if (count == MOST_INPUTS || !quantizer_of(context, text ? text : "", &inputs[count++])) {
            context->unusable = "its inputs are too many, or not quantizers of the file";
            return;
        }
    }
    while (kind < PJ_MERGE_KINDS && strcmp(types[kind], text_of(row, "type")) != 0)
        kind++;
    if (kind == PJ_MERGE_KINDS || count == 0) {
        context->unusable = "its merge is of unknown type, or has no input";
        return;
    }
    pj_unit unit = pj_merge((pj_merge_kind)kind, inputs, count);
    add_format(got, "output", &unit.out, class_name(&unit.out));
    add_gates(got, "impl", &unit);
    add_op_table(got, &unit.out);
    int charged = pj_merge_charged((pj_merge_kind)kind, count);
    if (charged)
        add_unit_energy(got, "energy_per_element_pj", context->horowitz, &unit, charged);
    else
        add_energy(got, "energy_per_element_pj", true, 0);
}

static void add_batchnorm_unit(cJSON *got, const char *key, const pj_unit *unit, const char *name)
{
    cJSON *part = cJSON_AddObjectToObject(got, key);
    add_gates(part, "implemented_as", unit);
    add_format(part, "output", &unit->out, name);
    add_op_table(part, &unit->out);
}

static void batchnorm_row(replay *context, const cJSON *row, cJSON *got)
{
    pj_number input, gamma, beta, variance;
    pj_batchnorm norm;
    pj_error err = {0};
    bool scale = yes(row, "use_scale"), center = yes(row, "use_center");
    if (!operand(context, row, "input", &input) || !operand(context, row, "variance", &variance) ||
        (scale && !operand(context, row, "gamma", &gamma)) || (center && !operand(context, row, "beta", &beta)))
        return;
    if (pj_batchnorm_compose(&input, scale ? &gamma : NULL, center ? &beta : NULL, &variance, &norm, &err) != PJ_OK) {
        add_error(got, &err);
        return;
    }
    add_batchnorm_unit(got, "divider", &norm.divide, quotient_name(&norm.divide.out));
    if (scale)
        add_batchnorm_unit(got, "multiplier", &norm.multiply, class_name(&norm.multiply.out));
    if (center)
        add_format(got, "accumulator_output", &norm.out, class_name(&norm.out));
    add_format(got, "output", &norm.out, scale || center ? class_name(&norm.out) : quotient_name(&norm.out));
    double divide, multiply;
    bool known = unit_energy(context->horowitz, &norm.divide, &divide);
    known = unit_energy(context->horowitz, &norm.multiply, &multiply) && known;
    add_energy(got, "energy_per_element_pj", known, divide + multiply);
}

/*  file, array of rows, what the rows give, function */
static const replay_grid grids[] = {
    {"op_energy.json",        "rows",           " table op_table op argument ",                                     op_energy      },
    {"memory_grid.json",      "rows",           " op table is_io_layer shape mode min_sram_size rd_wr_on_io bits ", memory_row     },
    {"memory_grid.json",      "parameter_rows",
     " class_name w_shape w_bits b_shape b_bits channels gamma_bits beta_bits mean_bits variance_bits table "
     "weights_on_memory min_sram_size rd_wr_on_io ",                                                                parameter_row  },
    {"multiplier_grid.json",  "rows",           " w x ",                                                            multiplier_row },
    {"accumulator_grid.json", "rows",           " w x kernel_shape bias ",                                          accumulator_row},
    {"adder_grid.json",       "rows",           " a b ",                                                            adder_row      },
    {"divider_grid.json",     "rows",           " numerator denominator ",                                          divider_row    },
    {"merge_grid.json",       "rows",           " type inputs ",                                                    merge_row      },
    {"qbn_grid.json",         "rows",           " input gamma beta mean variance use_scale use_center ",            batchnorm_row  },
};

int main(int argc, char **argv)
{
    pj_table *horowitz = NULL, *defaults = NULL;
    pj_error err = {0};
    int code = 2;
    if (argc != 2) {
        fprintf(stderr, "usage: replay_qtools FOLDER\n");
        return 2;
    }
    if (pj_table_open("qtools", NULL, &horowitz, &err) != PJ_OK ||
        pj_table_open("qtools-defaults", NULL, &defaults, &err) != PJ_OK) {
        fprintf(stderr, "%s: %s\n", err.file, err.what);
    } else {
        replay context = {horowitz, defaults, NULL, NULL};
        code = replay_folder(argv[1], grids, COUNT(grids), &context);
    }
    pj_table_close(horowitz);
    pj_table_close(defaults);
    return code;
}
