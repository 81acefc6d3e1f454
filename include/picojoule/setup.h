/* What is asked: which sizes a model runs at, what its figures rest on, and the resources that both are read from.
 *
 * Start with pj_setup_default() and change members, or set them by name with pj_setup_set(). Texts and arrays that the
 * caller puts in stay the caller's, and need to live as long as the call that they are passed to.
 *
 * Threads: a setup is for one thread while it changes; calls that only read it may share it, if its files may be
 * read by several at once. */
#ifndef PICOJOULE_SETUP_H
#define PICOJOULE_SETUP_H

#include "picojoule/error.h"
#include "picojoule/resource.h"

/* Where a tensor lives, with QTools' names; what is fixed is hard-wired and free.
 *  enumerator, word */
#define PJ_PLACE_LIST(X)     \
    X(PJ_PLACE_DRAM, "dram") \
    X(PJ_PLACE_SRAM, "sram") \
    X(PJ_PLACE_FIXED, "fixed")

typedef enum pj_place {
#define PJ_PLACE_ENUM(name, word) name,
    PJ_PLACE_LIST(PJ_PLACE_ENUM)
#undef PJ_PLACE_ENUM
} pj_place;

/* The word of a place; all of them in the order of the enum, NULL past the last. */
PJ_API const char *pj_place_word(pj_place place);
PJ_API const char *const *pj_place_words(void);

/* A value for a symbolic dimension, as `--dim batch=1`, or a formula over others, as `--dim total=past+1`. */
typedef struct pj_dim_binding {
    const char *name; /* with a formula: "total=past+1"; after a '?': where the model has it, else nothing */
    int64_t value;    /* >= 0, or PJ_DIM_FORMULA; results have none of these */
} pj_dim_binding;
enum { PJ_DIM_FORMULA = -1 };

/* A shape for a graph input, as `--input tokens=int64:1,128`. Symbolic dimensions of the declared shape get these
 * values everywhere in the model. */
typedef struct pj_input_binding {
    const char *name;
    const char *dtype; /* "int64"; NULL: as declared */
    int rank;
    const int64_t *dims; /* `rank` of them; -1 leaves one as declared */
} pj_input_binding;

/* How often a Loop runs that does not say so itself, as `--trips decode=20`. */
typedef struct pj_trips_binding {
    const char *node; /* its name, or its label in reports */
    int64_t trips;    /* >= 0 */
} pj_trips_binding;

/* What a file held when it was read, built-in ones included. */
typedef struct pj_content {
    const char *member; /* of the setup, that names the file: "table", "devices", "plan", "op_rules" */
    const char *name;   /* the file, or the built-in name, as results tell it */
    const char *sha256; /* of its bytes: 64 hexadecimal digits */
} pj_content;

typedef struct pj_setup {
    /* Bindings: what the graph leaves open. */
    const pj_dim_binding *dims;
    size_t dim_count;
    const pj_input_binding *inputs;
    size_t input_count;
    const pj_trips_binding *trips;
    size_t trip_count;
    bool unbound_dims_are_one; /* what is not bound counts as 1, and a finding names it (analyze); false: stays a
                                  symbol (shapes) */
    const char *step;          /* of a decoder, "S@P": S new tokens after P cached ones, of each sequence; or NULL */
    uint64_t batch;            /* sequences side by side; 0: as the dimensions say */
    const char *const *roles;  /* ROLE=INPUT[:AXIS], where the graph leaves open which input is what */
    size_t role_count;
    int64_t source_tokens; /* of the encoder's output that a decoder reads; 0: as the dimensions say */
    bool follow_links;     /* weights may lie behind links that lead out of the model's folder */
    const char *op_rules;  /* a file that describes operators (docs/op-rules.md), or NULL */

    /* What figures rest on. */
    const char *table; /* built-in name or file; NULL: "horowitz-45nm" */
    pj_place weights_on;
    pj_place activations_on;
    bool io_on_dram;        /* QTools' rd_wr_on_io */
    uint64_t sram_min_bits; /* the smallest memory that a tensor can sit in */
    bool places_asked;      /* one of those four was asked for, as it may have been for its usual value: then `reuse`
                               is "once" */
    const char *hierarchy;  /* built-in name or file; NULL: DRAM and one SRAM of 256 KiB at the prices of `table` */
    const char *reuse;      /* "once", "fused", "resident", "tiled" (docs/memory.md); NULL: tiled with a hierarchy,
                               once where places were asked for or the rules are those of QTools, else fused */
    const char *kv_cache;   /* "append" (NULL) or "whole": what is written of a cache of keys and values */
    uint64_t runs;          /* of the model one after another, in which weights may stay on chip; 0 counts as 1 */
    const char *resized;    /* a level of the hierarchy that has another size here; NULL: none ... */
    uint64_t resized_bits;  /* ... and that size */
    const char *const *devices; /* built-in names or files */
    size_t device_count;
    const char *load;        /* of devices: "latency", "throughput"; NULL: latency at batch 1, else throughput */
    const char *utilization; /* of devices, a number above 0 up to 1; NULL: as their profiles have it */
    const char *plan;        /* file of number formats per layer (picojoule.plan/1); NULL: none */
    const char *quantize;    /* formats for the whole model: "int8", "fp16", "w4a8"; NULL: as the model has them */
    bool no_fold;            /* quantizers stay layers of their own instead of becoming part of the layer in front */

    /* What else is looked at. */
    bool inspect_weights; /* looks at the weights, too: pj_result.weights, and findings; not in sweeps */
    bool best_order;      /* looks for an order of nodes that takes less memory, too (memory.h) */

    /* Files that are at hand otherwise: where the setup names a file of such a name, it is read from here. */
    const pj_resource *resources;
    size_t resource_count;

    /* In a result, where dims are all that the model has, and table and devices are names. NULL, 0 in what is asked. */
    const char *rules; /* of the table: "picojoule", "qtools" */
    const char *unit;  /* of the table: "pJ", or "relative" */
    const pj_content *contents;
    size_t content_count;

    pj_watch watch; /* is told how far it is, and can stop it; step NULL: nobody */

    struct pj_arena *owner; /* of what pj_setup_set() put in; NULL without */
} pj_setup;

/* Each tensor crosses DRAM and SRAM once, but for those between fused layers; no devices; nothing is bound, and what
 * stays unbound counts as 1. */
PJ_API pj_setup pj_setup_default(void);

/* ---- members by name ---- */

typedef enum pj_setting_kind {
    PJ_SETTING_PLACE,  /* pj_place */
    PJ_SETTING_YES_NO, /* bool, with a value: yes or no */
    PJ_SETTING_FLAG,   /* bool, without a value: true */
    PJ_SETTING_COUNT,  /* uint64_t, at least 1 */
    PJ_SETTING_SIZE,   /* uint64_t in bits; bytes without a unit: 4096, 512B, 16KiB, 4100bit */
    PJ_SETTING_TEXT,   /* const char * */
    PJ_SETTING_FILE,   /* const char *: a path */
    PJ_SETTING_NAME,   /* const char *: a built-in name, or a path */
    PJ_SETTING_NAMES,  /* a list of those */
    PJ_SETTING_DIMS,   /* a list of NAME=N */
    PJ_SETTING_INPUTS, /* a list of NAME=[TYPE:]DIMS */
    PJ_SETTING_TRIPS,  /* a list of NAME=N */
    PJ_SETTING_FOUND   /* const char *: in results alone; nothing sets it */
} pj_setting_kind;

/* What a member is about, so which commands take it. */
typedef enum pj_setting_group {
    PJ_ABOUT_MODEL,   /* bindings, operators: whoever opens a model */
    PJ_ABOUT_ENERGY,  /* prices and memory: whoever prices one */
    PJ_ABOUT_FORMATS, /* number formats: whoever does not look for them */
    PJ_ABOUT_DEVICES  /* estimates beside the table's */
} pj_setting_group;

/* When the report's settings, and budgets, have a member. */
typedef enum pj_setting_written { PJ_WRITTEN_ALWAYS, PJ_WRITTEN_IF_SET, PJ_WRITTEN_NEVER } pj_setting_written;

/* One member of a setup. A row of src/setup/members.c is all that options, help, docs/cli.md, reports, comparisons,
 * histories and budgets need to have it, too. */
typedef struct pj_setting {
    const char *name;          /* in pj_setup */
    const char *option;        /* without dashes; of a member that is found: the option that it follows from */
    const char *value;         /* what --help calls its value; NULL: takes none */
    const char *help;          /* lines of at most 48 columns */
    const char *in_report;     /* key of the report's settings */
    const char *in_budget;     /* key of a budget's model; NULL: it has no place there */
    const char *budget_object; /* the object that holds it there, "memory"; NULL: the model itself */
    const char *told;    /* among what a report assumes: %v the value, %o the option; NULL: it is told elsewhere */
    const char *told_of; /* the one value that is told; NULL: any */
    const char *joint;   /* between what was told before and `told`; NULL: a sentence of its own */
    const char *usual;   /* of a text: what NULL stands for where nothing else speaks against it */
    const char *unsaid;  /* of a text: what reports and budgets that do not have it were made with; NULL: none */
    const char *const *choices;              /* of PJ_SETTING_TEXT: all values; NULL past the last; NULL: any text */
    const char *(*check)(const char *value); /* of texts and counts: what it wants instead; NULL: any will do */
    const char *words[2]; /* of PJ_SETTING_FOUND: its values; of PJ_SETTING_YES_NO: no and yes as they are told */
    pj_setting_kind kind;
    pj_setting_group group;
    pj_setting_written written;
    bool other_prices;   /* where it differs, figures are not of one kind */
    size_t at, count_at; /* offsets in pj_setup, of the member and of its number; 0: no list */
    unsigned char report, budget, basis, place_told; /* place in the order of each, from 1 on; 0: not there */
} pj_setting;

/* Members in the order of the help; NULL past the last. */
PJ_API const pj_setting *pj_setup_setting(size_t index);

/* Sets the member of that name, or of that option; of a list, adds to it. `value` is NULL for a flag. The setup owns
 * what is put in from now on: free it with pj_setup_clear(); copies of the struct share it.
 * PJ_EARGUMENT: no such member, or a value that it cannot have: "weights-on 'tape': wants dram, sram or fixed";
 * PJ_ENOMEM. */
PJ_API pj_status pj_setup_set(pj_setup *setup, const char *name, const char *value, pj_error *err);

/* Adds a resource under its name. The struct and its name are copied, and bytes with PJ_COPY; pj_setup_clear() calls
 * `close` of each resource that the setup has by then. After a failure it has not taken it.
 * PJ_EARGUMENT: as pj_model_open_resource, or it has no contents; PJ_ENOMEM. */
PJ_API pj_status pj_setup_give(pj_setup *setup, const pj_resource *resource, pj_error *err);

/* Frees what pj_setup_set() and pj_setup_give() have put in, and leaves the defaults. */
PJ_API void pj_setup_clear(pj_setup *setup);

/* What a step "S@P" has to be, where the text is none: S >= 1 new tokens and P >= 0 cached ones below 2^31. NULL: it is
 * one. */
PJ_API const char *pj_step_wants(const char *text);

/* Both numbers of a step. false: it is none. */
PJ_API bool pj_step_read(const char *text, int64_t *tokens, int64_t *past);

/* The whole number (>= 0, below 2^63) at the start of the text; returns what follows it, NULL: there is none. */
PJ_API const char *pj_whole_read(const char *text, int64_t *out);

/* The size at the start of the text in bytes: 256KiB, 1MiB, 4096; returns what follows it (the end, or a comma), NULL:
 * there is none, or it is no whole number of bytes. */
PJ_API const char *pj_size_scan(const char *text, int64_t *out);

/* Reads a JSON file of options: each member is called as its option, without dashes, and has its value: a text, a
 * number, true of a flag (false: left out), a list of values, or an object of NAME: VALUE. `visit` is called for each
 * value, with NULL for true, and returns false to stop. PJ_EFORMAT, PJ_EIO, PJ_ELIMIT, PJ_ENOMEM; PJ_ESTOPPED. */
typedef bool (*pj_config_visit)(const char *option, const char *value, void *payload);
PJ_API pj_status pj_config_read(const char *path, pj_config_visit visit, void *payload, pj_error *err);

/* ---- two setups ---- */

/* A setting that two results do not share: "table", "dims.batch", "contents.plan". Values as reports write them; "none"
 * for what is not set. */
typedef struct pj_setting_change {
    const char *name;   /* of the member in the report's settings */
    const char *option; /* what sets it, without dashes: "table" */
    const char *a, *b;
    const char *contents; /* of a file that has other contents under the same name: "table energy.json"; else NULL */
    bool other_prices;    /* figures of the two are not of one kind: another table, rules or unit */
} pj_setting_change;

/* What the setups of two results do not share, in the order of the report's settings; *count may be 0. An array of its
 * own, which the caller frees with pj_setting_changes_free. PJ_ENOMEM. */
PJ_API pj_status pj_setup_compare(const pj_setup *a, const pj_setup *b, pj_setting_change **out, size_t *count,
                                  pj_error *err);
PJ_API void pj_setting_changes_free(pj_setting_change *changes); /* NULL is allowed */

#endif
