/* Numbers of the format that writing and reading share. */
#pragma once

#include "columns/sheet.h"

enum { PJ_PARQUET_HEAD = 4, PJ_PARQUET_TAIL = 8 }; /* bytes before the first page, and behind the footer */
enum { PJ_PARQUET_PLAIN = 0, PJ_PARQUET_RUNS = 3, PJ_PARQUET_BY_DICTIONARY = 8 };
enum { PJ_PARQUET_DATA_PAGE = 0, PJ_PARQUET_DICTIONARY_PAGE = 2 };

/* The physical type of a column's values. */
int pj_parquet_type(pj_sheet_kind kind);
