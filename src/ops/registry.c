/* From a node's domain, name and opset to its row. */
#include "ops/families.h"

#include <string.h>

static const pj_op_family *const families[] = {
#define PJ_FAMILY_ADDRESS(name, what) &pj_family_##name,
    PJ_FAMILY_LIST(PJ_FAMILY_ADDRESS)
#undef PJ_FAMILY_ADDRESS
        NULL,
};

const pj_op_family *const *pj_op_families(void)
{
    return families;
}

const pj_op_desc *pj_op_find(const char *domain, const char *op, int64_t opset)
{
    const pj_op_desc *best = NULL;
    for (const pj_op_family *const *family = families; *family; family++) {
        for (int i = 0; i < (*family)->count; i++) {
            const pj_op_desc *row = &(*family)->rows[i];
            if (row->op[0] != op[0] || strcmp(row->op, op) != 0 || strcmp(row->domain, domain) != 0)
                continue;
            if ((opset <= 0 || row->since <= opset) && (!best || row->since > best->since))
                best = row;
        }
    }
    return best;
}

const char *pj_op_elsewhere(const char *domain, const char *op, int *since)
{
    const char *other = NULL;
    *since = 0;
    for (const pj_op_family *const *family = families; *family; family++)
        for (int i = 0; i < (*family)->count; i++) {
            const pj_op_desc *row = &(*family)->rows[i];
            if (strcmp(row->op, op) != 0)
                continue;
            if (strcmp(row->domain, domain) == 0)
                *since = !*since || row->since < *since ? row->since : *since;
            else if (!*domain && !other)
                other = row->domain;
        }
    return *since ? NULL : other;
}

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

const char *pj_prim_word(pj_prim prim)
{
    static const char *const words[PJ_PRIMS] = {
#define PJ_PRIM_WORD(name, word, what) [name] = word,
        PJ_PRIM_LIST(PJ_PRIM_WORD)
#undef PJ_PRIM_WORD
    };
    return words[prim];
}
