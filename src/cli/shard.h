/* Part I of N of what there is to do: --shard. */
#pragma once

#include "cli.h"

typedef struct pj_shard {
    size_t index, count; /* count 0: all of it */
} pj_shard;

/* A pj_option.read of a pj_shard: "I/N" from 0 on, or "auto/N", whose I is that of the engine that has started this
 * process: srun, a Slurm array, Open MPI, a Kubernetes job, AWS Batch, GitLab. Nothing, or several at odds: wrong. */
const char *pj_shard_read(pj_line *line, void *at, const char *value);
