/* Options that a file or the environment give, where the command line does not. */
#pragma once

#include "cli.h"

/* Sets what is given; false: why not has been said. */
typedef bool (*pj_take)(void *payload, const pj_rows *rows, const pj_given *given);

/* Takes what PICOJOULE_* and the file give (NULL: the nearest picojoule.config.json, upwards from the working folder;
 * with `none`, no file), but for what the command line gives. *told gets it as options: "--table horowitz-mac". */
pj_exit pj_configure(pj_line *line, const char *file, bool none, pj_take take_given, void *payload, pj_texts *told);
