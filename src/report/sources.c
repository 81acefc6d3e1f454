/* `picojoule measure --list`: the sources of this machine. */
#include "page/page.h"
#include "page/say.h"
#include "picojoule/measure.h"
#include "picojoule/version.h"

typedef struct list {
    const pj_source_state *state;
    size_t count;
} list;

/* clang-format off */
static const pj_column columns[] = {
    {.key = "source", .title = "source", .kind = PJ_CELL_TEXT, PJ_MEMBER(pj_source_state, source)},
    {.key = "name", .title = "domain", .kind = PJ_CELL_TEXT, PJ_MEMBER(pj_source_state, name), .wish = 32, .least = 12},
    {.key = "part", .title = "part", .kind = PJ_CELL_TEXT, .rank = 1, PJ_MEMBER(pj_source_state, part)},
    {.key = "readable", .kind = PJ_CELL_FLAG, PJ_MEMBER(pj_source_state, readable)},
    {.key = "added", .kind = PJ_CELL_FLAG, PJ_MEMBER(pj_source_state, added)},
    {.key = "watts", .title = "W now", .kind = PJ_CELL_NUMBER, .rank = 2, PJ_MEMBER(pj_source_state, watts)},
    {.key = "why", .kind = PJ_CELL_TEXT, PJ_MEMBER(pj_source_state, why)},
    {.key = "remedy", .kind = PJ_CELL_TEXT, PJ_MEMBER(pj_source_state, remedy)},
    {.key = "where", .kind = PJ_CELL_TEXT, PJ_MEMBER(pj_source_state, where)},
    {.title = "state", .kind = PJ_CELL_TEXT, .wraps = true},
};
/* clang-format on */
enum { COLUMNS = sizeof columns / sizeof *columns };

static void state_words(const pj_source_state *state, pj_str *out)
{
    pj_str_add(out, state->added ? "read and added" : state->readable ? "read, not added" : "not read");
    if (*state->why)
        pj_say(out, ": {}", pj_w_text(state->why));
    if (!state->readable && *state->where && *state->name)
        pj_say(out, " ({})", pj_w_text(state->where));
}

static pj_rows *table_of(const void *input, pj_arena *arena)
{
    const list *all = input;
    pj_rows *rows = pj_rows_new(arena, columns, COLUMNS);
    for (size_t i = 0; rows && i < all->count; i++) {
        pj_str text = pj_str_new(0);
        pj_cell *cell = pj_rows_add_of(rows, &all->state[i]);
        state_words(&all->state[i], &text);
        pj_cell_made(&cell[COLUMNS - 1], rows, &text);
    }
    return rows;
}

static void page_of(const void *input, pj_page *page)
{
    const list *all = input;
    size_t added = 0;
    pj_str text = pj_str_new(0);
    for (size_t i = 0; i < all->count; i++)
        added += all->state[i].added;
    pj_say(&text, "Power of this machine: {} added", pj_w_plural(added, "domain is", "domains are"));
    pj_page_add(page, PJ_BLOCK_TITLE, &text)->ours = true;
    pj_page_table(page, table_of(all, page->arena), 0);
    page->gap = true;
    for (size_t i = 0; i < all->count; i++) {
        const char *remedy = all->state[i].remedy;
        bool before = false;
        for (size_t k = 0; k < i; k++)
            before = before || strcmp(all->state[k].remedy, remedy) == 0;
        if (!*remedy || before)
            continue;
        pj_say(&text, "{}: {}", pj_w_text(all->state[i].source), pj_w_text(remedy));
        pj_page_add(page, PJ_BLOCK_ITEM, &text);
    }
    if (!added)
        pj_page_printf(
            page, PJ_BLOCK_ITEM,
            "nothing can be measured here: --meter 'COMMAND' reads a plug, --estimate takes power constants");
}

static void json_of(const void *input, pj_arena *arena, pj_json_writer *json)
{
    pj_json_put_text(json, "schema", "picojoule.sources/1");
    pj_json_put_text(json, "version", PICOJOULE_VERSION);
    pj_json_write_key(json, "sources");
    pj_rows_json(table_of(input, arena), json);
}

pj_status pj_sources_write(const pj_meter *meter, const pj_report_options *options, pj_sink sink, void *payload,
                           pj_error *err)
{
    static const pj_pieces pieces = {.page = page_of, .table = table_of, .json = json_of};
    list all = {0};
    all.state = pj_meter_sources(meter, &all.count);
    return pj_tell(&pieces, &all, options, sink, payload, err);
}
