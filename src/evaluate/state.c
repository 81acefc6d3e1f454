/* Lines of "INDEX LOSS TOP1 REASON", numbers as the bits of doubles, so that they come back as they were. */
#include "evaluate/state.h"

#include <errno.h>
#include <unistd.h>

static const char magic[] = "picojoule sensitivity ";

static uint64_t bits_of(double number)
{
    uint64_t bits;
    memcpy(&bits, &number, sizeof bits);
    return bits;
}

static double number_of(uint64_t bits)
{
    double number;
    memcpy(&number, &bits, sizeof number);
    return number;
}

static pj_status fail(const char *path, pj_error *err)
{
    int reason = errno;
    pj_error_at(err, path, NULL, NULL);
    return pj_fail(err, PJ_EIO, "cannot be written: %s", strerror(reason));
}

/* A line without its end was cut off. false: it is none of ours. */
static bool read_line(char *line, size_t count, pj_tried *tried, bool *done, pj_arena *arena)
{
    size_t length = strlen(line), index;
    unsigned long long loss, top1;
    int used = 0;
    if (length == 0 || line[length - 1] != '\n')
        return false;
    line[length - 1] = 0;
    if (sscanf(line, "%zu %16llx %16llx %n", &index, &loss, &top1, &used) < 3 || index >= count || !used)
        return false;
    tried[index] = (pj_tried){number_of(loss), number_of(top1), NULL};
    if (line[used])
        tried[index].refused = pj_arena_strdup(arena, line + used);
    done[index] = tried[index].loss >= 0 && tried[index].loss <= 1;
    return true;
}

static void read_all(FILE *file, const char *key, size_t count, pj_tried *tried, bool *done, pj_arena *arena)
{
    char line[1024];
    bool is_ours = fgets(line, sizeof line, file) && strncmp(line, magic, sizeof magic - 1) == 0 &&
                   strncmp(line + sizeof magic - 1, key, strlen(key)) == 0;
    while (is_ours && fgets(line, sizeof line, file) && read_line(line, count, tried, done, arena))
        continue;
}

static void write_line(FILE *file, size_t index, const pj_tried *tried)
{
    const char *reason = tried->refused ? tried->refused : "";
    fprintf(file, "%zu %016llx %016llx ", index, (unsigned long long)bits_of(tried->loss),
            (unsigned long long)bits_of(tried->top1));
    for (; *reason; reason++)
        fputc((unsigned char)*reason < ' ' ? ' ' : *reason, file);
    fputc('\n', file);
}

pj_status pj_state_open(const char *path, const char *key, size_t count, pj_tried *tried, bool *done, pj_arena *arena,
                        pj_state *out, pj_error *err)
{
    *out = (pj_state){0};
    if (!path)
        return PJ_OK;
    FILE *old = fopen(path, "rb");
    if (old) {
        read_all(old, key, count, tried, done, arena);
        fclose(old);
    }
    out->file = fopen(path, "wb"); /* anew: what was cut off is not in it any more */
    if (!out->file)
        return fail(path, err);
    fprintf(out->file, "%s%s\n", magic, key);
    for (size_t i = 0; i < count; i++)
        if (done[i])
            write_line(out->file, i, &tried[i]);
    return fflush(out->file) == 0 ? PJ_OK : fail(path, err);
}

pj_status pj_state_add(pj_state *state, size_t index, const pj_tried *tried, pj_error *err)
{
    if (!state->file)
        return PJ_OK;
    write_line(state->file, index, tried);
    return fflush(state->file) == 0 ? PJ_OK : fail("the file of what was measured so far", err);
}

void pj_state_close(pj_state *state)
{
    if (state->file)
        fclose(state->file);
    state->file = NULL;
}
