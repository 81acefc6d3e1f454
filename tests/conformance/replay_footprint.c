/* Replays footprint figures of a folder: replay_footprint FOLDER. `corrected` is computed by the library's functions,
 * those that the commands call; what the seeds published is computed here, mistakes included, and nowhere else. With
 * --table it prints both beside each other, as docs/footprint.md shows them. */
#include <cjson/cJSON.h>
#include <dirent.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arith/arith.h"
#include "cost/device.h"
#include "footprint/formulas.h"
#include "footprint/lifecycle.h"
#include "footprint/profile.h"
#include "footprint/region.h"
#include "footprint/site.h"
#include "footprint/stars.h"
#include "picojoule/history.h"
#include "picojoule/picojoule.h"

/* Inputs of the table. */
#define TRAINING                                                                                                      \
    "{'hardware': 'gpu_a100', 'flops_per_step': 25195836, 'n_epochs': 100, 'batch_size': 32, 'dataset_size': 50001, " \
    "'quantum_tokens_per_batch': 0, 'n_qubits': 4, 'n_qlayers': 2}"
#define MODEL "{'hardware': 'cpu_intel_xeon', 'params': 66362880, 'seq_len': 128, 'batch_size': 4}"
#define LIFE                                                                                                    \
    "{'region': 'finland', 'training_hours': 0.25, 'cpu_percent_after': 50, 'dev_hours': 160, 'team_size': 2, " \
    "'requests_per_day': 10000, 'kwh_per_request': 0.001, 'deployment_days': 365}"

enum { SHOWN = 10, MOST_BYTES = 64 * 1024 * 1024 };

static const char *folder;
static pj_regions *regions;

/* ---- JSON ---- */

static const cJSON *of(const cJSON *object, const char *key)
{
    return cJSON_GetObjectItemCaseSensitive(object, key);
}

/* NAN where it is absent, null, or the text "nan". */
static double num(const cJSON *object, const char *key)
{
    const cJSON *item = of(object, key);
    return cJSON_IsNumber(item) ? item->valuedouble : NAN;
}

static double num_or(const cJSON *object, const char *key, double otherwise)
{
    double value = num(object, key);
    return isnan(value) ? otherwise : value;
}

static const char *text(const cJSON *object, const char *key)
{
    const char *value = cJSON_GetStringValue(of(object, key));
    return value ? value : "";
}

static void put(cJSON *object, const char *key, double value)
{
    if (isfinite(value))
        cJSON_AddNumberToObject(object, key, value);
    else
        cJSON_AddNullToObject(object, key);
}

/* What the product answers to what it refuses. */
static void refuse(cJSON *got, int code)
{
    put(got, "exit", code);
}

static char *read_text(const char *path, size_t *length)
{
    FILE *file = fopen(path, "rb");
    char *bytes = file ? malloc(MOST_BYTES + 1) : NULL;
    *length = bytes ? fread(bytes, 1, MOST_BYTES, file) : 0;
    if (file)
        (void)fclose(file);
    if (bytes)
        bytes[*length] = 0;
    return bytes;
}

/* ---- V4 ---- */

/*  key, its device here, name, operations/s, peak watts, published uJ/op */
static const struct hardware {
    const char *key, *device, *name;
    double rate, watts, published_uj;
} hardware[] = {
    {"cpu_intel_xeon",       "v4-cpu-intel-xeon-corrected",       "Intel Xeon (CPU)",            500e9,  150,   3e-7  },
    {"cpu_apple_m2",         "v4-cpu-apple-m2-corrected",         "Apple M2 (CPU)",              1.5e12, 20,    1.3e-8},
    {"gpu_a100",             "v4-gpu-a100-corrected",             "NVIDIA A100 (GPU)",           312e12, 400,   1.3e-9},
    {"gpu_t4",               "v4-gpu-t4-corrected",               "NVIDIA T4 (GPU)",             65e12,  70,    1.1e-9},
    {"edge_tpu",             "v4-edge-tpu-corrected",             "Google Edge TPU",             4e12,   2,     5e-10 },
    {"edge_mobile",          "v4-edge-mobile-corrected",          "Mobile CPU (Edge)",           50e9,   5,     1e-7  },
    {"quantum_simulator",    "v4-quantum-simulator-corrected",    "PennyLane Quantum Simulator", 1e9,    150,   1e-6  },
    {"quantum_hardware_ibm", "v4-quantum-hardware-ibm-corrected", "IBM Quantum (Eagle)",         1e6,    25000, 1.0   },
};
enum { HARDWARE = sizeof hardware / sizeof *hardware, CLASSICAL = 6 };

/* NULL: the product refuses it; what was published takes its Xeon, in silence. */
static const struct hardware *hardware_of(const cJSON *in, bool published)
{
    for (int i = 0; i < HARDWARE; i++)
        if (strcmp(hardware[i].key, text(in, "hardware")) == 0)
            return &hardware[i];
    return published ? &hardware[0] : NULL;
}

static double penalty_published(double batch)
{
    return 1 / fmax(0.2, fmin(1, batch / 16));
}

/* uJ of operations and bytes by the corrected device of the library. */
static double device_uj(const struct hardware *hw, double ops, double bytes, double utilization, double *pj_per_byte)
{
    pj_device *device = NULL;
    pj_device_cost cost;
    pj_error err = {0};
    double uj = NAN;
    size_t count = 0;
    *pj_per_byte = NAN;
    if (pj_device_open(hw->device, NULL, &device, &err) != PJ_OK)
        return NAN;
    const pj_device_work work = {.format = pj_number_float(32, PJ_FLOAT_PLAIN),
                                 .ops = ops,
                                 .weight_bytes = bytes,
                                 .batch = 1,
                                 .sequence = 1,
                                 .utilization = utilization};
    if (pj_device_estimate(device, &work, &cost, &err) == PJ_OK && cost.has_energy)
        uj = cost.energy_pj * 1e-6;
    const pj_figure *figures = pj_device_figures(device, &count);
    for (size_t i = 0; i < count; i++)
        if (strcmp(figures[i].path, "$.memory_energy.pj_per_byte") == 0)
            *pj_per_byte = figures[i].value;
    pj_device_close(device);
    return uj;
}

static double ops_uj(const struct hardware *hw, double ops, double batch)
{
    double ignored;
    return device_uj(hw, ops, 0, pj_v4_utilization(batch), &ignored);
}

static void compute_energy(const cJSON *in, bool published, cJSON *got)
{
    const struct hardware *hw = hardware_of(in, published);
    double flops = num(in, "flops"), batch = num(in, "batch_size"), gb = num(in, "memory_gb"), memory;
    if (!hw) {
        refuse(got, 3);
        return;
    }
    if (published) {
        put(got, "energy_uj", flops * hw->published_uj * penalty_published(batch) + gb * 500);
        return;
    }
    put(got, "energy_uj", device_uj(hw, flops, gb * 1e9, pj_v4_utilization(batch), &memory));
    put(got, "penalty", 1 / pj_v4_utilization(batch));
    put(got, "memory_pj_per_byte", memory);
    put(got, "uj_per_flop", ops_uj(hw, 1, 16));
    if (isnan(memory) && gb > 0)
        cJSON_AddStringToObject(got, "diagnostic", "the profile has no memory energy: memory is not counted");
}

static void batch_penalty(const cJSON *in, bool published, cJSON *got)
{
    double batch = num(in, "batch_size");
    put(got, "factor", published ? penalty_published(batch) : 1 / pj_v4_utilization(batch));
}

static double quantum_uj(const struct hardware *hw, double qubits, double layers, double tokens, bool published)
{
    return published ? pow(2, qubits) * layers * 100 * 50 * tokens * hw->published_uj
                     : ops_uj(hw, pj_quantum_ops(qubits, layers, tokens), 16);
}

static void quantum_energy(const cJSON *in, bool published, cJSON *got)
{
    const struct hardware *hw = hardware_of(in, published);
    double qubits = num(in, "n_qubits"), layers = num(in, "n_layers"), tokens = num(in, "n_tokens");
    if (!hw) {
        refuse(got, 3);
        return;
    }
    put(got, "energy_uj", quantum_uj(hw, qubits, layers, tokens, published));
    if (!published)
        put(got, "classical_ops", pj_quantum_ops(qubits, layers, tokens));
}

static pj_amounts amounts_of(double joules, double g_per_kwh, double wue, double phone_wh)
{
    const pj_conditions conditions = {
        .pue = 1, .g_per_kwh = g_per_kwh, .wue_onsite = wue, .wue_offsite = 0, .price = NAN, .phone_wh = phone_wh};
    return pj_amounts_of(joules, &conditions);
}

static void carbon_footprint(const cJSON *in, bool published, cJSON *got)
{
    double uj = num(in, "energy_uj"), g_per_kwh = num(in, "g_per_kwh");
    pj_amounts amounts = amounts_of(uj * 1e-6, g_per_kwh, NAN, 12);
    put(got, "kwh", published ? uj * 1e-12 : amounts.kwh_site);
    put(got, "g", published ? uj * 1e-12 * g_per_kwh : amounts.gco2e);
}

static void training_energy_estimate(const cJSON *in, bool published, cJSON *got)
{
    const struct hardware *hw = hardware_of(in, published);
    double batch = num(in, "batch_size"), samples = num(in, "dataset_size"), epochs = num(in, "n_epochs");
    double flops = num(in, "flops_per_step");
    if (!hw) {
        refuse(got, 3);
        return;
    }
    double steps = published ? ceil(samples / batch) * epochs : pj_training_steps(samples, batch, epochs);
    double classical = published ? flops * steps * hw->published_uj * penalty_published(batch)
                                 : ops_uj(hw, pj_training_flops(steps, 1, flops, 0), batch);
    double quantum = steps * quantum_uj(hw, num(in, "n_qubits"), num(in, "n_qlayers"),
                                        num(in, "quantum_tokens_per_batch"), published);
    double uj = classical + quantum;
    put(got, "training_steps", steps);
    put(got, "classical_energy_uj", classical);
    put(got, "quantum_energy_uj", quantum);
    put(got, "total_energy_uj", uj);
    put(got, "total_energy_j", uj * 1e-6);
    if (published) {
        cJSON_AddStringToObject(got, "hardware", hw->name);
        put(got, "total_energy_kwh", uj * 1e-12);
        put(got, "carbon_g", uj * 1e-12 * 400);
        put(got, "carbon_kg", uj * 1e-12 * 400 / 1000);
        put(got, "equivalent_smartphone_charges", uj / 5.4e10);
        return;
    }
    const pj_amounts amounts = amounts_of(uj * 1e-6, 400, NAN, 12), of_15wh = amounts_of(uj * 1e-6, 400, NAN, 15);
    put(got, "total_energy_kwh", amounts.kwh_site);
    put(got, "carbon_g", amounts.gco2e);
    put(got, "smartphone_charges_15wh", of_15wh.phone_charges);
    put(got, "smartphone_charges_epa_12wh", amounts.phone_charges);
}

static void compare_hardware(const cJSON *in, bool published, cJSON *got)
{
    double flops = num(in, "flops"), batch = num(in, "batch_size");
    cJSON *list = cJSON_AddObjectToObject(got, "energy_uj");
    for (int i = 0; i < CLASSICAL; i++)
        put(list, hardware[i].key,
            published ? flops * hardware[i].published_uj * penalty_published(batch)
                      : ops_uj(&hardware[i], flops, batch));
    /* published: the last that was tried stays selected */
    cJSON_AddStringToObject(got, "selected_afterwards", published ? "edge_mobile" : "gpu_a100");
}

static void estimate_model_energy(const cJSON *in, bool published, cJSON *got)
{
    const struct hardware *hw = hardware_of(in, published);
    double params = num(in, "params"), batch = num(in, "batch_size"), sequence = num(in, "seq_len"), memory;
    double flops = 2 * params * batch * sequence, bytes = params * 4;
    if (!hw) {
        refuse(got, 3);
        return;
    }
    put(got, "flops_estimate", flops);
    put(got, "params", params);
    put(got, "model_size_mb", bytes / 1e6);
    if (published) {
        double uj = flops * hw->published_uj * penalty_published(batch) + bytes / 1e9 * 500;
        put(got, "energy_uj", uj);
        put(got, "energy_mj", uj / 1e6);
        put(got, "carbon_per_query_ug", uj * 1e-12 * 400 * 1e6);
        cJSON_AddStringToObject(got, "hardware", hw->name);
        return;
    }
    double uj = device_uj(hw, flops, bytes, pj_v4_utilization(batch), &memory);
    const pj_amounts amounts = amounts_of(uj * 1e-6, 400, NAN, 12), of_query = pj_amounts_times(&amounts, 1 / batch);
    put(got, "energy_uj", uj);
    put(got, "energy_mj", uj / 1e3);
    put(got, "carbon_per_batch_ug", amounts.gco2e * 1e6);
    put(got, "carbon_per_query_ug", of_query.gco2e * 1e6);
    put(got, "memory_pj_per_byte", memory);
}

/* ---- V4's frontier ---- */

enum { MOST_POINTS = 4096 };

typedef struct tracked {
    double ppl, uj;
    int number;
} tracked;

static void add_pair(cJSON *list, double ppl, double uj, int number)
{
    cJSON *item = cJSON_CreateArray();
    cJSON_AddItemToArray(item, cJSON_CreateNumber(ppl));
    cJSON_AddItemToArray(item, cJSON_CreateNumber(uj));
    if (number >= 0)
        cJSON_AddItemToArray(item, cJSON_CreateNumber(number));
    cJSON_AddItemToArray(list, item);
}

/* As Python rounds: the decimal that is nearest to the double itself. */
static double rounded(double value, int digits)
{
    char text[400];
    snprintf(text, sizeof text, "%.*f", digits, value);
    return strtod(text, NULL);
}

/* Which of the points stay: as published those that are not worse in both; else those that the library's frontier
 * keeps. */
static int keep_points(tracked *points, int count, bool published)
{
    static pj_pareto_point list[MOST_POINTS + 1];
    static size_t frontier[MOST_POINTS + 1];
    const tracked added = points[count - 1];
    size_t ignored;
    int kept = 0;
    for (int i = 0; i < count; i++)
        list[i] = (pj_pareto_point){.quality = points[i].ppl, .energy = points[i].uj, .unit = "pJ"};
    if (!published)
        (void)pj_pareto_sort(list, (size_t)count, PJ_BETTER_LOWER, frontier, &ignored);
    for (int i = 0; i < count; i++)
        if (i == count - 1 ||
            (published ? !(points[i].ppl > added.ppl && points[i].uj > added.uj) : !list[i].dominated))
            points[kept++] = points[i];
    return kept;
}

/* A point that another one equals or beats is not recorded. */
static bool is_beaten(const tracked *points, int count, const tracked *point)
{
    for (int i = 0; i < count; i++)
        if (points[i].ppl <= point->ppl && points[i].uj <= point->uj)
            return true;
    return false;
}

static void sort_points(tracked *points, int count)
{
    for (int i = 1; i < count; i++)
        for (int k = i; k > 0 && points[k].ppl < points[k - 1].ppl; k--) {
            tracked other = points[k];
            points[k] = points[k - 1];
            points[k - 1] = other;
        }
}

static void put_best(const tracked *points, int count, cJSON *got)
{
    const tracked *best = NULL;
    for (int i = 0; i < count; i++)
        if (points[i].ppl <= 1.1 * points[0].ppl && (!best || points[i].uj < best->uj))
            best = &points[i];
    if (!best) {
        cJSON_AddNullToObject(got, "best_efficiency_ppl_energy");
        return;
    }
    cJSON *pair = cJSON_AddArrayToObject(got, "best_efficiency_ppl_energy");
    cJSON_AddItemToArray(pair, cJSON_CreateNumber(best->ppl));
    cJSON_AddItemToArray(pair, cJSON_CreateNumber(best->uj));
}

static void put_summary(const tracked *points, int count, cJSON *got)
{
    cJSON *summary = cJSON_AddObjectToObject(got, "summary");
    double least = INFINITY;
    put(summary, "points", count);
    for (int i = 0; i < count; i++)
        least = fmin(least, points[i].uj);
    if (count == 0)
        return;
    put(summary, "best_ppl", points[0].ppl);
    put(summary, "min_energy_uj", least);
    cJSON *frontier = cJSON_AddArrayToObject(summary, "frontier");
    for (int i = 0; i < count; i++)
        add_pair(frontier, rounded(points[i].ppl, 2), rounded(points[i].uj, 2), -1);
}

static void pareto_tracker(const cJSON *in, bool published, cJSON *got)
{
    static tracked points[MOST_POINTS + 1];
    int count = 0, number = 0;
    const cJSON *pair;
    cJSON *recorded = cJSON_AddArrayToObject(got, "recorded");
    cJSON_ArrayForEach(pair, of(in, "points_ppl_energy"))
    {
        const tracked point = {cJSON_GetNumberValue(cJSON_GetArrayItem(pair, 0)),
                               cJSON_GetNumberValue(cJSON_GetArrayItem(pair, 1)), number++};
        bool beaten = count == MOST_POINTS || is_beaten(points, count, &point);
        cJSON_AddItemToArray(recorded, cJSON_CreateBool(!beaten));
        if (beaten)
            continue;
        points[count++] = point;
        count = keep_points(points, count, published);
        sort_points(points, count);
    }
    cJSON *list = cJSON_AddArrayToObject(got, "points");
    for (int i = 0; i < count; i++)
        add_pair(list, points[i].ppl, points[i].uj, points[i].number);
    put_best(points, count, got);
    if (published)
        put_summary(points, count, got);
}

/* ---- the framework ---- */

static const char *const four[] = {"germany", "finland", "france", "usa"};

static double intensity_published(const char *region)
{
    static const double values[] = {366, 86, 57, 386};
    for (int i = 0; i < 4; i++)
        if (strcmp(region, four[i]) == 0)
            return values[i];
    return 400;
}

/* The row of the library for one of its regions; NULL: it refuses. */
static const pj_region *framework_region(const char *name)
{
    char id[64];
    const pj_region *region = NULL;
    pj_error err = {0};
    snprintf(id, sizeof id, "framework.%.40s", name);
    return pj_region_find(regions, id, &region, &err) == PJ_OK ? region : NULL;
}

static void estimate_gpu_power(const cJSON *in, bool published, cJSON *got)
{
    double percent = num(in, "utilization_percent"), idle = num(in, "idle_w"), most = num(in, "max_w");
    if (published)
        put(got, "w", idle + (most - idle) * percent / 100);
    else if (pj_quantity_wants("utilization_percent", percent))
        refuse(got, 2);
    else
        put(got, "w", pj_watts_at(idle, most, percent / 100));
}

static double training_watts(const cJSON *in, bool published, double *guess)
{
    *guess = fmin(95, 1.2 * num(in, "cpu_percent_after"));
    return published ? 50 + 250 * *guess / 100 : pj_watts_at(50, 300, *guess / 100);
}

static void measure_training_emissions(const cJSON *in, bool published, cJSON *got)
{
    double guess, watts = training_watts(in, published, &guess), hours = num(in, "duration_s") / 3600;
    const char *name = text(in, "region");
    const pj_region *region = framework_region(name);
    if (published) {
        double kwh = watts * hours / 1000;
        put(got, "energy_consumed_kwh", kwh);
        put(got, "carbon_intensity", intensity_published(name));
        put(got, "total_emissions_kg", kwh * intensity_published(name) / 1000);
        put(got, "duration_hours", hours);
        put(got, "model_size_mb", num(in, "model_size_mb"));
        put(got, "gpu_utilization_guess", guess);
        put(got, "w", watts);
    } else if (!region) {
        refuse(got, 3);
    } else {
        const pj_amounts amounts = amounts_of(pj_joules_of(watts, hours), region->g_per_kwh.value, NAN, 12);
        put(got, "energy_consumed_kwh", amounts.kwh_site);
        put(got, "total_emissions_kg", amounts.gco2e / 1000);
    }
}

static void compare_scenarios(const cJSON *in, bool published, cJSON *got)
{
    const cJSON *item;
    bool fails = false;
    cJSON_ArrayForEach(item, of(in, "scenarios")) fails = fails || num(item, "emissions_kg") > 0;
    if (published && fails) {
        cJSON_AddStringToObject(got, "exception", "NameError: name 'model_size_mb' is not defined");
        return;
    }
    cJSON_ArrayForEach(item, of(in, "scenarios"))
    {
        cJSON *one = cJSON_AddObjectToObject(got, text(item, "name"));
        double kg = num(item, "emissions_kg");
        put(one, "emissions_kg", kg);
        put(one, "energy_kwh", num(item, "energy_kwh"));
        if (published)
            put(one, "efficiency_score", 0);
        else
            put(one, "efficiency_score_mb_per_kg", pj_ratio(num(item, "model_size_mb"), kg));
    }
}

static void put_phase(cJSON *got, const char *phase, double hours, const pj_amounts *amounts)
{
    cJSON_AddStringToObject(got, "phase", phase);
    if (!isnan(hours))
        put(got, "duration_hours", hours);
    put(got, "energy_kwh", amounts->kwh_site);
    put(got, "carbon_kg", amounts->gco2e / 1000);
    put(got, "water_liters", amounts->water_l);
}

static void put_phase_published(cJSON *got, const char *phase, double hours, double kwh, double g_per_kwh)
{
    const pj_amounts amounts = {.kwh_site = kwh, .gco2e = kwh * g_per_kwh, .water_l = kwh * 2.3};
    put_phase(got, phase, hours, &amounts);
}

/* One phase, in each of the four regions where it is corrected. */
static void assess(const char *phase, double hours, double kwh, double joules, bool published, cJSON *got)
{
    if (published) {
        put_phase_published(got, phase, hours, kwh, 366);
        return;
    }
    for (int i = 0; i < 4; i++) {
        const pj_amounts amounts = amounts_of(joules, framework_region(four[i])->g_per_kwh.value, 2.3, 12);
        put_phase(cJSON_AddObjectToObject(got, four[i]), phase, hours, &amounts);
    }
}

static void assess_development_phase(const cJSON *in, bool published, cJSON *got)
{
    double hours = num(in, "dev_hours"), team = num(in, "team_size");
    assess("development", hours, hours * team * 0.15, pj_joules_of(150, hours * team), published, got);
}

static void assess_inference_phase(const cJSON *in, bool published, cJSON *got)
{
    double per_day = num(in, "requests_per_day"), days = num(in, "deployment_days"), kwh = num(in, "kwh_per_request");
    assess("inference", 24 * days, per_day * days * kwh, kwh * PJ_J_PER_KWH * (per_day * days), published, got);
}

static void lifecycle_published(const cJSON *in, cJSON *got)
{
    double guess, hours = num(in, "training_hours"), watts = training_watts(in, true, &guess);
    double days = num(in, "deployment_days");
    double kwh[3] = {num(in, "dev_hours") * num(in, "team_size") * 0.15, watts * hours / 1000,
                     num(in, "requests_per_day") * days * num(in, "kwh_per_request")};
    double spent[4] = {num(in, "dev_hours"), hours, 24 * days, 0};
    double grams[3] = {366, intensity_published(text(in, "region")), 366};
    static const char *const names[] = {"development", "training", "inference"};
    pj_amounts total = {0};
    for (int i = 0; i < 3; i++) {
        cJSON *phase = cJSON_CreateObject();
        put_phase_published(phase, names[i], spent[i], kwh[i], grams[i]);
        cJSON_AddItemToArray(got, phase);
        total.kwh_site += kwh[i];
        total.gco2e += kwh[i] * grams[i];
        total.water_l += kwh[i] * 2.3;
        spent[3] += spent[i];
    }
    cJSON *sum = cJSON_CreateObject();
    put_phase(sum, "TOTAL", spent[3], &total);
    cJSON_AddItemToArray(got, sum);
}

/* The three phases as a file of the product. */
static cJSON *lifecycle_file(const cJSON *in)
{
    double guess;
    char region[64];
    cJSON *file = cJSON_CreateObject(), *phases = cJSON_CreateArray(), *phase;
    snprintf(region, sizeof region, "framework.%.40s", text(in, "region"));
    cJSON_AddStringToObject(file, "schema", "picojoule.lifecycle/1");
    cJSON_AddStringToObject(file, "region", region);
    put(file, "wue_onsite", 2.3);
    put(file, "wue_offsite", 0);
    cJSON_AddItemToObject(file, "phases", phases);
    cJSON_AddItemToArray(phases, phase = cJSON_CreateObject());
    cJSON_AddStringToObject(phase, "phase", "development");
    put(phase, "hours", num(in, "dev_hours"));
    put(phase, "people", num(in, "team_size"));
    put(phase, "watts", 150);
    cJSON_AddItemToArray(phases, phase = cJSON_CreateObject());
    cJSON_AddStringToObject(phase, "phase", "training");
    put(phase, "gpu_hours", num(in, "training_hours"));
    put(phase, "watts", training_watts(in, false, &guess));
    cJSON_AddItemToArray(phases, phase = cJSON_CreateObject());
    cJSON_AddStringToObject(phase, "phase", "inference");
    put(phase, "queries_per_day", num(in, "requests_per_day"));
    put(phase, "days", num(in, "deployment_days"));
    put(phase, "joules_per_query", num(in, "kwh_per_request") * PJ_J_PER_KWH);
    return file;
}

static void put_lifecycle(const pj_lifecycle *life, const double *hours, cJSON *got)
{
    cJSON *phases = cJSON_AddArrayToObject(got, "phases"), *shares;
    for (size_t i = 0; i < life->count; i++) {
        cJSON *phase = cJSON_CreateObject();
        put_phase(phase, life->phases[i].name, hours[i], &life->phases[i].amounts);
        cJSON_AddItemToArray(phases, phase);
    }
    put_phase(cJSON_AddObjectToObject(got, "total"), "TOTAL", NAN, &life->total);
    shares = cJSON_AddObjectToObject(got, "shares_percent");
    for (size_t i = 0; i < life->count; i++)
        put(shares, life->phases[i].name, life->phases[i].share_percent);
}

static void generate_lifecycle_report(const cJSON *in, bool published, cJSON *got)
{
    const double hours[] = {num(in, "dev_hours"), num(in, "training_hours"), 24 * num(in, "deployment_days")};
    const pj_site site = pj_site_default();
    pj_lifecycle *life = NULL;
    pj_error err = {0};
    if (published) {
        lifecycle_published(in, got);
        return;
    }
    cJSON *file = lifecycle_file(in);
    char *json = cJSON_PrintUnformatted(file);
    if (json && pj_lifecycle_parse(json, strlen(json), "case.json", &site, false, &life, &err) == PJ_OK)
        put_lifecycle(life, hours, got);
    else
        refuse(got, 3);
    pj_lifecycle_free(life);
    cJSON_free(json);
    cJSON_Delete(file);
}

static void model_size_mb(const cJSON *in, bool published, cJSON *got)
{
    double bytes = num(in, "params") * num(in, "bytes_per_element");
    put(got, published ? "mb" : "mib", bytes / (1 << 20));
    if (!published)
        put(got, "mb", bytes / 1e6);
}

static void efficiency_score(const cJSON *in, bool published, cJSON *got)
{
    double score = num(in, "flops") / (num(in, "model_size_mb") * num(in, "inference_time_s"));
    put(got, published ? "score" : "score_flop_per_mib_s", score);
}

static void estimate_flops(const cJSON *in, bool published, cJSON *got)
{
    const cJSON *weight, *input = of(in, "input");
    double flops = 0, size = 1;
    if (published) {
        for (int i = 2; i < cJSON_GetArraySize(input); i++)
            size *= cJSON_GetNumberValue(cJSON_GetArrayItem(input, i));
        cJSON_ArrayForEach(weight, of(in, "weights"))
        {
            const char *kind = cJSON_GetStringValue(cJSON_GetArrayItem(weight, 0));
            double elements = cJSON_GetNumberValue(cJSON_GetArrayItem(weight, 1));
            flops += elements * (kind && strcmp(kind, "conv") == 0 ? size : 1);
        }
        put(got, "flops", flops);
        return;
    }
    char path[4096];
    pj_result *result = NULL;
    pj_error err = {0};
    const pj_setup setup = pj_setup_default();
    snprintf(path, sizeof path, "%s/%.200s", MODELS, text(in, "model"));
    if (pj_result_open(path, &setup, &result, &err) == PJ_OK)
        put(got, "macs", (double)result->totals.macs);
    pj_result_free(result);
}

/* ---- footprints ---- */

static void put_amounts(cJSON *got, const pj_amounts *a)
{
    put(got, "kwh_it", a->kwh_it);
    put(got, "kwh_site", a->kwh_site);
    put(got, "gco2e", a->gco2e);
    put(got, "water_onsite_l", a->water_onsite_l);
    put(got, "water_offsite_l", a->water_offsite_l);
    put(got, "water_l", a->water_l);
    put(got, "phone_charges", a->phone_charges);
    put(got, "cost", a->cost);
}

static void footprint(const cJSON *in, bool published, cJSON *got)
{
    (void)published;
    const pj_conditions conditions = {.pue = num(in, "pue"),
                                      .losses = num_or(in, "losses_percent", 0) / 100,
                                      .g_per_kwh = num(in, "g_per_kwh"),
                                      .wue_onsite = num(in, "wue_onsite"),
                                      .wue_offsite = num(in, "wue_offsite"),
                                      .price = num(in, "price_per_kwh"),
                                      .phone_wh = 12};
    double joules = num(in, "joules_per_query"), per_day = num(in, "queries_per_day"), tokens = num(in, "tokens");
    const pj_amounts query = pj_amounts_of(joules, &conditions);
    const pj_amounts thousand = pj_amounts_times(&query, 1000), day = pj_amounts_times(&query, per_day),
                     year = pj_amounts_times(&day, 365);
    cJSON *of_query = cJSON_AddObjectToObject(got, "query");
    put_amounts(of_query, &query);
    if (!isnan(tokens)) {
        put(of_query, "j_per_token", pj_ratio(joules, tokens));
        put(of_query, "tokens_per_joule", pj_ratio(tokens, joules));
    }
    put_amounts(cJSON_AddObjectToObject(got, "thousand_queries"), &thousand);
    put_amounts(cJSON_AddObjectToObject(got, "day"), &day);
    put_amounts(cJSON_AddObjectToObject(got, "year_365_days"), &year);
}

static void sci(const cJSON *in, bool published, cJSON *got)
{
    (void)published;
    const pj_amounts amounts = amounts_of(num(in, "energy_kwh") * PJ_J_PER_KWH, num(in, "g_per_kwh"), NAN, 12);
    double m = pj_embodied_g(num(in, "embodied_kg"), num(in, "reserved_h"), num(in, "lifespan_h"),
                             pj_ratio(num(in, "resources_reserved"), num(in, "resources_total")));
    put(got, "o_g", amounts.gco2e);
    put(got, "m_g", m);
    put(got, "c_g", amounts.gco2e + m);
    put(got, "sci_g_per_r", pj_sci(amounts.gco2e, m, num(in, "functional_units")));
}

static void training(const cJSON *in, bool published, cJSON *got)
{
    (void)published;
    double steps = pj_training_steps(num(in, "samples"), num(in, "batch"), num(in, "epochs"));
    double flops = pj_training_flops(steps, num(in, "batch"), num(in, "forward_flops"), num(in, "backward"));
    double peak = num(in, "peak_flops"), mfu = num(in, "mfu");
    double joules = pj_training_joules(flops, num(in, "watts"), peak, mfu);
    const pj_conditions conditions = {.pue = num(in, "pue"), .g_per_kwh = num(in, "g_per_kwh")};
    put(got, "steps", steps);
    put(got, "flops", flops);
    put(got, "j", joules);
    put(got, "hours", pj_training_hours(flops, peak, mfu));
    put(got, "gco2e", pj_amounts_of(joules, &conditions).gco2e);
}

static void seed003_result(const cJSON *in, bool published, cJSON *got)
{
    double kwh = num(in, "energy_kwh"), kg = num(in, "co2_kg"), samples = num(in, "num_samples");
    const pj_amounts query = amounts_of(kwh * PJ_J_PER_KWH / samples, NAN, NAN, 12);
    if (published) {
        put(got, "energy_kwh", rounded(kwh, 6));
        put(got, "co2_kg", rounded(kg, 6));
        put(got, "kwh_per_1000_queries", kwh / samples * 1000);
        return;
    }
    put(got, "kwh_per_1000_queries", pj_amounts_times(&query, 1000).kwh_site);
    put(got, "joules", kwh * PJ_J_PER_KWH);
    put(got, "watts", pj_ratio(kwh * PJ_J_PER_KWH, num(in, "duration_seconds")));
    put(got, "g_per_kwh", pj_ratio(kg * 1000, kwh));
}

/* The exit code for a member that cannot be: options are checked with the same function; 3 is what is absent. */
static int code_of_member(const cJSON *item)
{
    pj_error err = {0};
    const pj_region *region;
    const char *word = cJSON_GetStringValue(item);
    if (word && strcmp(item->string, "region") == 0)
        return pj_region_find(regions, word, &region, &err) == PJ_OK ? 0 : 3;
    if (word && (strcmp(item->string, "device") == 0 || strcmp(item->string, "hardware") == 0)) {
        pj_device *device = NULL;
        bool there = pj_device_open(word, NULL, &device, &err) == PJ_OK;
        pj_device_close(device);
        return there ? 0 : 3;
    }
    return pj_quantity_wants(item->string, cJSON_IsNumber(item) ? item->valuedouble : NAN) ? 2 : 0;
}

static void bad_input(const cJSON *in, bool published, cJSON *got)
{
    double reserved = num(in, "resources_reserved"), total = num(in, "resources_total");
    bool has_share = of(in, "resources_reserved") && of(in, "resources_total");
    int code = has_share && pj_quantity_wants("share", pj_ratio(reserved, total)) ? 2 : 0;
    const cJSON *item;
    (void)published;
    cJSON_ArrayForEach(item, in)
    {
        int one = code_of_member(item);
        code = code ? code : one;
    }
    refuse(got, code);
}

static void seed004_table(const cJSON *in, bool published, cJSON *got)
{
    double values[64], percent[64], total = 0;
    int count = cJSON_GetArraySize(of(in, "mj"));
    static const double copied[] = {5.23, 18.12, 17.92, 17.82, 17.56, 17.67, 17.42, 2.75, 1.95};
    count = count < 64 ? count : 64;
    cJSON *list = cJSON_AddArrayToObject(got, "percent");
    for (int i = 0; i < count; i++)
        total += values[i] = cJSON_GetNumberValue(cJSON_GetArrayItem(of(in, "mj"), i));
    pj_shares(values, (size_t)count, percent);
    for (int i = 0; i < count && (!published || i < 9); i++)
        cJSON_AddItemToArray(list, cJSON_CreateNumber(published ? copied[i] : percent[i]));
    put(got, "total_mj", published ? 44.812 : total);
    if (published)
        put(got, "percent_sum", 116.44);
}

static void seed004_row(const cJSON *in, bool published, cJSON *got)
{
    double seconds = num(in, "total_time_s"), loops = num(in, "num_loops"), batch = num(in, "batch_size");
    double joules = pj_joules_of(num(in, "avg_power_w"), seconds / 3600);
    if (published) {
        put(got, "energy_total_j", 105.8);
        put(got, "energy_per_inference_mj", 2.345);
        put(got, "latency_per_loop_ms", 0.234);
        put(got, "num_power_samples", 23);
        return;
    }
    put(got, "energy_total_j", joules);
    put(got, "energy_per_loop_mj", pj_ratio(joules, loops) * 1e3);
    put(got, "energy_per_sample_mj", pj_ratio(joules, loops * batch) * 1e3);
    put(got, "latency_per_loop_ms", pj_ratio(seconds, loops) * 1e3);
    put(got, "num_power_samples", floor(seconds * 1000 / num(in, "poll_interval_ms")));
}

/* ---- stars ---- */

static void put_stars(const double *values, size_t count, pj_star_method method, const char *key, cJSON *got)
{
    pj_star *stars = calloc(count + 1, sizeof *stars);
    cJSON *list = cJSON_AddArrayToObject(got, key);
    if (stars && pj_stars_give(values, count, method, stars))
        for (size_t i = 0; i < count; i++)
            cJSON_AddItemToArray(list, cJSON_CreateNumber(stars[i].stars));
    free(stars);
}

/* The seed sorts first, stars and percentiles are by place. */
static void stars_published(double *values, int count, cJSON *got)
{
    cJSON *stars = cJSON_AddArrayToObject(got, "stars_seed003_code");
    cJSON *percentiles = cJSON_AddArrayToObject(got, "percentile_seed003_code");
    for (int i = 0; i < count; i++) {
        int place = 0, fifth = count / 5 > 1 ? count / 5 : 1;
        for (int k = 0; k < count; k++)
            place += values[k] < values[i] || (values[k] == values[i] && k < i);
        int down = place / fifth < 4 ? place / fifth : 4;
        cJSON_AddItemToArray(stars, cJSON_CreateNumber(5 - down));
        cJSON_AddItemToArray(percentiles, cJSON_CreateNumber(count > 1 ? floor(100.0 * place / (count - 1)) : 0));
    }
}

static void stars(const cJSON *in, bool published, cJSON *got)
{
    const cJSON *list = of(in, "kwh_per_1000_queries");
    int count = cJSON_GetArraySize(list), i = 0;
    double *values = calloc((size_t)count + 1, sizeof *values);
    const cJSON *item;
    if (!values)
        return;
    cJSON_ArrayForEach(item, list) values[i++] = cJSON_GetNumberValue(item);
    if (published) {
        stars_published(values, count, got);
    } else {
        put_stars(values, (size_t)count, PJ_STARS_RANK, "rank", got);
        put_stars(values, (size_t)count, PJ_STARS_RANGE, "range", got);
    }
    free(values);
}

/* ---- schedules ---- */

static void put_window(const pj_run_window *window, cJSON *got)
{
    put(got, "start_h", window->start_h);
    put(got, "mean_g_per_kwh", window->mean);
    put(got, "now_mean_g_per_kwh", window->now_mean);
    put(got, "worst_mean_g_per_kwh", window->worst_mean);
    put(got, "saving_percent_of_now", window->saving_percent_of_now);
    if (isnan(window->slots_mean))
        return;
    cJSON *part = cJSON_AddObjectToObject(got, "interruptible");
    put(part, "mean_g_per_kwh", window->slots_mean);
    cJSON *list = cJSON_AddArrayToObject(part, "slots_start_hours");
    for (size_t i = 0; i < window->slot_count; i++)
        add_pair(list, window->slots[i].start_h, window->slots[i].hours, -1);
}

static void find_window(const cJSON *in, const pj_steps *steps, cJSON *got)
{
    pj_run_window window;
    pj_error err = {0};
    pj_steps asked = *steps;
    const cJSON *repeats = of(in, "repeats");
    if (repeats)
        asked.repeats = cJSON_IsTrue(repeats);
    const pj_window_ask ask = {num(in, "duration_h"), num_or(in, "earliest_h", 0), num(in, "latest_end_h"), true, 0};
    if (pj_window_find(&asked, &ask, &window, &err) == PJ_OK) {
        put_window(&window, got);
        free(window.starts);
        free(window.slots);
    } else {
        refuse(got, 3);
    }
}

static void schedule(const cJSON *in, bool published, cJSON *got)
{
    const cJSON *values = of(in, "values"), *item;
    (void)published;
    if (values) {
        size_t count = 0;
        double *list = calloc((size_t)cJSON_GetArraySize(values) + 1, sizeof *list);
        cJSON_ArrayForEach(item, values) list[count++] = cJSON_GetNumberValue(item);
        const pj_steps steps = {list, count, num_or(in, "step_h", 1), false};
        find_window(in, &steps, got);
        free(list);
        return;
    }
    char path[4096];
    pj_profile *profile = NULL;
    pj_error err = {0};
    snprintf(path, sizeof path, "%.3000s/profiles/%.200s.csv", folder, text(in, "profile"));
    if (pj_profile_open(path, PJ_REPEATS_AUTO, &profile, &err) == PJ_OK)
        find_window(in, &profile->steps, got);
    else
        fprintf(stderr, "%s: %s\n", path, err.what);
    pj_profile_close(profile);
}

/* ---- comparing ---- */

static const struct {
    const char *name;
    void (*compute)(const cJSON *in, bool published, cJSON *got);
} functions[] = {
    {"compute_energy",             compute_energy            },
    {"batch_penalty",              batch_penalty             },
    {"quantum_energy",             quantum_energy            },
    {"carbon_footprint",           carbon_footprint          },
    {"training_energy_estimate",   training_energy_estimate  },
    {"compare_hardware",           compare_hardware          },
    {"estimate_model_energy",      estimate_model_energy     },
    {"pareto_tracker",             pareto_tracker            },
    {"estimate_gpu_power",         estimate_gpu_power        },
    {"measure_training_emissions", measure_training_emissions},
    {"compare_scenarios",          compare_scenarios         },
    {"assess_development_phase",   assess_development_phase  },
    {"assess_inference_phase",     assess_inference_phase    },
    {"generate_lifecycle_report",  generate_lifecycle_report },
    {"model_size_mb",              model_size_mb             },
    {"efficiency_score",           efficiency_score          },
    {"estimate_flops",             estimate_flops            },
    {"footprint",                  footprint                 },
    {"sci",                        sci                       },
    {"training",                   training                  },
    {"seed003_result",             seed003_result            },
    {"bad_input",                  bad_input                 },
    {"seed004_table",              seed004_table             },
    {"seed004_row",                seed004_row               },
    {"stars",                      stars                     },
    {"schedule",                   schedule                  },
};
enum { FUNCTIONS = sizeof functions / sizeof *functions };

typedef struct place {
    const char *file, *id;
    double tolerance, largest;
    bool shown;
    int differences, compared;
} place;

static double largest_of(const cJSON *item)
{
    double most = cJSON_IsNumber(item) ? fabs(item->valuedouble) : 0;
    for (const cJSON *at = item ? item->child : NULL; at; at = at->next)
        most = fmax(most, largest_of(at));
    return most;
}

static bool agree(const place *at, const cJSON *got, const cJSON *want)
{
    if (!cJSON_IsNumber(want) || !cJSON_IsNumber(got))
        return cJSON_Compare(got, want, true);
    double a = got->valuedouble, b = want->valuedouble, most = fmax(fabs(a), fabs(b));
    return fabs(a - b) <= at->tolerance * most || most < 1e-12 * at->largest;
}

static bool is_comment(const char *key)
{
    return strcmp(key, "note") == 0 || strcmp(key, "check") == 0 || strcmp(key, "because") == 0;
}

static void differ(place *at, const char *path, const cJSON *got, const cJSON *want)
{
    if (at->differences++ || !at->shown)
        return;
    char *ours = got ? cJSON_PrintUnformatted(got) : NULL, *theirs = cJSON_PrintUnformatted(want);
    fprintf(stderr, "%s: %s %s: wanted %s, got %s\n", at->file, at->id, path, theirs ? theirs : "?",
            ours ? ours : "nothing");
    cJSON_free(ours);
    cJSON_free(theirs);
}

static void compare(place *at, const char *path, const cJSON *got, const cJSON *want)
{
    const cJSON *item, *ours;
    char deeper[256];
    int i = 0;
    bool lists = cJSON_IsArray(want) && cJSON_IsArray(got), objects = cJSON_IsObject(want) && cJSON_IsObject(got);
    if (!lists && !objects) {
        at->compared++;
        if (!got || !agree(at, got, want))
            differ(at, path, got, want);
        return;
    }
    if (lists && cJSON_GetArraySize(got) != cJSON_GetArraySize(want)) {
        differ(at, path, got, want);
        return;
    }
    at->compared += lists;
    cJSON_ArrayForEach(item, want)
    {
        ours = lists ? cJSON_GetArrayItem(got, i) : of(got, item->string);
        if (lists)
            snprintf(deeper, sizeof deeper, "%s[%d]", path, i++);
        else
            snprintf(deeper, sizeof deeper, "%s.%s", path, item->string);
        if (lists || !is_comment(item->string))
            compare(at, deeper, ours, item);
    }
}

/* One side of a case: what stands there is compared. An error: the exit code alone. */
static bool side_passes(place *at, int function, const cJSON *row, const char *side)
{
    const cJSON *want = of(row, side), *code = cJSON_IsObject(want) && of(want, "error") ? of(want, "exit") : NULL;
    bool published = strcmp(side, "as_published") == 0;
    if (!want)
        return true;
    cJSON *got = cJSON_IsArray(want) ? cJSON_CreateArray() : cJSON_CreateObject();
    at->differences = at->compared = 0;
    at->largest = fmax(largest_of(want), largest_of(of(row, "in")));
    functions[function].compute(of(row, "in"), published, got);
    if (code)
        compare(at, side, of(got, "exit"), code);
    else
        compare(at, side, got, want);
    cJSON_Delete(got);
    return at->differences == 0 && at->compared > 0;
}

static bool case_passes(place *at, const cJSON *row)
{
    const char *name = text(row, "function");
    int function = 0;
    at->id = text(row, "id");
    while (function < FUNCTIONS && strcmp(functions[function].name, name) != 0)
        function++;
    if (function == FUNCTIONS) {
        if (at->shown)
            fprintf(stderr, "%s: %s: unknown function \"%s\"\n", at->file, at->id, name);
        return false;
    }
    bool corrected = side_passes(at, function, row, "corrected");
    bool published = side_passes(at, function, row, "as_published");
    return corrected && published && (of(row, "corrected") || of(row, "as_published"));
}

/* false: no file of cases. */
static bool replay_file(const char *name, int *passed, int *failed)
{
    char path[4096];
    size_t length;
    const cJSON *row;
    int good = 0, bad = 0;
    snprintf(path, sizeof path, "%.3000s/%.500s", folder, name);
    char *bytes = read_text(path, &length);
    cJSON *root = bytes ? cJSON_ParseWithLength(bytes, length) : NULL;
    const cJSON *cases = of(root, "cases");
    place at = {.file = name, .tolerance = num_or(root, "tolerance", 1e-9)};
    bool is_ours = cJSON_IsArray(cases) || !root;
    if (!root) {
        fprintf(stderr, "%s: not a JSON file\n", path);
        bad = 1;
    }
    cJSON_ArrayForEach(row, cases)
    {
        at.shown = bad < SHOWN;
        if (case_passes(&at, row))
            good++;
        else
            bad++;
    }
    if (is_ours)
        printf("%s: %d passed, %d failed\n", name, good, bad);
    *passed += good;
    *failed += bad;
    cJSON_Delete(root);
    free(bytes);
    return is_ours;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static int replay_all(void)
{
    enum { MOST_FILES = 1000 };
    static char *names[MOST_FILES];
    size_t count = 0;
    int passed = 0, failed = 0, files = 0;
    DIR *at = opendir(folder);
    struct dirent *entry;
    while (at && (entry = readdir(at)) && count < MOST_FILES) {
        size_t length = strlen(entry->d_name);
        if (length > 5 && strcmp(entry->d_name + length - 5, ".json") == 0)
            names[count++] = strdup(entry->d_name);
    }
    if (at)
        closedir(at);
    qsort(names, count, sizeof *names, by_name);
    for (size_t i = 0; i < count; i++) {
        files += replay_file(names[i], &passed, &failed);
        free(names[i]);
    }
    if (!files)
        fprintf(stderr, "%s: no file of cases is here\n", folder);
    printf("total: %d passed, %d failed\n", passed, failed);
    return !files ? 2 : failed > 0;
}

/* ---- the table of docs/footprint.md ---- */

/*  what it is a figure of, function, its input, where the published answer has it, where the corrected one */
static const struct {
    const char *what, *function, *in, *published, *corrected;
} table[] = {
    {"V4: 10^12 FLOPs on its A100 (uJ)",                     "compute_energy",
     "{'hardware': 'gpu_a100', 'flops': 1e12, 'batch_size': 16, 'memory_gb': 0}",                                                                   "energy_uj",                     "energy_uj"           },
    {"V4: the same on its Xeon (uJ)",                        "compute_energy",
     "{'hardware': 'cpu_intel_xeon', 'flops': 1e12, 'batch_size': 16, 'memory_gb': 0}",                                                             "energy_uj",                     "energy_uj"           },
    {"V4: 1 GB of memory, A100 (uJ)",                        "compute_energy",
     "{'hardware': 'gpu_a100', 'flops': 0, 'batch_size': 16, 'memory_gb': 1}",                                                                      "energy_uj",                     "energy_uj"           },
    {"V4: 1 J in kWh",                                       "carbon_footprint",           "{'energy_uj': 1e6, 'g_per_kwh': 400}",                  "kwh",                           "kwh"                 },
    {"V4: CO2 of its training example, A100 (g)",            "training_energy_estimate",   TRAINING,                                                "carbon_g",                      "carbon_g"            },
    {"V4: phone charges of it",                              "training_energy_estimate",   TRAINING,                                                "equivalent_smartphone_charges",
     "smartphone_charges_epa_12wh"                                                                                                                                                                         },
    {"V4: a model of 66 M parameters, batch 4 (mJ)",         "estimate_model_energy",      MODEL,                                                   "energy_mj",                     "energy_mj"           },
    {"V4: CO2 of a query of it (ug)",                        "estimate_model_energy",      MODEL,                                                   "carbon_per_query_ug",           "carbon_per_query_ug" },
    {"V4: a circuit of 8 qubits, 6 layers, 512 tokens (uJ)", "quantum_energy",
     "{'hardware': 'quantum_simulator', 'n_qubits': 8, 'n_layers': 6, 'n_tokens': 512}",                                                            "energy_uj",                     "energy_uj"           },
    {"V4: the penalty of batch 4, a heuristic",              "batch_penalty",              "{'batch_size': 4}",                                     "factor",                        "factor"              },
    {"V4: what is selected after comparing hardware",        "compare_hardware",           "{'flops': 1e6, 'batch_size': 1}",
     "selected_afterwards",                                                                                                                                                          "selected_afterwards" },
    {"framework: a region that it does not know (kg)",       "measure_training_emissions",
     "{'region': 'atlantis', 'duration_s': 3600, 'cpu_percent_after': 40, 'model_size_mb': 1}",                                                     "total_emissions_kg",
     "exit"                                                                                                                                                                                                },
    {"framework: a utilization of 150 % (W)",                "estimate_gpu_power",
     "{'utilization_percent': 150, 'idle_w': 50, 'max_w': 300}",                                                                                    "w",                             "exit"                },
    {"framework: its lifecycle in Finland (kg)",             "generate_lifecycle_report",  LIFE,                                                    "3.carbon_kg",                   "total.carbon_kg"     },
    {"framework: hours of it",                               "generate_lifecycle_report",  LIFE,                                                    "3.duration_hours",              "total.duration_hours"},
    {"framework: efficiency of a scenario",                  "compare_scenarios",
     "{'scenarios': [{'name': 'int8', 'emissions_kg': 0.125, 'energy_kwh': 0.3, 'model_size_mb': 24.5}]}",                                          "exception",
     "int8.efficiency_score_mb_per_kg"                                                                                                                                                                     },
    {"framework: operations of resnet8",                     "estimate_flops",
     "{'model': 'resnet8.onnx', 'input': [1, 3, 32, 32], 'weights': [['conv', 432], ['conv', 2304], ['conv', 2304], "
     "['conv', 4608], ['conv', 9216], ['conv', 512], ['conv', 18432], ['conv', 36864], ['conv', 2048], ['linear', "
     "640]]}",                                                                                                                                      "flops",                         "macs"                },
    {"ML Energy Score: 1.5 J as kWh, and per 1000 queries",  "seed003_result",
     "{'num_samples': 1000, 'energy_kwh': 4.1666e-7, 'co2_kg': 1e-7, 'duration_seconds': 1}",                                                       "energy_kwh",
     "kwh_per_1000_queries"                                                                                                                                                                                },
    {"ML Energy Score: stars of nine models",                "stars",                      "{'kwh_per_1000_queries': [1, 2, 3, 4, 5, 6, 7, 8, 9]}",
     "stars_seed003_code",                                                                                                                                                           "rank"                },
    {"layer table: the shares of its sample add up to (mJ)", "seed004_table",
     "{'mj': [2.345, 8.123, 8.034, 7.989, 7.876, 7.923, 7.812, 1.234, 0.876]}",                                                                     "total_mj",                      "total_mj"            },
    {"layer table: latency of a loop (ms)",                  "seed004_row",
     "{'avg_power_w': 45.2, 'total_time_s': 2.34, 'num_loops': 100, 'batch_size': 16, 'poll_interval_ms': 100}",                                    "latency_per_loop_ms",           "latency_per_loop_ms" },
};

/* JSON that is written with single quotes. */
static cJSON *parse_quoted(const char *json)
{
    char *copy = strdup(json);
    for (char *at = copy; at && *at; at++)
        *at = *at == '\'' ? '"' : *at;
    cJSON *parsed = copy ? cJSON_Parse(copy) : NULL;
    free(copy);
    return parsed;
}

/* "3.carbon_kg": members and places. */
static const cJSON *walk(const cJSON *item, const char *path)
{
    char part[64];
    while (item && *path) {
        size_t length = strcspn(path, ".");
        snprintf(part, sizeof part, "%.*s", (int)length, path);
        item = cJSON_IsArray(item) ? cJSON_GetArrayItem(item, atoi(part)) : of(item, part);
        path += length + (path[length] == '.');
    }
    return item;
}

static void print_value(const cJSON *got, const char *path)
{
    const cJSON *item = walk(got, path);
    if (item && strcmp(path, "exit") == 0) {
        printf("refused (exit %d)", item->valueint);
    } else if (cJSON_IsNumber(item)) {
        printf("%.6g", item->valuedouble);
    } else if (cJSON_IsString(item)) {
        printf("`%s`", cJSON_GetStringValue(item));
    } else if (item) {
        char *text_of_list = cJSON_PrintUnformatted(item);
        printf("%s", text_of_list ? text_of_list : "?");
        cJSON_free(text_of_list);
    } else {
        printf("not given");
    }
}

static int print_table(void)
{
    printf("| figure | as published | corrected |\n|---|---|---|\n");
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        int function = 0;
        cJSON *in = parse_quoted(table[i].in);
        while (function < FUNCTIONS && strcmp(functions[function].name, table[i].function) != 0)
            function++;
        if (!in || function == FUNCTIONS)
            return 1;
        printf("| %s |", table[i].what);
        for (int published = 1; published >= 0; published--) {
            bool list = published && strcmp(table[i].function, "generate_lifecycle_report") == 0;
            cJSON *got = list ? cJSON_CreateArray() : cJSON_CreateObject();
            functions[function].compute(in, published, got);
            printf(" ");
            print_value(got, published ? table[i].published : table[i].corrected);
            printf(" |");
            cJSON_Delete(got);
        }
        printf("\n");
        cJSON_Delete(in);
    }
    return 0;
}

int main(int argc, char **argv)
{
    pj_error err = {0};
    if (argc != 2) {
        fprintf(stderr, "usage: replay_footprint FOLDER\n");
        return 2;
    }
    folder = argv[1];
    if (pj_regions_open(NULL, &regions, &err) != PJ_OK) {
        fprintf(stderr, "%s: %s\n", err.file, err.what);
        return 2;
    }
    int code = strcmp(folder, "--table") == 0 ? print_table() : replay_all();
    pj_regions_close(regions);
    return code;
}
