/* Numbers with their sources: what tables and devices have in common when they are listed. */
#pragma once

#include "base/figure.h"
#include "cost/quirks.h"
#include "page/page.h"

/* One fact of a sheet's head: "process", "45 nm". Facts with an empty text are left out. */
typedef struct pj_fact {
    const char *name, *text;
} pj_fact;

/* A table or device in full. */
typedef struct pj_sheet {
    const char *name, *title, *notes;
    const pj_fact *fact;
    size_t facts;
    const pj_figure *figure;
    size_t figures;
    const pj_quirk *quirk; /* not in CSV */
    size_t quirks;
} pj_sheet;

/* The sheet in a format; the text is handed to the sink. */
pj_status pj_sheet_write(const pj_sheet *sheet, const pj_report_options *options, pj_sink sink, void *payload,
                         pj_error *err);

/* Appends figures as a table, in text with their sources below it. */
void pj_figures_page(const pj_figure *figure, size_t count, pj_page *page);

/* A list in a format; in JSON it is the member `key` of an object. `rows` NULL: out of memory. */
pj_status pj_list_write(const char *key, pj_rows *rows, const pj_report_options *options, pj_sink sink, void *payload,
                        pj_error *err);
