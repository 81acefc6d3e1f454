/* src/trace: formats of profiles, names that runtimes change, watts over time. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "picojoule/layers.h"
#include "trace/match.h"
#include "trace/trace.h"
#include "trace/watts.h"

static const char *stripped(const char *name)
{
    static char copy[256];
    snprintf(copy, sizeof copy, "%s", name);
    return pj_strip_name(copy);
}

static void names(void)
{
    CHECK_TEXT(stripped("/stem/Relu_output_0_nchwc"), "/stem/Relu_output_0");
    CHECK_TEXT(stripped("Transpose_token_49"), "Transpose");
    CHECK_TEXT(stripped("fused /conv/Conv"), "/conv/Conv");
    CHECK_TEXT(stripped("/layer/act/Div/GeluFusion/"), "/layer/act/Div");
    CHECK_TEXT(stripped("fused a_nchwc_token_1"), "a");
    CHECK_TEXT(stripped("_token_"), "_token_");
    CHECK_TEXT(stripped("Fusion/"), "Fusion/");
    CHECK_TEXT(stripped(""), "");
}

/* Reads a profile; the status. What it says is in *trace until the next call. */
static pj_status read(const char *text, size_t drop, pj_trace *trace, pj_error *err)
{
    static pj_arena *arena;
    const pj_input input = {
        .from = {.bytes = text, .length = strlen(text)},
          .fd = -1
    };
    pj_arena_free(arena);
    arena = pj_arena_new(0);
    *trace = (pj_trace){.arena = arena};
    memset(err, 0, sizeof *err);
    return pj_trace_from(&input, "profile", drop, trace, err);
}

#define RUN(ts, us) "{\"cat\":\"Session\",\"name\":\"model_run\",\"ts\":" ts ",\"dur\":" us ",\"args\":{}}"
#define NODE(n, ts, us)                                                          \
    "{\"cat\":\"Node\",\"name\":\"" n "_kernel_time\",\"ts\":" ts ",\"dur\":" us \
    ",\"args\":{\"op_name\":\"Conv\",\"node_index\":\"3\",\"provider\":\"CPUExecutionProvider\"}}"
#define GPU(n, ts, us)                                                           \
    "{\"cat\":\"Node\",\"name\":\"" n "_kernel_time\",\"ts\":" ts ",\"dur\":" us \
    ",\"args\":{\"op_name\":\"Conv\",\"provider\":\"CUDAExecutionProvider\"}}"
#define KERNEL(n, ts, us)                                             \
    "{\"cat\":\"Kernel\",\"name\":\"gemm\",\"ts\":" ts ",\"dur\":" us \
    ",\"args\":{\"op_name\":\"Conv\",\"parent_name\":\"" n "\"}}"

static void ort(void)
{
    pj_trace trace;
    pj_error err;
    CHECK_INT(read("[" NODE("a", "1", "5") "," RUN("0", "10") "," NODE("a", "21", "7") "," RUN("20", "10") "]", 1,
                   &trace, &err),
              PJ_OK);
    CHECK_INT(trace.count, 1);
    CHECK_TEXT(trace.kernel[0].name, "a");
    CHECK_INT(trace.kernel[0].index, 3);
    CHECK_INT(trace.kernel[0].count, 1); /* the other one is in a run that is dropped */
    CHECK_NEAR(trace.kernel[0].time[0].us, 7, 0);
    CHECK_NEAR(trace.first_run_us, 10, 0);
    CHECK(!trace.truncated);
    /* inside an object, cut off in the middle of its last event, with events that cannot be */
    CHECK_INT(read("{\"x\":[1],\"traceEvents\":[" NODE("a", "1", "5") "," NODE("b", "1", "-5") "," NODE(
                       "c", "1e300", "5") ",{\"cat\":1}," RUN("0", "10") ",{\"cat\":\"Node\",\"na",
                   0, &trace, &err),
              PJ_OK);
    CHECK_INT(trace.count, 1);
    CHECK_INT(trace.bad_events, 3);
    CHECK(trace.truncated);
    CHECK_INT(read("[" NODE("a", "1", "5") "]", 0, &trace, &err), PJ_EFORMAT);
    CHECK_PART(err.what, "model_run");
    CHECK_INT(read("[" NODE("a", "1", "5") "," RUN("0", "10") "]", 1, &trace, &err), PJ_EFORMAT);
    CHECK_PART(err.what, "--drop-runs");
    CHECK_INT(read("[]", 0, &trace, &err), PJ_EFORMAT);
    CHECK_INT(read("", 0, &trace, &err), PJ_EFORMAT);
}

/* Nodes on a GPU only launch: without its kernels there is nothing to say. */
static void gpu(void)
{
    pj_trace trace;
    pj_error err;
    CHECK_INT(read("[" GPU("a", "1", "5") "," RUN("0", "10") "]", 0, &trace, &err), PJ_EFORMAT);
    CHECK_PART(err.what, "GPU");
    CHECK_INT(read("[" GPU("a", "1", "5") "," KERNEL("a", "2", "3") "," NODE("b", "7", "1") "," RUN("0", "10") "]", 0,
                   &trace, &err),
              PJ_OK);
    CHECK_INT(trace.count, 2);
    CHECK_TEXT(trace.kernel[0].name, "a");
    CHECK_NEAR(trace.kernel[0].time[0].us, 3, 0);
    CHECK_TEXT(trace.kernel[1].name, "b");
}

static void others(void)
{
    pj_trace trace;
    pj_error err;
    CHECK_INT(read("[{\"count\": 10}, {\"name\": \"conv1\", \"timeMs\": 20, \"averageMs\": 2, \"percentage\": 100}]", 1,
                   &trace, &err),
              PJ_OK);
    CHECK_TEXT(trace.format, "tensorrt");
    CHECK_NEAR(trace.kernel[0].time[0].us, 2000, 1e-12);
    CHECK_INT(read("layerName;execStatus;layerType;execType;realTime (ms);cpuTime "
                   "(ms)\nconv1;EXECUTED;Convolution;jit;1.5;1.5\n"
                   "relu;OPTIMIZED_OUT;ReLU;undef;0;0\nTotal;;;;1.5;1.5\n",
                   1, &trace, &err),
              PJ_OK);
    CHECK_TEXT(trace.format, "openvino");
    CHECK_INT(trace.count, 1);
    CHECK_NEAR(trace.kernel[0].time[0].us, 1500, 1e-12);
    CHECK_INT(read("layer,run,start_s,end_s\nconv1,0,0,0.5\nconv1,1,1,1.25\nrelu,1,1.25,1.5\n", 1, &trace, &err),
              PJ_OK);
    CHECK_INT(trace.count, 2);
    CHECK_NEAR(trace.run_us_sum, 0.5e6, 1e-12);
    CHECK_NEAR(trace.kernel[0].time[0].us, 0.25e6, 1e-12);
    CHECK_INT(read("layer,seconds\nconv1,0.5\nconv1,0.7\nrelu,0.1\nrelu,0.1\n", 1, &trace, &err), PJ_OK);
    CHECK_NEAR(trace.runs_used, 2, 0);
    CHECK_INT(read("layer,run,start_s,end_s\nconv1,0,1,0.5\n", 0, &trace, &err), PJ_EFORMAT);
    CHECK_PART(err.what, "row 2");
    CHECK_INT(read("a,b\n1,2\n", 0, &trace, &err), PJ_EFORMAT);
}

static void power(void)
{
    pj_arena *arena = pj_arena_new(0);
    pj_watts watts;
    pj_error err = {0};
    double uncovered;
    char text[] = "time_s,source,domain,added,joules,watts\n1,a,x,yes,,10\n1,a,y,yes,,5\n1,a,z,no,,99\n2,a,x,yes,,"
                  "20\n2,a,y,yes,,5\n";
    CHECK_INT(pj_watts_parse(text, sizeof text - 1, "power.csv", arena, &watts, &err), PJ_OK);
    CHECK_INT(watts.count, 2);
    CHECK_NEAR(pj_watts_energy(&watts, 1, 2, &uncovered), 20, 1e-12); /* (15 + 25) / 2 */
    CHECK_NEAR(pj_watts_energy(&watts, 1.5, 2, &uncovered), 11.25, 1e-12);
    char back[] = "time_s,watts\n2,1\n1,1\n";
    CHECK_INT(pj_watts_parse(back, sizeof back - 1, "power.csv", arena, &watts, &err), PJ_EFORMAT);
    CHECK_PART(err.what, "time goes back");
    pj_arena_free(arena);
}

int main(void)
{
    names();
    ort();
    gpu();
    others();
    power();
    return check_done();
}
