/* What a token of a language model costs: a prefill and decode steps of a decoder with a cache of keys and values.
 *
 * N tokens out of each of B sequences are one prefill (the prompt, P tokens, nothing cached) and N - 1 decode steps
 * (one token after P, P + 1 ... cached ones). Which input is what is found in the graph (docs/generation.md). Counts
 * are exact integers, and those of a request are the sums of its phases; energies are in pJ, sizes in bits, times in
 * microseconds.
 *
 * Threads: as pj_analyze: a model is for one thread at a time; a generation never changes, so threads may share it. */
#ifndef PICOJOULE_GENERATION_H
#define PICOJOULE_GENERATION_H

#include "picojoule/report.h"
#include "picojoule/result.h"

typedef struct pj_generation_ask {
    const pj_setup *setup;   /* what is asked as of analyze; step and batch of it do not count */
    int64_t prompt, tokens;  /* P >= 1 and N >= 1, below 2^31 */
    int64_t batch;           /* B >= 1 */
    bool as_exported;        /* the cache moves as the graph says; false: it is kept in place */
    const char *kv_format;   /* of the cache: "int8", "fp8e4m3"; NULL: as its inputs are */
    bool scale_per_token;    /* with kv_format: 16 bits of scale for each head and token */
    const char *step_path;   /* another file that runs the decode steps; NULL: the model itself */
    int64_t tokens_per_step; /* K >= 1 new tokens of a decode step, of which ... */
    double accepted;         /* ... so many are kept on average: 1 to K */
    const int64_t *points;   /* contexts at which one decode step is shown, */
    size_t point_count;      /* 0: the first, the middle and the last */
    bool what_if;            /* what other formats and sizes would change */
    bool recompute;          /* without a cache: N runs of P to P + N - 1 tokens */
    bool prompt_by_steps;    /* the prompt goes through P steps of one token */
} pj_generation_ask;

/* 1 token of prompt, 1 out, 1 sequence; 1 token a step. The caller sets `setup`. */
PJ_API pj_generation_ask pj_generation_ask_default(void);

/* Of one device, for all runs of a phase; negative: it cannot say. */
typedef struct pj_generation_device {
    double energy_pj, time_us;
    double served_pj;    /* as servers were measured, for GPUs (pj_served_joules) */
    double tokens_per_s; /* at most */
    double ops_per_byte, ridge;
    bool is_memory_bound; /* fewer operations a byte than the device has: the ridge */
} pj_generation_device;

typedef struct pj_generation_phase {
    int64_t runs;
    int64_t macs, flops, macs_attention;
    int64_t weight_bits;                                     /* of constants, as often as they are read */
    int64_t kv_read_bits, kv_written_bits;                   /* of the cache, in place */
    int64_t exported_kv_read_bits, exported_kv_written_bits; /* of tensors that hold it, as the graph stands */
    int64_t activation_read_bits, activation_written_bits;   /* of all others */
    double weights_pj, kv_cache_pj, activations_pj, arithmetic_pj, total_pj;
    pj_energy exported;                  /* as the graph stands */
    const pj_generation_device *devices; /* one for each of the setup */
} pj_generation_phase;

typedef struct pj_generation_point {
    int64_t past;
    pj_generation_phase step;
} pj_generation_point;

typedef struct pj_generation_change {
    const char *change;     /* "int8 cache", "batch 8" */
    double decode_token_pj; /* NAN: not possible, `why` says why */
    double ratio;           /* to what is asked */
    const char *why;
} pj_generation_change;

/* An input that has a role. */
typedef struct pj_role_info {
    const char *input, *output; /* output: of caches; NULL: none */
    int axis;                   /* -1: none */
    const char *dim;            /* as declared: "sequence_length", "8" */
    const char *layout;         /* of caches: "fused", "concat", "scatter", "name" */
    bool paged;
    int64_t heads, size;      /* of a cache; 0: not known */
    const char *format;       /* of a cache: "fp16" */
    int64_t window, capacity; /* 0, -1: none */
} pj_role_info;

typedef struct pj_generation {
    const char *model, *step_model; /* paths; step_model NULL: the same */
    pj_setup setup;                 /* with names as results tell them, all dimensions of the last step, and digests */
    pj_generation_ask ask;          /* as asked; its setup is NULL */
    int64_t decode_steps;
    int64_t first_past; /* of the first decode step: P, or 1 behind an encoder */
    bool has_encoder;
    /* roles */
    pj_role_info tokens, past, batch;
    const pj_role_info *totals, *caches, *states, *cross;
    size_t total_count, cache_count, state_count, cross_count;
    const char *roles_from; /* "graph", "names", "user" */
    const char *branch;     /* the input that decides whether the cache is read; NULL: none */
    int64_t positions;      /* that a sequence can have; -1: no limit is known */
    /* figures */
    pj_generation_phase prefill, decode, request;
    const pj_generation_point *points;
    size_t point_count;
    double prompt_token_pj; /* of the prefill */
    double decode_token_pj; /* NAN without decode steps */
    double out_token_pj;    /* of the request */
    int64_t kv_token_bits;  /* of one token of one sequence in all caches that grow */
    int64_t equal_tokens;   /* cached tokens of all sequences at which the cache weighs as much as the weights of
                               a step; -1: there is no cache */
    const double *compute_bound_batch;        /* of each device; NAN: not known */
    const bool *fits;                         /* each device, weights and cache; */
    const double *memory_has;                 /* its bytes; NAN: not known */
    double memory_wants;                      /* bytes: weights and the cache of the whole request */
    int64_t causal_macs;                      /* of the prefill, with half of the pairs of attention left out */
    double experts_at_most, experts_expected; /* that a decode step reads; NAN: no experts */
    const pj_generation_change *changes;
    size_t change_count;
    int64_t layers, uncounted;
    int64_t priced; /* steps whose energies were found one by one */
    const pj_finding *findings;
    size_t finding_count;
} pj_generation;

/* Finds the cost of a generation. The model is bound anew, and bound to a step afterwards. *out is the caller's.
 * PJ_EARGUMENT: the model is no decoder that can do it (the sentence says what to type next), or a number is out of
 * range; PJ_ECONFLICT: settings that contradict each other, or a table with the rules of QTools; PJ_EOVERFLOW: a count
 * leaves 64 bits; errors of pj_model_open for the model of the steps, and of pj_analyze. */
PJ_API pj_status pj_generate(pj_model *model, const pj_generation_ask *ask, pj_generation **out, pj_error *err);
PJ_API void pj_generation_free(pj_generation *generation); /* NULL is allowed */

/* Writes a report: text, Markdown, JSON (picojoule.generation/1, docs/generation.schema.json), CSV. Errors as
 * pj_result_write. */
PJ_API pj_status pj_generation_write(const pj_generation *generation, const pj_report_options *options, pj_sink sink,
                                     void *payload, pj_error *err);

/* ---- formulas ---- */

/* MACs of attention: B * Hq * S * keys * (size of a key + size of a value). What passes 64 bits stays at the most. */
PJ_API int64_t pj_attention_macs(int64_t batch, int64_t heads, int64_t tokens, int64_t keys, int64_t size_k,
                                 int64_t size_v);

/* Bits of keys and values of one token in so many layers. */
PJ_API int64_t pj_kv_token_bits(int64_t layers, int64_t kv_heads, int64_t size_k, int64_t size_v, int64_t bits);

/* A decoder of the usual form: q, k, v, o, a gated feed-forward of three matrices, and the output layer. */
typedef struct pj_decoder_sizes {
    int64_t layers, hidden, heads, kv_heads, head_size, ffn, vocab;
} pj_decoder_sizes;

/* Weights that a step reads: those matrices; of the embedding a row, which does not count. */
PJ_API int64_t pj_decoder_weights(const pj_decoder_sizes *sizes);

/* Cached tokens, of all sequences together, at which the cache weighs as much as the weights: W / kappa, rounded down.
 * -1: there is no cache. */
PJ_API int64_t pj_equal_tokens(double weight_bits, double token_bits);

/* Sequences at which layers of weights take as long to compute as to load: peak / bandwidth * bits / 16. NAN: unknown.
 */
PJ_API double pj_compute_bound_batch(double ops_per_second, double bytes_per_second, double weight_bits);

/* What GPUs that serve were measured to take, fitted to H100: 1.08 * bytes * TDP / bandwidth + 3.75 * FLOPs * TDP /
 * peak, in joules. NAN where a figure is not known. */
PJ_API double pj_served_joules(double bytes, double flops, double watts, double bytes_per_second,
                               double ops_per_second);

/* Experts that so many tokens read where each chooses some of them at random: E * (1 - (1 - k/E)^tokens). */
PJ_API double pj_experts_read(double experts, double chosen, double tokens);

#endif
