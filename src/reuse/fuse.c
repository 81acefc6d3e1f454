/* Edges that are gone. */
#include "reuse/fuse.h"

const char *const pj_fuse_words[PJ_FUSE_CLASSES + 1] = {"none", "element", "norm", "quantizer",
                                                        "pool", "softmax", NULL};

/* How many nodes read each tensor; one that reads it twice counts once. */
static void count_readers(const pj_fuse_node *node, int nodes, int tensors, int *readers, int *last)
{
    for (int t = 0; t < tensors; t++) {
        readers[t] = 0;
        last[t] = -1;
    }
    for (int n = 0; n < nodes; n++)
        for (int i = 0; i < node[n].inputs; i++) {
            int t = node[n].in[i];
            if (t < 0 || last[t] == n)
                continue;
            last[t] = n;
            readers[t]++;
        }
}

void pj_fuse_find(const pj_fuse_node *node, int nodes, const int *maker, const bool *stays, int tensors, unsigned fuse,
                  int *readers, int *into)
{
    count_readers(node, nodes, tensors, readers, into);
    for (int t = 0; t < tensors; t++)
        into[t] = -1;
    for (int n = 0; n < nodes; n++) {
        if (node[n].fuses == PJ_FUSE_NONE || !(fuse & 1u << node[n].fuses))
            continue;
        for (int i = 0; i < node[n].inputs; i++) {
            int t = node[n].in[i];
            if (t < 0 || maker[t] < 0 || stays[t] || readers[t] != 1)
                continue;
            into[t] = n;
            break;
        }
    }
}

/* ---- tensors of several readers ---- */

enum { LONGEST = 64 }; /* way from one reader to the last one */

typedef struct joiner {
    const pj_fuse_node *node;
    unsigned fuse;
    const int *into;
    int *last;   /* by tensor: its last reader */
    int *result; /* by node: the one tensor that it makes; -1: none, or several */
    int *ready;  /* by tensor: how many of its readers are that one, or lead to it */
    int *seen;   /* by tensor: the node that counted last, plus 1 */
} joiner;

static bool joins(const joiner *j, int n)
{
    pj_fuse_class fuses = j->node[n].fuses;
    return fuses != PJ_FUSE_NONE && fuses != PJ_FUSE_POOL && j->fuse & 1u << fuses;
}

/* Does all that it makes go into the other node, on chip? */
static bool leads_to(const joiner *j, int from, int to)
{
    for (int steps = 0; from >= 0 && from < to && steps < LONGEST; steps++)
        from = j->result[from] < 0 ? -1 : j->into[j->result[from]];
    return from == to;
}

static void find_ends(joiner *j, int nodes, const int *maker, int tensors)
{
    enum { SEVERAL = -2 };
    for (int n = 0; n < nodes; n++) {
        j->result[n] = -1;
        for (int i = 0; i < j->node[n].inputs; i++)
            if (j->node[n].in[i] >= 0)
                j->last[j->node[n].in[i]] = n;
    }
    for (int t = 0; t < tensors; t++)
        if (maker[t] >= 0)
            j->result[maker[t]] = j->result[maker[t]] == -1 ? t : SEVERAL;
}

/* A node counts once for each tensor that it reads: true the first time. */
static bool is_fresh(joiner *j, int n, int t)
{
    bool fresh = t >= 0 && j->seen[t] != n + 1;
    if (fresh)
        j->seen[t] = n + 1;
    return fresh;
}

pj_status pj_fuse_join(const pj_fuse_node *node, int nodes, const int *maker, const bool *stays, int tensors,
                       unsigned fuse, const int *readers, int *into, pj_arena *arena, pj_error *err)
{
    joiner j = {node,
                fuse,
                into,
                PJ_NEW(arena, int, tensors),
                PJ_NEW(arena, int, nodes),
                PJ_NEW(arena, int, tensors),
                PJ_NEW(arena, int, tensors)};
    if (!j.last || !j.result || !j.ready || !j.seen)
        return pj_fail_memory(err);
    find_ends(&j, nodes, maker, tensors);
    for (int n = 0; n < nodes; n++)
        for (int i = 0; i < node[n].inputs && joins(&j, n); i++) {
            int t = node[n].in[i];
            if (is_fresh(&j, n, t) && readers[t] > 1)
                j.ready[t] += j.last[t] == n || leads_to(&j, n, j.last[t]);
        }
    for (int t = 0; t < tensors; t++)
        if (maker[t] >= 0 && !stays[t] && readers[t] > 1 && j.ready[t] == readers[t])
            into[t] = j.last[t];
    return PJ_OK;
}
