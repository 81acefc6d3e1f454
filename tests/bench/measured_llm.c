/* Estimates of what a token costs against what others measured: measured_llm DATA. DATA is measured_llm.json
 * (picojoule.measured-llm/1): published joules a token of servers, with bytes and FLOPs of a token. Prints the ratio of
 * estimate to measurement for the device's bound and for what servers take, by hardware, and for the models whose sizes
 * are known with bytes and FLOPs by the library's formulas. Fails where the estimate of servers is beyond a factor
 * of 1.5 for half or more of the points that its constants were not fitted to. */
#include <cjson/cJSON.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cost/device.h"
#include "picojoule/generation.h"

enum { SKIPPED = 77, MOST_BYTES = 16 * 1024 * 1024 };

static const struct {
    const char *model;
    pj_decoder_sizes sizes;
} known[] = {
    {"Llama-3.1-8B",  {32, 4096, 32, 8, 128, 14336, 128256}},
    {"Llama-3.1-70B", {80, 8192, 64, 8, 128, 28672, 128256}},
};

/* Ratios of one kind of hardware. */
typedef struct ratios {
    double log_sum, least, most;
    int count, within;
} ratios;

static void add(ratios *r, double ratio)
{
    if (!(ratio > 0))
        return;
    r->least = r->count && r->least < ratio ? r->least : ratio;
    r->most = r->count && r->most > ratio ? r->most : ratio;
    r->log_sum += log(ratio);
    r->count++;
    r->within += ratio <= 1.5 && ratio >= 1 / 1.5;
}

static void print(const char *name, const ratios *r)
{
    if (r->count)
        printf("%-44s %2d points   mean %.2f   range %.2f to %.2f   within 1.5: %d\n", name, r->count,
               exp(r->log_sum / r->count), r->least, r->most, r->within);
}

static double num(const cJSON *object, const char *key)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);
    return cJSON_IsNumber(item) ? item->valuedouble : NAN;
}

static const char *text(const cJSON *object, const char *key)
{
    const char *value = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, key));
    return value ? value : "";
}

/* The measured A100s are those of 40 GB. */
static bool sheet_of(const char *hardware, pj_device_sheet *out)
{
    pj_device *device = NULL;
    pj_error err;
    if (strcmp(hardware, "h100") != 0 && strcmp(hardware, "a100") != 0)
        return false;
    if (pj_device_open(hardware, NULL, &device, &err) != PJ_OK)
        return false;
    *out = pj_device_sheet_of(device);
    if (strcmp(hardware, "a100") == 0)
        out->bytes_per_second = 1555e9;
    pj_device_close(device);
    return true;
}

/* Bytes and FLOPs of a token by the formulas: weights once for the batch, the cache of half of what comes out. */
static bool own_counts(const cJSON *point, double *bytes, double *flops)
{
    double keys = 100 + num(point, "out_tokens") / 2, batch = num(point, "batch");
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        const pj_decoder_sizes *d = &known[i].sizes;
        if (strcmp(known[i].model, text(point, "model")) != 0 || strcmp(text(point, "precision"), "bfloat16") != 0 ||
            !(keys > 0 && batch > 0))
            continue;
        double weights = (double)pj_decoder_weights(d), prompt = 100 / num(point, "out_tokens");
        double attention =
            (double)d->layers * (double)pj_attention_macs(1, d->heads, 1, (int64_t)keys, d->head_size, d->head_size);
        double cache = (double)pj_kv_token_bits(d->layers, d->kv_heads, d->head_size, d->head_size, 16) / 8;
        *bytes = 2 * weights / batch + keys * cache;
        *flops = 2 * (weights + attention) * (1 + prompt);
        return true;
    }
    return false;
}

int main(int count, char **words)
{
    FILE *file = count > 1 ? fopen(words[1], "rb") : NULL;
    char *bytes = file ? malloc(MOST_BYTES) : NULL;
    size_t length = bytes ? fread(bytes, 1, MOST_BYTES, file) : 0;
    cJSON *json = bytes ? cJSON_ParseWithLength(bytes, length) : NULL;
    ratios bound = {0}, h100 = {0}, a100 = {0}, own = {0}, roofline = {0};
    const cJSON *point;
    if (file)
        fclose(file);
    free(bytes);
    if (!json) {
        printf("no measurements at hand: nothing is compared\n");
        return SKIPPED;
    }
    cJSON_ArrayForEach(point, cJSON_GetObjectItemCaseSensitive(json, "developers"))
    {
        const cJSON *estimate = cJSON_GetObjectItemCaseSensitive(point, "estimate");
        double measured = num(point, "j_per_token"), moved = num(estimate, "bytes_per_token"),
               flops = num(estimate, "flops_per_token"), own_bytes, own_flops;
        pj_device_sheet sheet;
        add(&bound, num(estimate, "additive_j") / measured);
        add(&roofline, num(estimate, "tdp_roofline_j") / measured);
        if (!sheet_of(text(point, "hardware"), &sheet))
            continue;
        double served = pj_served_joules(moved, flops, sheet.watts, sheet.bytes_per_second, sheet.ops_per_second);
        add(strcmp(text(point, "hardware"), "h100") == 0 ? &h100 : &a100, served / measured);
        if (own_counts(point, &own_bytes, &own_flops))
            add(&own,
                pj_served_joules(own_bytes, own_flops, sheet.watts, sheet.bytes_per_second, sheet.ops_per_second) /
                    measured);
    }
    printf("estimate / measured, joules a token out\n");
    print("bound of the chip (all hardware)", &bound);
    print("TDP x roofline time (all hardware)", &roofline);
    print("served, H100 (fitted)", &h100);
    print("served, A100 (not fitted)", &a100);
    print("served, counts by formulas, Llama 3.1", &own);
    cJSON_Delete(json);
    return a100.count == 0 || 2 * a100.within <= a100.count;
}
