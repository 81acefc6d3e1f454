/* Figures and texts as a person reads them: SI prefixes, four digits, no control characters. The same in every locale.
 */
#pragma once

#include "base/str.h"

/* A unit that suits a range of figures: figure / `factor` is what stands before `unit`. */
typedef struct pj_scale {
    double factor;
    const char *unit;
} pj_scale;

/* The scale in which `most` has one to three digits before the point. Energies are in picojoules, or without unit where
 * the table's `unit` is "relative"; times in microseconds. */
pj_scale pj_scale_energy(double most, const char *unit);
/* Counts: "", "k", "M", ...; sizes in bits: "bits", "KiB", ... */
pj_scale pj_scale_count(double most);
pj_scale pj_scale_bits(double most);

/* "45.21 uJ", "12.30 M relative" */
void pj_human_energy(pj_str *out, double pj, const char *unit);
/* "0.450 us" */
void pj_human_time(pj_str *out, double us);
/* "2.657 M", "768" */
void pj_human_count(pj_str *out, int64_t count);
/* "2,656,768" */
void pj_human_exact(pj_str *out, int64_t count);
/* "88.30 KiB" of a number of bits; below a KiB "12 bytes", "3 bits" */
void pj_human_bits(pj_str *out, double bits);
/* "31.2 %", "<0.1 %" of 0.312 and 0.0001 */
void pj_human_share(pj_str *out, double share);

/* Cells of tables have three digits, and each its own unit: "45.2 uJ", "3.21 us", "512 k", "0". Relative energies have
 * none but "k", "M". */
void pj_brief_energy(pj_str *out, double pj, const char *unit);
void pj_brief_time(pj_str *out, double us);
void pj_brief_count(pj_str *out, int64_t count);

/* "########............" of 0.4, in `arena`; NULL: no memory. */
const char *pj_human_bar(double share, pj_arena *arena);

/* Four significant digits: "0.031", "7.500", "45.21", "1024". */
void pj_human_digits(pj_str *out, double value);

/* "1 layer", "3 layers": `many` is the plural. */
void pj_human_plural(pj_str *out, size_t count, const char *one, const char *many);

/* ---- texts of a model, which may hold anything ---- */

/* Appends `text` without what a terminal, a spreadsheet or XML would obey or refuse: control characters, separators of
 * lines, marks of direction, U+FFFE, U+FFFF and broken UTF-8 become '?'. */
void pj_text_clean(pj_str *out, const char *text);
const char *pj_text_kept_clean(const char *text, pj_arena *arena);

/* Columns that a clean text takes: its characters. */
size_t pj_text_width(const char *text);

/* Appends a clean text in `width` columns, at least 5: the first parts of a path as "/e/l.0/linear1/MatMul", what is
 * still longer cut after its middle. */
void pj_text_elide(pj_str *out, const char *text, size_t width);

/* Appends a clean text broken at spaces into lines of at most `width` columns, each after the first led by `indent`
 * spaces; `at` columns of the first line are taken. Ends without a line break. */
void pj_text_wrap(pj_str *out, const char *text, size_t at, size_t indent, size_t width);
