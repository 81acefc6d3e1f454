/* Words that the reports on footprints share. */
#pragma once

#include "page/page.h"
#include "picojoule/footprint.h"

/* Four significant digits, also of what is very small: "1.078e-10"; NAN: "not known". */
void pj_footprint_digits(double value, pj_str *out);

/* The number that they say. */
double pj_footprint_round(double value);

/* A table of amounts: the first column is what they are of. `price`: with a column of costs. Rows are added one by one;
 * `joules` and `embodied` (kg) columns are for lifecycles. */
pj_rows *pj_amounts_rows(pj_arena *arena, const char *title, bool has_price);
void pj_amounts_add(pj_rows *rows, const char *what, const pj_amounts *amounts);

/* The members of the object that is open. */
void pj_amounts_json(const pj_amounts *amounts, pj_json_writer *json);

/* Lines of an analysis, each of a device in a region: "1000 queries on a100 in France: ..." */
void pj_footprint_lines(const pj_footprint *footprint, const char *per, pj_page *page);
/* All of picojoule.footprint/1, into the object that is open. */
void pj_footprint_members(const pj_footprint *footprint, pj_json_writer *json);
void pj_footprint_rows_json(const pj_footprint *footprint, pj_json_writer *json); /* the member "footprint" */

/* "Germany (DEU), 342.06 gCO2e/kWh, 2024, Ember ..." */
void pj_region_words(const pj_region *region, pj_str *out);
void pj_region_json(const pj_region *region, pj_json_writer *json); /* the member "region" */

/* "Comparison only, not a footprint: operations by horowitz-45nm, without ..." */
void pj_comparison_words(const char *table, pj_str *out);

/* What a row's amounts are of: a query, a day. */
enum { PJ_FOOTPRINT_UNITS = 7 };

typedef struct pj_footprint_unit {
    const char *key, *title;
    const pj_amounts *amounts;
} pj_footprint_unit;

/* Those that were asked for; returns how many. */
size_t pj_footprint_units(const pj_footprint *f, const pj_footprint_row *row,
                          pj_footprint_unit list[PJ_FOOTPRINT_UNITS]);

/* Are not all layers in it? */
bool pj_footprint_is_part(const pj_energy_source *s);

/* The whole report (footprint_json.c). */
void pj_footprint_json(const void *footprint, pj_arena *arena, pj_json_writer *json);
