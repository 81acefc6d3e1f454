/* The table of formats: a row for each writer, which is the file of the same name here. */
#pragma once

#ifndef PJ_ENGINE
#define PJ_ENGINE 0
#endif

#if PJ_ENGINE /* what a page asks the engine for */
#define PJ_FORMATS(X)              \
    X("text", PAGE, pj_write_text) \
    X("json", DATA, pj_write_json) \
    X("csv", TABLE, pj_write_csv)  \
    X("markdown", PAGE, pj_write_markdown)
#else
/*  name, the piece of a report that it prints, writer */
#define PJ_FORMATS(X)                      \
    X("text", PAGE, pj_write_text)         \
    X("json", DATA, pj_write_json)         \
    X("csv", TABLE, pj_write_csv)          \
    X("markdown", PAGE, pj_write_markdown) \
    X("html", PAGE, pj_write_html)         \
    X("svg", CHART, pj_write_svg)          \
    X("junit", VERDICTS, pj_write_junit)   \
    X("sarif", VERDICTS, pj_write_sarif)   \
    X("github", VERDICTS, pj_write_github) \
    X("gitlab", VERDICTS, pj_write_gitlab) \
    X("jsonl", LINES, pj_write_jsonl)
#endif
