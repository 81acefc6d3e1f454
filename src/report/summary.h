/* The head of a report: what was analyzed, what it costs, where that goes, and what was taken for granted. */
#pragma once

#include "report/view.h"

/* "opset 17, 22 nodes, 22,604 parameters (88.30 KiB)" */
void pj_summary_model(const pj_view *view, pj_str *out);

/* "2.657 M MACs, 5.400 M FLOPs; MACs by precision: fp32 100.0 %" */
void pj_summary_work(const pj_view *view, pj_str *out);

/* "45.21 uJ", and after it, where there is more than one sample, "; 11.30 uJ per sample of a batch of 4" */
void pj_summary_total(const pj_view *view, pj_str *out);
void pj_summary_per_sample(const pj_view *view, pj_str *out);

/* " with batch = 1, sequence = 64", and after it, where one is, that it is assumed; nothing without symbols. */
void pj_summary_dims(const pj_view *view, pj_str *out);

/* The command to type next where sizes are assumed: "picojoule analyze model.onnx --dim batch=1 --dim sequence=128";
 * nothing where none is. */
void pj_summary_next(const pj_view *view, pj_str *out);

/* The four components: energy, share, a bar, what each is. NULL: no memory. */
pj_rows *pj_summary_components(const pj_view *view);

/* A table of parts of the whole, and one more part; `what` is used up. */
pj_rows *pj_summary_parts(const pj_view *view, const char *first);
void pj_summary_part(const pj_view *view, pj_rows *rows, const char *name, double energy, pj_str *what);

/* Heading; for each device whether the model fits, then its energy, range and time. */
void pj_summary_devices(const pj_view *view, pj_page *page);

/* Items of a list: what is free, uncounted, not known. */
void pj_summary_coverage(const pj_view *view, pj_page *page);

/* Likewise what the figures rest on: the table, where tensors are, what is not modelled. */
void pj_summary_basis(const pj_view *view, pj_page *page);

/* ---- levels.c ---- */

/* The same by memories, of a result that has levels; and a sentence of what stays on chip and what cannot. */
pj_rows *pj_summary_levels(const pj_view *view);
void pj_summary_reuse(const pj_view *view, pj_str *out);
