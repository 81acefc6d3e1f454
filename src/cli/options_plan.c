/* The options of `plan`. */
#include <stdlib.h>
#include <string.h>

#include "cli.h"

#define COUNT(rows) (sizeof(rows) / sizeof *(rows))

bool pj_plan_args_alloc(pj_plan_args *plan, size_t words, size_t characters)
{
    plan->options.time_limit = -1;
    plan->choice = calloc(characters, sizeof *plan->choice);
    plan->exclude = calloc(words, sizeof *plan->exclude);
    plan->budget = calloc(words, sizeof *plan->budget);
    plan->pin = calloc(words, sizeof *plan->pin);
    return plan->choice && plan->exclude && plan->budget && plan->pin;
}

void pj_plan_args_free(pj_plan_args *plan)
{
    free(plan->choice);
    free(plan->exclude);
    free(plan->budget);
    free(plan->pin);
}

/* Words between commas, each kept. */
static const char *set_choices(pj_args *args, const char *value)
{
    static const char wants[] = "formats between commas, for example fp16,int8,w4a8";
    pj_plan_args *plan = &args->plan;
    while (*value) {
        size_t length = strcspn(value, ",");
        if (!length)
            return wants;
        plan->choice[plan->options.choice_count++] = pj_args_keep(args, value, value + length);
        value += length + (value[length] == ',');
    }
    return plan->options.choice_count ? NULL : wants;
}

static const char *set_budget(pj_args *args, const char *value)
{
    return pj_plan_budget_read(value, &args->plan.budget[args->plan.options.budget_count++]);
}

static const char *set_keep(pj_args *args, const char *value)
{
    static const char *const words[] = {"first", "last"};
    bool *flags[] = {&args->plan.options.keep_first, &args->plan.options.keep_last};
    do {
        size_t length = strcspn(value, ","), i = 0;
        while (i < 2 && (strlen(words[i]) != length || memcmp(words[i], value, length) != 0))
            i++;
        if (i == 2)
            return "first, last or first,last; --exclude keeps layers by name";
        *flags[i] = true;
        value += length + (value[length] == ',');
    } while (*value);
    return NULL;
}

/* GLOB=CHOICE: names may hold a '=', so the last one counts. */
static const char *set_pin(pj_args *args, const char *value)
{
    pj_plan_pin *pin = &args->plan.pin[args->plan.options.pin_count];
    const char *equals = strrchr(value, '=');
    if (!equals || equals == value || !equals[1])
        return "NAME=FORMAT, for example 'head*=fp16'";
    pin->glob = pj_args_keep(args, value, equals);
    pin->choice = equals + 1;
    args->plan.options.pin_count++;
    return NULL;
}

static const char *set_exclude(pj_args *args, const char *value)
{
    args->plan.exclude[args->plan.options.exclude_count++] = value;
    return NULL;
}

static const char *set_target(pj_args *args, const char *value)
{
    args->plan.options.target = value;
    return NULL;
}

static const char *set_sensitivity(pj_args *args, const char *value)
{
    args->plan.options.sensitivity = value;
    return NULL;
}

static const char *set_calibration(pj_args *args, const char *value)
{
    args->plan.options.calibration = value;
    return NULL;
}

static const char *set_per_tensor(pj_args *args, const char *value)
{
    (void)value;
    args->plan.options.per_tensor = true;
    return NULL;
}

static const char *set_frontier(pj_args *args, const char *value)
{
    (void)value;
    args->plan.options.frontier = true;
    return NULL;
}

static const char *set_pick(pj_args *args, const char *value)
{
    if (strcmp(value, "knee") != 0)
        return "knee";
    args->plan.options.knee = true;
    return NULL;
}

static const char *set_emit(pj_args *args, const char *value)
{
    static const char *const words[] = {"onnxruntime", "nncf", "csv"};
    for (size_t i = 0; i < COUNT(words); i++)
        if (strcmp(words[i], value) == 0) {
            args->plan.emit = value;
            return NULL;
        }
    return "onnxruntime, nncf or csv";
}

/* Seconds with up to nine digits, without the locale. */
static const char *set_time_limit(pj_args *args, const char *value)
{
    static const char wants[] = "seconds from 0 to 86400, for example 0.5";
    double seconds = 0, place = 1;
    bool point = false;
    if (!strpbrk(value, "0123456789") || strlen(value) > 9)
        return wants;
    for (; *value; value++) {
        if (*value == '.' && !point) {
            point = true;
            continue;
        }
        if (*value < '0' || *value > '9')
            return wants;
        seconds = 10 * seconds + (*value - '0');
        place *= point ? 10 : 1;
    }
    args->plan.options.time_limit = seconds / place;
    return args->plan.options.time_limit <= 86400 ? NULL : wants;
}

static const pj_option plan_options[] = {
    {"budget",      0, "'MEASURE<=AMOUNT'",
     "what the plan has to keep: 'energy<=40%' (of\n"
     "today's), 'energy<=2.5mJ', 'param_bytes<=1MiB',\n"
     "'bops<=3e9', 'noise<=0.01'; repeatable; without\n"
     "any, the knee of the frontier is taken",                                                    set_budget     },
    {"choices",     0, "F,F,...",
     "formats to choose from: fp16, int8, int4, and\n"
     "wNaM for weights of N and activations of M bits\n"
     "(default: those of the target, else\n"
     "fp16,w8a16,int8,w4a16,w4a8,int4)",                                                          set_choices    },
    {"target",      0, "NAME|FILE",
     "what the hardware has: npu-int8, gpu-fp16-int8,\n"
     "llm-w4a16, finn-any-bit, or a file",                                                        set_target     },
    {"keep",        0, "first|last|first,last",
     "the first or last layer with weights stays as it\n"
     "is",                                                                                        set_keep       },
    {"exclude",     0, "NAME",
     "layers of that name (may be a glob) stay as they\n"
     "are; repeatable",                                                                           set_exclude    },
    {"pin",         0, "NAME=FORMAT",
     "layers of that name (may be a glob) take that\n"
     "choice; repeatable",                                                                        set_pin        },
    {"sensitivity", 0, "weights|uniform|FILE",
     "where noise comes from: rounding of the weights\n"
     "(default), the formats alone, or losses that you\n"
     "measured (JSON or CSV, docs/planning.md)",                                                  set_sensitivity},
    {"calibration", 0, "FILE",                  "ranges of activations (JSON, docs/planning.md)", set_calibration},
    {"per-tensor",  0, NULL,
     "weights have one scale per tensor instead of one\n"
     "per output channel",                                                                        set_per_tensor },
    {"time-limit",  0, "SECONDS",
     "for the search (default 2); what is left to prove\n"
     "is in the report",                                                                          set_time_limit },
    {"frontier",    0, NULL,
     "prints the whole trade-off of energy and noise\n"
     "instead of a plan",                                                                         set_frontier   },
    {"pick",        0, "knee",                  "the knee of the frontier instead of a budget",   set_pick       },
    {"emit",        0, "onnxruntime|nncf|csv",  "prints the plan as another quantizer takes it",  set_emit       },
};

const pj_option_group pj_options_plan = {"Plan", plan_options, COUNT(plan_options)};
