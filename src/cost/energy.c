/* What is asked of the public figures of result.h without an analysis. */
#include "ops/op.h"
#include "picojoule/result.h"

double pj_energy_total(const pj_energy *energy)
{
    return energy->inputs + energy->outputs + energy->parameters + energy->op_cost;
}

const char *pj_work_word(size_t index)
{
    return index < PJ_PRIMS ? pj_prim_word((pj_prim)index) : NULL;
}
