/* Operator cases as text (tests/ops/README.md), read into a model of one node. */
#ifndef CASES_H
#define CASES_H

#include "ir/graph.h"

enum { MAX_LIST = 64 };

typedef struct test_case {
    const char *file;
    int line;
    pj_arena *arena;
    pj_model *model;
    pj_node *node;
    pj_graph *graph; /* which lines are read into: the model's, or a subgraph of `last` */
    pj_node *last;
    char outs[MAX_LIST][1024]; /* expected "out" lines */
    int out_count;
    char data[8][4096]; /* expected "data" lines, for outputs 0, 1, ... */
    int data_count;
    char work[1024], error[512], read[512], finding[512];
    bool has_work, has_read;
} test_case;

/* Calls `visit` for each case of a file; the case is freed afterwards. What cannot be read ends the program. */
void each_case(const char *path, void (*visit)(test_case *t, void *payload), void *payload);

/* A type as the lines `in` and `out` have it; *at is moved on. */
pj_type read_type(test_case *t, char **at);

/* A new value of a graph. */
pj_value *add_value(test_case *t, pj_graph *graph, const char *name);

/* Ends the program. */
void die(const test_case *t, const char *what, const char *text);

#endif
