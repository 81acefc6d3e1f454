/* Replays measurements of a folder: replay_measure FOLDER. All figures come from the library's functions, those that
 * `measure` and `layers` call; readings and clocks are the folder's own. */
#include <cjson/cJSON.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "measure/compat.h"
#include "picojoule/picojoule.h"
#include "power/counter.h"
#include "power/power.h"
#include "power/statistics.h"

enum { SHOWN = 20, MOST_BYTES = 64 * 1024 * 1024, MOST = 4096 };

static const char *folder;
static int shown;

/* ---- JSON ---- */

static const cJSON *of(const cJSON *object, const char *key)
{
    return cJSON_GetObjectItemCaseSensitive(object, key);
}

static double num(const cJSON *object, const char *key)
{
    const cJSON *item = of(object, key);
    return cJSON_IsNumber(item) ? item->valuedouble : NAN;
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

static void put_flag(cJSON *object, const char *key, bool value)
{
    cJSON_AddBoolToObject(object, key, value);
}

/* Numbers of a list, or of its pairs at `at` (0, 1); -1: the list itself holds them. */
static size_t numbers(const cJSON *list, int at, double *out)
{
    size_t count = 0;
    const cJSON *item;
    cJSON_ArrayForEach(item, list)
    {
        const cJSON *number = at < 0 ? item : cJSON_GetArrayItem(item, at);
        if (count < MOST)
            out[count++] = cJSON_IsNumber(number) ? number->valuedouble : NAN;
    }
    return count;
}

static cJSON *read_json(const char *name)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "rb");
    char *bytes = file ? malloc(MOST_BYTES) : NULL;
    size_t length = bytes ? fread(bytes, 1, MOST_BYTES, file) : 0;
    cJSON *root = bytes ? cJSON_ParseWithLength(bytes, length) : NULL;
    if (file)
        (void)fclose(file);
    free(bytes);
    return root;
}

/* ---- comparing ---- */

typedef struct place {
    const char *file, *id;
    double tolerance, largest;
    int differences, compared;
} place;

static void differ(place *at, const char *path, const cJSON *got, const cJSON *want)
{
    at->differences++;
    if (shown++ >= SHOWN)
        return;
    char *ours = got ? cJSON_PrintUnformatted(got) : NULL, *theirs = want ? cJSON_PrintUnformatted(want) : NULL;
    fprintf(stderr, "%s: %s %s: wanted %s, got %s\n", at->file, at->id, path, theirs ? theirs : "nothing",
            ours ? ours : "nothing");
    cJSON_free(ours);
    cJSON_free(theirs);
}

static bool near(const place *at, double a, double b)
{
    double off = fabs(a - b);
    return off <= at->tolerance * fmax(fabs(a), fabs(b)) || off <= 1e-12 * at->largest;
}

static double largest_of(const cJSON *item)
{
    double most = cJSON_IsNumber(item) ? fabs(item->valuedouble) : 0;
    for (const cJSON *child = item ? item->child : NULL; child; child = child->next)
        most = fmax(most, largest_of(child));
    return most;
}

/* All members of `want`, except the note; lists are as long as each other. */
static void compare(place *at, const char *path, const cJSON *got, const cJSON *want)
{
    char deeper[400];
    int i = 0;
    const cJSON *item;
    bool lists = cJSON_IsArray(want) && cJSON_IsArray(got), objects = cJSON_IsObject(want) && cJSON_IsObject(got);
    if (!lists && !objects) {
        bool equal = got && (cJSON_IsNumber(want) && cJSON_IsNumber(got) ? near(at, got->valuedouble, want->valuedouble)
                                                                         : cJSON_Compare(got, want, true));
        at->compared++;
        if (!equal)
            differ(at, path, got, want);
        return;
    }
    if (lists && cJSON_GetArraySize(got) != cJSON_GetArraySize(want)) {
        differ(at, path, got, want);
        return;
    }
    at->compared++;
    cJSON_ArrayForEach(item, want)
    {
        snprintf(deeper, sizeof deeper, lists ? "%.300s[%d]" : "%.300s", path, i);
        if (objects)
            snprintf(deeper, sizeof deeper, "%.300s.%.64s", path, item->string);
        if (lists || strcmp(item->string, "note") != 0)
            compare(at, deeper, lists ? cJSON_GetArrayItem(got, i) : of(got, item->string), item);
        i++;
    }
}

/* ---- arithmetic ---- */

static void repetitions(const cJSON *in, cJSON *got)
{
    static double joules[MOST], scratch[MOST];
    size_t n = numbers(of(in, "joules"), -1, joules);
    pj_repetitions r;
    pj_repetitions_of(joules, n, scratch, &r);
    put(got, "n", (double)r.n);
    put(got, "mean_j", r.mean);
    put(got, "median_j", r.median);
    put(got, "sd_j", r.sd);
    put(got, "cv_percent", r.cv_percent);
    put(got, "t", r.t);
    put(got, "drift_percent", r.drift_percent);
    if (isnan(r.drift_percent))
        cJSON_AddNullToObject(got, "steady");
    else
        put_flag(got, "steady", r.steady);
    if (isnan(r.low)) {
        cJSON_AddNullToObject(got, "ci95_j");
    } else {
        const double ends[] = {r.low, r.high};
        cJSON_AddItemToObject(got, "ci95_j", cJSON_CreateDoubleArray(ends, 2));
    }
}

static void integrate_power(const cJSON *in, cJSON *got)
{
    static double at[MOST], watts[MOST];
    pj_integral integral = pj_integral_new();
    double held, uncovered;
    size_t n = numbers(of(in, "samples_s_w"), 0, at);
    numbers(of(in, "samples_s_w"), 1, watts);
    integral.from = num(in, "from");
    integral.to = num(in, "to");
    for (size_t i = 0; i < n; i++)
        pj_integral_read(&integral, at[i], watts[i]);
    pj_integral_end(&integral, &held, &uncovered);
    put(got, "j", integral.joules);
    put(got, "held_s", held);
    put(got, "uncovered_s", uncovered);
    put(got, "outside_s", held + uncovered);
}

static void counter_energy(const cJSON *in, cJSON *got)
{
    static double at[MOST], uj[MOST];
    double range = num(in, "max_energy_range_uj");
    pj_counter counter = pj_counter_new(isnan(range) ? 0 : (uint64_t)range);
    size_t n = numbers(of(in, "reads_s_uj"), 0, at);
    numbers(of(in, "reads_s_uj"), 1, uj);
    counter.from = num(in, "from");
    counter.to = num(in, "to");
    for (size_t i = 0; i < n; i++)
        pj_counter_read(&counter, at[i], (uint64_t)uj[i]);
    put(got, "j", counter.uj / 1e6);
    put(got, "wraps_total", (double)counter.wraps);
}

static void attribute(const cJSON *in, cJSON *got)
{
    const pj_share_in given = {.machine_j = num(in, "machine_j"),
                               .duration_s = num(in, "duration_s"),
                               .idle_w = num(in, "idle_w"),
                               .command_cpu_s = num(in, "command_cpu_s"),
                               .machine_busy_cpu_s = num(in, "machine_busy_cpu_s"),
                               .cores = num(in, "cores")};
    pj_share_figures share;
    pj_share_of(&given, &share);
    put(got, "machine_j", share.machine_j);
    put(got, "cpu_share", share.cpu_share);
    put(got, "command_j", share.command_j);
    put(got, "above_idle_j", share.above_idle_j);
    put(got, "command_above_idle_j", share.command_above_idle_j);
    put(got, "command_with_idle_by_share_j", share.command_with_idle_j);
    cJSON *codes = cJSON_AddArrayToObject(got, "diagnostics");
    if (share.below_idle)
        cJSON_AddItemToArray(codes, cJSON_CreateString("below_idle"));
}

static void put_watts(cJSON *got, double watts)
{
    put(got, "w", watts);
    cJSON_AddStringToObject(got, "kind", "estimate");
}

static void tdp_machine(const cJSON *in, cJSON *got)
{
    put_watts(got, pj_tdp_machine_w(num(in, of(in, "tdp_w") ? "tdp_w" : "tdp"), num(in, "cpu_load")));
}

static void tdp_process(const cJSON *in, cJSON *got)
{
    put_watts(got,
              pj_tdp_command_w(num(in, "tdp_w"), num(in, "command_cpu_s"), num(in, "duration_s"), num(in, "cores")));
}

static void ram_power(const cJSON *in, cJSON *got)
{
    double modules;
    put_watts(got, pj_ram_w(num(in, "gib"), cJSON_IsTrue(of(in, "arm")), &modules));
    put(got, "dimms", modules);
}

static void increments(const cJSON *in, cJSON *got)
{
    static double mean[MOST], sd[MOST];
    static pj_increment out[MOST];
    double total, clamped;
    size_t n = numbers(of(in, "prefix_mean_j"), -1, mean);
    numbers(of(in, "prefix_sd_j"), -1, sd);
    pj_increments(mean, sd, n, num(in, "n"), out, &total, &clamped);
    cJSON *layers = cJSON_AddArrayToObject(got, "layers");
    for (size_t i = 0; i < n; i++) {
        cJSON *layer = cJSON_CreateObject();
        put(layer, "j", out[i].j);
        put(layer, "se_j", out[i].se_j);
        put_flag(layer, "significant", out[i].significant);
        put_flag(layer, "negative", out[i].negative);
        cJSON_AddItemToArray(layers, layer);
    }
    put(got, "total_j", total);
    put(got, "clamped_total_j", clamped);
}

static void calibrate(const cJSON *in, cJSON *got)
{
    static pj_class_row rows[MOST];
    static pj_class_factor factors[MOST];
    size_t n = 0, count;
    double total, geometric;
    const cJSON *row;
    cJSON_ArrayForEach(row, of(in, "op_estimated_measured"))
    {
        const char *op = cJSON_GetStringValue(cJSON_GetArrayItem(row, 0));
        rows[n++] = (pj_class_row){op ? op : "", cJSON_GetArrayItem(row, 1)->valuedouble,
                                   cJSON_GetArrayItem(row, 2)->valuedouble};
    }
    pj_class_factors(rows, n, factors, &count, &total, &geometric);
    cJSON *factor = cJSON_AddObjectToObject(got, "factor"), *own = cJSON_AddObjectToObject(got, "own_factor");
    cJSON *rows_of = cJSON_AddObjectToObject(got, "n");
    for (size_t i = 0; i < count; i++) {
        put(factor, factors[i].op, factors[i].factor);
        put(own, factors[i].op, factors[i].own);
        put(rows_of, factors[i].op, (double)factors[i].n);
    }
    put(got, "total_factor", total);
    put(got, "geometric_error", geometric);
}

/* ---- profiles ---- */

static void put_row(const pj_layered *layered, const pj_layered_row *row, cJSON *rows)
{
    cJSON *out = cJSON_CreateObject(), *layers = cJSON_AddArrayToObject(out, "layers");
    cJSON_AddStringToObject(out, "trace_name", row->name);
    cJSON_AddStringToObject(out, "op", row->op);
    put(out, "node_index", (double)row->node_index);
    for (size_t i = 0; i < row->layer_count; i++)
        cJSON_AddItemToArray(layers, cJSON_CreateString(layered->result->layers[row->layers[i]].name));
    if (row->anchor)
        cJSON_AddStringToObject(out, "anchor", row->anchor);
    else
        cJSON_AddNullToObject(out, "anchor");
    put(out, "us_sum", row->us_sum);
    put(out, "us_median", row->us_median);
    put(out, "us_min", row->us_min);
    put(out, "share_of_kernels", row->share_of_kernels);
    put(out, "energy_j_per_run", row->integrated_j);
    put(out, "energy_above_idle_j_per_run", row->above_idle_j);
    put(out, "energy_by_share_j_per_run", row->shared_j);
    put(out, "estimated_pj", row->estimated_pj);
    cJSON_AddItemToArray(rows, out);
}

static void put_layered(const pj_layered *layered, cJSON *got)
{
    cJSON *rows = cJSON_AddArrayToObject(got, "rows"), *left = cJSON_AddArrayToObject(got, "layers_unassigned");
    put(got, "runs_used", layered->runs_used);
    put(got, "first_run_us", layered->first_run_us);
    put(got, "run_us_median", layered->run_us_median);
    put(got, "run_us_sum", layered->run_us_sum);
    put(got, "kernels_us_sum", layered->kernels_us_sum);
    put(got, "kernel_share", layered->kernel_share);
    put(got, "overhead_j_per_run", layered->overhead_j);
    put(got, "total_j_per_run", layered->total_j);
    put(got, "measured_over_estimated", layered->measured_over_estimated);
    for (size_t i = 0; i < layered->row_count; i++)
        put_row(layered, &layered->rows[i], rows);
    for (size_t i = 0; i < layered->unassigned_count; i++)
        cJSON_AddItemToArray(left, cJSON_CreateString(layered->result->layers[layered->unassigned[i]].name));
}

static void trace(const cJSON *in, cJSON *got)
{
    char model[4096], profile[4096], optimized[4096];
    pj_error err = {0};
    pj_setup setup = pj_setup_default();
    pj_layers_ask ask = pj_layers_ask_default();
    pj_layered *layered = NULL;
    snprintf(model, sizeof model, MODELS "/%.500s", text(in, "model"));
    snprintf(profile, sizeof profile, "%.3000s/%.500s", folder, text(in, "trace"));
    snprintf(optimized, sizeof optimized, "%.3000s/%.500s", folder, text(in, "optimized_model"));
    setup.table = text(in, "table");
    setup.reuse = "once";
    ask.setup = &setup;
    ask.model = model;
    ask.trace = profile;
    ask.optimized = cJSON_IsString(of(in, "optimized_model")) ? optimized : NULL;
    ask.watts = num(in, "watts");
    ask.idle_watts = num(in, "idle_w");
    ask.drop_runs = (size_t)num(in, "drop_runs");
    if (pj_layers_run(&ask, &layered, &err) == PJ_OK)
        put_layered(layered, got);
    else
        fprintf(stderr, "%s: %s\n", err.file, err.what);
    pj_layers_free(layered);
}

/* ---- cases ---- */

static const struct function {
    const char *name;
    void (*compute)(const cJSON *in, cJSON *got);
} functions[] = {
    {"repetitions",     repetitions    },
    {"integrate_power", integrate_power},
    {"counter_energy",  counter_energy },
    {"attribute",       attribute      },
    {"tdp_machine",     tdp_machine    },
    {"tdp_process",     tdp_process    },
    {"ram_power",       ram_power      },
    {"increments",      increments     },
    {"calibrate",       calibrate      },
    {"trace",           trace          },
};
enum { FUNCTIONS = sizeof functions / sizeof *functions };

static bool case_passes(place *at, const cJSON *row)
{
    static const char *const sides[] = {"corrected", "as_published"};
    int function = 0;
    at->id = text(row, "id");
    while (function < FUNCTIONS && strcmp(functions[function].name, text(row, "function")) != 0)
        function++;
    if (function == FUNCTIONS) {
        fprintf(stderr, "%s: %s: unknown function \"%s\"\n", at->file, at->id, text(row, "function"));
        return false;
    }
    cJSON *got = cJSON_CreateObject();
    functions[function].compute(of(row, "in"), got);
    at->differences = at->compared = 0;
    at->largest = largest_of(row);
    for (int i = 0; i < 2; i++)
        if (of(row, sides[i]))
            compare(at, sides[i], got, of(row, sides[i]));
    cJSON_Delete(got);
    return at->differences == 0 && at->compared > 0;
}

/* ---- outputs ---- */

/* The fields of a CSV line without quotes, by the names of its header. */
static cJSON *fields_of(char *header, char *line)
{
    cJSON *out = cJSON_CreateObject();
    while (*header) {
        size_t name = strcspn(header, ",\n"), length = strcspn(line, ",\n");
        char key[64], value[400], *end;
        snprintf(key, sizeof key, "%.*s", (int)name, header);
        snprintf(value, sizeof value, "%.*s", (int)length, line);
        double number = strtod(value, &end);
        if (*value && !*end)
            cJSON_AddNumberToObject(out, key, number);
        else
            cJSON_AddStringToObject(out, key, value);
        header += name + (header[name] != 0);
        line += length + (line[length] != 0);
    }
    return out;
}

static pj_compat compat_of(const cJSON *in, const cJSON *row, const cJSON *document)
{
    const cJSON *host = of(in, "host");
    return (pj_compat){.cpu_j = num(in, "cpu_j"),
                       .gpu_j = num(in, "gpu_j"),
                       .ram_j = num(in, "ram_j"),
                       .duration_s = num(in, "duration_s"),
                       .samples = num(in, "num_samples"),
                       .pue = num(in, "pue"),
                       .wue = num(in, "wue"),
                       .g_per_kwh = num(in, "g_per_kwh"),
                       .timestamp = text(row, "timestamp"),
                       .project_name = text(row, "project_name"),
                       .run_id = text(row, "run_id"),
                       .model_name = text(document, "model_name"),
                       .task_name = text(document, "task_name"),
                       .hardware = text(document, "hardware"),
                       .country_iso = text(in, "country"),
                       .country_name = text(host, "country_name"),
                       .cpu_model = text(host, "cpu_model"),
                       .gpu_model = text(host, "gpu_model"),
                       .cpu_count = num(host, "cpu_count"),
                       .gpu_count = num(host, "gpu_count"),
                       .ram_gib = num(host, "ram_total_size")};
}

static void tally(const place *at, int *passed, int *failed)
{
    bool good = at->differences == 0 && at->compared > 0;
    *passed += good;
    *failed += !good;
}

static void replay_outputs(const cJSON *root, int *passed, int *failed)
{
    const cJSON *row = of(root, "csv_row"), *document = of(root, "seed003");
    place at = {.file = "outputs.json", .id = "csv", .tolerance = 1e-12};
    pj_compat in = compat_of(of(root, "in"), row, document);
    pj_str header = pj_str_new(0), line = pj_str_new(0), json = pj_str_new(0);
    pj_emissions_header(&header);
    pj_emissions_row(&in, &line);
    header.data[strcspn(header.data, "\n")] = 0;
    at.compared = 1;
    if (strcmp(header.data, text(root, "csv_header")) != 0) {
        fprintf(stderr, "outputs.json: the header is %s\n", header.data);
        at.differences++;
    }
    cJSON *fields = fields_of(header.data, line.data);
    compare(&at, "csv_row", fields, row);
    tally(&at, passed, failed);
    in.timestamp = text(document, "timestamp");
    pj_seed003_json(&in, &json);
    cJSON *ours = cJSON_Parse(json.data);
    at = (place){.file = "outputs.json", .id = "seed003", .tolerance = 1e-12};
    compare(&at, "seed003", ours, document);
    tally(&at, passed, failed);
    cJSON_Delete(fields);
    cJSON_Delete(ours);
    pj_str_free(&header);
    pj_str_free(&line);
    pj_str_free(&json);
}

/* ---- trees of sysfs ---- */

static bool run_program(const char *const *words)
{
    int code = 0;
    pid_t pid = fork();
    if (pid == 0) {
        execvp(words[0], (char *const *)(uintptr_t)words);
        _exit(127);
    }
    return pid > 0 && waitpid(pid, &code, 0) == pid && WIFEXITED(code) && WEXITSTATUS(code) == 0;
}

/* Writes "VALUE\n" over what a file holds, in place: it may be open. */
static bool set_file(const char *tree, const cJSON *item)
{
    char path[4096], value[64];
    if (strstr(item->string, ".."))
        return false;
    snprintf(path, sizeof path, "%.2000s/%.2000s", tree, item->string);
    snprintf(value, sizeof value, "%.0f", item->valuedouble);
    (void)chmod(path, 0600);
    FILE *file = fopen(path, "r+");
    bool good = file && ftruncate(fileno(file), 0) == 0 &&
                fprintf(file, "%s\n", cJSON_IsString(item) ? cJSON_GetStringValue(item) : value) > 0;
    return file && fclose(file) == 0 && good;
}

typedef struct replayed {
    pj_power power;
    pj_measure_ask ask;
    pj_domain_run *runs;
    double *watts; /* of each domain at each step */
    size_t steps;
    double seconds;
} replayed;

/* All steps of a tree; `first_only` writes nothing: the files stand already as the last step left them. */
static bool replay_steps(replayed *r, const char *tree, const char *sysfs, bool psys, const cJSON *steps)
{
    pj_error err = {0};
    const cJSON *step, *item;
    double first = NAN, last = NAN;
    r->ask = pj_measure_ask_default();
    r->ask.sysfs = sysfs;
    r->ask.psys = psys;
    r->ask.sources = PJ_SOURCE_BIT(PJ_SOURCE_RAPL) | PJ_SOURCE_BIT(PJ_SOURCE_HWMON) | PJ_SOURCE_BIT(PJ_SOURCE_INA3221) |
                     PJ_SOURCE_BIT(PJ_SOURCE_BATTERY);
    r->power = (pj_power){.arena = pj_arena_new(0), .ask = &r->ask};
    if (!r->power.arena)
        return false;
    if (psys)
        r->ask.sources = PJ_SOURCE_BIT(PJ_SOURCE_RAPL);
    cJSON_ArrayForEach(step, steps)
    {
        last = num(step, "t");
        cJSON_ArrayForEach(item, of(step, "set")) if (!set_file(tree, item))
            fprintf(stderr, "%s: %s\n", tree, item->string);
        if (isnan(first)) {
            if (pj_power_open(&r->power, &err) != PJ_OK)
                return false;
            r->runs = PJ_NEW(r->power.arena, pj_domain_run, r->power.count + 1);
            r->watts = PJ_NEW(r->power.arena, double, (r->power.count + 1) * ((size_t)cJSON_GetArraySize(steps) + 1));
            if (!r->runs || !r->watts)
                return false;
            first = last;
            pj_power_begin(&r->power, last);
        } else {
            pj_power_read(&r->power, last);
        }
        for (size_t i = 0; i < r->power.count; i++)
            r->watts[r->steps * r->power.count + i] = r->power.domain[i].now_w;
        r->steps++;
    }
    if (!r->runs)
        return false;
    r->seconds = last - first;
    pj_power_end(&r->power, last, r->runs);
    return true;
}

static void end_replay(replayed *r)
{
    pj_power_close(&r->power);
    pj_arena_free(r->power.arena);
}

static bool has_figure(const replayed *r, size_t i)
{
    return r->power.domain[i].added && !isnan(r->runs[i].joules);
}

/* NAN: nothing of that part ("": of any) is added. */
static double sum_of(const replayed *r, const char *part)
{
    double sum = NAN;
    for (size_t i = 0; i < r->power.count; i++)
        if (has_figure(r, i) && (!*part || strcmp(part, r->power.domain[i].part) == 0))
            sum = (isnan(sum) ? 0 : sum) + r->runs[i].joules;
    return sum;
}

static void wants_number(place *at, const char *what, double got, const cJSON *want)
{
    cJSON *ours = isfinite(got) ? cJSON_CreateNumber(got) : cJSON_CreateNull();
    if (want)
        compare(at, what, ours, want);
    cJSON_Delete(ours);
}

static size_t find_domain(const replayed *r, const char *source, const char *name, bool added)
{
    for (size_t i = 0; i < r->power.count; i++) {
        const pj_power_domain *d = &r->power.domain[i];
        bool named = strcmp(d->name, name) == 0 || strcmp(d->zone, name) == 0;
        if (named && has_figure(r, i) == added && (!*source || strcmp(d->source->word, source) == 0))
            return i;
    }
    return SIZE_MAX;
}

static void compare_domain(place *at, const replayed *r, const cJSON *want)
{
    size_t i = find_domain(r, text(want, "source"), text(want, "name"), true);
    const cJSON *item;
    size_t step = 0;
    at->compared++;
    if (i == SIZE_MAX) {
        differ(at, text(want, "name"), NULL, want);
        return;
    }
    const pj_domain_run *run = &r->runs[i];
    wants_number(at, text(want, "name"), run->joules, of(want, "j"));
    wants_number(at, text(want, "name"), run->joules, of(want, "j_trapezoid"));
    wants_number(at, "wraps", (double)run->wraps, of(want, "wraps"));
    wants_number(at, "lost_intervals", (double)run->lost, of(want, "lost_intervals"));
    for (step = 0; of(want, "w") && step < r->steps; step++)
        wants_number(at, "w", r->watts[step * r->power.count + i], of(want, "w"));
    step = 0;
    cJSON_ArrayForEach(item, of(want, "w_at")) wants_number(at, "w_at", r->watts[step++ * r->power.count + i], item);
}

/* Names, or name: J. */
static void compare_shown(place *at, const replayed *r, const cJSON *want)
{
    const cJSON *item;
    cJSON_ArrayForEach(item, want)
    {
        const char *name = cJSON_IsArray(want) ? cJSON_GetStringValue(item) : item->string;
        size_t i = find_domain(r, "", name ? name : "", false);
        at->compared++;
        if (i == SIZE_MAX)
            differ(at, "shown_not_added", NULL, item);
        else if (cJSON_IsNumber(item))
            wants_number(at, name, r->runs[i].joules, item);
    }
}

static bool is_code(const char *code)
{
    static const char *const codes[] = {"counter_stands_still", "counter_went_back", "unreadable_counter",
                                        "implausible_power",    "identical_domains", "battery_not_discharging"};
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        if (strcmp(codes[i], code) == 0)
            return true;
    return false;
}

/* As multisets: how often each code is there. */
static void compare_codes(place *at, const replayed *r, const cJSON *want)
{
    cJSON *ours = cJSON_CreateObject(), *theirs = cJSON_CreateObject();
    const cJSON *item;
    for (size_t i = 0; i < r->power.findings; i++) {
        const char *code = r->power.finding[i].code;
        double before = num(ours, code);
        cJSON_DeleteItemFromObject(ours, code);
        if (is_code(code))
            cJSON_AddNumberToObject(ours, code, isnan(before) ? 1 : before + 1);
    }
    cJSON_ArrayForEach(item, want)
    {
        const char *code = cJSON_GetStringValue(item);
        double before = num(theirs, code);
        cJSON_DeleteItemFromObject(theirs, code);
        cJSON_AddNumberToObject(theirs, code, isnan(before) ? 1 : before + 1);
    }
    at->compared++;
    if (!cJSON_Compare(ours, theirs, true))
        differ(at, "diagnostics", ours, theirs);
    cJSON_Delete(ours);
    cJSON_Delete(theirs);
}

static void compare_rails(place *at, const replayed *r, const cJSON *expect)
{
    const cJSON *item;
    double sum = 0;
    int k = 0;
    cJSON *ours = cJSON_CreateArray();
    for (size_t i = 0; r->steps && i < r->power.count; i++)
        if (r->power.domain[i].added) {
            double watts = r->watts[(r->steps - 1) * r->power.count + i];
            sum += watts;
            cJSON_AddItemToArray(ours, cJSON_CreateNumber(watts));
        }
    wants_number(at, "total_w", sum, of(expect, "total_w"));
    cJSON_ArrayForEach(item, of(expect, "rails_w"))
    {
        size_t i = item->string ? find_domain(r, "", item->string, true) : SIZE_MAX;
        const cJSON *got = item->string ? NULL : cJSON_GetArrayItem(ours, k++);
        wants_number(at, "rails_w",
                     i != SIZE_MAX ? r->watts[(r->steps - 1) * r->power.count + i]
                     : got         ? got->valuedouble
                                   : NAN,
                     item);
    }
    cJSON_Delete(ours);
}

static void compare_tree(place *at, const replayed *r, const cJSON *expect)
{
    const cJSON *item;
    size_t added = 0;
    double covered = r->seconds, extrapolated = 0;
    for (size_t i = 0; i < r->power.count; i++) {
        if (!has_figure(r, i))
            continue;
        added++;
        covered = fmin(covered, r->runs[i].covered_s);
        extrapolated += r->runs[i].joules * r->seconds / r->runs[i].covered_s;
    }
    if (of(expect, "domains") && (size_t)cJSON_GetArraySize(of(expect, "domains")) != added) {
        cJSON *count = cJSON_CreateNumber((double)added);
        differ(at, "domains", count, of(expect, "domains"));
        cJSON_Delete(count);
    }
    at->compared++;
    cJSON_ArrayForEach(item, of(expect, "domains")) compare_domain(at, r, item);
    wants_number(at, "total_j", sum_of(r, ""), of(expect, "total_j"));
    wants_number(at, "cpu_j", sum_of(r, "cpu"), of(expect, "cpu_j"));
    wants_number(at, "gpu_j", sum_of(r, "gpu"), of(expect, "gpu_j"));
    wants_number(at, "ram_j", sum_of(r, "ram"), of(expect, "ram_j"));
    wants_number(at, "covered_s", covered, of(expect, "covered_s"));
    wants_number(at, "extrapolated_j", extrapolated, of(expect, "extrapolated_j"));
    compare_rails(at, r, expect);
    compare_shown(at, r, of(expect, "shown_not_added"));
    compare_codes(at, r, of(expect, "diagnostics"));
}

/* A second reading of the same steps, of files that are unpacked anew. */
static bool tree_passes(const char *name, const cJSON *want, double tolerance, const char *const root[2])
{
    const cJSON *expect = of(want, "expect"), *psys = of(expect, "with_psys_option_total_j");
    place at = {.file = "expected.json", .id = name, .tolerance = tolerance, .largest = largest_of(expect)};
    for (int pass = 0; pass < (psys ? 2 : 1); pass++) {
        char tree[4096], sysfs[4200];
        replayed r = {0};
        snprintf(tree, sizeof tree, "%.2000s/%.500s", root[pass], name);
        snprintf(sysfs, sizeof sysfs, "%s/sys", tree);
        if (!replay_steps(&r, tree, sysfs, pass == 1, of(want, "steps")))
            differ(&at, "steps", NULL, of(want, "steps"));
        else if (pass == 0)
            compare_tree(&at, &r, expect);
        else
            wants_number(&at, "with_psys_option_total_j", sum_of(&r, ""), psys);
        end_replay(&r);
    }
    printf("%s: %s\n", name, at.differences ? "differs" : "ok");
    return at.differences == 0 && at.compared > 0;
}

static void replay_trees(const cJSON *root, int *passed, int *failed)
{
    char work[] = "/tmp/replay_measure.XXXXXX", one[64], two[64], archive[4096];
    const cJSON *tree;
    double tolerance = num(root, "tolerance");
    snprintf(archive, sizeof archive, "%s/sysfs/fake-sysfs.tar", folder);
    if (!mkdtemp(work)) {
        *failed += 1;
        return;
    }
    snprintf(one, sizeof one, "%s/1", work);
    snprintf(two, sizeof two, "%s/2", work);
    const char *const places[2] = {one, two};
    for (int i = 0; i < 2; i++) {
        const char *const words[] = {"tar", "-xf", archive, "-C", places[i], NULL};
        if (mkdir(places[i], 0700) != 0 || !run_program(words))
            fprintf(stderr, "%s: cannot be unpacked\n", archive);
    }
    cJSON_ArrayForEach(tree, of(root, "trees"))
    {
        bool good = tree_passes(tree->string, tree, isnan(tolerance) ? 1e-9 : tolerance, places);
        *passed += good;
        *failed += !good;
    }
    const char *const words[] = {"rm", "-rf", work, NULL};
    (void)run_program(words);
}

/* ---- files ---- */

static void replay_cases(const char *name, const cJSON *root, int *passed, int *failed)
{
    const cJSON *row;
    place at = {.file = name, .tolerance = isnan(num(root, "tolerance")) ? 1e-9 : num(root, "tolerance")};
    cJSON_ArrayForEach(row, of(root, "cases"))
    {
        bool good = case_passes(&at, row);
        *passed += good;
        *failed += !good;
    }
}

/* false: no file of ours. */
static bool replay_file(const char *name, int *passed, int *failed)
{
    cJSON *root = read_json(name);
    int good = 0, bad = 0;
    bool outputs = of(root, "csv_header") != NULL, trees = cJSON_IsObject(of(root, "trees"));
    bool cases = cJSON_IsArray(of(root, "cases"));
    if (!root) {
        fprintf(stderr, "%s/%s: no JSON file\n", folder, name);
        bad = 1;
    } else if (outputs) {
        replay_outputs(root, &good, &bad);
    } else if (trees) {
        replay_trees(root, &good, &bad);
    } else if (cases) {
        replay_cases(name, root, &good, &bad);
    }
    cJSON_Delete(root);
    if (!root || outputs || trees || cases) {
        printf("%s: %d passed, %d failed\n", name, good, bad);
        *passed += good;
        *failed += bad;
    }
    return !root || outputs || trees || cases;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

int main(int argc, char **argv)
{
    static char *names[MOST];
    char path[4096];
    int passed = 0, failed = 0, files = 0;
    size_t count = 0;
    const struct dirent *entry;
    if (argc != 2) {
        fprintf(stderr, "usage: replay_measure FOLDER\n");
        return 2;
    }
    folder = argv[1];
    DIR *at = opendir(folder);
    while (at && (entry = readdir(at)) && count < MOST - 1) {
        size_t length = strlen(entry->d_name);
        if (length > 5 && strcmp(entry->d_name + length - 5, ".json") == 0)
            names[count++] = strdup(entry->d_name);
    }
    if (at)
        closedir(at);
    qsort(names, count, sizeof *names, by_name);
    snprintf(path, sizeof path, "%.4000s/sysfs/expected.json", folder);
    if (access(path, R_OK) == 0)
        names[count++] = strdup("sysfs/expected.json");
    for (size_t i = 0; i < count; i++) {
        files += names[i] && replay_file(names[i], &passed, &failed);
        free(names[i]);
    }
    if (!files)
        fprintf(stderr, "%s: no file of cases is here\n", folder);
    printf("total: %d passed, %d failed\n", passed, failed);
    return !files ? 2 : failed > 0;
}
