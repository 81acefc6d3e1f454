/* The graph ends behind a layer: the first part of a model as a model of its own. */
#include "apply/pass.h"

/* Is it read by a node that is gone? Needs an index from before. */
static bool is_missed(const pj_edit_value *value)
{
    for (int i = 0; i < value->readers; i++)
        if (value->reader[i]->is_dropped)
            return true;
    return false;
}

static pj_edit_node *find(const pj_edit *edit, const char *label)
{
    for (pj_edit_node *node = edit->first; node; node = node->next)
        if (node->was && strcmp(node->was->label, label) == 0)
            return node;
    return NULL;
}

/* What is still to be read becomes an output; of its type nothing needs to be said but the type of its numbers. */
static pj_status want(pj_pass *pass, pj_edit_value *value)
{
    if (value->dtype == PJ_UNDEFINED)
        return pj_fail(pass->err, PJ_EFORMAT, "the type of %.100s is not known, so the graph cannot end there",
                       value->name);
    value->is_wanted = true;
    return PJ_OK;
}

static void drop_unread_weights(pj_edit *edit)
{
    for (size_t i = 0; i < edit->values.count; i++) {
        pj_edit_value *value = edit->values.entry[i].value;
        bool read = false;
        for (int k = 0; k < value->readers; k++)
            read = read || !value->reader[k]->is_dropped;
        if (value->init && !read && !value->is_output && !value->is_captured)
            value->init->is_dropped = true;
    }
}

pj_status pj_cut(pj_pass *pass)
{
    pj_edit *edit = pass->edit;
    pj_edit_node *last = find(edit, pass->options->cut_after);
    if (!last)
        return pj_fail(pass->err, PJ_EARGUMENT, "there is no layer %.200s in the main graph", pass->options->cut_after);
    pj_edit_index(edit);
    for (pj_edit_node *node = last->next; node; node = node->next)
        pj_edit_drop(edit, node);
    for (const pj_edit_node *node = edit->first; node; node = node->next)
        for (int o = 0; !node->is_dropped && o < node->outputs; o++)
            if (node->out[o] && (is_missed(node->out[o]) || node->out[o]->is_captured))
                PJ_TRY(want(pass, node->out[o]));
    drop_unread_weights(edit);
    edit->is_cut = edit->is_changed = true;
    return PJ_OK;
}
