/* What a page is made of, besides the report: files of web/, and the engine where there is one. */
#pragma once

#include "base/libc.h"

typedef struct pj_asset {
    const unsigned char *bytes;
    size_t length; /* 0: the build has none */
} pj_asset;

/* From the build (cmake/embed_page.cmake): the style; the script of a model's page, those of its cards that need a
 * report alone, and that ask the engine; the script of reports that are told; that of the worker; the WebAssembly of
 * the library, packed by gzip. */
extern const pj_asset pj_page_css, pj_page_js, pj_page_view, pj_page_ask, pj_page_told, pj_page_worker, pj_page_engine;
