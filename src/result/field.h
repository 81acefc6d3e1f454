/* Fields of results: what members of a struct are called in JSON, how they are written and read, and which of them are
 * figures that budgets, comparisons and tables speak of. The table itself is members.c.
 *
 * A type writes a value and reads it back; one table serves both, so that neither can forget a member. */
#pragma once

#include "base/json.h"
#include "base/json_write.h"
#include "picojoule/result.h"

/* What a field belongs to. Structs with one table use PJ_OF_ONE. */
typedef enum pj_of {
    PJ_OF_LAYER = 1,
    PJ_OF_TOTALS = 2,
    PJ_OF_GROUP = 4, /* of the totals: what sums of some layers have, too */
    PJ_OF_MODEL = 8, /* of the totals: what the report says of the model, too */
    PJ_OF_ONE = PJ_OF_LAYER
} pj_of;

/* Whether it is there. Without any: written always, and a report without it is refused. */
typedef enum pj_rule {
    PJ_MAY_LACK = 1,        /* a report may do without: early ones do */
    PJ_MAY_LACK_OBJECT = 2, /* likewise, with the whole object that it stands in */
    PJ_LEFT_OUT = 4,        /* the writer leaves it out where it is absent */
    PJ_NULL = 8,            /* null where it is absent */
} pj_rule;

typedef struct pj_field pj_field;

typedef struct pj_field_writer {
    pj_json_writer *json;
    const pj_result *result; /* NULL where no field needs it */
} pj_field_writer;

typedef struct pj_field_reader {
    pj_result *result;
    pj_model_info *model; /* that of the result */
    pj_arena *arena;
    pj_error *err;
} pj_field_reader;

/* Who speaks of a figure. */
typedef enum pj_use {
    PJ_IN_TABLES = 1,      /* columns of the report, and sums of groups */
    PJ_IN_COMPARISONS = 2, /* totals and columns of compare */
    PJ_IN_LIMITS = 4,      /* --fail-on */
    PJ_IN_BUDGETS = 8,     /* limits and baselines of check */
    PJ_IN_TRENDS = 16,     /* what history shows */
    PJ_IN_RECORDS = 32,    /* what it stores */
    PJ_EVERYWHERE = 63
} pj_use;

enum { PJ_MOST_FIGURES = 64 };

/* A member to be written, and one to be read: where it is, and the struct that it stands in. */
typedef struct pj_seen {
    const pj_field *field;
    const void *at, *base;
} pj_seen;

typedef struct pj_slot {
    const pj_field *field;
    void *at, *base;
} pj_slot;

typedef struct pj_field_type {
    void (*write)(const pj_field_writer *w, const pj_seen *of);              /* NULL: not in JSON */
    pj_status (*read)(pj_field_reader *r, pj_json value, const pj_slot *of); /* NULL: derived */
    bool (*is_absent)(const pj_seen *of);                                    /* NULL: never */
    void (*clear)(const pj_slot *of);                                        /* makes it absent; NULL: zero is */
    double (*value)(const void *at);                                         /* of figures */
} pj_field_type;

struct pj_field {
    const char *object; /* that it stands in, together with its neighbours; NULL: none */
    const char *key;
    const pj_field_type *type;
    unsigned char of, rule;
    bool is_line;    /* its object stands on one line */
    int64_t absent;  /* of counts and amounts: the value that means absent */
    size_t at;       /* offset in the layer, or in the struct of a table of its own */
    size_t totals;   /* in the totals */
    size_t count_at; /* of lists: offset of how many there are (size_t); of shapes: of the rank (int) */
    /* of figures */
    unsigned char uses; /* pj_use */
    pj_quantity quantity;
    const char *title;    /* of its column for people; NULL: it has none */
    int rank;             /* of that column: the higher, the further right, and the sooner it finds no room */
    const char *name;     /* in sentences; NULL: as its key */
    const char *line;     /* of the totals of a comparison; NULL: as its title */
    bool is_stored;       /* known of layers that are not counted, too */
    const char *in_trend; /* what history calls it; NULL: as its key */
};

extern const pj_field_type pj_field_count;  /* int64_t from 0 on */
extern const pj_field_type pj_field_size;   /* size_t */
extern const pj_field_type pj_field_bytes;  /* uint64_t */
extern const pj_field_type pj_field_whole;  /* int64_t of either sign */
extern const pj_field_type pj_field_amount; /* double, finite, from 0 on; below: not known */
extern const pj_field_type pj_field_flag;   /* bool */
extern const pj_field_type pj_field_text;   /* const char *; NULL: absent */
extern const pj_field_type pj_field_word;   /* const char *; "": absent */
extern const pj_field_type pj_field_names;  /* const char *const *, with a count */
extern const pj_field_type pj_field_shape;  /* const pj_dim_info *, with a rank */

/* A member as `base` has it, of the totals where `of` says so. */
const void *pj_field_at(const pj_field *field, unsigned of, const void *base);

/* Writes the fields that `of` has, members of an object that the caller has opened. */
void pj_fields_write(const pj_field_writer *w, const pj_field *fields, size_t count, unsigned of, const void *base);

/* Reads them out of `object`. PJ_EFORMAT with the JSON path: missing, of another type, out of range. */
pj_status pj_fields_read(pj_field_reader *r, const pj_field *fields, size_t count, unsigned of, pj_json object,
                         void *base);

/* A list of structs as an array, each on a line of its own where `is_line`. */
typedef struct pj_array {
    const pj_field *fields;
    size_t count, size; /* of the fields; of a struct */
    bool is_line;
} pj_array;

void pj_array_write(const pj_field_writer *w, const pj_array *list, const void *first, size_t count);

/* *out lives in the arena. */
pj_status pj_array_read(pj_field_reader *r, const pj_array *list, pj_json array, const void **out, size_t *count);

/* A whole number from 0 to 2^63 - 1, of which a double keeps 53 bits. */
pj_status pj_json_as_count(pj_json value, int64_t *out, pj_error *err);

/* ---- the tables: members.c ---- */

/* The next figure of a use, in the order of the table; `after` NULL: the first. NULL past the last. */
const pj_field *pj_figure_next(const pj_field *after, unsigned use);

/* What the use calls it. */
const char *pj_figure_word(const pj_field *figure, unsigned use);

/* The figure of that name (`length` bytes), or NULL. */
const pj_field *pj_figure_find(const char *word, size_t length, unsigned use);

const pj_field *pj_figure_total(void); /* the sum of the energies */

/* Of a layer (PJ_OF_LAYER) or of totals; negative: not known. */
double pj_figure_value(const pj_field *figure, unsigned of, const void *base);

static inline bool pj_figure_is_energy(const pj_field *figure)
{
    return figure->quantity == PJ_QUANTITY_ENERGY;
}

void pj_layer_write(const pj_field_writer *w, const pj_layer *layer); /* an object */
pj_status pj_layer_read(pj_field_reader *r, pj_json object, pj_layer *out);

/* Keys that others need, too. */
extern const char pj_key_macs[], pj_key_flops[], pj_key_params[], pj_key_param_bytes[], pj_key_bops[], pj_key_op_cost[],
    pj_key_parameters[], pj_key_peak_activation_bytes[], pj_key_energy_pj[], pj_key_time_us[], pj_key_low_pj[],
    pj_key_high_pj[], pj_key_file_bytes[], pj_key_gate_bits[], pj_key_gate_factor[], pj_layers_key[],
    pj_uncounted_key[];
extern const char pj_layer_index_key[]; /* of the member that says where a layer stands */

/* The member `totals` of a report; reading names the devices of the result. */
void pj_totals_write(const pj_field_writer *w);
pj_status pj_totals_read(pj_field_reader *r, pj_json root);

/* Of some layers: the members of an object that the caller has opened. */
void pj_group_write(const pj_field_writer *w, const pj_totals *sum);

/* The figures of one layer as totals, without devices; totals with those of `more`: counts that leave 64 bits stay at
 * the largest, what is not known is left out. */
pj_totals pj_totals_of_layer(const pj_layer *layer);
void pj_totals_add(pj_totals *sum, const pj_totals *more);

/* The same of `count` layers. */
void pj_totals_add_layers(pj_totals *sum, const pj_layer *const *layers, size_t count);

void pj_model_figures_write(const pj_field_writer *w); /* those that the member `model` has */

/* ---- about.c ---- */

/* Members `model`, `shared_parameters`, `coverage`, `diagnostics` of a report. */
void pj_model_write(const pj_field_writer *w);
pj_status pj_model_read(pj_field_reader *r, pj_json root);
void pj_shared_write(const pj_field_writer *w);
pj_status pj_shared_read(pj_field_reader *r, pj_json root);
void pj_coverage_write(const pj_field_writer *w);
pj_status pj_coverage_read(pj_field_reader *r, pj_json root);
pj_status pj_findings_read(pj_field_reader *r, pj_json root);

/* The member "diagnostics". */
void pj_findings_json(const pj_finding *findings, size_t count, pj_json_writer *json);

/* [1, null, "batch"], or null where the rank is unknown: a value. */
void pj_shape_json(int rank, const pj_dim_info *dims, pj_json_writer *json);
