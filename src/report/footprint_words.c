/* Words of footprints. */
#include "report/footprint_words.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

double pj_footprint_round(double value)
{
    char text[40];
    snprintf(text, sizeof text, "%.3e", value); /* both ways in the same locale */
    return strtod(text, NULL);
}

void pj_footprint_digits(double value, pj_str *out)
{
    if (isnan(value))
        pj_str_add(out, "not known");
    else
        pj_str_add_double(out, pj_footprint_round(value));
}

/* clang-format off */
static const pj_column columns[] = {
    {.title = "per", .kind = PJ_CELL_TEXT},
    {.title = "kWh (IT)", .kind = PJ_CELL_TEXT, .rank = 2},
    {.title = "kWh (site)", .kind = PJ_CELL_TEXT},
    {.title = "gCO2e", .kind = PJ_CELL_TEXT},
    {.title = "water (L)", .kind = PJ_CELL_TEXT, .rank = 1},
    {.title = "phone charges", .kind = PJ_CELL_TEXT, .rank = 1},
    {.title = "cost", .kind = PJ_CELL_TEXT},
};
/* clang-format on */
enum { COLUMNS = sizeof columns / sizeof *columns };

pj_rows *pj_amounts_rows(pj_arena *arena, const char *title, bool has_price)
{
    pj_column *own = pj_arena_memdup(arena, columns, COLUMNS, sizeof *own);
    if (own)
        own[0].title = title;
    return own ? pj_rows_new(arena, own, has_price ? COLUMNS : COLUMNS - 1) : NULL;
}

void pj_amounts_add(pj_rows *rows, const char *what, const pj_amounts *a)
{
    const double values[] = {a->kwh_it, a->kwh_site, a->gco2e, a->water_l, a->phone_charges, a->cost};
    pj_cell *cell = pj_rows_add(rows);
    pj_cell_text(&cell[0], what);
    for (size_t i = 1; i < rows->columns; i++) {
        pj_str text = pj_str_new(0);
        pj_footprint_digits(values[i - 1], &text);
        pj_cell_made(&cell[i], rows, &text);
    }
}

void pj_amounts_json(const pj_amounts *a, pj_json_writer *json)
{
    pj_json_put_double(json, "kwh_it", a->kwh_it);
    pj_json_put_double(json, "kwh_site", a->kwh_site);
    pj_json_put_double(json, "gco2e", a->gco2e);
    pj_json_write_key(json, "water_l");
    if (isnan(a->water_l)) {
        pj_json_write_null(json);
    } else {
        pj_json_write_begin(json, PJ_JSON_WRITE_OBJECT_LINE);
        pj_json_put_double(json, "onsite", a->water_onsite_l);
        pj_json_put_double(json, "offsite", a->water_offsite_l);
        pj_json_put_double(json, "total", a->water_l);
        pj_json_write_end(json);
    }
    pj_json_put_double(json, "phone_charges", a->phone_charges);
    pj_json_put_double(json, "cost", a->cost);
}

void pj_region_words(const pj_region *region, pj_str *out)
{
    pj_text_clean(out, region->name);
    pj_str_add(out, " (");
    pj_text_clean(out, region->id);
    pj_str_add(out, "), ");
    pj_str_add_double(out, region->g_per_kwh.value);
    pj_str_add(out, " gCO2e/kWh, ");
    if (region->g_per_kwh.year)
        pj_str_printf(out, "%d, ", region->g_per_kwh.year);
    pj_text_clean(out, region->g_per_kwh.source ? region->g_per_kwh.source : "source not stated");
    if (region->note) {
        pj_str_add(out, "; ");
        pj_text_clean(out, region->note);
    }
}

void pj_region_json(const pj_region *region, pj_json_writer *json)
{
    pj_json_put_begin(json, "region", PJ_JSON_WRITE_OBJECT);
    pj_json_put_text(json, "id", region->id);
    pj_json_put_text(json, "name", region->name);
    pj_json_put_double(json, "g_per_kwh", region->g_per_kwh.value);
    if (region->g_per_kwh.year)
        pj_json_put_int(json, "year", region->g_per_kwh.year);
    else
        pj_json_put_text(json, "year", NULL);
    pj_json_put_text(json, "source", region->g_per_kwh.source);
    pj_json_put_text(json, "confidence", region->confidence);
    if (region->note)
        pj_json_put_text(json, "note", region->note);
    pj_json_write_end(json);
}

void pj_comparison_words(const char *table, pj_str *out)
{
    pj_str_add(out, "Comparison only, not a footprint: operations by ");
    pj_text_clean(out, table ? table : "a table");
    pj_str_add(out, ", without idle power, host, control, cooling");
}

size_t pj_footprint_units(const pj_footprint *f, const pj_footprint_row *row,
                          pj_footprint_unit list[PJ_FOOTPRINT_UNITS])
{
    const pj_footprint_unit all[PJ_FOOTPRINT_UNITS] = {
        {"query",            "query",           &row->query         },
        {"thousand_queries", "1000 queries",    &row->thousand      },
        {"million_queries",  "million queries", &row->million       },
        {"token",            "token",           &row->token         },
        {"million_tokens",   "million tokens",  &row->million_tokens},
        {"day",              "day",             &row->day           },
        {"period",           "period",          &row->period        }
    };
    size_t count = 0;
    if (f->asked.training.wanted) {
        list[0] = (pj_footprint_unit){"training", "run of training", &row->query};
        return 1;
    }
    for (size_t i = 0; i < PJ_FOOTPRINT_UNITS; i++)
        if (!isnan(all[i].amounts->kwh_it))
            list[count++] = all[i];
    return count;
}

bool pj_footprint_is_part(const pj_energy_source *s)
{
    return s->figures < s->layers;
}
