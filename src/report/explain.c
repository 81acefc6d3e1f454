/* The life of one layer: what it reads and writes, what it counts, in which formats, and what that costs, and why. */
#include "cost/table.h"
#include "page/say.h"
#include "report/figures.h"
#include "report/layer_text.h"
#include "report/view.h"
#include "result/field.h"

typedef struct input {
    const pj_explain *asked;
    const pj_layer *layer;
    const pj_tensor_info *tensors;
    size_t tensor_count;
    const pj_table *table;
    const char *unit;
    double whole;
} input;

static size_t rank_of(const pj_result *result, const pj_layer *layer)
{
    size_t rank = 1;
    for (size_t i = 0; i < result->layer_count; i++)
        rank += pj_energy_total(&result->layers[i].energy) > pj_energy_total(&layer->energy);
    return rank;
}

static void title(const input *in, pj_page *page)
{
    const pj_result *result = in->asked->result;
    pj_str text = pj_str_new(0);
    pj_text_clean(&text, in->layer->name);
    pj_str_add(&text, ": ");
    pj_op_text(in->layer, &text);
    pj_page_lead(page, &text);
    double energy = pj_energy_total(&in->layer->energy);
    if (!in->layer->counted)
        pj_str_add(&text, "Its work is not known, so it is not counted.");
    else if (in->layer->free)
        pj_str_add(&text, "It costs nothing: a view, or computed before the run from constants and shapes.");
    else
        pj_say(&text, "{}, {} of one run of {}; number {} of {} layers.", pj_w_energy(energy, in->unit),
               pj_w_share(in->whole > 0 ? energy / in->whole : 0), pj_w_text(result->model->path),
               pj_w_exact(rank_of(result, in->layer)), pj_w_exact(result->layer_count));
    if (in->layer->folded_into)
        pj_say(&text, " It is part of layer {}.", pj_w_text(in->layer->folded_into));
    if (in->layer->runs != 1)
        pj_say(&text, " It runs {} times in one run of the model; the figures are of all.",
               pj_w_exact((size_t)in->layer->runs));
    pj_page_add(page, PJ_BLOCK_PARAGRAPH, &text);
}

static const pj_tensor_info *find_tensor(const input *in, const char *name)
{
    for (size_t i = 0; i < in->tensor_count; i++)
        if (strcmp(in->tensors[i].name, name) == 0)
            return &in->tensors[i];
    return NULL;
}

/* "reads  /conv1/Relu_output_0: float32 1x16x32x32" */
static void tensor(const input *in, const char *what, const char *name, pj_page *page)
{
    const pj_tensor_info *info = find_tensor(in, name);
    pj_str text = pj_str_new(0);
    if (!*name)
        return;
    pj_text_clean(&text, name);
    if (info && info->is_tensor) {
        pj_say(&text, ": {} ", pj_w_text(info->dtype));
        pj_shape_text(info->rank, info->dims, &text);
    }
    pj_str_add(&text, !info                  ? ""
                      : info->is_initializer ? ", a constant of the model"
                      : info->is_input       ? ", an input of the model"
                      : info->is_output      ? ", an output of the model"
                                             : "");
    pj_page_add(page, PJ_BLOCK_FACT, &text)->lead = what;
}

/* "2,359,296 = 16,384 results x 144" */
static void work(const input *in, pj_page *page)
{
    const pj_layer *layer = in->layer;
    pj_str text = pj_str_new(0);
    int64_t results = layer->rank >= 0 ? 1 : 0;
    for (int k = 0; k < layer->rank; k++)
        results = layer->dims[k].value > 0 && results <= INT64_MAX / layer->dims[k].value
                      ? results * layer->dims[k].value
                      : 0;
    pj_page_say(page, PJ_BLOCK_HEADING, "What it computes");
    for (size_t p = 0; layer->work && pj_work_word(p); p++) {
        if (layer->work[p] <= 0)
            continue;
        pj_human_exact(&text, layer->work[p]);
        if (results > 0 && layer->work[p] % results == 0)
            pj_say(&text, " = {} results x {}", pj_w_exact((size_t)results),
                   pj_w_exact((size_t)(layer->work[p] / results)));
        pj_page_add(page, PJ_BLOCK_FACT, &text)->lead = pj_work_word(p);
    }
    pj_say(&text, "{} = 2 x mac, and all others once", pj_w_exact((size_t)layer->flops));
    pj_page_add(page, PJ_BLOCK_FACT, &text)->lead = "FLOPs";
}

static void format(const char *what, const pj_format_info *info, pj_page *page)
{
    pj_str text = pj_str_new(0);
    if (!info->known)
        return;
    pj_say(&text, "{}, {}", pj_w_text(info->word), pj_w_text(info->from));
    pj_page_add(page, PJ_BLOCK_FACT, &text)->lead = what;
}

static void formats(const input *in, pj_page *page)
{
    const pj_layer *layer = in->layer;
    pj_str text = pj_str_new(0);
    pj_page_say(page, PJ_BLOCK_HEADING, "Number formats, and where each comes from");
    format("input", layer->input, page);
    format("weight", layer->weight, page);
    format("sum", layer->accumulator, page);
    format("output", layer->output, page);
    if (layer->implementation) {
        pj_say(&text, "{} of ", pj_w_text(layer->implementation));
        pj_str_printf(&text, "%g bits", layer->gate_bits);
        pj_page_add(page, PJ_BLOCK_FACT, &text)->lead = "multiplier";
    }
}

/* "524,288 bits, 20.83 pJ each" */
static void moved(const input *in, const char *what, double energy, int64_t bits, const char *how, pj_page *page)
{
    pj_str text = pj_str_new(0);
    pj_say(&text, "{}, {} of the layer", pj_w_energy(energy, in->unit),
           pj_w_share(energy / pj_energy_total(&in->layer->energy)));
    if (bits > 0)
        pj_say(&text, ": {} bits {}, {} each", pj_w_exact((size_t)bits), pj_w_ours(how),
               pj_w_energy(energy / (double)bits, in->unit));
    pj_page_add(page, PJ_BLOCK_FACT, &text)->lead = what;
}

static void costs(const input *in, pj_page *page)
{
    const pj_layer *layer = in->layer;
    pj_str text = pj_str_new(0);
    if (pj_energy_total(&layer->energy) <= 0)
        return;
    pj_page_say(page, PJ_BLOCK_HEADING, "What that costs");
    moved(in, "inputs", layer->energy.inputs, layer->input_bits, "read", page);
    moved(in, "outputs", layer->energy.outputs, layer->output_bits, "written", page);
    moved(in, pj_key_parameters, layer->energy.parameters, layer->param_bits, "read", page);
    pj_say(&text, "{}, {} of the layer", pj_w_energy(layer->energy.op_cost, in->unit),
           pj_w_share(layer->energy.op_cost / pj_energy_total(&layer->energy)));
    if (layer->macs > 0)
        pj_say(&text, ": {} MACs, {} each, all else included", pj_w_exact((size_t)layer->macs),
               pj_w_energy(layer->energy.op_cost / (double)layer->macs, in->unit));
    pj_page_add(page, PJ_BLOCK_FACT, &text)->lead = pj_key_op_cost;
    if (layer->conversion > 0) {
        pj_say(&text, "{} of op_cost: between number formats", pj_w_energy(layer->conversion, in->unit));
        pj_page_add(page, PJ_BLOCK_FACT, &text)->lead = "conversion";
    }
}

static int64_t work_of(const pj_layer *layer, const char *word)
{
    for (size_t p = 0; layer->work && pj_work_word(p); p++)
        if (strcmp(pj_work_word(p), word) == 0)
            return layer->work[p];
    return 0;
}

/* Is `part` the piece of the path that begins at `at`? */
static bool is_part(const char *at, const char *part)
{
    size_t length = strlen(part);
    return length && strncmp(at, part, length) == 0 && (at[length] == '.' || at[length] == 0);
}

static bool prices_format(const pj_layer *layer, const char *at)
{
    const pj_format_info *const all[] = {layer->input, layer->weight, layer->accumulator, layer->output};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (all[i]->known &&
            (is_part(at, all[i]->word) || (strcmp(all[i]->kind, "fixed") == 0 && is_part(at, "fixed"))))
            return true;
    return false;
}

/* Has the figure of the table to do with the layer? */
static bool is_used(const pj_layer *layer, const char *path)
{
    static const char operations[] = "$.operations.", compounds[] = "$.compounds.", memory[] = "$.memory.";
    if (strncmp(path, operations, sizeof operations - 1) == 0) {
        const char *at = path + sizeof operations - 1;
        bool is_add = is_part(at, "add"), is_mul = is_part(at, "mul");
        int64_t macs = work_of(layer, "mac");
        return (is_add ? macs + work_of(layer, "add") > 0 : is_mul && macs + work_of(layer, "mul") > 0) &&
               prices_format(layer, at + 4);
    }
    if (strncmp(path, compounds, sizeof compounds - 1) == 0) {
        char word[16];
        snprintf(word, sizeof word, "%.*s", (int)strcspn(path + sizeof compounds - 1, "."),
                 path + sizeof compounds - 1);
        return work_of(layer, word) > 0;
    }
    return strncmp(path, memory, sizeof memory - 1) == 0;
}

static void prices(const input *in, pj_page *page)
{
    size_t count, used = 0;
    const pj_figure *figures = pj_table_figures(in->table, &count);
    pj_figure *own = PJ_NEW(page->arena, pj_figure, count);
    for (size_t i = 0; own && i < count; i++)
        if (is_used(in->layer, figures[i].path))
            own[used++] = figures[i];
    if (!used)
        return;
    pj_page_printf(page, PJ_BLOCK_HEADING, "The prices, of table %s", in->asked->result->table);
    pj_figures_page(own, used, page);
}

static const pj_layer *same_layer(const pj_result *result, const pj_layer *layer)
{
    for (size_t i = 0; result && i < result->layer_count; i++)
        if (result->layers[i].index == layer->index && strcmp(result->layers[i].name, layer->name) == 0)
            return &result->layers[i];
    return NULL;
}

/* "--quantize int8: 8.61 uJ, x0.25" */
static void changes(const input *in, pj_page *page)
{
    pj_str text = pj_str_new(0);
    double now = pj_energy_total(&in->layer->energy);
    if (now > 0 && in->asked->trial_count)
        pj_page_say(page, PJ_BLOCK_HEADING, "What would change it");
    for (size_t i = 0; now > 0 && i < in->asked->trial_count; i++) {
        const pj_layer *then = same_layer(in->asked->trials[i].result, in->layer);
        if (!then)
            continue;
        double energy = pj_energy_total(&then->energy);
        pj_say(&text, "{}: {}, ", pj_w_text(in->asked->trials[i].options), pj_w_energy(energy, in->unit));
        pj_str_add_ratio(&text, energy / now);
        pj_page_add(page, PJ_BLOCK_ITEM, &text);
    }
}

static void page_of(const void *data, pj_page *page)
{
    const input *in = data;
    title(in, page);
    pj_page_say(page, PJ_BLOCK_HEADING, "What it reads and writes");
    for (size_t i = 0; i < in->layer->input_count; i++)
        tensor(in, "reads", in->layer->inputs[i], page);
    for (size_t i = 0; i < in->layer->output_count; i++)
        tensor(in, "writes", in->layer->outputs[i], page);
    if (in->layer->counted && !in->layer->free) {
        work(in, page);
        formats(in, page);
        costs(in, page);
        prices(in, page);
        changes(in, page);
    }
}

/* The layer of that name, else the only one whose name ends so. PJ_EARGUMENT: none, with near ones. */
static pj_status find_layer(const pj_result *result, const char *name, const pj_layer **out, pj_error *err)
{
    const pj_layer *ends = NULL, *near = NULL;
    size_t count = 0, length = strlen(name), most = length / 3 + 1;
    for (size_t i = 0; i < result->layer_count; i++) {
        const pj_layer *at = &result->layers[i];
        size_t own = strlen(at->name);
        if (strcmp(at->name, name) == 0) {
            *out = at;
            return PJ_OK;
        }
        if (own > length && strcmp(at->name + own - length, name) == 0 && length) {
            ends = ends ? ends : at;
            count++;
        }
        size_t distance = pj_text_distance(name, at->name, most);
        if (distance <= most && most) {
            near = at;
            most = distance ? distance - 1 : 0;
        }
    }
    *out = ends;
    if (count == 1)
        return PJ_OK;
    if (count > 1)
        return pj_fail(err, PJ_EARGUMENT, "%zu layers end with '%.100s', the first is '%.200s'", count, name,
                       ends->name);
    return pj_fail(err, PJ_EARGUMENT, "there is no layer '%.100s'%s%.200s%s", name, near ? "; did you mean '" : "",
                   near ? near->name : "", near ? "'?" : "; `picojoule analyze --top all` lists all");
}

pj_status pj_explain_write(pj_model *model, const pj_explain *asked, const pj_report_options *options, pj_sink sink,
                           void *payload, pj_error *err)
{
    static const pj_pieces pieces = {.page = page_of};
    pj_table *table = NULL;
    input in = {.asked = asked, .unit = asked->result->unit, .whole = pj_energy_total(&asked->result->totals.energy)};
    PJ_TRY(find_layer(asked->result, asked->layer, &in.layer, err));
    in.tensors = pj_model_tensors(model, &in.tensor_count);
    PJ_TRY(pj_got(in.tensors != NULL, err));
    PJ_TRY(pj_table_open(asked->result->setup.table, &asked->result->setup, &table, err));
    in.table = table;
    pj_status status = pj_tell(&pieces, &in, options, sink, payload, err);
    pj_table_close(table);
    return status;
}
