/* Filling a page. */
#include "page/page.h"

const char *pj_page_keep(pj_page *page, pj_str *text)
{
    const char *kept = pj_str_keep(text, page->arena);
    page->failed = page->failed || !kept;
    return kept ? kept : "";
}

pj_block *pj_page_say(pj_page *page, pj_block_kind kind, const char *text)
{
    pj_block *block = page->in & page->wanted ? PJ_NEW(page->arena, pj_block, 1) : &page->spare;
    page->failed = page->failed || !block || !text;
    if (!block)
        block = &page->spare;
    *block = (pj_block){.kind = kind, .lead = "", .text = text ? text : ""};
    if (block == &page->spare)
        return block;
    block->gap = page->gap;
    page->last->next = block;
    page->last = block;
    page->gap = false;
    return block;
}

pj_block *pj_page_add(pj_page *page, pj_block_kind kind, pj_str *text)
{
    return pj_page_say(page, kind, pj_page_keep(page, text));
}

pj_block *pj_page_printf(pj_page *page, pj_block_kind kind, const char *format, ...)
{
    pj_str text = pj_str_new(0);
    va_list arguments;
    va_start(arguments, format);
    pj_str_vprintf(&text, format, arguments);
    va_end(arguments);
    return pj_page_add(page, kind, &text);
}

void pj_page_lead(pj_page *page, pj_str *text)
{
    pj_page_add(page, PJ_BLOCK_PARAGRAPH, text)->hang = 2;
    page->gap = true;
}

pj_block *pj_page_table(pj_page *page, const pj_rows *rows, size_t indent)
{
    pj_block *block = pj_page_say(page, PJ_BLOCK_TABLE, "");
    page->failed = page->failed || !rows || rows->failed;
    block->rows = rows;
    block->indent = indent;
    return block;
}

void pj_page_make(const pj_telling *t, unsigned wanted, pj_page *page)
{
    *page = (pj_page){.arena = t->arena, .in = PJ_IN_ALL, .wanted = wanted, .width = t->style.width};
    page->last = &page->head;
    t->pieces->page(t->input, page);
    page->failed = page->failed || pj_arena_failed(t->arena);
}

void pj_page_mark(pj_page *page, const char *command, const char *of)
{
    pj_str text = pj_str_new(0);
    pj_str_printf(&text, "<!-- picojoule %s", command);
    pj_text_clean(&text, of);
    pj_str_add(&text, " -->\n");
    pj_page_add(page, PJ_BLOCK_RAW, &text);
}
