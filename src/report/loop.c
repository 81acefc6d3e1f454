/* What was predicted of a plan, beside what was measured of its model. */
#include <math.h>

#include "base/real.h"
#include "page/say.h"
#include "report/evaluated.h"

/* clang-format off */
static const pj_column columns[] = {
    {.key = "round", .title = "plan", .kind = PJ_CELL_EXACT},
    {PJ_MEMBER(pj_loop_round, made_of), .key = "made_of", .title = "made of", .kind = PJ_CELL_TEXT, .wish = 22, .least = 7},
    {PJ_MEMBER(pj_loop_round, energy), .key = "plan_pj", .title = "energy", .kind = PJ_CELL_ENERGY},
    {.title = "of now", .kind = PJ_CELL_TEXT, .rank = 1},
    {PJ_MEMBER(pj_loop_round, param_bytes), .key = "plan_bytes", .kind = PJ_CELL_NUMBER},
    {PJ_MEMBER(pj_loop_round, predicted), .key = "predicted", .kind = PJ_CELL_NUMBER},
    {PJ_MEMBER(pj_loop_round, measured), .key = "measured", .kind = PJ_CELL_NUMBER},
    {PJ_MEMBER(pj_loop_round, outputs_db), .key = "outputs_db", .kind = PJ_CELL_NUMBER},
    {PJ_MEMBER(pj_loop_round, sqnr_db), .key = "sqnr_db", .kind = PJ_CELL_NUMBER},
    {PJ_MEMBER(pj_loop_round, agreement), .key = "agreement", .kind = PJ_CELL_NUMBER},
    {PJ_MEMBER(pj_loop_round, top1), .key = "top1", .kind = PJ_CELL_NUMBER},
    {.title = "predicted", .kind = PJ_CELL_TEXT},
    {.title = "measured", .kind = PJ_CELL_TEXT},
    {.title = "outputs", .kind = PJ_CELL_TEXT},
    {.title = "SQNR", .kind = PJ_CELL_TEXT},
    {.title = "same largest", .kind = PJ_CELL_TEXT, .rank = 1},
    {.title = "top-1", .kind = PJ_CELL_TEXT},
    {PJ_MEMBER(pj_loop_round, is_kept), .key = "kept", .title = "kept", .kind = PJ_CELL_FLAG},
    {PJ_MEMBER(pj_loop_round, refused), .key = "refused", .title = "refused", .kind = PJ_CELL_TEXT, .wish = 40, .least = 12, .rank = 1},
};
/* clang-format on */
enum {
    COLUMNS = sizeof columns / sizeof *columns,
    OF_NOW = 3,
    PREDICTED = 11,
    MEASURED,
    OUTPUTS,
    SQNR,
    AGREEMENT,
    TOP1
};

static void put_decibels(pj_rows *rows, pj_cell *cell, double db)
{
    pj_str text = pj_str_new(0);
    if (isinf(db))
        pj_str_add(&text, db > 0 ? "equal" : "no numbers");
    else if (!isnan(db))
        pj_str_add_fixed(&text, db, 1);
    if (isfinite(db))
        pj_str_add(&text, " dB");
    pj_cell_made(cell, rows, &text);
}

static void put_share(pj_rows *rows, pj_cell *cell, double share, int digits)
{
    pj_str text = pj_str_new(0);
    if (isfinite(share)) {
        pj_str_add_fixed(&text, 100 * share, digits);
        pj_str_add(&text, " %");
    }
    pj_cell_made(cell, rows, &text);
}

static double decibels_of(double loss)
{
    return loss > 0 ? -10 * pj_log10(loss) : INFINITY;
}

static pj_rows *table_of(const void *input, pj_arena *arena)
{
    const pj_loop *loop = input;
    pj_rows *rows = pj_rows_new(arena, columns, COLUMNS);
    for (size_t i = 0; rows && i < loop->round_count; i++) {
        const pj_loop_round *round = &loop->rounds[i];
        pj_cell *cell = pj_rows_add_of(rows, round);
        pj_cell_count(&cell[0], (int64_t)i + 1);
        put_share(rows, &cell[OF_NOW], loop->plan->now.energy > 0 ? round->energy / loop->plan->now.energy : NAN, 1);
        put_decibels(rows, &cell[PREDICTED], decibels_of(round->predicted));
        put_decibels(rows, &cell[MEASURED], round->refused ? NAN : decibels_of(round->measured));
        put_decibels(rows, &cell[OUTPUTS], round->refused ? NAN : round->outputs_db);
        put_decibels(rows, &cell[SQNR], round->sqnr_db);
        put_share(rows, &cell[AGREEMENT], round->agreement, 2);
        put_share(rows, &cell[TOP1], round->top1, 2);
    }
    if (rows)
        rows->unit = loop->plan->unit;
    return rows;
}

/* The one that is kept. NULL: none could be. */
static const pj_loop_round *kept_of(const pj_loop *loop)
{
    for (size_t i = 0; i < loop->round_count; i++)
        if (loop->rounds[i].is_kept)
            return &loop->rounds[i];
    return NULL;
}

static void page_of(const void *input, pj_page *page)
{
    enum { FAR = 3 };
    const pj_loop *loop = input;
    const pj_loop_round *kept = kept_of(loop);
    pj_str title = pj_str_new(0);
    pj_say(&title, "Measured: {} before, {} with the plan", pj_w_energy(loop->plan->now.energy, loop->plan->unit),
           pj_w_energy(kept ? kept->energy : NAN, loop->plan->unit));
    pj_page_lead(page, &title);
    pj_evaluated_page(&loop->with, page);
    pj_page_table(page, table_of(loop, page->arena), 0);
    pj_page_printf(
        page, PJ_BLOCK_ITEM,
        "predicted: the sum of what layers lose one by one; measured: the error of the whole model on the same "
        "samples, both as -10 log10 of the mean of e / (1 + e); outputs: its SQNR there, in the mean over outputs; "
        "SQNR and what follows on %s",
        loop->test ? loop->test : "no samples");
    if (loop->round_count > 1)
        pj_page_printf(page, PJ_BLOCK_ITEM,
                       "%zu plans within the same budgets were written and run; the one that %s "
                       "was kept",
                       loop->round_count,
                       loop->plan->minimizes_energy ? "keeps the budget of noise with the least energy"
                                                    : "loses least at the outputs");
    if (isfinite(loop->top1)) {
        pj_str text = pj_str_new(0);
        pj_str_add(&text, "top-1 of the model as it is: ");
        pj_str_add_fixed(&text, 100 * loop->top1, 2);
        pj_str_add(&text, " %");
        pj_page_add(page, PJ_BLOCK_ITEM, &text);
    }
    if (kept && !kept->refused && kept->measured > 0 &&
        fabs(decibels_of(kept->predicted) - decibels_of(kept->measured)) > FAR)
        pj_page_printf(page, PJ_BLOCK_ITEM,
                       "more than %d dB lie between both: layers do not lose independently here; "
                       "more --rounds measure them within the plan",
                       (int)FAR);
    if (loop->out) {
        pj_str text = pj_str_new(0);
        pj_say(&text, "{} become {}, written to {}", pj_w_bytes((double)loop->bytes_before),
               pj_w_bytes((double)loop->bytes_after), pj_w_text(loop->out));
        pj_page_add(page, PJ_BLOCK_ITEM, &text);
    }
    pj_findings_page(loop->with.findings, loop->with.finding_count, page);
}

static void json_of(const void *input, pj_arena *arena, pj_json_writer *json)
{
    const pj_loop *loop = input;
    pj_json_put_text(json, "schema", "picojoule.loop/1");
    pj_evaluated_json(&loop->with, json);
    pj_json_put_text(json, "test", loop->test);
    pj_json_put_double(json, "energy_now_pj", loop->plan->now.energy);
    pj_json_put_double(json, "top1", loop->top1);
    pj_json_put_text(json, "out", loop->out);
    pj_json_put_uint(json, "bytes_before", loop->bytes_before);
    pj_json_put_uint(json, "bytes_after", loop->bytes_after);
    pj_json_write_key(json, "rounds");
    pj_rows_json(table_of(loop, arena), json);
}

pj_status pj_loop_write(const pj_loop *loop, const pj_report_options *options, pj_sink sink, void *payload,
                        pj_error *err)
{
    static const pj_pieces pieces = {.page = page_of, .table = table_of, .json = json_of, .list = "rounds"};
    return pj_tell(&pieces, loop, options, sink, payload, err);
}
