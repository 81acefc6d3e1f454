/* Limits on growth as programs that follow alerts take them. */
#include "page/say.h"
#include "report/diff_view.h"

enum { GROWTH, LAYER_GROWTH, UNJUDGED };

static const pj_verdict_rule rules[] = {
    {"growth",       "A figure of the model has grown by more than is allowed"},
    {"layer-growth", "A layer has grown by more than is allowed"              },
    {"cannot-check", "A limit cannot be judged"                               },
};

/* The layers that differ most: "/conv1 (Conv) +12.10 uJ, ..."; NULL: none has grown. */
static const char *print_top(const pj_diff_view *view)
{
    enum { MOST = 3 };
    const char *unit = view->diff->b->unit;
    pj_str text = pj_str_new(0);
    size_t shown = 0;
    for (size_t i = 0; i < view->count && shown < MOST; i++) {
        const pj_diff_row *row = view->row[i];
        if (!row->b || row->energy_b <= row->energy_a)
            continue;
        pj_say(&text, "{}{} ({}) ", pj_w_ours(shown++ ? ", " : "Grew most: "), pj_w_text(row->b->name),
               pj_w_text(row->b->op));
        if (row->a)
            pj_say(&text, "{} -> {}", pj_w_energy(row->energy_a, unit), pj_w_energy(row->energy_b, unit));
        else
            pj_say(&text, "new, {}", pj_w_energy(row->energy_b, unit));
    }
    if (shown)
        return pj_str_keep(&text, view->arena);
    pj_str_free(&text);
    return NULL;
}

static pj_judged judge(const pj_diff_view *view, const pj_verdict *v, const char *top)
{
    pj_arena *arena = view->arena;
    pj_str sentence = pj_str_new(0), key = pj_str_new(0);
    bool unjudged = v->exceeded && (v->is_unknown || v->uncounted);
    size_t rule = v->of_layers ? LAYER_GROWTH : GROWTH;
    pj_diff_view_verdict(view->diff, v, &sentence);
    pj_str_printf(&key, "%s|%s|%s", rules[rule].id, view->diff->b->source, v->limit);
    return (pj_judged){.name = pj_text_kept_clean(v->limit, arena),
                       .rule = rule,
                       .exceeded = v->exceeded && !unjudged,
                       .error = unjudged,
                       .sentence = pj_str_keep(&sentence, arena),
                       .top = v->exceeded ? top : NULL,
                       .advice = pj_diff_view_other_prices(view->diff)
                                     ? "A and B were priced with different tables: part of the growth is that of the "
                                       "tables. The same command without --format shows which."
                                     : "The same command without --format shows causes and layers.",
                       .path = pj_text_kept_clean(v->limit, arena),
                       .line = 1,
                       .layer = v->of_layers && v->count ? pj_text_kept_clean(v->what, arena) : "",
                       .key = pj_str_keep(&key, arena)};
}

static const pj_subject *subject_of(const pj_diff_view *view)
{
    const pj_diff *diff = view->diff;
    pj_arena *arena = view->arena;
    pj_subject *subject = PJ_NEW(arena, pj_subject, 1);
    pj_judged *judged = PJ_NEW(arena, pj_judged, diff->verdict_count);
    const char *top = print_top(view);
    if (!subject || !judged)
        return NULL;
    *subject = (pj_subject){.name = pj_text_kept_clean(diff->b->source, arena),
                            .line = 1,
                            .error_key = "",
                            .better_key = "",
                            .judged = judged,
                            .count = diff->verdict_count};
    for (size_t i = 0; i < diff->verdict_count; i++) {
        judged[i] = judge(view, &diff->verdicts[i], top);
        subject->exceeded += judged[i].exceeded;
        subject->unjudged += judged[i].error;
    }
    return subject;
}

const pj_verdicts *pj_diff_verdicts_of(const pj_diff *diff, pj_arena *arena)
{
    pj_diff_view view;
    pj_verdicts *all = PJ_NEW(arena, pj_verdicts, 1);
    pj_str headline = pj_str_new(0);
    if (!all || !pj_diff_view_make(diff, true, arena, &view))
        return NULL;
    pj_str_add(&headline, "One run takes ");
    pj_diff_view_headline(&view, &headline);
    *all = (pj_verdicts){.title = "picojoule compare",
                         .file = pj_text_kept_clean(diff->b->source, arena),
                         .headline = pj_str_keep(&headline, arena),
                         .rules = rules,
                         .rule_count = sizeof rules / sizeof *rules,
                         .error_rule = UNJUDGED,
                         .better_rule = GROWTH,
                         .subjects = subject_of(&view),
                         .count = 1};
    return all->subjects && !pj_arena_failed(arena) ? all : NULL;
}
