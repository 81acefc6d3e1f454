/* The table of memory policies. */
#include "cost/traffic.h"

static const pj_policy policies[] = {
    {"once", "Each layer reads and writes each of its tensors once: no reuse, no fusion, no tiling.", NULL,
     pj_traffic_once},
};

const pj_policy *pj_policy_at(size_t index)
{
    return index < sizeof policies / sizeof *policies ? &policies[index] : NULL;
}
