/* Rows of a file that tells energies. */
#include "footprint/reader.h"

#include <math.h>
#include <string.h>

const char *pj_energy_keep(pj_energy_reader *r, const char *text)
{
    return text ? pj_arena_strdup(r->out->arena, text) : NULL; /* no memory: the arena knows */
}

pj_status pj_energy_add(pj_energy_reader *r, const pj_energy_source *row)
{
    pj_energy_sources *out = r->out;
    if (!(row->joules >= 0 && isfinite(row->joules)))
        return pj_fail(r->err, PJ_EFORMAT, "its energy of a query, %g J, is no energy", row->joules);
    PJ_TRY(pj_got(PJ_GROW(out->arena, out->rows, out->count, out->capacity), r->err));
    out->rows[out->count++] = *row;
    return pj_arena_failed(out->arena) ? pj_fail_memory(r->err) : PJ_OK;
}

void pj_energy_begin(pj_energy_reader *r, const char *kind)
{
    const pj_energy_ask *ask = r->ask;
    const char *slash = r->path ? strrchr(r->path, '/') : NULL;
    const char *name = slash ? slash + 1 : r->path && strcmp(r->path, "-") == 0 ? "standard input" : r->path;
    r->row = (pj_energy_source){.name = pj_energy_keep(r, name),
                                .path = pj_energy_keep(r, r->path),
                                .kind = kind,
                                .joules = NAN,
                                .seconds = NAN,
                                .queries_per_run = ask->queries_per_run,
                                .tokens = ask->tokens,
                                .low_j = NAN,
                                .high_j = NAN,
                                .held_pue = NAN,
                                .task = ask->task,
                                .hardware = ask->hardware,
                                .params = -1};
}

void pj_energy_queries(pj_energy_reader *r, double of_file)
{
    if (isnan(r->row.queries_per_run))
        r->row.queries_per_run = of_file > 0 ? of_file : 1;
}

void pj_energy_refuse(pj_energy_reader *r)
{
    r->out->refusal =
        "an estimate of operations is no footprint: measured over table runs from 0.07 to 75 for one network. Name a "
        "device "
        "(--device NAME), measure (a measurement as input), give an energy (--energy 0.1J), or ask for the table's "
        "figures "
        "by name, to compare (--figure table)";
}
