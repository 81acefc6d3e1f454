/* Part I of N of what there is to do: --shard. */
#include "shard.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What an engine tells the processes that it starts. */
typedef struct engine {
    const char *index, *size; /* variables; size NULL: it tells none */
    int64_t first;            /* index of the first process */
    bool if_several;          /* one process alone has these variables, too */
    const char *unless;       /* a variable of an engine below which it says the same */
} engine;

static const engine engines[] = {
    {"SLURM_PROCID",              "SLURM_STEP_NUM_TASKS",     0, true,  NULL                  },
    {"SLURM_ARRAY_TASK_ID",       NULL,                       0, false, NULL                  },
    {"OMPI_COMM_WORLD_RANK",      "OMPI_COMM_WORLD_SIZE",     0, true,  NULL                  },
    {"PMI_RANK",                  "PMI_SIZE",                 0, true,  "OMPI_COMM_WORLD_RANK"},
    {"JOB_COMPLETION_INDEX",      NULL,                       0, false, NULL                  },
    {"AWS_BATCH_JOB_ARRAY_INDEX", "AWS_BATCH_JOB_ARRAY_SIZE", 0, false, NULL                  },
    {"CI_NODE_INDEX",             "CI_NODE_TOTAL",            1, false, NULL                  },
};

/* The number in a variable; -1: there is none. */
static int64_t number_of(const char *variable)
{
    const char *text = variable ? getenv(variable) : NULL, *end;
    int64_t number;
    return text && (end = pj_whole_read(text, &number)) && !*end ? number : -1;
}

/* Of a process that srun has started, PMI says the same as Slurm. */
static bool speaks(const engine *e)
{
    bool is_alias = strcmp(e->index, "PMI_RANK") == 0 && number_of("SLURM_STEP_NUM_TASKS") > 1;
    return number_of(e->index) >= e->first && !is_alias && (!e->unless || number_of(e->unless) < 0) &&
           (!e->if_several || number_of(e->size) > 1);
}

/* NULL: done; else what is wrong, with what was found. */
static const char *ask_engines(pj_line *line, pj_shard *out)
{
    enum { ROOM = 600 };
    char *why = pj_line_keep(line, ROOM, 1);
    const engine *found = NULL;
    size_t used = 0, several = 0;
    if (!why)
        return "less memory";
    for (size_t i = 0; i < sizeof engines / sizeof *engines; i++) {
        if (!speaks(&engines[i]))
            continue;
        found = &engines[i];
        int length = snprintf(why + used, ROOM - used, "%s%s=%s", several++ ? ", " : "an I in place of auto: there is ",
                              found->index, getenv(found->index));
        used += length > 0 && used + (size_t)length < ROOM ? (size_t)length : 0;
    }
    if (several != 1) {
        snprintf(why + used, ROOM - used, "%s",
                 several ? ", and only one of these can be meant"
                         : "I/N, for example 0/8: no engine that is known has started this process");
        return why;
    }
    int64_t index = number_of(found->index) - found->first, size = number_of(found->size);
    out->index = (size_t)index;
    if ((size_t)index < out->count && (size < 0 || (size_t)size == out->count))
        return NULL;
    if (size < 0)
        snprintf(why + used, ROOM - used, ", which is none of %zu", out->count);
    else
        snprintf(why + used, ROOM - used, " of %s, not of %zu", getenv(found->size), out->count);
    return why;
}

const char *pj_shard_read(pj_line *line, void *at, const char *value)
{
    static const char wants[] = "I/N with I from 0 to N - 1, for example 0/8, or auto/N", automatic[] = "auto";
    pj_shard *out = at;
    int64_t index = 0, count = 0;
    bool is_auto = strncmp(value, automatic, sizeof automatic - 1) == 0;
    const char *rest = is_auto ? value + sizeof automatic - 1 : pj_whole_read(value, &index);
    const char *end = rest && *rest == '/' ? pj_whole_read(rest + 1, &count) : NULL;
    if (!end || *end || count < 1 || index >= count)
        return wants;
    *out = (pj_shard){(size_t)index, (size_t)count};
    return is_auto ? ask_engines(line, out) : NULL;
}
