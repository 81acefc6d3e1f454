/* The list of domains, the places without any, and what is noted of them. */
#include "power/power.h"

bool pj_power_named(const pj_power *power, pj_power_source source)
{
    return power->ask->sources & PJ_SOURCE_BIT(source);
}

pj_power_domain *pj_power_add(pj_power *power, const pj_sensor *source)
{
    if (!PJ_GROW(power->arena, power->domain, power->count, power->room))
        return NULL;
    pj_power_domain *d = &power->domain[power->count++];
    *d = (pj_power_domain){
        .source = source,
        .name = "",
        .zone = "",
        .part = "board",
        .where = "",
        .remedy = "",
        .limit_w = 5000,
        .fd = {-1, -1},
        .scale = 1,
        .now_w = NAN
    };
    return d;
}

void pj_power_absent(pj_power *power, const pj_sensor *source, const char *where, const char *why, const char *remedy)
{
    if (!PJ_GROW(power->arena, power->absent, power->absents, power->absent_room))
        return; /* the arena knows */
    power->absent[power->absents++] = (pj_source_state){.source = source->word,
                                                        .name = "",
                                                        .part = "",
                                                        .where = pj_arena_strdup(power->arena, where),
                                                        .why = pj_arena_strdup(power->arena, why),
                                                        .remedy = remedy,
                                                        .watts = NAN};
}

void pj_power_note(pj_power *power, const char *code, const char *node, const char *format, ...)
{
    char text[400];
    va_list args;
    for (size_t i = 0; i < power->findings; i++)
        if (strcmp(power->finding[i].code, code) == 0 && strcmp(power->finding[i].node, node) == 0)
            return;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (!PJ_GROW(power->arena, power->finding, power->findings, power->finding_room))
        return;
    const char *message = pj_arena_strdup(power->arena, text), *of = pj_arena_strdup(power->arena, node);
    if (message && of)
        power->finding[power->findings++] =
            (pj_finding){.code = code, .severity = "warning", .strict = true, .node = of, .message = message};
}
