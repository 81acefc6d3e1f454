/* What the writers of a trend share: metrics, which records compare, sparklines. */
#pragma once

#include "page/page.h"
#include "picojoule/history.h"
#include "result/field.h"

/* What is drawn: the metric of all records, or the energy of one layer. */
typedef struct pj_trend_line {
    const char *name, *op; /* of the layer; NULL: the metric */
    double *values;        /* one for each record; NAN: not known, or an energy in another unit than the newest one's */
    double most;
} pj_trend_line;

/* The figure of that word (NULL: energy), or NULL. */
const pj_field *pj_trend_metric(const char *word);

/* The line of the metric; with the layers of the query, one for each, those that once cost most first. NULL: no memory.
 */
pj_trend_line *pj_trend_lines(const pj_history *history, const pj_field *metric, pj_arena *arena, size_t *count);

/* Do the figures of a record rest on the same as those of the one before, if there is one? */
bool pj_trend_compares(const pj_history *history, size_t at);

/* Where they do not, what differs: "table a instead of b, with --quantize int8". `out` is empty before. */
void pj_trend_difference(const pj_history *history, size_t at, pj_str *out);

/* Do all records compare? */
bool pj_trend_is_even(const pj_history *history);

/* A scale for values up to `most`. */
pj_scale pj_trend_scale(const pj_history *history, const pj_field *metric, double most);

/* "388.1 uJ", "12.50 M"; "?" of NAN. */
void pj_trend_print(const pj_history *history, const pj_field *metric, double value, pj_str *out);

/* "+3.1 %", "0.0 %"; nothing where there is nothing to compare. */
void pj_trend_change(double from, double to, pj_str *out);

/* One character for each value from the least to the largest; a space for NAN. */
void pj_trend_spark(const double *values, size_t count, bool utf8, pj_str *out);

/* "2026-11-20 a1b2c3d": for people. */
void pj_trend_name(const pj_history_entry *entry, pj_str *out);

/* The pieces of the report. */
pj_rows *pj_trend_table(const pj_history *history, pj_arena *arena);
void pj_trend_json(const pj_history *history, pj_arena *arena, pj_json_writer *json);
void pj_trend_list_json(const pj_history_list *list, pj_json_writer *json);
const pj_chart *pj_trend_chart(const pj_history *history, const pj_field *metric, pj_arena *arena);
