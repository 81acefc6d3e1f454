/* Any bytes as the file of a study, and as the end of a chunk: read it, count its points, make some of them. What it
 * names is looked for in the folder of the corpus. */
#include <stdlib.h>

#include "columns/footer.h"
#include "fuzz.h"
#include "study/study.h"

static bool swallow(const char *bytes, size_t length, void *payload)
{
    (void)bytes;
    *(size_t *)payload += length;
    return true;
}

static void ask(const pj_study *study)
{
    enum { ASKED = 20 };
    pj_study_info info = pj_study_describe(study);
    pj_arena *arena = pj_arena_new(0);
    size_t length = 0;
    for (uint64_t i = 0; arena && i < ASKED && i < info.points; i++) {
        uint64_t number = info.points / ASKED * i % info.points;
        size_t digit[PJ_MOST_AXES];
        pj_point point;
        pj_error err = {0};
        const pj_block *block = pj_point_block(study, number);
        pj_point_digits(block, number, digit);
        if (pj_point_number(block, digit) != number)
            abort();
        (void)pj_point_make(study, number, arena, &point, &err);
        (void)pj_study_command(study, number, swallow, &length, &err);
    }
    pj_arena_free(arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    pj_study *study = NULL;
    pj_error err = {0};
    pj_footer footer;
    pj_arena *arena = pj_arena_new(0);
    if (pj_study_parse((const char *)data, size, "fuzz/corpus/study/fuzz.json", NULL, &study, &err) == PJ_OK)
        ask(study);
    pj_study_free(study);
    if (arena)
        (void)pj_footer_parse(data, size, arena, &footer, &err);
    pj_arena_free(arena);
    return 0;
}
