/* `picojoule footprint --format json`; analyses hold the same rows. */
#include <math.h>
#include <string.h>

#include "page/say.h"
#include "picojoule/version.h"
#include "report/footprint_words.h"
#include "result/field.h"

static void put_sci(const pj_footprint_row *row, pj_json_writer *json)
{
    pj_json_write_key(json, "sci");
    if (!row->has_sci) {
        pj_json_write_null(json);
        return;
    }
    pj_json_write_begin(json, PJ_JSON_WRITE_OBJECT);
    pj_json_put_double(json, "o_g", row->sci.o_g);
    pj_json_put_double(json, "m_g", row->sci.m_g);
    pj_json_put_double(json, "c_g", row->sci.c_g);
    pj_json_put_double(json, "r", row->sci.r);
    pj_json_put_double(json, "g_per_r", row->sci.g_per_r);
    pj_json_put_text(json, "embodied", row->sci.embodied);
    pj_json_put_text(json, "boundary", pj_boundary_word(row->source->boundary));
    pj_json_put_begin(json, "excluded", PJ_JSON_WRITE_ARRAY_LINE);
    pj_json_write_text(json, "networks");
    pj_json_write_text(json, "end of life");
    pj_json_write_end(json);
    pj_json_write_end(json);
}

static void put_input(const pj_energy_source *s, pj_json_writer *json)
{
    if (s->boundary == PJ_BOUND_OPERATIONS)
        pj_json_put_bool(json, "comparison_only", true);
    pj_json_put_begin(json, "input", PJ_JSON_WRITE_OBJECT);
    pj_json_put_text(json, "path", s->path);
    pj_json_put_text(json, "kind", s->kind);
    pj_json_put_text(json, "sha256", s->sha256);
    pj_json_put_text(json, "figure", s->figure);
    if (s->basis) {
        pj_json_put_text(json, "load", s->load);
        pj_json_put_text(json, "basis", s->basis);
    }
    pj_json_write_end(json);
    pj_json_put_text(json, "boundary", pj_boundary_word(s->boundary));
    pj_json_put_double(json, "energy_j_per_query", s->joules);
    if (pj_footprint_is_part(s))
        pj_json_put_bool(json, "lower_bound", true);
    if (!isnan(s->low_j)) {
        pj_json_put_double(json, "energy_j_low", s->low_j);
        pj_json_put_double(json, "energy_j_high", s->high_j);
    }
    pj_json_put_double(json, "queries_per_run", s->queries_per_run);
    if (!isnan(s->tokens)) {
        pj_json_put_double(json, "j_per_token", s->joules / s->tokens);
        pj_json_put_double(json, "tokens_per_joule", s->tokens / s->joules);
    }
}

static void put_site(const pj_footprint *f, const pj_footprint_row *row, pj_json_writer *json)
{
    bool of_region = row->pue == row->region->pue.value;
    pj_region_json(row->region, json);
    pj_json_put_begin(json, "pue", PJ_JSON_WRITE_OBJECT_LINE);
    pj_json_put_double(json, "value", row->pue);
    pj_json_put_text(json, "source",
                     of_region                           ? row->region->pue.source
                     : row->pue == row->source->held_pue ? "input"
                     : isnan(f->asked.site.pue)          ? "not known"
                                                         : "given");
    pj_json_write_end(json);
    pj_json_put_begin(json, "wue", PJ_JSON_WRITE_OBJECT_LINE);
    pj_json_put_double(json, "onsite", row->wue_onsite);
    pj_json_put_double(json, "offsite", row->wue_offsite);
    const pj_sourced *wue = isnan(row->wue_onsite) ? &row->region->wue_offsite : &row->region->wue_onsite;
    bool known = !isnan(row->wue_onsite) || !isnan(row->wue_offsite);
    pj_json_put_text(json, "source", !known ? NULL : isnan(f->asked.site.wue_onsite) ? wue->source : "given");
    pj_json_write_end(json);
    pj_json_put_double(json, "losses_percent", f->asked.site.losses * 100);
    pj_json_put_double(json, "price_per_kwh", f->asked.site.price);
}

static void put_row(const pj_footprint *f, const pj_footprint_row *row, pj_json_writer *json)
{
    pj_footprint_unit list[PJ_FOOTPRINT_UNITS];
    size_t count = pj_footprint_units(f, row, list);
    put_input(row->source, json);
    put_site(f, row, json);
    pj_json_put_begin(json, "per", PJ_JSON_WRITE_OBJECT);
    for (size_t i = 0; i < count; i++) {
        pj_json_put_begin(json, list[i].key, PJ_JSON_WRITE_OBJECT);
        pj_amounts_json(list[i].amounts, json);
        if (list[i].amounts == &row->period)
            pj_json_put_double(json, "days", f->asked.days);
        pj_json_write_end(json);
    }
    pj_json_write_end(json);
    put_sci(row, json);
    if (f->row_count > 1) {
        pj_json_put_double(json, "ratio", row->ratio);
        pj_json_put_double(json, "queries_per_gco2e", row->queries_per_g);
        pj_json_put_double(json, "quality_per_gco2e", row->quality_per_g);
    }
}

static void put_training(const pj_footprint *f, pj_json_writer *json)
{
    if (!f->asked.training.wanted)
        return;
    pj_json_put_begin(json, "training", PJ_JSON_WRITE_OBJECT);
    pj_json_put_double(json, "steps", f->training.steps);
    pj_json_put_double(json, pj_key_flops, f->training.flops);
    pj_json_put_double(json, "joules", f->training.joules);
    pj_json_put_double(json, "hours", f->training.hours);
    pj_json_write_end(json);
}

static void put_findings(const pj_footprint *f, pj_json_writer *json)
{
    pj_json_put_begin(json, "diagnostics", PJ_JSON_WRITE_ARRAY);
    for (size_t i = 0; i < f->finding_count; i++) {
        pj_json_write_begin(json, PJ_JSON_WRITE_OBJECT_LINE);
        pj_json_put_text(json, "code", f->findings[i].code);
        pj_json_put_text(json, "severity", f->findings[i].severity);
        pj_json_put_text(json, "input", f->findings[i].node);
        pj_json_put_text(json, "message", f->findings[i].message);
        pj_json_write_end(json);
    }
    pj_json_write_end(json);
}

static void put_verdicts(const pj_footprint *f, pj_json_writer *json)
{
    if (!f->verdict_count)
        return;
    pj_json_put_begin(json, "limits", PJ_JSON_WRITE_ARRAY);
    for (size_t i = 0; i < f->verdict_count; i++) {
        pj_json_write_begin(json, PJ_JSON_WRITE_OBJECT_LINE);
        pj_json_put_text(json, "limit", f->verdicts[i].limit);
        pj_json_put_double(json, "value", f->verdicts[i].value);
        pj_json_put_double(json, "bound", f->verdicts[i].least);
        pj_json_put_bool(json, "exceeded", f->verdicts[i].exceeded);
        pj_json_write_end(json);
    }
    pj_json_write_end(json);
}

void pj_footprint_rows_json(const pj_footprint *f, pj_json_writer *json)
{
    pj_json_put_begin(json, "footprint", PJ_JSON_WRITE_ARRAY);
    for (size_t i = 0; i < f->row_count; i++) {
        pj_json_write_begin(json, PJ_JSON_WRITE_OBJECT);
        put_row(f, &f->rows[i], json);
        pj_json_write_end(json);
    }
    pj_json_write_end(json);
}

/* The first row as the document itself; where there are several, all of them in "rows", too. */
void pj_footprint_members(const pj_footprint *f, pj_json_writer *json)
{
    pj_json_put_text(json, "schema", "picojoule.footprint/1");
    pj_json_put_text(json, "version", PICOJOULE_VERSION);
    put_row(f, &f->rows[0], json);
    put_training(f, json);
    pj_json_put_begin(json, "equivalents", PJ_JSON_WRITE_OBJECT_LINE);
    pj_json_put_double(json, "phone_charges", f->rows[0].query.phone_charges);
    pj_json_put_double(json, "phone_wh", f->asked.site.phone_wh);
    pj_json_write_end(json);
    pj_json_put_text(json, "method", "picojoule");
    put_verdicts(f, json);
    if (f->row_count > 1) {
        pj_json_put_begin(json, "rows", PJ_JSON_WRITE_ARRAY);
        for (size_t i = 0; i < f->row_count; i++) {
            pj_json_write_begin(json, PJ_JSON_WRITE_OBJECT);
            put_row(f, &f->rows[i], json);
            pj_json_write_end(json);
        }
        pj_json_write_end(json);
    }
    put_findings(f, json);
}

void pj_footprint_json(const void *footprint, pj_arena *arena, pj_json_writer *json)
{
    (void)arena;
    pj_footprint_members(footprint, json);
}
