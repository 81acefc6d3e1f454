/* A machine without limits. */
#include "reuse/machine.h"

pj_machine pj_machine_free(void)
{
    pj_machine machine = {.near_bits = HUGE_VAL, .holds_weights = true, .unrolls_window = true};
    for (int i = 0; i < PJ_DIRECTIONS; i++)
        machine.unroll[i] = 1;
    return machine;
}
