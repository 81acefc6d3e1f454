/* The roofline of devices and memory hierarchies. */
#include "cost/roofline.h"

const char *const pj_work_class_words[PJ_WORK_CLASSES + 1] = {"conv",        "depthwise", "matmul", "pool",
                                                              "elementwise", "movement",  NULL};

pj_roof_time pj_roofline(const pj_roof *roof, double ops, double bytes)
{
    pj_roof_time out = {0};
    if (roof->ops_rate > 0)
        out.compute = ops / (roof->ops_rate * (roof->utilization > 0 ? roof->utilization : 1));
    if (roof->bytes_rate > 0)
        out.memory = bytes / roof->bytes_rate;
    out.is_memory_bound = out.memory > out.compute;
    out.total = fmax(out.compute, out.memory) + roof->fixed;
    return out;
}
