/* The roofline of devices and memory hierarchies. */
#include "cost/roofline.h"

const char *const pj_work_class_words[PJ_WORK_CLASSES + 1] = {"conv",        "depthwise", "matmul",
                                                              "elementwise", "movement",  NULL};

pj_work_class pj_work_class_of(double macs, double ops, double taps_channels)
{
    if (macs > 0 && taps_channels > 0)
        return taps_channels > 1 ? PJ_WORK_CONV : PJ_WORK_DEPTHWISE;
    if (macs > 0)
        return PJ_WORK_MATMUL;
    return ops > 0 ? PJ_WORK_ELEMENTWISE : PJ_WORK_MOVEMENT;
}

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
