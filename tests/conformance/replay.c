/* Replays rows of published figures: files, comparison, counting. */
#include "replay.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SHOWN_FAILURES = 5, MOST_BYTES = 64 * 1024 * 1024 };
static const double tolerance = 1e-12;

typedef struct tally {
    int passed;
    int failed;
} tally;

/* Where a comparison stands; it prints the differences of the first failing rows only. */
typedef struct place {
    const replay_grid *grid;
    int row;
    bool shown;
    int compared;
    int differences;
} place;

/* The whole file as text; NULL if there is none or it cannot be read. */
static char *read_text(const char *folder, const char *name, size_t *length)
{
    char path[4096];
    if (snprintf(path, sizeof path, "%s/%s", folder, name) >= (int)sizeof path)
        return NULL;
    FILE *file = fopen(path, "rb");
    if (!file)
        return NULL;
    char *text = malloc(MOST_BYTES);
    *length = text ? fread(text, 1, MOST_BYTES, file) : 0;
    if (text && (ferror(file) || !feof(file))) {
        free(text);
        text = NULL;
    }
    fclose(file);
    return text;
}

static void differ(place *at, const char *key, const cJSON *got, const cJSON *want)
{
    at->differences++;
    if (!at->shown)
        return;
    char *ours = got ? cJSON_PrintUnformatted(got) : NULL, *theirs = want ? cJSON_PrintUnformatted(want) : NULL;
    fprintf(stderr, "%s: %s[%d] %s: got %s, expected %s\n", at->grid->file, at->grid->array, at->row, key,
            ours ? ours : "nothing", theirs ? theirs : "nothing");
    cJSON_free(ours);
    cJSON_free(theirs);
}

/* Numbers, with true as 1 and false as 0. */
static bool number_of(const cJSON *item, double *out)
{
    if (cJSON_IsBool(item))
        *out = cJSON_IsTrue(item);
    else
        *out = item->valuedouble;
    return cJSON_IsBool(item) || cJSON_IsNumber(item);
}

static void compare_value(place *at, const char *key, const cJSON *got, const cJSON *want);

/* Every field on either side. */
static void compare_object(place *at, const char *key, const cJSON *got, const cJSON *want)
{
    const cJSON *field;
    char path[128];
    cJSON_ArrayForEach(field, want)
    {
        snprintf(path, sizeof path, "%s.%s", key, field->string);
        compare_value(at, path, cJSON_GetObjectItemCaseSensitive(got, field->string), field);
    }
    cJSON_ArrayForEach(field, got)
    {
        snprintf(path, sizeof path, "%s.%s", key, field->string);
        if (!cJSON_GetObjectItemCaseSensitive(want, field->string))
            differ(at, path, field, NULL);
    }
}

/* Do the two agree, numbers within the tolerance? */
static bool agree(const cJSON *got, const cJSON *want)
{
    double ours = 0, theirs = 0;
    if (number_of(want, &theirs) && number_of(got, &ours))
        return fabs(ours - theirs) <= tolerance * fabs(theirs);
    return cJSON_Compare(got, want, true);
}

static void compare_value(place *at, const char *key, const cJSON *got, const cJSON *want)
{
    at->compared++;
    if (cJSON_IsObject(want) && cJSON_IsObject(got))
        compare_object(at, key, got, want);
    else if (!got || !agree(got, want))
        differ(at, key, got, want);
}

static bool is_given(const replay_grid *grid, const char *key)
{
    char word[64];
    int length = snprintf(word, sizeof word, " %s ", key);
    return length < (int)sizeof word && strstr(grid->given, word);
}

/* An "error" has to be one here too; its wording is not compared. A row without any result fails. */
static bool row_passes(replay *context, const cJSON *row, place *at)
{
    cJSON *got = cJSON_CreateObject();
    const cJSON *field;
    context->unusable = NULL;
    at->grid->compute(context, row, got);
    if (context->unusable) {
        at->differences++;
        if (at->shown)
            fprintf(stderr, "%s: %s[%d]: %s\n", at->grid->file, at->grid->array, at->row, context->unusable);
    }
    cJSON_ArrayForEach(field, row)
    {
        const cJSON *ours = cJSON_GetObjectItemCaseSensitive(got, field->string);
        if (is_given(at->grid, field->string) || context->unusable)
            continue;
        if (strcmp(field->string, "error") == 0 && ours)
            at->compared++;
        else
            compare_value(at, field->string, ours, field);
    }
    cJSON_Delete(got);
    if (at->differences && at->shown) {
        char *text = cJSON_PrintUnformatted(row);
        fprintf(stderr, "    in %s\n", text ? text : "?");
        cJSON_free(text);
    }
    return at->differences == 0 && at->compared > 0;
}

static tally replay_rows(replay *context, const replay_grid *grid, const cJSON *root)
{
    tally sum = {0, 0};
    place at = {grid, 0, false, 0, 0};
    const cJSON *row, *rows = cJSON_GetObjectItemCaseSensitive(root, grid->array);
    context->quantizers = cJSON_GetObjectItemCaseSensitive(root, "quantizers");
    if (!cJSON_IsArray(rows)) {
        fprintf(stderr, "%s: there is no array \"%s\"\n", grid->file, grid->array);
        sum.failed = 1;
        return sum;
    }
    cJSON_ArrayForEach(row, rows)
    {
        at.shown = sum.failed < SHOWN_FAILURES;
        at.compared = at.differences = 0;
        if (row_passes(context, row, &at))
            sum.passed++;
        else
            sum.failed++;
        at.row++;
    }
    return sum;
}

/* All grids of one file, which stand next to each other; moves *grids behind them. False: there is no such file. */
static bool replay_file(const char *folder, const replay_grid **grids, const replay_grid *end, replay *context,
                        tally *sum)
{
    const char *name = (*grids)->file;
    size_t length = 0;
    char *text = read_text(folder, name, &length);
    cJSON *root = text ? cJSON_ParseWithLength(text, length) : NULL;
    *sum = (tally){0, text && !root};
    if (text && !root)
        fprintf(stderr, "%s: not a JSON file\n", name);
    for (; *grids < end && strcmp((*grids)->file, name) == 0; (*grids)++)
        if (root) {
            tally part = replay_rows(context, *grids, root);
            sum->passed += part.passed;
            sum->failed += part.failed;
        }
    cJSON_Delete(root);
    free(text);
    return text != NULL;
}

int replay_folder(const char *folder, const replay_grid *grids, size_t count, replay *context)
{
    const replay_grid *end = grids + count;
    bool found = false, failed = false;
    while (grids < end) {
        const char *name = grids->file;
        tally sum;
        if (!replay_file(folder, &grids, end, context, &sum))
            continue;
        found = true;
        failed = failed || sum.failed > 0;
        printf("%s: %d passed, %d failed\n", name, sum.passed, sum.failed);
    }
    if (!found)
        fprintf(stderr, "%s: none of the files that this program replays is here\n", folder);
    return !found ? 2 : failed;
}
