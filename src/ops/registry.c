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
