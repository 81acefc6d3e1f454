/* What a row says of its operator. */
#include "ops/op.h"

/* Role of input `i`; 'x' past the end of an unstarred list. */
static char role_of(const pj_op_desc *desc, int input)
{
    char role = 'x';
    const char *at = desc->roles;
    for (int i = 0; *at; i++) {
        role = *at;
        if (i == input || at[1] == '*')
            return role;
        at++;
    }
    return 'x';
}

bool pj_op_takes_scales(const pj_op_desc *desc)
{
    return strchr(desc->roles, 's') != NULL;
}

int pj_op_place(const pj_op_desc *desc, char role, int nth)
{
    for (int i = 0; desc->roles[i] && desc->roles[i] != '*'; i++)
        if (desc->roles[i] == role && nth-- == 0)
            return i;
    return -1;
}

char pj_node_role(const pj_node *node, int input)
{
    char role = node->desc ? role_of(node->desc, input) : 'x';
    if (!node->desc || !(node->desc->traits & PJ_PRODUCT) || (role != 'x' && role != 'w'))
        return role;
    int x = pj_op_place(node->desc, 'x', 0), w = pj_op_place(node->desc, 'w', 0);
    bool swapped = x < node->inputs && w < node->inputs && node->in[x] && node->in[w] && node->in[x]->is_constant &&
                   !node->in[w]->is_constant;
    return swapped && input == x ? 'w' : swapped && input == w ? 'x' : role;
}

pj_fuse_class pj_op_follows(const pj_op_desc *desc)
{
    static const struct {
        unsigned trait;
        pj_fuse_class as;
    } classes[] = {
        {PJ_QUANTIZER, PJ_FUSE_QUANTIZER},
        {PJ_SOFTMAX,   PJ_FUSE_SOFTMAX  },
        {PJ_NORM,      PJ_FUSE_NORM     },
        {PJ_POOL,      PJ_FUSE_POOL     },
        {PJ_ELEMENT,   PJ_FUSE_ELEMENT  },
    };
    for (size_t i = 0; i < sizeof classes / sizeof *classes; i++)
        if (desc->traits & classes[i].trait)
            return classes[i].as;
    return PJ_FUSE_NONE;
}

const char *pj_prim_word(pj_prim prim)
{
    static const char *const words[PJ_PRIMS] = {
#define PJ_PRIM_WORD(name, word, what) [name] = word,
        PJ_PRIM_LIST(PJ_PRIM_WORD)
#undef PJ_PRIM_WORD
    };
    return words[prim];
}
