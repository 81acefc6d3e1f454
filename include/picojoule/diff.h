/* Two results layer by layer: what was added, removed, renamed, changed, what explains the difference, and whether it
 * is more than is allowed.
 *
 * A is before, B is after: every difference is B - A, every ratio B / A. Energies are picojoules, or multiples of a
 * table's reference operation where its unit is "relative".
 *
 * Threads: different comparisons may be made at once, of the same results, too; one that is made never changes. */
#ifndef PICOJOULE_DIFF_H
#define PICOJOULE_DIFF_H

#include "picojoule/report.h"

typedef enum pj_change { PJ_SAME, PJ_CHANGED, PJ_RENAMED, PJ_ADDED, PJ_REMOVED } pj_change;

/* The four components of an energy, in the order of pj_energy. */
typedef enum pj_component { PJ_INPUTS, PJ_OUTPUTS, PJ_PARAMETERS, PJ_OP_COST, PJ_COMPONENTS } pj_component;

/* Why one component of one layer differs. Its energy is a product, count x width x price:
 *
 *     op_cost          MACs (without any: FLOPs)    x  1           x  pJ per MAC (or FLOP)
 *     parameters       parameters x runs            x  bits each   x  pJ per bit
 *     inputs, outputs  bits of all / bits each      x  bits each   x  pJ per bit
 *
 * What of op_cost converts number formats (pj_layer.conversion) is set apart before.
 *
 * `by_count`, `by_width`, `by_price` and `by_conversion` add up to the difference. Each gets L * ln(its ratio) with the
 * logarithmic mean L = (b - a) / ln(b / a), which leaves nothing unexplained (logarithmic mean Divisia index, Ang
 * 2004). Where a side is zero there is no ratio: all of it goes to the count if that is zero there, too, else to the
 * price. */
typedef struct pj_effect {
    double a, b; /* the component on both sides (pJ) */
    double by_count, by_width, by_price;
    double by_conversion;                         /* of op_cost: the difference of what converts number formats */
    double count_ratio, width_ratio, price_ratio; /* their product is b / a, without conversions; 0: cannot be split */
    const char *counted;                          /* "macs", "flops", "params", "elements" */
} pj_effect;

/* One layer of A or B, or of both. */
typedef struct pj_diff_row {
    const pj_layer *a, *b;     /* NULL where there is none: added, removed */
    pj_change change;          /* renamed: nothing else has changed */
    bool renamed;              /* of a changed one, too */
    double energy_a, energy_b; /* totals; 0 where there is none */
    pj_effect effect[PJ_COMPONENTS];
    const char *reason; /* the largest effects in words; "" where there is no difference */
} pj_diff_row;

/* What one kind of cause adds up to over all layers. */
typedef struct pj_cause {
    const char *name;  /* "operations", "operation_price", ...: docs/compare.md lists them */
    const char *text;  /* "energy per operation" */
    double difference; /* pJ */
    const char *layer; /* the layer with the largest part of it, and that part */
    double layer_part;
    const char *detail; /* what changed there: "fp32 -> int8", "macs x2.00" */
} pj_cause;

/* A limit, and what it says: "total>2%". */
typedef struct pj_verdict {
    const char *limit;
    bool exceeded;
    const char *what; /* "total", or the name of the layer that exceeds it most */
    size_t count;     /* how many layers exceed it; of a total 0 or 1 */
    bool of_layers;   /* `what` is a layer, where there is one */
    double a, b;      /* figures of `what`; NAN: not known */
    pj_quantity quantity;
    bool is_unknown;  /* the limit cannot be judged, and counts as exceeded */
    size_t uncounted; /* layers that B no longer counts: the limit cannot be judged, and counts as exceeded */
} pj_verdict;

typedef struct pj_diff {
    const pj_result *a, *b; /* borrowed */
    const pj_setting_change *settings;
    size_t setting_count;
    const pj_diff_row *rows; /* in the order of B; what was removed follows the layer that it followed in A */
    size_t row_count;
    size_t same, changed, renamed, added, removed; /* rows that are not free, by their change */
    const pj_cause *causes;                        /* largest first; those that explain nothing are left out */
    size_t cause_count;
    const pj_verdict *verdicts; /* one per limit */
    size_t verdict_count;
    size_t exceeded;
} pj_diff;

typedef struct pj_diff_options {
    /* Limits on growth: NAME>AMOUNT, or with >=, <, <=. NAME is a figure of the model (total, macs, ...:
     * docs/compare.md lists them), or layer: the energy of any one layer. AMOUNT, perhaps negative, is a percentage of
     * A (2%), or a number with a unit (1uJ, 5M, 2KiB) or without. A layer that is new has grown by all it takes, but by
     * no percentage. Limits on figures that are not known, or that lack layers which were counted before, are exceeded.
     */
    const char *const *limits;
    size_t limit_count;
} pj_diff_options;

/* NULL: the text can be read as a limit; else what is wanted instead. */
PJ_API const char *pj_diff_limit_check(const char *text);

/* Compares. `options` may be NULL. The results must outlive *out, which the caller owns.
 * PJ_EARGUMENT: the units of the two differ, or a limit cannot be read; PJ_ENOMEM. */
PJ_API pj_status pj_diff_run(const pj_result *a, const pj_result *b, const pj_diff_options *options, pj_diff **out,
                             pj_error *err);
PJ_API void pj_diff_free(pj_diff *diff); /* NULL is allowed */

/* "text", "json", "csv", "markdown", and for the limits "junit", "sarif", "github", "gitlab"; ends with NULL. */
PJ_API const char *const *pj_diff_formats(void);

/* Writes the comparison in one of these formats (JSON is picojoule.diff/1). `options`: format, width, colour, and top:
 * rows of text and Markdown (0: all in text; in Markdown the first 10, and the others folded). Errors as
 * pj_report_write. */
PJ_API pj_status pj_diff_write(const pj_diff *diff, const pj_report_options *options, pj_sink sink, void *payload,
                               pj_error *err);

/* One line for each limit that is exceeded: what exceeds it, by how much. PJ_EIO, PJ_ENOMEM. */
PJ_API pj_status pj_diff_verdicts_write(const pj_diff *diff, pj_sink sink, void *payload, pj_error *err);

#endif
