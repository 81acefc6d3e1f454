/* Replays what tokens cost: replay_generation FOLDER [--corpus DIR]. Reads FOLDER/goldens.json and the models beside it
 * and computes with the functions that `picojoule generate` and `--step` call. A line a case, what differs under it. */
#include <cjson/cJSON.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "generate/generate.h"
#include "picojoule/picojoule.h"

enum { MOST_BYTES = 64 * 1024 * 1024, LONG = 4096 };

static const double energy_tolerance = 1e-12;

typedef struct replay {
    const char *folder, *corpus;
    int passed, failed, skipped;
    bool bad; /* the case at hand */
    char what[LONG];
} replay;

/* ---- JSON ---- */

static const cJSON *of(const cJSON *object, const char *key)
{
    return cJSON_GetObjectItemCaseSensitive(object, key);
}

static const char *text_of(const cJSON *object, const char *key)
{
    const char *text = cJSON_GetStringValue(of(object, key));
    return text ? text : "";
}

static int64_t whole_of(const cJSON *object, const char *key)
{
    const cJSON *item = of(object, key);
    return cJSON_IsNumber(item) ? (int64_t)item->valuedouble : -1;
}

static cJSON *read_json(const char *folder, const char *name)
{
    char path[LONG];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "rb");
    char *bytes = file ? malloc(MOST_BYTES + 1) : NULL;
    size_t length = bytes ? fread(bytes, 1, MOST_BYTES, file) : 0;
    cJSON *json = bytes ? cJSON_ParseWithLength(bytes, length) : NULL;
    free(bytes);
    if (file)
        fclose(file);
    return json;
}

/* ---- a case ---- */

static void differ(replay *r, const char *member, const char *wanted, const char *got)
{
    size_t used = strlen(r->what);
    r->bad = true;
    snprintf(r->what + used, sizeof r->what - used, "%s    %s: wanted %s, got %s", used ? "\n" : "", member, wanted,
             got);
}

static void compare_text(replay *r, const char *member, const char *wanted, const char *got)
{
    if (!got || strcmp(wanted, got) != 0)
        differ(r, member, wanted, got ? got : "nothing");
}

static void compare_whole(replay *r, const char *member, int64_t wanted, int64_t got)
{
    char a[32], b[32];
    snprintf(a, sizeof a, "%lld", (long long)wanted);
    snprintf(b, sizeof b, "%lld", (long long)got);
    if (wanted != got)
        differ(r, member, a, b);
}

static void compare_energy(replay *r, const char *part, const char *member, double wanted, double got)
{
    char name[200], a[40], b[40];
    if (fabs(wanted - got) <= energy_tolerance * fmax(fabs(wanted), fabs(got)))
        return;
    snprintf(name, sizeof name, "%s.%s", part, member);
    snprintf(a, sizeof a, "%.17g", wanted);
    snprintf(b, sizeof b, "%.17g", got);
    differ(r, name, a, b);
}

static void finish(replay *r, const char *name)
{
    printf("%s: %s\n", name, r->bad ? "differs" : "ok");
    if (r->bad)
        printf("%s\n", r->what);
    r->bad ? r->failed++ : r->passed++;
    r->bad = false;
    r->what[0] = 0;
}

static void skip(replay *r, const char *name, const char *why)
{
    printf("%s: skipped, %s\n", name, why);
    r->skipped++;
}

static void fail(replay *r, const char *name, const char *why)
{
    differ(r, "case", "a result", why);
    finish(r, name);
}

/* models/NAME and NAME are beside the goldens, corpus/NAME is in DIR; false: it is nowhere. */
static bool find_model(const replay *r, const char *name, char path[LONG])
{
    const char *base = strncmp(name, "models/", 7) == 0 || strncmp(name, "corpus/", 7) == 0 ? name + 7 : name;
    if (strchr(name, '@'))
        return false;
    snprintf(path, LONG, "%s/models/%s", r->folder, base);
    FILE *file = fopen(path, "rb");
    if (!file && r->corpus) {
        snprintf(path, LONG, "%s/%s", r->corpus, base);
        file = fopen(path, "rb");
    }
    if (file)
        fclose(file);
    return file != NULL;
}

static pj_model *open_model(const char *path, pj_error *err)
{
    const pj_setup none = {0};
    pj_model *model = NULL;
    memset(err, 0, sizeof *err);
    (void)pj_model_open(path, &none, &model, err);
    return model;
}

static pj_setup setup_of(const replay *r, bool flat, char table[LONG])
{
    pj_setup setup = pj_setup_default();
    snprintf(table, LONG, "%s/flat.json", r->folder);
    setup.table = flat ? table : "horowitz-45nm";
    setup.reuse = "once";
    return setup;
}

/* ---- steps ---- */

/* The count of that name in the goldens; false: there is none. */
static bool count_called(const pj_generation_phase *p, const char *name, int64_t *out)
{
    const struct {
        const char *name;
        int64_t count;
    } all[] = {
        {"macs",                      p->macs                    },
        {"macs_attention",            p->macs_attention          },
        {"macs_linear",               p->macs - p->macs_attention},
        {"weight_bits",               p->weight_bits             },
        {"kv_read_bits",              p->kv_read_bits            },
        {"kv_write_bits",             p->kv_written_bits         },
        {"kv_as_exported_read_bits",  p->exported_kv_read_bits   },
        {"kv_as_exported_write_bits", p->exported_kv_written_bits},
        {"activation_read_bits",      p->activation_read_bits    },
        {"activation_write_bits",     p->activation_written_bits },
    };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (strcmp(all[i].name, name) == 0) {
            *out = all[i].count;
            return true;
        }
    return false;
}

/* Every member that is a figure. */
static void compare_counts(replay *r, const cJSON *wanted, const pj_generation_phase *got)
{
    const cJSON *item;
    cJSON_ArrayForEach(item, wanted)
    {
        int64_t count;
        if (!cJSON_IsNumber(item))
            continue;
        if (count_called(got, item->string, &count))
            compare_whole(r, item->string, (int64_t)item->valuedouble, count);
        else if (strcmp(item->string, "op_cost_pj") == 0)
            compare_energy(r, "step", item->string, item->valuedouble, got->arithmetic_pj);
        else if (strcmp(item->string, "batch") && strcmp(item->string, "tokens") && strcmp(item->string, "past"))
            differ(r, item->string, "a known figure", "nothing");
    }
}

/* A step as `--points` prints it. */
static pj_status measure(const char *path, const pj_setup *setup, int64_t batch, int64_t tokens, int64_t past,
                         pj_generation_phase *out, pj_error *err)
{
    pj_stepper stepper = {0};
    pj_step_figures figures;
    pj_model *model = open_model(path, err);
    pj_status status = model ? pj_stepper_open(&stepper, model, setup, false, err) : err->status;
    if (status == PJ_OK)
        status = pj_step_measure(&stepper, tokens, past, batch, &figures, err);
    if (status == PJ_OK)
        pj_generation_phase_of(&figures, 1, out);
    pj_stepper_close(&stepper);
    pj_model_close(model);
    return status;
}

static void replay_step(replay *r, const cJSON *item)
{
    char name[LONG], path[LONG], table[LONG];
    pj_generation_phase phase;
    pj_error err = {0};
    int64_t batch = whole_of(item, "batch"), tokens = whole_of(item, "tokens"), past = whole_of(item, "past");
    snprintf(name, sizeof name, "step %s B=%lld %lld@%lld", text_of(item, "model"), (long long)batch, (long long)tokens,
             (long long)past);
    if (!find_model(r, text_of(item, "model"), path)) {
        skip(r, name, "no such model here");
        return;
    }
    const pj_setup setup = setup_of(r, true, table);
    if (measure(path, &setup, batch, tokens, past, &phase, &err) != PJ_OK) {
        fail(r, name, err.what);
        return;
    }
    compare_counts(r, item, &phase);
    finish(r, name);
}

/* ---- generations ---- */

static pj_generation *generate(replay *r, const cJSON *item, const char *path, bool flat, bool as_exported,
                               pj_error *err)
{
    char table[LONG];
    pj_generation *found = NULL;
    pj_generation_ask ask = pj_generation_ask_default();
    pj_model *model = open_model(path, err);
    const pj_setup setup = setup_of(r, flat, table);
    ask.setup = &setup;
    ask.prompt = whole_of(item, "prompt");
    ask.tokens = whole_of(item, "generate");
    ask.batch = whole_of(item, "batch");
    ask.as_exported = as_exported;
    if (model)
        (void)pj_generate(model, &ask, &found, err);
    pj_model_close(model);
    return found;
}

static void compare_in_place(replay *r, const cJSON *wanted, const pj_generation *g)
{
    static const char *const phases[] = {"prefill", "decode"};
    const pj_generation_phase *of_phase[] = {&g->prefill, &g->decode};
    for (int i = 0; i < 2; i++) {
        const cJSON *phase = of(wanted, phases[i]);
        const pj_generation_phase *p = of_phase[i];
        compare_energy(r, phases[i], "weights", of(phase, "weights")->valuedouble, p->weights_pj);
        compare_energy(r, phases[i], "kv_cache", of(phase, "kv_cache")->valuedouble, p->kv_cache_pj);
        compare_energy(r, phases[i], "activations", of(phase, "activations")->valuedouble, p->activations_pj);
        compare_energy(r, phases[i], "arithmetic", of(phase, "arithmetic")->valuedouble, p->arithmetic_pj);
        compare_energy(r, phases[i], "total", of(phase, "total")->valuedouble, p->total_pj);
    }
    compare_energy(r, "request", "total", of(wanted, "request")->valuedouble, g->request.total_pj);
    compare_energy(r, "request", "per_token_out", of(wanted, "per_token_out")->valuedouble, g->out_token_pj);
    compare_energy(r, "decode", "per_decode_token", of(wanted, "per_decode_token")->valuedouble, g->decode_token_pj);
}

/* The goldens have energies as the graph stands from a program that read whole rotary tables. Where their own weights
 * in place are less, under a table with one price a bit, parameters, and totals with them, are not what they were. */
static bool has_whole_tables(const cJSON *item, const char *phase)
{
    const cJSON *flat = of(of(item, "energy_pj_flat_as_exported_today"), phase);
    const cJSON *place = of(of(item, "energy_pj_flat_in_place"), phase);
    return flat && place && of(flat, "parameters")->valuedouble > of(place, "weights")->valuedouble;
}

static void compare_exported(replay *r, const cJSON *item, const cJSON *wanted, const pj_generation *g)
{
    static const char *const phases[] = {"prefill", "decode"};
    const pj_generation_phase *of_phase[] = {&g->prefill, &g->decode};
    for (int i = 0; i < 2; i++) {
        const cJSON *phase = of(wanted, phases[i]);
        const pj_energy *e = &of_phase[i]->exported;
        compare_energy(r, phases[i], "inputs", of(phase, "inputs")->valuedouble, e->inputs);
        compare_energy(r, phases[i], "outputs", of(phase, "outputs")->valuedouble, e->outputs);
        compare_energy(r, phases[i], "op_cost", of(phase, "op_cost")->valuedouble, e->op_cost);
        if (has_whole_tables(item, phases[i]))
            continue;
        compare_energy(r, phases[i], "parameters", of(phase, "parameters")->valuedouble, e->parameters);
        compare_energy(r, phases[i], "total", of(phase, "total")->valuedouble, pj_energy_total(e));
        if (!g->ask.as_exported)
            continue;
        compare_energy(r, phases[i], "total of the report", of(phase, "total")->valuedouble, of_phase[i]->total_pj);
    }
}

static void replay_generation(replay *r, const cJSON *item)
{
    static const char *const counts[] = {"prefill", "decode", "request"};
    char name[LONG], path[LONG];
    pj_error err = {0};
    snprintf(name, sizeof name, "generation %s B=%lld P=%lld N=%lld", text_of(item, "model"),
             (long long)whole_of(item, "batch"), (long long)whole_of(item, "prompt"),
             (long long)whole_of(item, "generate"));
    if (!find_model(r, text_of(item, "model"), path)) {
        skip(r, name, "no such model here");
        return;
    }
    pj_generation *g = generate(r, item, path, true, false, &err);
    pj_generation *h = g ? generate(r, item, path, false, true, &err) : NULL;
    if (!h) {
        pj_generation_free(g);
        fail(r, name, err.what);
        return;
    }
    const pj_generation_phase *of_phase[] = {&g->prefill, &g->decode, &g->request};
    for (int i = 0; i < 3; i++)
        compare_counts(r, of(item, counts[i]), of_phase[i]);
    compare_whole(r, "decode_steps", whole_of(item, "decode_steps"), g->decode_steps);
    compare_whole(r, "tokens_out", whole_of(item, "tokens_out"), g->ask.batch * g->ask.tokens);
    const cJSON *energies;
    cJSON_ArrayForEach(energies, item)
    {
        if (strncmp(energies->string, "energy_", 7) != 0)
            continue;
        if (strcmp(energies->string, "energy_pj_flat_in_place") == 0)
            compare_in_place(r, energies, g);
        else if (strcmp(energies->string, "energy_pj_flat_as_exported_today") == 0)
            compare_exported(r, item, energies, g);
        else if (strcmp(energies->string, "energy_pj_horowitz_as_exported_today") == 0)
            compare_exported(r, item, energies, h);
        else
            differ(r, energies->string, "a known member", "nothing");
    }
    pj_generation_free(g);
    pj_generation_free(h);
    finish(r, name);
}

/* ---- recognition ---- */

static void compare_dim(replay *r, const char *member, const cJSON *wanted, pj_num dim, bool has)
{
    pj_str got = pj_str_new(0);
    if (has)
        pj_num_print(dim, &got);
    if (cJSON_IsString(wanted)) { /* formulas are equal whatever the order of their terms and their spaces */
        pj_arena *arena = pj_arena_new(0);
        pj_symbols *symbols = pj_symbols_new(arena);
        pj_num a, b;
        bool same = got.length && pj_num_read(symbols, wanted->valuestring, NULL, &a) &&
                    pj_num_read(symbols, got.data, NULL, &b) && pj_num_equal(a, b);
        pj_arena_free(arena);
        if (!same)
            differ(r, member, wanted->valuestring, got.length ? got.data : "nothing");
    } else if (cJSON_IsNull(wanted) && got.length) {
        differ(r, member, "nothing", got.data);
    }
    pj_str_free(&got);
}

static void compare_cache(replay *r, const cJSON *item, const pj_cache_role *cache)
{
    compare_text(r, "layout", text_of(item, "layout"), pj_layout_word(cache->layout));
    if (of(item, "axis"))
        compare_whole(r, "axis", whole_of(item, "axis"), cache->axis);
    if (of(item, "window"))
        compare_whole(r, "window", whole_of(item, "window"), cache->window);
    if (of(item, "capacity"))
        compare_whole(r, "capacity", whole_of(item, "capacity"), cache->capacity);
    if (of(item, "paged") && cJSON_IsTrue(of(item, "paged")) != cache->is_paged)
        differ(r, "paged", "true", "false");
}

/* The kind of a refusal is how its sentence begins. */
static void compare_refusal(replay *r, const char *kind, const char *sentence)
{
    if (!sentence || strncmp(sentence, kind, strlen(kind)) != 0)
        differ(r, "refuse", kind, sentence ? sentence : "no refusal");
}

static void compare_roles(replay *r, const cJSON *item, const pj_roles *roles)
{
    const cJSON *refuse = of(item, "refuse");
    if (refuse)
        compare_refusal(r, refuse->valuestring, roles->refused);
    if (!of(item, "caches"))
        return;
    if (!refuse && roles->refused)
        differ(r, "refused", "no", roles->refused);
    compare_whole(r, "caches", whole_of(item, "caches"), (int64_t)roles->cache_count);
    if (!roles->cache_count)
        return;
    compare_cache(r, item, &roles->caches[0]);
    compare_dim(r, "tokens", of(item, "tokens"), roles->tokens.dim, roles->tokens.input);
    compare_dim(r, "past", of(item, "past"), roles->past.dim, roles->past.input);
    compare_dim(r, "total", of(item, "total"), roles->total[0].dim, roles->totals > 0);
}

/* A step is refused, and is not with the options that the golden names: --dim NAME=N. */
static void compare_unless(replay *r, const char *path, const char *options)
{
    pj_error err = {0};
    char name[200] = "";
    const char *equals = strrchr(options, '=');
    pj_model *model = NULL;
    pj_setup setup = pj_setup_default();
    setup.step = "1@7";
    if (pj_model_open(path, &setup, &model, &err) == PJ_OK)
        differ(r, "refused without", options, "no refusal");
    pj_model_close(model);
    model = NULL;
    if (strncmp(options, "--dim ", 6) != 0 || !equals || (size_t)(equals - options - 6) >= sizeof name) {
        differ(r, "refuse_unless", "--dim NAME=N", options);
        return;
    }
    memcpy(name, options + 6, (size_t)(equals - options - 6));
    const pj_dim_binding dim = {name, strtoll(equals + 1, NULL, 10)};
    setup.dims = &dim;
    setup.dim_count = 1;
    if (pj_model_open(path, &setup, &model, &err) != PJ_OK)
        differ(r, "with", options, err.what);
    pj_model_close(model);
}

static void replay_recognition(replay *r, const cJSON *item)
{
    char name[LONG], path[LONG];
    const pj_roles *roles = NULL;
    pj_error err = {0};
    snprintf(name, sizeof name, "recognition %s", text_of(item, "file"));
    if (!find_model(r, text_of(item, "file"), path)) {
        skip(r, name, strchr(text_of(item, "file"), '@') ? "it is not at hand" : "no such file; see --corpus");
        return;
    }
    pj_model *model = open_model(path, &err);
    if (!model || pj_roles_find(model, NULL, 0, &roles, &err) != PJ_OK) {
        pj_model_close(model);
        fail(r, name, err.what);
        return;
    }
    compare_roles(r, item, roles);
    pj_model_close(model);
    if (of(item, "refuse_unless"))
        compare_unless(r, path, text_of(item, "refuse_unless"));
    finish(r, name);
}

/* ---- architectures ---- */

static void compare_equal(replay *r, const cJSON *wanted, int64_t weights, int64_t fp16_bits)
{
    const struct {
        const char *name;
        double weight_bits, cache;
    } all[] = {
        {"fp16_fp16",    16,  1  },
        {"fp16_kv8",     16,  0.5},
        {"int4b32_kv16", 4.5, 1  }, /* blocks of 32 with a scale of 16 bits */
        {"int4b32_kv8",  4.5, 0.5},
    };
    const cJSON *item;
    cJSON_ArrayForEach(item, wanted)
    {
        size_t i = 0;
        while (i < 4 && strcmp(all[i].name, item->string) != 0)
            i++;
        if (i == 4)
            differ(r, item->string, "a known combination", "nothing");
        else
            compare_whole(r, item->string, (int64_t)item->valuedouble,
                          pj_equal_tokens((double)weights * all[i].weight_bits, (double)fp16_bits * all[i].cache));
    }
}

static void replay_architecture(replay *r, const cJSON *item)
{
    char name[LONG];
    const pj_decoder_sizes d = {whole_of(item, "layers"),   whole_of(item, "hidden"),    whole_of(item, "heads"),
                                whole_of(item, "kv_heads"), whole_of(item, "head_size"), whole_of(item, "ffn"),
                                whole_of(item, "vocab")};
    snprintf(name, sizeof name, "architecture %s", text_of(item, "model"));
    int64_t weights = pj_decoder_weights(&d),
            bits = pj_kv_token_bits(d.layers, d.kv_heads, d.head_size, d.head_size, 16);
    const cJSON *member;
    cJSON_ArrayForEach(member, item)
    {
        static const char *const known[] = {"model",    "layers",    "hidden", "heads",
                                            "kv_heads", "head_size", "ffn",    "vocab"};
        size_t i = 0;
        long long tokens;
        while (i < 8 && strcmp(known[i], member->string) != 0)
            i++;
        if (i < 8)
            continue;
        if (strcmp(member->string, "weights_read_per_step") == 0)
            compare_whole(r, member->string, (int64_t)member->valuedouble, weights);
        else if (sscanf(member->string, "macs_prefill_%lld", &tokens) == 1)
            compare_whole(r, member->string, (int64_t)member->valuedouble,
                          weights * tokens +
                              d.layers * pj_attention_macs(1, d.heads, tokens, tokens, d.head_size, d.head_size));
        else if (sscanf(member->string, "macs_decode_at_%lld", &tokens) == 1)
            compare_whole(r, member->string, (int64_t)member->valuedouble,
                          weights + d.layers * pj_attention_macs(1, d.heads, 1, tokens, d.head_size, d.head_size));
        else if (strcmp(member->string, "kv_bytes_per_token_fp16") == 0)
            compare_whole(r, member->string, (int64_t)member->valuedouble, bits / 8);
        else if (strcmp(member->string, "weights_equal_cache_tokens") == 0)
            compare_equal(r, member, weights, bits);
        else
            differ(r, member->string, "a known figure", "nothing");
    }
    finish(r, name);
}

/* ---- all of it ---- */

static void replay_list(replay *r, const cJSON *list)
{
    static const struct {
        const char *name;
        void (*replay)(replay *r, const cJSON *item);
    } kinds[] = {
        {"steps",         replay_step        },
        {"generations",   replay_generation  },
        {"recognition",   replay_recognition },
        {"architectures", replay_architecture},
    };
    static const char *const words[] = {"schema", "words", "tolerance", "published"}; /* not compared */
    const cJSON *item;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(words[i], list->string) == 0)
            return;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (strcmp(kinds[i].name, list->string) == 0) {
            cJSON_ArrayForEach(item, list) kinds[i].replay(r, item);
            return;
        }
    fail(r, list->string, "an unknown list");
}

int main(int count, char **words)
{
    replay r = {.folder = count > 1 ? words[1] : NULL};
    if (count == 4 && strcmp(words[2], "--corpus") == 0)
        r.corpus = words[3];
    cJSON *goldens = r.folder && (count == 2 || r.corpus) ? read_json(r.folder, "goldens.json") : NULL;
    if (!goldens) {
        fprintf(stderr, "replay_generation: wants FOLDER with goldens.json, and perhaps --corpus DIR\n");
        return 2;
    }
    const cJSON *list;
    cJSON_ArrayForEach(list, goldens) replay_list(&r, list);
    cJSON_Delete(goldens);
    printf("total: %d passed, %d failed, %d skipped\n", r.passed, r.failed, r.skipped);
    return r.failed > 0;
}
