/* The table of formats: a row for each writer, which is the file of the same name here. */
#pragma once

#ifndef PJ_ENGINE
#define PJ_ENGINE 0
#endif

#if PJ_ENGINE /* what a page asks the engine for */
#define PJ_FORMATS(X)                     \
    X("text", PAGE, pj_write_text, false) \
    X("json", DATA, pj_write_json, false) \
    X("csv", TABLE, pj_write_csv, false)  \
    X("markdown", PAGE, pj_write_markdown, false)
#else
/*  name, the piece of a report that it prints, writer, is each part said before the next is known? */
#define PJ_FORMATS(X)                             \
    X("text", PAGE, pj_write_text, false)         \
    X("json", DATA, pj_write_json, false)         \
    X("csv", TABLE, pj_write_csv, false)          \
    X("markdown", PAGE, pj_write_markdown, false) \
    X("html", PAGE, pj_write_html, false)         \
    X("svg", CHART, pj_write_svg, false)          \
    X("junit", VERDICTS, pj_write_junit, false)   \
    X("sarif", VERDICTS, pj_write_sarif, false)   \
    X("github", VERDICTS, pj_write_github, true)  \
    X("gitlab", VERDICTS, pj_write_gitlab, false) \
    X("jsonl", LINES, pj_write_jsonl, true)
#endif
