/* The peak of activation memory in reports. */
#include "report/memory.h"

#include "page/say.h"

/* "1.500 MiB at once, at conv1 (3 tensors)" */
static void add_peak(const pj_peak *peak, pj_str *out)
{
    pj_say(out, "{} at once, {}{} ({})", pj_w_bytes((double)peak->bytes),
           pj_w_ours(*peak->node ? "at " : "before the first node"), pj_w_text(peak->node),
           pj_w_plural(peak->alive_count, "tensor", "tensors"));
}

void pj_memory_sentence(const pj_activation_memory *memory, pj_str *out)
{
    pj_str_add(out, memory->unknown ? "Activations take at least " : "Activations take up to ");
    add_peak(&memory->graph, out);
    if (memory->unknown)
        pj_say(out, "; the size of {} not known", pj_w_plural(memory->unknown, "tensor is", "tensors are"));
}

void pj_memory_best_sentence(const pj_activation_memory *memory, pj_str *out)
{
    if (memory->best->bytes >= memory->graph.bytes) {
        pj_str_add(out, "The order of nodes \"least-growth\" takes no less than that of the graph.");
        return;
    }
    pj_str_printf(out, "In the order of nodes \"%s\" it is ", memory->best->order);
    add_peak(memory->best, out);
    pj_str_add_char(out, '.');
}

/* clang-format off */
static const pj_column columns[] = {
    {PJ_MEMBER(pj_live_tensor, name), .key = "name", .title = "tensor", .kind = PJ_CELL_TEXT, .wish = 48, .least = 16},
    {PJ_MEMBER(pj_live_tensor, bytes), .key = "bytes", .kind = PJ_CELL_COUNT, .from_zero = true, .or_unknown = true},
    {.title = "size", .kind = PJ_CELL_TEXT},
    {.title = "share", .kind = PJ_CELL_SHARE},
    {PJ_MEMBER(pj_live_tensor, replaces), .key = "in_place_of", .title = "in place of", .kind = PJ_CELL_TEXT,
     .wish = 32, .least = 12, .rank = 1},
};
/* clang-format on */
enum { COLUMNS = sizeof columns / sizeof *columns };

pj_rows *pj_memory_rows(const pj_peak *peak, size_t most, pj_arena *arena)
{
    pj_rows *rows = pj_rows_new(arena, columns, COLUMNS);
    for (size_t i = 0; rows && i < peak->alive_count && (most == 0 || i < most); i++) {
        const pj_live_tensor *tensor = &peak->alive[i];
        pj_cell *cell = pj_rows_add_of(rows, tensor);
        pj_str size = pj_str_new(0);
        pj_cell_unknown(&cell[2]);
        pj_cell_unknown(&cell[3]);
        if (tensor->bytes < 0)
            continue;
        pj_human_bits(&size, 8.0 * (double)tensor->bytes);
        pj_cell_made(&cell[2], rows, &size);
        pj_cell_number(&cell[3], peak->bytes ? (double)tensor->bytes / (double)peak->bytes : 0);
    }
    return rows;
}

static void put_timeline(const pj_peak *peak, pj_json_writer *json)
{
    pj_json_put_begin(json, "timeline", PJ_JSON_WRITE_ARRAY_LINE);
    for (size_t i = 0; i < peak->timeline_count; i++) {
        pj_json_write_begin(json, PJ_JSON_WRITE_OBJECT);
        pj_json_put_uint(json, "index", peak->timeline[i].layer);
        pj_json_put_int(json, "bytes", peak->timeline[i].bytes);
        pj_json_write_end(json);
    }
    pj_json_write_end(json);
}

static void put_tensors(const pj_peak *peak, pj_json_writer *json)
{
    pj_json_put_begin(json, "tensors", PJ_JSON_WRITE_ARRAY);
    for (size_t i = 0; i < peak->tensor_count; i++) {
        const pj_memory_tensor *tensor = &peak->tensors[i];
        pj_json_write_begin(json, PJ_JSON_WRITE_OBJECT_LINE);
        pj_json_put_text(json, "name", tensor->name);
        pj_json_put_double(json, "bytes", tensor->bytes < 0 ? NAN : (double)tensor->bytes);
        pj_json_put_uint(json, "from", tensor->from);
        pj_json_put_uint(json, "until", tensor->until);
        pj_json_write_end(json);
    }
    pj_json_write_end(json);
}

static void put_peak(const char *key, const pj_peak *peak, pj_arena *arena, pj_json_writer *json)
{
    pj_json_put_begin(json, key, PJ_JSON_WRITE_OBJECT);
    pj_json_put_text(json, "order", peak->order);
    pj_json_put_int(json, "peak_bytes", peak->bytes);
    pj_json_put_text(json, "node", *peak->node ? peak->node : NULL);
    if (peak->timeline)
        put_timeline(peak, json);
    if (peak->tensors)
        put_tensors(peak, json);
    pj_json_write_key(json, "alive");
    pj_rows_json(pj_rows_of(arena, columns, COLUMNS, peak->alive, peak->alive_count, sizeof *peak->alive), json);
    pj_json_write_end(json);
}

void pj_memory_json(const pj_activation_memory *memory, pj_arena *arena, pj_json_writer *json)
{
    pj_json_put_begin(json, "memory", PJ_JSON_WRITE_OBJECT);
    pj_json_put_bool(json, "is_lower_bound", memory->unknown > 0);
    pj_json_put_uint(json, "unknown_tensors", memory->unknown);
    put_peak("graph_order", &memory->graph, arena, json);
    if (memory->best)
        put_peak("best_order", memory->best, arena, json);
    pj_json_write_end(json);
}
