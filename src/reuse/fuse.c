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
