/* JSON Lines: an object a line, each whole before the next one is begun. */
#include "page/page.h"

void pj_write_jsonl(const pj_telling *t, pj_str *out)
{
    for (size_t at = 0; !out->failed; at++) {
        pj_json_writer json = pj_json_writer_new(out, false);
        if (!t->pieces->line(t->input, at, t->arena, &json))
            return;
        pj_str_add_char(out, '\n');
    }
}
