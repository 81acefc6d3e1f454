/* What one element through a fused activation costs. */
#include "ops/fused.h"

#include "ops/values.h"

/* (x/2) (1 + erf(x / sqrt(2))) */
const int64_t pj_gelu_erf[PJ_PRIMS] = {[PJ_MUL] = 3, [PJ_ADD] = 1, [PJ_ERF] = 1};

/* (x/2) (1 + tanh(sqrt(2/pi) (x + 0.044715 x x x))) */
const int64_t pj_gelu_tanh[PJ_PRIMS] = {[PJ_MUL] = 6, [PJ_ADD] = 2, [PJ_TANH] = 1};

/* Each as the operator of the same name is counted (activation.c); Affine is alpha x + beta, ScaledTanh alpha
 * tanh(beta x), silu x sigmoid(x). */
static const struct {
    const char *name;
    int64_t each[PJ_PRIMS];
} activations[] = {
    {"",                {0}                                                     },
    {"none",            {0}                                                     },
    {"Relu",            {[PJ_CMP] = 1}                                          },
    {"LeakyRelu",       {[PJ_CMP] = 1, [PJ_MUL] = 1}                            },
    {"ThresholdedRelu", {[PJ_CMP] = 1}                                          },
    {"Clip",            {[PJ_CMP] = 2}                                          },
    {"Sigmoid",         {[PJ_TANH] = 1}                                         },
    {"Tanh",            {[PJ_TANH] = 1}                                         },
    {"ScaledTanh",      {[PJ_MUL] = 2, [PJ_TANH] = 1}                           },
    {"HardSigmoid",     {[PJ_MUL] = 1, [PJ_ADD] = 1, [PJ_CMP] = 2}              },
    {"HardSwish",       {[PJ_MUL] = 2, [PJ_ADD] = 1, [PJ_CMP] = 2}              },
    {"Affine",          {[PJ_MUL] = 1, [PJ_ADD] = 1}                            },
    {"Elu",             {[PJ_MUL] = 1, [PJ_ADD] = 1, [PJ_CMP] = 1, [PJ_EXP] = 1}},
    {"Softplus",        {[PJ_ADD] = 1, [PJ_EXP] = 1, [PJ_LOG] = 1}              },
    {"Softsign",        {[PJ_ADD] = 1, [PJ_CMP] = 1, [PJ_DIV] = 1}              },
    {"silu",            {[PJ_MUL] = 1, [PJ_TANH] = 1}                           },
    {"swish",           {[PJ_MUL] = 1, [PJ_TANH] = 1}                           },
};

static int lower(char letter)
{
    return letter >= 'A' && letter <= 'Z' ? letter - 'A' + 'a' : letter;
}

static bool same_word(const char *a, const char *b)
{
    while (*a && lower(*a) == lower(*b)) {
        a++;
        b++;
    }
    return *a == *b;
}

void pj_work_fused(pj_ctx *c, pj_work *work, const char *name, pj_num n)
{
    for (size_t k = 0; k < sizeof activations / sizeof *activations; k++) {
        if (same_word(activations[k].name, name)) {
            pj_work_each(c, work, activations[k].each, n);
            return;
        }
    }
    pj_work_add(c, work, PJ_CMP, pj_num_unknown());
}
