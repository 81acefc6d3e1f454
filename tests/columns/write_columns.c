/* Writes sheets that another program reads: each case as FOLDER/NAME.csv and as FOLDER/NAME.parquet.
 *
 *     write_columns FOLDER */
#include <stdio.h>
#include <string.h>

#include "columns/sheet.h"

typedef struct example {
    const char *name;
    size_t rows, words; /* words: different texts, and different reals */
    size_t gap;         /* each so many-th row lacks what may lack; 1: all; 0: none */
} example;

static const example cases[] = {
    {"empty",         0,     1,     0},
    {"one",           1,     1,     0},
    {"none",          100,   1,     1},
    {"group",         65536, 4096,  7},
    {"group_and_one", 65537, 4097,  0},
    {"one_word",      1000,  1,     3},
    {"runs",          20000, 9,     2},
    {"many",          70000, 60000, 5},
};

static const pj_sheet_column columns[] = {
    {"point",  PJ_SHEET_INT,  false},
    {"big",    PJ_SHEET_INT,  true },
    {"word",   PJ_SHEET_TEXT, true },
    {"pj",     PJ_SHEET_REAL, true },
    {"ok",     PJ_SHEET_FLAG, true },
    {"always", PJ_SHEET_REAL, false},
};

static bool to_file(const char *bytes, size_t length, void *payload)
{
    return fwrite(bytes, 1, length, payload) == length;
}

static void add_row(pj_sheet *sheet, const example *of, size_t row)
{
    char word[64];
    size_t k = row % of->words;
    bool lacks = of->gap && row % of->gap == of->gap - 1;
    pj_sheet_int(sheet, 0, (int64_t)row - 5);
    pj_sheet_real(sheet, 5, row % 2 ? -0.0 : 1e-300 * (double)row);
    if (lacks)
        return;
    snprintf(word, sizeof word, "w%zu, \"\xc3\xa9\xe4\xb8\xad\"%s", k, k % 3 ? "" : "\n");
    pj_sheet_int(sheet, 1, row % 4 ? INT64_MAX - (int64_t)k : INT64_MIN + (int64_t)row);
    pj_sheet_text(sheet, 2, word);
    pj_sheet_real(sheet, 3, (double)k * 0.1);
    pj_sheet_flag(sheet, 4, row / 3 % 2 == 0);
}

static int write_case(const char *folder, const example *of, const char *ending, const pj_sheet_writer *writer)
{
    char path[1024];
    pj_error err = {0};
    snprintf(path, sizeof path, "%s/%s.%s", folder, of->name, ending);
    FILE *file = fopen(path, "wb");
    pj_sheet *sheet = file ? pj_sheet_new(writer, columns, sizeof columns / sizeof *columns, to_file, file) : NULL;
    pj_status status = sheet ? PJ_OK : PJ_EIO;
    if (sheet)
        pj_sheet_note(sheet, "case", of->name);
    for (size_t row = 0; status == PJ_OK && row < of->rows; row++) {
        add_row(sheet, of, row);
        status = pj_sheet_row(sheet, &err);
    }
    if (status == PJ_OK)
        status = pj_sheet_end(sheet, &err);
    pj_sheet_free(sheet);
    if (!file || fclose(file) != 0 || status != PJ_OK) {
        fprintf(stderr, "%s: %s\n", path, err.what);
        return 1;
    }
    return 0;
}

int main(int count, char **words)
{
    int failed = count != 2;
    for (size_t i = 0; !failed && i < sizeof cases / sizeof *cases; i++)
        failed = write_case(words[1], &cases[i], "csv", &pj_sheet_csv) ||
                 write_case(words[1], &cases[i], "parquet", &pj_sheet_parquet);
    return failed;
}
