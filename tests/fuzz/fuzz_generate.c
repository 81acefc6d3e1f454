/* Any bytes as a decoder (a file of ONNX begins with the field of its version), or lines ROLE=INPUT[:AXIS] for a small
 * one: recognized, bound to a step, generated from, or refused in words. */
#include <stdlib.h>
#include <string.h>

#include "everything.h"
#include "fuzz.h"
#include "model.h"
#include "picojoule/generation.h"

enum { MOST_ROLES = 8 };

static const uint8_t *make_decoder(size_t *size)
{
    static builder b;
    b = build_new(17);
    build_input(&b, "ids", PJ_INT64, "B,S");
    build_input(&b, "mask", PJ_INT64, "B,T");
    build_input(&b, "k", PJ_FLOAT32, "B,P,4");
    build_initializer(&b, "emb", PJ_FLOAT32, "8,4");
    build_node(&b, "Gather", "emb,ids", "x");
    build_int(&b, build_node(&b, "Concat", "k,x", "k_out"), "axis", 1);
    build_output(&b, "k_out", PJ_FLOAT32, "B,P + S,4");
    return build_bytes(&b, size);
}

static void check_sums(const pj_generation *g)
{
    if (g->request.macs != g->prefill.macs + g->decode.macs ||
        g->request.kv_read_bits != g->prefill.kv_read_bits + g->decode.kv_read_bits || !(g->request.total_pj >= 0) ||
        g->request.macs < 0)
        abort();
}

static void generate(const uint8_t *bytes, size_t size, const char *const *roles, size_t count, bool recompute)
{
    const pj_setup none = {.roles = roles, .role_count = count};
    pj_setup setup = pj_setup_default();
    pj_generation_ask ask = pj_generation_ask_default();
    pj_generation *found = NULL;
    pj_model *model = NULL;
    pj_error err = {0};
    digest out = digest_new();
    setup.roles = roles;
    setup.role_count = count;
    ask.setup = &setup;
    ask.prompt = 3;
    ask.tokens = 4;
    ask.batch = 2;
    ask.recompute = recompute;
    if (pj_model_open_memory(bytes, size, "fuzz.onnx", &none, &model, &err) == PJ_OK) {
        pj_status status = pj_generate(model, &ask, &found, &err);
        if (status == PJ_OK ? !found : found || !err.what[0])
            abort();
    }
    if (found)
        check_sums(found);
    if (found && pj_generation_write(found, NULL, digest_sink, &out, &err) != PJ_OK)
        abort();
    pj_generation_free(found);
    pj_model_close(model);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static size_t length;
    static const uint8_t *decoder;
    const char *roles[MOST_ROLES];
    size_t count = 0;
    if (size > 0 && data[0] == 8) {
        generate(data, size, NULL, 0, false);
        generate(data, size, NULL, 0, true);
        return 0;
    }
    if (!decoder)
        decoder = make_decoder(&length);
    char *text = malloc(size + 1);
    if (!text)
        abort();
    if (size > 0)
        memcpy(text, data, size);
    text[size] = '\0';
    for (char *line = strtok(text, "\n"); line && count < MOST_ROLES; line = strtok(NULL, "\n"))
        roles[count++] = line;
    generate(decoder, length, roles, count, false);
    free(text);
    return 0;
}
