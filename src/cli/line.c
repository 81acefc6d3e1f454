/* A command line that was read: what was given, and memory for it. */
#include "say.h"

typedef struct pj_kept {
    struct pj_kept *next;
    max_align_t data[];
} pj_kept;

void *pj_line_keep(pj_line *line, size_t count, size_t size)
{
    pj_kept *kept = count <= SIZE_MAX / 2 / size ? calloc(1, sizeof *kept + count * size) : NULL;
    if (!kept) {
        pj_say("out of memory");
        return NULL;
    }
    kept->next = line->kept;
    line->kept = kept;
    return kept->data;
}

const char *pj_line_text(pj_line *line, const char *text, const char *end)
{
    size_t length = (size_t)(end - text);
    char *copy = pj_line_keep(line, length + 1, 1);
    return copy ? memcpy(copy, text, length) : "";
}

/* A list of 2^n members is full. */
void *pj_line_add(pj_line *line, void *list, size_t *count, size_t size)
{
    void **at = list;
    if ((*count & (*count - 1)) == 0) {
        void *more = pj_line_keep(line, *count ? 2 * *count : 1, size);
        if (!more)
            return NULL;
        if (*count)
            memcpy(more, *at, *count * size);
        *at = more;
    }
    return (char *)*at + (*count)++ * size;
}

bool pj_texts_add(pj_line *line, pj_texts *list, const char *text)
{
    const char **added = pj_line_add(line, &list->text, &list->count, sizeof *added);
    if (added)
        *added = text;
    return added;
}

void pj_line_free(pj_line *line)
{
    for (pj_kept *at = line->kept, *next; at; at = next) {
        next = at->next;
        free(at);
    }
    line->kept = NULL;
}

const char *pj_given_name(const pj_given *given)
{
    return given->option ? given->option->name : given->setting->option;
}

bool pj_given_set(const pj_line *line, const pj_given *given, pj_setup *setup, pj_exit *code)
{
    pj_error err;
    const char prefix[] = {given->side, given->side ? '-' : 0, 0};
    if (pj_setup_set(setup, given->setting->option, given->value, &err) == PJ_OK)
        return true;
    *code = err.status == PJ_ENOMEM ? pj_say_error(&err, NULL)
                                    : pj_say_usage(line->command->name, "--%s%s", prefix, err.what);
    return false;
}
