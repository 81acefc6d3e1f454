/* The head of a report. */
#include "report/summary.h"

#include "cost/traffic.h"
#include "page/say.h"
#include "report/layer_text.h"
#include "result/field.h"
#include "setup/setup.h"

static void add_opsets(const pj_model_info *info, pj_str *out)
{
    for (size_t i = 0; i < info->opset_count; i++) {
        const char *domain = info->opsets[i].domain;
        pj_say(out, "{}{}", pj_w_ours(i ? ", " : ""), pj_w_text(*domain ? domain : "opset"));
        pj_str_printf(out, " %" PRId64, info->opsets[i].version);
    }
}

void pj_summary_model(const pj_view *view, pj_str *out)
{
    const pj_model_info *info = view->result->model;
    add_opsets(info, out);
    pj_say(out, "{}{}, {} parameters ({})", pj_w_ours(info->opset_count ? ", " : ""),
           pj_w_plural(info->nodes, "node", "nodes"), pj_w_exact((size_t)view->totals->params),
           pj_w_figure((double)view->totals->param_bits, PJ_QUANTITY_BITS, ""));
}

typedef struct mac_kind {
    const char *word;
    int64_t macs;
} mac_kind;

enum { KINDS_SHOWN = 3 };

static bool is_alike(const pj_layer *a, const pj_layer *b)
{
    return a && a->input == b->input && a->weight == b->weight && a->accumulator == b->accumulator &&
           a->output == b->output;
}

/* MACs by precision, most first; NULL: no memory. */
static mac_kind *collect_kinds(const pj_view *view, size_t *count)
{
    const pj_layer *layer = view->result->layers;
    size_t layers = view->result->layer_count;
    mac_kind *kinds = PJ_NEW(view->arena, mac_kind, layers);
    pj_str text = pj_str_new(0);
    const pj_layer *last = NULL; /* whose kind is `kind` */
    mac_kind *kind = NULL;
    pj_map seen;
    pj_map_init(&seen, view->arena);
    *count = 0;
    for (size_t i = 0; kinds && i < layers; i++) {
        if (layer[i].macs == 0)
            continue;
        if (!is_alike(last, &layer[i])) {
            pj_str_clear(&text);
            pj_precision_text(&layer[i], &text);
            kind = pj_map_get(&seen, text.data);
            last = &layer[i];
        }
        if (!kind) {
            kind = &kinds[(*count)++];
            kind->word = pj_arena_strdup(view->arena, text.data);
            if (!kind->word || !pj_map_put(&seen, kind->word, kind))
                kinds = NULL;
        }
        kind->macs += layer[i].macs; /* the sum of all was checked */
    }
    kinds = text.failed ? NULL : kinds;
    pj_str_free(&text);
    return kinds;
}

/* The largest kind that is left; it is emptied. */
static mac_kind take_largest(mac_kind *kinds, size_t count)
{
    mac_kind *largest = &kinds[0];
    for (size_t i = 1; i < count; i++)
        if (kinds[i].macs > largest->macs)
            largest = &kinds[i];
    mac_kind taken = *largest;
    largest->macs = 0;
    return taken;
}

void pj_summary_work(const pj_view *view, pj_str *out)
{
    size_t count;
    mac_kind *kinds = collect_kinds(view, &count);
    out->failed = out->failed || !kinds;
    pj_human_count(out, view->totals->macs);
    pj_str_add(out, " MACs");
    for (size_t i = 0; kinds && i < count && i < KINDS_SHOWN; i++) {
        mac_kind kind = take_largest(kinds, count);
        pj_str_add(out, i ? ", " : " (");
        if (count > 1) {
            pj_human_share(out, (double)kind.macs / (double)view->totals->macs);
            pj_str_add_char(out, ' ');
        }
        pj_str_add(out, kind.word);
    }
    if (kinds && count)
        pj_str_add(out, count > KINDS_SHOWN ? " ...)" : ")");
    pj_str_add(out, ", ");
    pj_human_count(out, view->totals->flops);
    pj_str_add(out, " FLOPs");
}

void pj_summary_total(const pj_view *view, pj_str *out)
{
    pj_human_energy(out, pj_energy_total(&view->totals->energy), view->result->unit);
}

void pj_summary_per_sample(const pj_view *view, pj_str *out)
{
    int64_t batch = view->totals->batch;
    if (batch < 2)
        return;
    pj_say(out, "; {}", pj_w_energy(pj_energy_total(&view->totals->energy) / (double)batch, view->result->unit));
    pj_str_printf(out, " per sample of a batch of %" PRId64, batch);
}

static size_t count_assumed_dims(const pj_view *view)
{
    size_t assumed = 0;
    const pj_finding *findings = view->result->findings;
    size_t count = view->result->finding_count;
    for (size_t i = 0; i < count; i++)
        assumed += strcmp(findings[i].code, "assumed-dimension") == 0;
    return assumed;
}

void pj_summary_dims(const pj_view *view, pj_str *out)
{
    enum { MOST = 6 };
    const pj_model_info *info = view->result->model;
    size_t assumed = count_assumed_dims(view);
    for (size_t i = 0; i < info->dim_count && i < MOST; i++) {
        pj_say(out, "{}{}", pj_w_ours(i ? ", " : " with "), pj_w_text(info->dims[i].name));
        pj_str_printf(out, " = %" PRId64, info->dims[i].value);
    }
    if (info->dim_count > MOST)
        pj_str_add(out, " ...");
    if (assumed)
        pj_str_add(out, assumed < info->dim_count ? " (partly assumed)" : " (assumed)");
}

/* A size to begin with: what the model could not do without, or what such names often have. */
static int64_t usual_size(const pj_model_info *model, const char *name)
{
    static const struct {
        const char *part;
        int size;
    } usual[] = {
        {"past",    0  },
        {"seq",     128},
        {"length",  128},
        {"token",   128},
        {"total",   128},
        {"height",  224},
        {"width",   224},
        {"channel", 3  },
        {"frame",   100},
        {"time",    100}
    };
    for (size_t i = 0; i < model->dim_count; i++)
        if (model->dims[i].value != 1 && strcmp(model->dims[i].name, name) == 0)
            return model->dims[i].value;
    for (size_t i = 0; i < sizeof usual / sizeof *usual; i++)
        for (const char *at = name; *at; at++)
            if (strncasecmp(at, usual[i].part, strlen(usual[i].part)) == 0)
                return usual[i].size;
    return 1;
}

static const pj_tensor_info *find_input(const pj_model_info *model, const char *name, size_t length)
{
    for (size_t i = 0; i < model->input_count; i++)
        if (strlen(model->inputs[i].name) == length && memcmp(model->inputs[i].name, name, length) == 0)
            return &model->inputs[i];
    return NULL;
}

/* The option of "... set it with --dim batch=N" with a size in it; *out is left alone where there is none. */
static void add_missing(const pj_view *view, const char *message, pj_str *out)
{
    static const char dim[] = " --dim ", input[] = " --input ";
    const char *is_dim = strstr(message, dim), *is_input = strstr(message, input);
    const char *name = is_dim ? is_dim + sizeof dim - 1 : is_input ? is_input + sizeof input - 1 : "";
    const char *end = strrchr(name, '=');
    const pj_tensor_info *tensor = is_input && end ? find_input(view->result->model, name, (size_t)(end - name)) : NULL;
    pj_str text = pj_str_new(0);
    if (!end || (!is_dim && !tensor))
        return;
    pj_str_add_bytes(&text, name, (size_t)(end - name));
    if (is_dim)
        pj_str_printf(&text, "=%" PRId64, usual_size(view->result->model, text.data));
    for (int k = 0; tensor && k < tensor->rank; k++)
        pj_str_printf(&text, "%s%" PRId64, k ? "," : "=", tensor->dims[k].value);
    pj_str option = pj_str_new(0);
    pj_str_add(&option, is_dim ? dim : input);
    pj_str_add_shell(&option, text.failed ? "" : text.data);
    if (!out->length || !strstr(out->data, option.failed ? "" : option.data))
        pj_str_add(out, option.data);
    out->failed = out->failed || text.failed || option.failed;
    pj_str_free(&option);
    pj_str_free(&text);
}

void pj_summary_next(const pj_view *view, pj_str *out)
{
    const pj_finding *findings = view->result->findings;
    pj_str options = pj_str_new(0);
    for (size_t i = 0; i < view->result->finding_count; i++)
        if (strcmp(findings[i].code, "assumed-dimension") == 0)
            add_missing(view, findings[i].message, &options);
    pj_str command = pj_str_new(0);
    if (options.length) {
        pj_str_add(&command, "picojoule analyze ");
        pj_str_add_shell(&command, view->result->model->path);
        pj_str_add(&command, options.data);
        pj_text_clean(out, command.data);
    }
    out->failed = out->failed || options.failed || command.failed;
    pj_str_free(&command);
    pj_str_free(&options);
}

void pj_summary_part(const pj_view *view, pj_rows *rows, const char *name, double energy, pj_str *what)
{
    double total = pj_energy_total(&view->totals->energy), share = total > 0 ? energy / total : 0;
    pj_str text = pj_str_new(0);
    pj_cell *cell = pj_rows_add(rows);
    pj_human_energy(&text, energy, view->result->unit);
    pj_cell_text(&cell[0], name);
    pj_cell_made(&cell[1], rows, &text);
    pj_cell_number(&cell[2], share);
    pj_cell_text(&cell[3], pj_human_bar(share, view->arena));
    pj_cell_made(&cell[4], rows, what);
    rows->failed = rows->failed || !cell[3].text;
}

pj_rows *pj_summary_parts(const pj_view *view, const char *first)
{
    /* clang-format off */
    pj_column columns[] = {
        {.title = first, .kind = PJ_CELL_TEXT},
        {.title = "energy", .kind = PJ_CELL_TEXT},
        {.title = "share", .kind = PJ_CELL_SHARE},
        {.title = "", .kind = PJ_CELL_TEXT, .rank = 1, .only_text = true},
        {.title = "what", .kind = PJ_CELL_TEXT},
    };
    /* clang-format on */
    pj_column *kept = pj_arena_memdup(view->arena, columns, sizeof columns / sizeof *columns, sizeof *columns);
    return kept ? pj_rows_new(view->arena, kept, sizeof columns / sizeof *columns) : NULL;
}

pj_rows *pj_summary_components(const pj_view *view)
{
    const pj_energy *energy = &view->totals->energy;
    const struct {
        const char *name, *what;
        double energy;
    } parts[] = {
        {"inputs",          "reading activations",        energy->inputs          },
        {"outputs",         "writing activations",        energy->outputs         },
        {pj_key_parameters, "reading weights, constants", energy->parameters      },
        {pj_key_op_cost,    "arithmetic",                 energy->op_cost         },
        {"  of that",       "converting number formats",  view->totals->conversion}
    };
    pj_rows *rows = pj_summary_parts(view, "component");
    size_t count = sizeof parts / sizeof *parts - (view->totals->conversion <= 0);
    for (size_t i = 0; rows && i < count; i++) {
        pj_str what = pj_str_new(0);
        pj_str_add(&what, parts[i].what);
        pj_summary_part(view, rows, parts[i].name, parts[i].energy, &what);
    }
    return rows && !rows->failed ? rows : NULL;
}

/* `before` stands before the energy: ">= " of what is the sum of some layers only. */
static void put_energy(pj_rows *rows, pj_cell *cell, const char *before, double pj)
{
    pj_str text = pj_str_new(0);
    pj_cell_unknown(cell);
    if (pj < 0)
        return;
    pj_str_add(&text, before);
    pj_human_energy(&text, pj, "pJ");
    pj_cell_made(cell, rows, &text);
}

static pj_rows *device_rows(const pj_view *view)
{
    /* clang-format off */
    static const pj_column columns[] = {
        {.title = "device", .kind = PJ_CELL_TEXT},
        {.title = "energy", .kind = PJ_CELL_TEXT},
        {.title = "from", .kind = PJ_CELL_TEXT},
        {.title = "to", .kind = PJ_CELL_TEXT},
        {.title = "time", .kind = PJ_CELL_TEXT},
        {.title = "of", .kind = PJ_CELL_TEXT},
        {.title = "load", .kind = PJ_CELL_TEXT},
        {.title = "rests on", .kind = PJ_CELL_TEXT},
    };
    /* clang-format on */
    pj_rows *rows = pj_rows_new(view->arena, columns, sizeof columns / sizeof *columns);
    for (size_t d = 0; rows && d < view->devices; d++) {
        const pj_device_figure *figure = &view->totals->devices[d];
        const pj_device_note *note = &view->totals->device_notes[d];
        pj_cell *cell = pj_rows_add(rows);
        size_t layers = view->totals->layers;
        bool partial = note->layers < layers;
        pj_str text = pj_str_new(0);
        pj_cell_text(&cell[0], view->result->devices[d]);
        put_energy(rows, &cell[1], partial ? ">= " : "",
                   partial && note->at_least_pj == 0 ? -1
                   : partial                         ? note->at_least_pj
                                                     : figure->energy_pj);
        put_energy(rows, &cell[2], "", figure->low_pj);
        put_energy(rows, &cell[3], "", figure->high_pj);
        pj_cell_unknown(&cell[4]);
        if (figure->time_us >= 0) {
            pj_human_time(&text, figure->time_us);
            pj_cell_made(&cell[4], rows, &text);
        }
        pj_str_printf(&text, partial ? "%zu of %zu layers" : "all %zu layers", partial ? note->layers : layers, layers);
        pj_cell_made(&cell[5], rows, &text);
        pj_cell_text(&cell[6], note->load ? note->load : "");
        pj_cell_text(&cell[7], note->basis && note->layers ? note->basis : "");
    }
    return rows && !rows->failed ? rows : NULL;
}

/* "fits: 18.70 MiB of 8.000 GB", "does not fit: ..." */
static void say_memory(const pj_view *view, size_t d, pj_page *page)
{
    const pj_device_note *note = &view->totals->device_notes[d];
    pj_str text = pj_str_new(0);
    pj_say(&text, "{} ", pj_w_text(view->result->devices[d]));
    if (!note->memory || !*note->memory)
        pj_str_add(&text, "has no published memory sizes: nobody knows whether the model fits.");
    else {
        bool fits = note->memory_wants <= note->memory_has, partial = view->totals->peak_activation_bytes < 0;
        pj_str_add(&text, !fits     ? "DOES NOT FIT: the model takes "
                          : partial ? "may fit: the size of some tensors is not known, and all others take "
                                    : "fits: the model takes ");
        pj_human_bits(&text, note->memory_wants * 8);
        pj_str_printf(&text, " of %s, which has ", note->memory);
        pj_human_bits(&text, note->memory_has * 8);
        pj_str_add_char(&text, '.');
    }
    pj_page_add(page, PJ_BLOCK_ITEM, &text)->ours = true;
}

void pj_summary_devices(const pj_view *view, pj_page *page)
{
    pj_page_say(page, PJ_BLOCK_HEADING, "Devices");
    for (size_t d = 0; d < view->devices; d++)
        say_memory(view, d, page);
    pj_page_table(page, device_rows(view), 2);
}

/* One sentence of ours, which is emptied. */
static void item(pj_page *page, pj_str *text)
{
    pj_page_add(page, PJ_BLOCK_ITEM, text)->ours = true;
}

/* Constants of one element, which exporters share at will, are not worth a line. */
static void add_shared(const pj_result *result, pj_page *page)
{
    size_t several = 0;
    int64_t elements = 0;
    pj_str text = pj_str_new(0);
    for (size_t i = 0; i < result->shared_count; i++)
        if (result->shared[i].elements > 1) {
            several++;
            elements += result->shared[i].elements; /* the sum of all parameters was checked */
        }
    if (!several)
        return;
    pj_say(&text, "{} read by several layers; the {} parameters in {} count once in the total.",
           pj_w_plural(several, "constant is", "constants are"), pj_w_exact((size_t)elements),
           pj_w_ours(several == 1 ? "it" : "them"));
    item(page, &text);
}

void pj_summary_coverage(const pj_view *view, pj_page *page)
{
    const pj_totals *totals = view->totals;
    const pj_model_info *model = view->result->model;
    pj_str text = pj_str_new(0);
    if (totals->uncounted) {
        pj_say(&text, "{}", pj_w_plural(totals->uncounted, "layer is", "layers are"));
        pj_str_printf(&text, " not counted (of %zu): the total is too low.", totals->layers);
        item(page, &text);
    }
    if (totals->free_layers && view->count) {
        pj_say(&text, "{} nothing (views, constants, shapes) and {} not listed.",
               pj_w_plural(totals->free_layers, "layer costs", "layers cost"),
               pj_w_ours(totals->free_layers == 1 ? "is" : "are"));
        item(page, &text);
    }
    if (model->tensors_known < model->tensors) {
        pj_say(&text, "Type and shape are known of {}",
               pj_w_share((double)model->tensors_known / (double)model->tensors));
        pj_str_printf(&text, " of the tensors (%zu of %zu).", model->tensors_known, model->tensors);
        item(page, &text);
    }
    add_shared(view->result, page);
}

/* A value as a sentence has it. */
static void add_value(const pj_setup *setup, const pj_setting *setting, pj_str *out)
{
    pj_str text = pj_str_new(0);
    if (setting->kind == PJ_SETTING_PLACE) {
        pj_place place = pj_setting_place(setup, setting);
        pj_str_add(out, place == PJ_PLACE_FIXED ? "hard-wired (free)" : place == PJ_PLACE_SRAM ? "in SRAM" : "in DRAM");
    } else if (setting->kind == PJ_SETTING_YES_NO) {
        pj_str_add(out, setting->words[pj_setting_bool(setup, setting)]);
    } else if (setting->kind == PJ_SETTING_SIZE) {
        pj_human_bits(out, (double)pj_setting_bits(setup, setting));
    } else {
        pj_setting_print(setup, setting, &text);
        pj_text_clean(out, text.data);
    }
    pj_str_fail_as(out, &text);
    pj_str_free(&text);
}

/* "Weights in DRAM (--weights-on)" */
static void add_told(const pj_setup *setup, const pj_setting *setting, pj_str *out)
{
    for (const char *at = setting->told; *at; at++) {
        if (*at != '%') {
            pj_str_add_char(out, *at);
        } else if (*++at == 'o') {
            pj_str_printf(out, "--%s", setting->option);
        } else {
            add_value(setup, setting, out);
        }
    }
}

/* Choices are told whatever they are, others where they are made. */
static bool is_told(const pj_setup *setup, const pj_setting *setting)
{
    if (pj_setting_is_place(setting) && pj_setup_has_levels(setup))
        return false;
    if (setting->told_of)
        return strcmp(pj_setting_text(setup, setting), setting->told_of) == 0;
    return setting->kind == PJ_SETTING_PLACE || setting->kind == PJ_SETTING_YES_NO ||
           (setting->kind == PJ_SETTING_NAME && pj_setting_text(setup, setting)) || pj_setting_is_set(setup, setting);
}

void pj_summary_basis(const pj_view *view, pj_page *page)
{
    const pj_setup *setup = &view->result->setup;
    const pj_setting *setting = NULL;
    pj_str text = pj_str_new(0);
    while ((setting = pj_setting_after(PJ_ORDER_TOLD, setting))) {
        if (!is_told(setup, setting))
            continue;
        if (!setting->joint && text.length) {
            pj_str_add_char(&text, '.');
            item(page, &text);
        }
        pj_str_add(&text, setting->joint ? setting->joint : "");
        add_told(setup, setting, &text);
    }
    pj_str_add_char(&text, '.');
    item(page, &text);
    if (pj_setup_has_levels(setup) && !setup->hierarchy) {
        pj_str_add(&text,
                   "Memory is DRAM and one SRAM of 256 KiB at the table's prices (--hierarchy: that of a chip).");
        item(page, &text);
    }
    pj_str_printf(&text, "%s (--reuse %s).", pj_policy_assumed(setup), setup->reuse ? setup->reuse : PJ_REUSE_ONCE);
    item(page, &text);
    if (view->devices) {
        pj_str_add(&text, "Devices reach what their fits say, whole systems at the wall included; by the data sheet "
                          "alone, 100 % of the peak: a lower bound.");
        item(page, &text);
    }
}
