/* All that can be asked of a model, a table or a device: for tests that break something and look whether it holds. */
#ifndef EVERYTHING_H
#define EVERYTHING_H

#include <stddef.h>
#include <stdint.h>

#include "picojoule/picojoule.h"

/* Length and FNV-1a hash of texts, without memory of their own: equal texts, equal digests. */
typedef struct digest {
    size_t bytes;
    uint64_t hash;
} digest;

/* An empty digest; adding bytes. */
digest digest_new(void);
void digest_add(digest *d, const void *bytes, size_t length);

/* A pj_sink; the payload is the digest. */
bool digest_sink(const char *bytes, size_t length, void *payload);

/* Each adds what it is told to the digest and stops at the first failure. */

/* Tensors, findings and description of a model. PJ_ENOMEM. */
pj_status ask_model(pj_model *model, digest *out, pj_error *err);

/* Layers, totals, findings of an analysis. */
void ask_analysis(const pj_result *result, digest *out);

/* Every format of the shapes; every format, group and sort of the report. */
pj_status write_shapes(pj_model *model, digest *out, pj_error *err);
pj_status write_reports(const pj_result *result, digest *out, pj_error *err);

/* Runs all rules of lint, adds what they find, and writes it in every format. */
pj_status lint_analysis(const pj_result *result, digest *out, pj_error *err);

/* Whatever the model says: are counts and energies not negative, and energies numbers? Says of which layer not. */
bool figures_hold(const pj_result *result);

#endif
