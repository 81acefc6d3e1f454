/* Lines of "INDEX LOSS TOP1 DB ERROR... REASON", an error for each output, numbers as the bits of doubles, so that they
 * come back as they were. */
#include "evaluate/state.h"

#include <errno.h>

#include "base/sha256.h"
#include "picojoule/version.h"

static const char magic[] = "picojoule sensitivity ";

static double number_of(uint64_t bits)
{
    double number;
    memcpy(&number, &bits, sizeof number);
    return number;
}

static pj_status fail(const char *path, pj_error *err)
{
    int reason = errno;
    pj_error_at(err, path, NULL, NULL);
    return pj_fail(err, PJ_EIO, "cannot be written: %s", strerror(reason));
}

static bool read_bits(char **at, double *out)
{
    unsigned long long bits;
    int used = 0;
    if (sscanf(*at, "%16llx%n", &bits, &used) < 1 || used != 16 || (*at)[16] != ' ')
        return false;
    *at += 17;
    *out = number_of(bits);
    return true;
}

/* What is read of it, and into what. */
typedef struct keeper {
    const char *key;
    size_t count, outputs;
    pj_tried *tried;
    bool *done;
    pj_arena *arena;
} keeper;

/* A line without its end was cut off. false: it is none of ours. */
static bool read_line(const keeper *k, char *line)
{
    size_t length = strlen(line), index;
    double *error = PJ_NEW(k->arena, double, k->outputs);
    pj_tried tried = {.error = error};
    int used = 0;
    if (length == 0 || line[length - 1] != '\n' || !error)
        return false;
    line[length - 1] = 0;
    if (sscanf(line, "%zu %n", &index, &used) < 1 || index >= k->count || !used)
        return false;
    char *at = line + used;
    bool fits = read_bits(&at, &tried.loss) && read_bits(&at, &tried.top1) && read_bits(&at, &tried.outputs_db);
    for (size_t i = 0; i < k->outputs && fits; i++)
        fits = read_bits(&at, &error[i]) && error[i] >= 0 && error[i] <= 1;
    if (!fits || !(tried.loss >= 0 && tried.loss <= 1))
        return false;
    if (*at) {
        tried.refused = pj_arena_strdup(k->arena, at);
        tried.error = NULL;
    }
    k->tried[index] = tried;
    k->done[index] = true;
    return true;
}

static void read_all(FILE *file, const keeper *k)
{
    const size_t room = 1024 + 17 * k->outputs;
    char *line = PJ_NEW(k->arena, char, room);
    bool is_ours = line && fgets(line, (int)room, file) && strncmp(line, magic, sizeof magic - 1) == 0 &&
                   strncmp(line + sizeof magic - 1, k->key, strlen(k->key)) == 0;
    while (is_ours && fgets(line, (int)room, file) && read_line(k, line))
        continue;
}

/* Of all that decides what is measured. */
static pj_status key_of(const pj_bench *b, const pj_variants *variants, char digits[PJ_SHA256_DIGITS + 1],
                        pj_error *err)
{
    char model[PJ_SHA256_DIGITS + 1];
    pj_sha256 sum = pj_sha256_new();
    PJ_TRY(pj_sha256_file(b->e->model->path, model, err));
    pj_sha256_add(&sum, model, sizeof model);
    pj_sha256_add(&sum, &b->e->engine->level, sizeof b->e->engine->level);
    pj_sha256_add(&sum, b->ranges.data, b->ranges.length);
    const char *texts[] = {PICOJOULE_VERSION, pj_runtime_describe(b->e->runtime)->version, b->target, b->labels_file,
                           b->calibration};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        pj_sha256_add(&sum, texts[i] ? texts[i] : "", texts[i] ? strlen(texts[i]) + 1 : 1);
    for (size_t i = 0; i < variants->count; i++) {
        pj_sha256_add(&sum, variants->variant[i].layer, strlen(variants->variant[i].layer) + 1);
        pj_sha256_add(&sum, variants->variant[i].choice, strlen(variants->variant[i].choice) + 1);
    }
    for (size_t i = 0; i < b->samples; i++)
        for (size_t k = 0; k < pj_samples_slots(b->e->samples); k++)
            pj_sha256_add(&sum, b->sample[i][k].data, (size_t)b->sample[i][k].bytes);
    pj_sha256_end(&sum, digits);
    return PJ_OK;
}

pj_status pj_state_open(const pj_bench *b, const pj_variants *variants, const char *path, pj_tried *tried, bool *done,
                        pj_state *out, pj_error *err)
{
    char key[PJ_SHA256_DIGITS + 1];
    *out = (pj_state){0};
    if (!path)
        return PJ_OK;
    PJ_TRY(key_of(b, variants, key, err));
    FILE *old = fopen(path, "rb");
    if (old) {
        const keeper k = {key, variants->count, b->outputs, tried, done, b->e->arena};
        read_all(old, &k);
        fclose(old);
    }
    out->file = fopen(path, "wb"); /* anew: what was cut off is not in it any more */
    if (!out->file)
        return fail(path, err);
    fprintf(out->file, "%s%s\n", magic, key);
    for (size_t i = 0; i < variants->count; i++)
        if (done[i])
            pj_state_write(out->file, i, &tried[i], b->outputs);
    return fflush(out->file) == 0 ? PJ_OK : fail(path, err);
}

void pj_state_close(pj_state *state)
{
    if (state->file)
        fclose(state->file);
    state->file = NULL;
}
