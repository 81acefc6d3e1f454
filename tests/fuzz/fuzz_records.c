/* Any bytes as a file of rows: what can be read of it is written again, and that is read as the same. */
#include <stdlib.h>

#include "columns/records.h"
#include "fuzz.h"

static const pj_sheet_column columns[] = {
    {"point", PJ_SHEET_INT,  false},
    {"name",  PJ_SHEET_TEXT, true },
    {"pj",    PJ_SHEET_REAL, true },
    {"ok",    PJ_SHEET_FLAG, true }
};
enum { COLUMNS = sizeof columns / sizeof *columns };

static bool append(const char *bytes, size_t length, void *payload)
{
    pj_str_add_bytes(payload, bytes, length);
    return true;
}

/* Writes all rows; false: not all could be read. */
static bool copy(const void *bytes, size_t length, pj_str *out)
{
    pj_records *rows = NULL;
    pj_status status = PJ_EFORMAT;
    FILE *file = length ? fmemopen((void *)(uintptr_t)bytes, length, "rb") : NULL;
    pj_sheet *sheet = pj_sheet_new(&pj_sheet_parquet, columns, COLUMNS, append, out);
    if (file && sheet)
        status = pj_records_take(file, columns, COLUMNS, &rows, NULL);
    else if (file)
        (void)fclose(file);
    while (status == PJ_OK && (status = pj_records_next(rows, NULL)) == PJ_OK && pj_records_held(rows) > 0)
        for (size_t row = 0; row < pj_records_held(rows) && status == PJ_OK; row++) {
            for (size_t c = 0; c < COLUMNS; c++)
                pj_records_put(rows, row, c, sheet);
            status = pj_sheet_row(sheet, NULL);
        }
    if (status == PJ_OK)
        status = pj_sheet_end(sheet, NULL);
    pj_records_free(rows);
    pj_sheet_free(sheet);
    return status == PJ_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    pj_str first = pj_str_new(0), second = pj_str_new(0);
    if (copy(data, size, &first)) {
        bool is_read = copy(first.data, first.length, &second);
        if (!is_read || first.length != second.length || memcmp(first.data, second.data, first.length) != 0)
            abort();
    }
    pj_str_free(&first);
    pj_str_free(&second);
    return 0;
}
