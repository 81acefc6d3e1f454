/* What can go wrong, and where.
 *
 * Every function that can fail returns a pj_status and fills a pj_error that its caller owns. Reporting an error
 * allocates nothing, so running out of memory can be reported like anything else.
 *
 * Threads: an error is for one thread at a time; texts are constants. */
#ifndef PICOJOULE_ERROR_H
#define PICOJOULE_ERROR_H

#include "picojoule/api.h"

/*  name, short text */
#define PJ_STATUS_LIST(X)                                                        \
    X(PJ_OK, "done")                                                             \
    X(PJ_ENOMEM, "out of memory, or over the memory budget")                     \
    X(PJ_EIO, "input or output failed")                                          \
    X(PJ_EFORMAT, "the file is malformed")                                       \
    X(PJ_ELIMIT, "the file is larger or deeper than this program accepts")       \
    X(PJ_EOVERFLOW, "a size does not fit 64 bits")                               \
    X(PJ_ESHAPE, "shapes, types or attributes contradict each other")            \
    X(PJ_EUNSUPPORTED, "something in the model is not supported")                \
    X(PJ_EARGUMENT, "an option does not fit the model, the table or the device") \
    X(PJ_ESTOPPED, "stopped, as the caller wanted")                              \
    X(PJ_ECONFLICT, "settings that contradict each other")

typedef enum pj_status {
#define PJ_STATUS_ENUM(name, text) name,
    PJ_STATUS_LIST(PJ_STATUS_ENUM)
#undef PJ_STATUS_ENUM
} pj_status;

/* Each text is empty where it does not apply. `what` is one sentence that names both figures that disagree. */
typedef struct pj_error {
    pj_status status;
    char file[256]; /* file, with the JSON path after it where there is one */
    char node[128]; /* name of the node */
    char op[64];    /* its operator, "domain::Op" outside ai.onnx */
    char what[512];
} pj_error;

/* ---- stopping ---- */

/* Called now and then by the thread that called the library: of `total` parts of a stage, `done` are done; total 0: it
 * is not known how many there are. Stages: "layers", "memory", "weights", "search", "writing"; "models" and "sizes"
 * (of a sweep) have others within. false stops the call, which then frees what it has made and returns PJ_ESTOPPED. */
typedef bool (*pj_watcher)(const char *stage, uint64_t done, uint64_t total, void *payload);

typedef struct pj_watch {
    pj_watcher step;
    void *payload;
} pj_watch;

/* The short text of a status; never NULL. */
PJ_API const char *pj_status_text(pj_status status);

/* The one of `words` (ends with NULL) that `word` was probably meant to be; NULL: none is near. For messages. */
PJ_API const char *pj_nearest_word(const char *word, const char *const *words);

#endif
