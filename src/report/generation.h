/* The pieces of the report on a generation. */
#pragma once

#include "page/page.h"
#include "picojoule/generation.h"

void pj_generation_json(const void *generation, pj_arena *arena, pj_json_writer *json); /* a pj_generation */
