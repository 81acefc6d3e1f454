/* Replays the goldens of quantized numbers: replay_apply FOLDER reads FOLDER/goldens.json. Each case is computed by the
 * functions that `picojoule apply` calls; everything is compared bit for bit. */
#include <cjson/cJSON.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apply/make.h"
#include "apply/proto.h"
#include "base/file.h"

enum { SHOWN = 5, MOST = 1 << 24 };

typedef struct outcome {
    const cJSON *row;
    const char *kind;
    pj_arena *arena;
    bool shown; /* of this case: what differs */
    int wrong, compared;
} outcome;

/* ---- what a case says ---- */

static const cJSON *member(const outcome *out, const char *key)
{
    return cJSON_GetObjectItemCaseSensitive(out->row, key);
}

static double number(const outcome *out, const char *key, double absent)
{
    const cJSON *item = member(out, key);
    return cJSON_IsNumber(item) ? item->valuedouble : absent;
}

static void differ(outcome *out, const char *key, const char *wanted, const char *got)
{
    const char *name = cJSON_GetStringValue(member(out, "name"));
    out->wrong++;
    if (out->shown)
        fprintf(stderr, "%s, %s: %s: wanted %.200s, got %.200s\n", out->kind, name ? name : "", key, wanted, got);
}

static const float *floats(outcome *out, const char *key, int64_t *count)
{
    const cJSON *list = member(out, key), *item;
    int size = cJSON_GetArraySize(list), i = 0;
    float *x = PJ_NEW(out->arena, float, size);
    cJSON_ArrayForEach(item, list) x[i++] = (float)item->valuedouble;
    *count = size;
    if (!cJSON_IsArray(list))
        differ(out, key, "a list", "none");
    return x;
}

/* The fp32 number whose bytes are these. */
static float float_of_hex(const char *hex)
{
    uint32_t bits = 0;
    unsigned byte = 0;
    float x;
    for (int i = 0; hex && i < 4 && sscanf(hex + 2 * i, "%2x", &byte) == 1; i++)
        bits |= (uint32_t)byte << (8 * i);
    memcpy(&x, &bits, sizeof x);
    return x;
}

static const float *hex_floats(outcome *out, const char *key, int64_t *count)
{
    const cJSON *list = member(out, key), *item;
    float *x = PJ_NEW(out->arena, float, cJSON_GetArraySize(list) + 1);
    *count = 0;
    if (cJSON_IsString(list))
        x[(*count)++] = float_of_hex(list->valuestring);
    else
        cJSON_ArrayForEach(item, list) x[(*count)++] = float_of_hex(cJSON_GetStringValue(item));
    return x;
}

/* ---- comparing ---- */

static void check_text(outcome *out, const char *key, const char *got)
{
    const char *wanted = cJSON_GetStringValue(member(out, key));
    out->compared++;
    if (!wanted || strcmp(wanted, got) != 0)
        differ(out, key, wanted ? wanted : "nothing", got);
}

static const char *hex_of(outcome *out, const void *bytes, size_t n)
{
    char *text = PJ_NEW(out->arena, char, 2 * n + 1);
    for (size_t i = 0; i < n; i++)
        snprintf(text + 2 * i, 3, "%02x", ((const uint8_t *)bytes)[i]);
    return text;
}

static void check_bytes(outcome *out, const char *key, const void *bytes, size_t n)
{
    check_text(out, key, hex_of(out, bytes, n));
}

static void check_number(outcome *out, const char *key, double got)
{
    char text[40], wanted[40] = "nothing";
    const cJSON *item = member(out, key);
    out->compared++;
    snprintf(text, sizeof text, "%.17g", got);
    if (cJSON_IsNumber(item))
        snprintf(wanted, sizeof wanted, "%.17g", item->valuedouble);
    if (!cJSON_IsNumber(item) || item->valuedouble != got)
        differ(out, key, wanted, text);
}

/* A list of numbers, or of the bytes of floats. Zeros of both signs are the same where numbers are compared. */
static void check_list(outcome *out, const char *key, const double *got, const float *bits, size_t n)
{
    const cJSON *list = member(out, key), *item;
    size_t i = 0;
    out->compared++;
    if ((size_t)cJSON_GetArraySize(list) != n || !cJSON_IsArray(list)) {
        differ(out, key, "a list of another length", "");
        return;
    }
    cJSON_ArrayForEach(item, list)
    {
        char text[40], wanted[40];
        snprintf(text, sizeof text, "%s", bits ? hex_of(out, bits + i, 4) : "");
        if (!bits)
            snprintf(text, sizeof text, "%.17g", got[i]);
        snprintf(wanted, sizeof wanted, "%s", bits ? cJSON_GetStringValue(item) : "");
        if (!bits)
            snprintf(wanted, sizeof wanted, "%.17g", item->valuedouble);
        if (bits ? strcmp(text, wanted) != 0 : !(item->valuedouble == got[i]))
            differ(out, key, wanted, text);
        i++;
    }
}

static const double *doubles_of(outcome *out, const float *x, size_t n)
{
    double *y = PJ_NEW(out->arena, double, n);
    for (size_t i = 0; i < n; i++)
        y[i] = (double)x[i];
    return y;
}

/* ---- making ---- */

static pj_status keep(void *payload, const void *bytes, size_t n, pj_error *err)
{
    pj_str_add_bytes(payload, bytes, n);
    return ((pj_str *)payload)->failed ? pj_fail(err, PJ_ENOMEM, "no memory") : PJ_OK;
}

static const uint8_t *made(outcome *out, const pj_make *make, size_t *length, pj_lost *lost)
{
    pj_error err = {0};
    pj_str text = pj_str_new(MOST);
    const pj_bytes_to to = {keep, &text};
    uint64_t wanted = 0;
    if (!pj_make_bytes(make, &wanted) || pj_make_run(make, &to, lost, &err) != PJ_OK || text.length != wanted)
        differ(out, "bytes", "as many as were announced", err.what);
    *length = text.length;
    uint8_t *bytes = pj_arena_memdup(out->arena, text.data, text.length + 1, 1);
    pj_str_free(&text);
    return bytes;
}

/* The list "shape" around an axis. */
static pj_lay lay_of(const outcome *out, int64_t axis)
{
    pj_lay lay = {1, 1, 1};
    const cJSON *dim;
    int64_t i = 0;
    cJSON_ArrayForEach(dim, member(out, "shape"))
    {
        int64_t *side = i < axis ? &lay.outer : i == axis ? &lay.extent : &lay.inner;
        *side *= (int64_t)dim->valuedouble;
        i++;
    }
    return lay;
}

static int bits_of_case(const outcome *out, int absent)
{
    int bits = (int)number(out, "bits", absent);
    return bits == 2 || bits == 4 || bits == 8 ? bits : 8;
}

/* Codes as numbers, from packed bytes. */
static void check_codes(outcome *out, const uint8_t *bytes, size_t count, int bits)
{
    double *codes = PJ_NEW(out->arena, double, count);
    for (size_t i = 0; i < count; i++) {
        int code = bytes[i * (size_t)bits / 8] >> (i * (size_t)bits % 8) & ((1 << bits) - 1);
        codes[i] = code >= 1 << (bits - 1) ? code - (1 << bits) : code;
    }
    check_list(out, "codes", codes, NULL, count);
}

/* ---- kinds ---- */

static void replay_scale(outcome *out)
{
    const pj_int_range range = {(int32_t)number(out, "qmin", 0), (int32_t)number(out, "qmax", 0)};
    pj_affine by =
        pj_affine_of(number(out, "min", 0), number(out, "max", 0), range, cJSON_IsTrue(member(out, "symmetric")));
    check_bytes(out, "scale_hex", &by.scale, 4);
    check_number(out, "zero_point", by.zero);
}

static void replay_quantize(outcome *out)
{
    static const struct {
        const char *word;
        pj_int_range range;
    } types[] = {
        {"uint8",  {0, 255}       },
        {"int8",   {-128, 127}    },
        {"uint16", {0, 65535}     },
        {"int16",  {-32768, 32767}},
        {"uint4",  {0, 15}        },
        {"int4",   {-8, 7}        },
        {"uint2",  {0, 3}         },
        {"int2",   {-2, 1}        }
    };
    const char *type = cJSON_GetStringValue(member(out, "type"));
    int64_t n, one;
    const float *x = floats(out, "input", &n), *scale = hex_floats(out, "scale_hex", &one);
    double *codes = PJ_NEW(out->arena, double, n);
    for (size_t t = 0; type && t < sizeof types / sizeof *types; t++)
        for (int64_t i = 0; strcmp(types[t].word, type) == 0 && i < n; i++)
            codes[i] = pj_affine_code(x[i], (pj_affine){*scale, (int32_t)number(out, "zero_point", 0)}, types[t].range);
    check_list(out, "codes", codes, NULL, (size_t)n);
}

static void replay_channels(outcome *out)
{
    pj_make make = {
        .form = PJ_FORM_CODES, .lay = lay_of(out, (int64_t)number(out, "axis", 0)), .bits = bits_of_case(out, 8)};
    size_t length;
    uint64_t bad = 0;
    pj_lost lost = {0};
    const float *x = floats(out, "values", &make.from.count);
    float *scale = PJ_NEW(out->arena, float, make.lay.extent);
    make.from = pj_numbers_of(x, make.from.count);
    make.most = (1 << (make.bits - 1)) - 1;
    make.scale = scale;
    make.scales = make.lay.extent;
    if (make.lay.outer * make.lay.extent * make.lay.inner != make.from.count ||
        pj_make_most(&make.from, make.lay, scale, &bad, NULL) != PJ_OK) {
        differ(out, "values", "as many as the shape has", "others");
        return;
    }
    for (int64_t i = 0; i < make.scales; i++)
        scale[i] = pj_scale_of(scale[i], make.most);
    const uint8_t *bytes = made(out, &make, &length, &lost);
    check_list(out, "scales_hex", NULL, scale, (size_t)make.scales);
    check_codes(out, bytes, (size_t)make.from.count, make.bits);
    check_bytes(out, "raw_hex", bytes, length);
}

static void check_shape(outcome *out, const char *key, int64_t a, int64_t b, int64_t c)
{
    const double dims[] = {(double)a, (double)b, (double)c};
    check_list(out, key, dims, NULL, c < 0 ? 2 : 3);
}

static void replay_nbits(outcome *out)
{
    int64_t n = (int64_t)number(out, "N", 0), k = (int64_t)number(out, "K", 0), count = 0;
    pj_make make = {
        .form = PJ_FORM_NBITS,
        .lay = {n, k, 1},
        .bits = bits_of_case(out, 4),
        .block = (int64_t)number(out, "block_size", 32),
        .asymmetric = !cJSON_IsTrue(member(out, "symmetric"))
    };
    size_t length;
    pj_lost lost = {0};
    make.from = pj_numbers_of(floats(out, "values_NxK", &count), count);
    make.from.count = count;
    if (count != n * k || make.block < 1) {
        differ(out, "values_NxK", "N x K numbers", "others");
        return;
    }
    const uint8_t *bytes = made(out, &make, &length, &lost);
    int64_t blocks = (k + make.block - 1) / make.block;
    check_shape(out, "b_shape", n, blocks, make.block * make.bits / 8);
    check_bytes(out, "b_hex", bytes, length);
    make.form = PJ_FORM_NBITS_SCALES;
    bytes = made(out, &make, &length, &lost);
    check_list(out, "scales_hex", NULL, (const float *)(const void *)bytes, length / 4);
    if (!make.asymmetric)
        return;
    make.form = PJ_FORM_NBITS_ZEROS;
    bytes = made(out, &make, &length, &lost);
    check_bytes(out, "zero_points_hex", bytes, length);
    check_shape(out, "zero_points_shape", n, (int64_t)length / n, -1);
}

static void replay_blocks(outcome *out)
{
    int64_t axis = (int64_t)number(out, "axis", 0), count = 0, i = 0;
    const cJSON *dim;
    pj_make make = {.form = PJ_FORM_BLOCK_SCALES,
                    .lay = lay_of(out, axis),
                    .bits = bits_of_case(out, 4),
                    .block = (int64_t)number(out, "block_size", 32)};
    size_t length;
    pj_lost lost = {0};
    double shape[64];
    make.from = pj_numbers_of(floats(out, "values", &count), count);
    make.from.count = count;
    make.most = (1 << (make.bits - 1)) - 1;
    if (make.lay.outer * make.lay.extent * make.lay.inner != count || make.block < 1) {
        differ(out, "values", "as many as the shape has", "others");
        return;
    }
    cJSON_ArrayForEach(dim, member(out, "shape")) if (i < 64)
    {
        int64_t size = (int64_t)dim->valuedouble;
        shape[i] = (double)(i == axis ? (size + make.block - 1) / make.block : size);
        i++;
    }
    check_list(out, "scale_shape", shape, NULL, (size_t)i);
    const uint8_t *bytes = made(out, &make, &length, &lost);
    check_list(out, "scales_hex", NULL, (const float *)(const void *)bytes, length / 4);
    make.form = PJ_FORM_BLOCK_CODES;
    bytes = made(out, &make, &length, &lost);
    check_codes(out, bytes, (size_t)count, make.bits);
    check_bytes(out, "raw_hex", bytes, length);
}

static void replay_float(outcome *out, pj_form form)
{
    const float one = 1;
    pj_make make = {.form = form, .scale = &one, .scales = 1, .bits = 8};
    size_t length;
    pj_lost lost = {0};
    int64_t count = 0;
    const float *x = floats(out, "input", &count);
    make.from = pj_numbers_of(x, count);
    const uint8_t *bytes = made(out, &make, &length, &lost);
    if (form != PJ_FORM_EIGHTH) {
        check_bytes(out, "raw_hex", bytes, length);
        check_number(out, "clamped", (double)lost.clamped);
        if (form == PJ_FORM_HALF || member(out, "flushed"))
            check_number(out, "flushed", (double)lost.flushed);
        return;
    }
    const char *wanted = cJSON_GetStringValue(member(out, "codes_hex"));
    char *got = pj_arena_strdup(out->arena, hex_of(out, bytes, length));
    for (size_t i = 0; wanted && strlen(wanted) == 2 * length && i < length; i++)
        if (x[i] == 0 && strncmp(wanted + 2 * i, "00", 2) == 0)
            memcpy(got + 2 * i, "00", 2); /* -0 may be either */
    check_text(out, "codes_hex", got);
}

static void replay_bias(outcome *out)
{
    int64_t n, ones, scales;
    const float *bias = floats(out, "bias", &n), *x = hex_floats(out, "scale_x_hex", &ones);
    const float *w = hex_floats(out, "scale_w_hex", &scales);
    float *scale = PJ_NEW(out->arena, float, n + 1);
    int32_t *codes = PJ_NEW(out->arena, int32_t, n);
    double *got = PJ_NEW(out->arena, double, n);
    if (scales != 1 && scales != n) {
        differ(out, "scale_w_hex", "one, or one a bias", "others");
        return;
    }
    size_t clipped = pj_bias_codes(bias, (size_t)n, *x, w, (size_t)scales, scale, codes);
    for (int64_t i = 0; i < n; i++)
        got[i] = codes[i];
    if (cJSON_IsArray(member(out, "scale_hex")))
        check_list(out, "scale_hex", NULL, scale, (size_t)scales);
    else
        check_bytes(out, "scale_hex", scale, 4);
    check_list(out, "codes", got, NULL, (size_t)n);
    check_number(out, "saturated", (double)clipped);
}

static void replay_prune(outcome *out)
{
    int64_t count = 0;
    uint64_t zeros = 0;
    size_t length;
    pj_lost lost = {0};
    pj_make make = {.form = PJ_FORM_FLOAT};
    const pj_numbers from = pj_numbers_of(floats(out, "values", &count), count);
    const pj_numbers all = {from.get, from.payload, count};
    const uint64_t share = pj_numbers_share(number(out, "sparsity", 0), (uint64_t)count);
    pj_status status = member(out, "sparsity")
                           ? pj_numbers_sparse(&all, 1, share, out->arena, &make.from, &zeros, NULL)
                           : pj_numbers_grouped(&all, lay_of(out, 1), (int64_t)number(out, "keep", 2),
                                                (int64_t)number(out, "of", 4), out->arena, &make.from, NULL);
    if (status != PJ_OK) {
        differ(out, "result", "numbers", "none");
        return;
    }
    const float *got = (const float *)(const void *)made(out, &make, &length, &lost);
    check_list(out, "result", doubles_of(out, got, (size_t)count), NULL, (size_t)count);
    zeros = 0;
    for (int64_t i = 0; i < count; i++)
        zeros += got[i] == 0;
    if (member(out, "zeros"))
        check_number(out, "zeros", (double)zeros);
}

static void replay_fold(outcome *out)
{
    int64_t n, count;
    size_t length;
    pj_lost lost = {0};
    pj_make make = {.form = PJ_FORM_FLOAT};
    const float *w = floats(out, "weights", &count), *bias = floats(out, "bias", &n);
    const float *gamma = floats(out, "gamma", &n), *beta = floats(out, "beta", &n);
    const float *mean = floats(out, "mean", &n), *var = floats(out, "var", &n);
    double *factor = PJ_NEW(out->arena, double, n), *shift = PJ_NEW(out->arena, double, n);
    const pj_numbers from = pj_numbers_of(w, count);
    if (n < 1 || count % n || out->wrong) {
        differ(out, "weights", "channels of one size", "others");
        return;
    }
    for (int64_t i = 0; i < n; i++) {
        factor[i] = pj_fold_factor(gamma[i], var[i], (float)number(out, "epsilon", 0));
        shift[i] = (double)pj_fold_bias(bias[i], mean[i], beta[i], factor[i]);
    }
    if (pj_numbers_scaled(&from, (pj_lay){1, n, count / n}, factor, out->arena, &make.from, NULL) != PJ_OK)
        return;
    const float *got = (const float *)(const void *)made(out, &make, &length, &lost);
    check_list(out, "new_weights", doubles_of(out, got, (size_t)count), NULL, (size_t)count);
    check_list(out, "new_bias", shift, NULL, (size_t)n);
}

static void replay_metadata(outcome *out)
{
    enum { NODE_METADATA = 9 };
    const char *key = cJSON_GetStringValue(member(out, "key")), *value = cJSON_GetStringValue(member(out, "value"));
    pj_str text = pj_str_new(MOST);
    pj_put_entry(&text, NODE_METADATA, key ? key : "", value ? value : "");
    check_bytes(out, "hex", text.data, text.length);
    pj_str_free(&text);
}

/* ---- all of them ---- */

static void replay_half(outcome *out)
{
    replay_float(out, PJ_FORM_HALF);
}

static void replay_brain(outcome *out)
{
    replay_float(out, PJ_FORM_BRAIN);
}

static void replay_eighth(outcome *out)
{
    replay_float(out, PJ_FORM_EIGHTH);
}

static const struct {
    const char *word;
    void (*replay)(outcome *out);
} kinds[] = {
    {"scale_zero_point",       replay_scale   },
    {"quantize",               replay_quantize},
    {"weight_per_channel",     replay_channels},
    {"matmulnbits",            replay_nbits   },
    {"block_dequantizelinear", replay_blocks  },
    {"fp16",                   replay_half    },
    {"bf16",                   replay_brain   },
    {"fp8e4m3fn",              replay_eighth  },
    {"bias",                   replay_bias    },
    {"prune",                  replay_prune   },
    {"fold_batchnorm",         replay_fold    },
    {"metadata_props",         replay_metadata},
};
enum { KINDS = sizeof kinds / sizeof *kinds };

static size_t kind_of(const cJSON *row)
{
    const char *word = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(row, "kind"));
    size_t kind = 0;
    while (kind < KINDS && (!word || strcmp(kinds[kind].word, word) != 0))
        kind++;
    return kind;
}

static bool replay_case(const cJSON *row, size_t kind, bool shown)
{
    outcome out = {.row = row, .kind = kind < KINDS ? kinds[kind].word : "unknown", .shown = shown};
    out.arena = pj_arena_new(0);
    if (!out.arena)
        return false;
    if (kind < KINDS)
        kinds[kind].replay(&out);
    else
        differ(&out, "kind", "one that is known", "another");
    pj_arena_free(out.arena);
    return !out.wrong && out.compared;
}

static int replay_all(const cJSON *root)
{
    int passed[KINDS + 1] = {0}, failed[KINDS + 1] = {0}, all = 0, wrong = 0;
    const cJSON *row, *rows = cJSON_GetObjectItemCaseSensitive(root, "cases");
    cJSON_ArrayForEach(row, rows)
    {
        size_t kind = kind_of(row);
        if (replay_case(row, kind, failed[kind] < SHOWN))
            passed[kind]++;
        else
            failed[kind]++;
    }
    for (size_t k = 0; k <= KINDS; k++) {
        if (passed[k] + failed[k])
            printf("%s: %d passed, %d failed\n", k < KINDS ? kinds[k].word : "unknown kind", passed[k], failed[k]);
        all += passed[k];
        wrong += failed[k];
    }
    printf("total: %d passed, %d failed\n", all, wrong);
    return wrong > 0 || all == 0;
}

int main(int argc, char **argv)
{
    char path[4096], *text = NULL;
    size_t length = 0;
    pj_error err = {0};
    if (argc != 2 || snprintf(path, sizeof path, "%s/goldens.json", argv[1]) >= (int)sizeof path) {
        fputs("usage: replay_apply FOLDER\n", stderr);
        return 2;
    }
    if (pj_file_read(path, 64 << 20, &text, &length, &err) != PJ_OK) {
        fprintf(stderr, "%s: %s\n", err.file, err.what);
        return 2;
    }
    cJSON *root = cJSON_ParseWithLength(text, length);
    free(text);
    if (!root)
        fprintf(stderr, "%s: not a JSON file\n", path);
    int code = root ? replay_all(root) : 1;
    cJSON_Delete(root);
    return code;
}
