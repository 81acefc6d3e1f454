/* Power constants of CodeCarbon; of processors by their names. */
#include "measure/estimate.h"

#include <ctype.h>
#include <strings.h>

#include "power/statistics.h"
#include "setup/resource.h"

enum { LONGEST = 128 };

static bool ends_with(const char *word, const char *end)
{
    size_t length = strlen(word), tail = strlen(end);
    return length >= tail && strcasecmp(word + length - tail, end) == 0;
}

/* Words that say what it is rather than which. */
static bool is_filler(const char *word)
{
    return strcasecmp(word, "CPU") == 0 || strcasecmp(word, "Processor") == 0 || strcasecmp(word, "Gen") == 0 ||
           ends_with(word, "-Core") || ends_with(word, "-Cores") ||
           (isdigit((unsigned char)*word) && (ends_with(word, "th") || ends_with(word, "nd") || ends_with(word, "rd")));
}

/* "Intel(R) Xeon(R) CPU E5-2690 v4 @ 2.60GHz" -> "Intel Xeon E5-2690 v4" */
static void shorten(const char *model, char out[LONGEST])
{
    char text[LONGEST], *rest = text;
    size_t n = 0;
    for (const char *at = model; *at && n + 1 < sizeof text; at++) {
        if (strncasecmp(at, "(R)", 3) == 0 || strncasecmp(at, "(C)", 3) == 0)
            at += 2;
        else if (strncasecmp(at, "(TM)", 4) == 0)
            at += 3;
        else
            text[n++] = *at;
    }
    text[n] = 0;
    *out = 0;
    for (char *word; (word = strtok_r(rest, " \t", &rest)) && *word != '@' && strcasecmp(word, "with") != 0;)
        if (!is_filler(word)) {
            if (*out)
                strcat(out, " "); /* out is never longer than text, which has as much room */
            strcat(out, word);
        }
}

/* W of one processor whose name is that of `cpu_model`, as /proc/cpuinfo spells it; *name, in `arena`, is the row's.
 * NAN and NULL: none has that name. Only whole names match: neighbours in a series differ by a factor of two. */
static pj_status find_by_name(pj_arena *arena, const char *cpu_model, double *watts, const char **name, pj_error *err)
{
    char wanted[LONGEST];
    pj_json_doc *doc = NULL;
    pj_status status = PJ_OK;
    *watts = NAN;
    *name = NULL;
    PJ_TRY(pj_resource_json(NULL, PJ_RESOURCE_FOOTPRINT, "tdp", &doc, NULL, err));
    shorten(cpu_model, wanted);
    for (pj_json row = pj_json_first(pj_json_find(pj_json_root(doc), "cpus")); row.node && status == PJ_OK;
         row = pj_json_next(row)) {
        const char *own = "";
        status = pj_json_get_text(row, "name", &own, err);
        if (status != PJ_OK || strcasecmp(own, wanted) != 0)
            continue;
        *name = pj_arena_strdup(arena, own);
        status = *name ? pj_json_get_double(row, "watts", watts, err) : pj_fail_memory(err);
        break;
    }
    pj_json_free(doc);
    return status;
}

pj_status pj_estimate_tdp(pj_power *power, const pj_host *host, double *tdp_w, pj_error *err)
{
    const char *name;
    double watts;
    if (!isnan(*tdp_w))
        return PJ_OK;
    PJ_TRY(find_by_name(power->arena, host->cpu_model, &watts, &name, err));
    if (name && !host->is_virtual) {
        *tdp_w = watts * (double)host->sockets;
        pj_power_note(power, "tdp", "", "%zu x %.80s: %g W each (footprint_data/tdp.json; --tdp W)", host->sockets,
                      name, watts);
    } else if (host->cores) {
        *tdp_w = 4 * (double)host->cores;
        pj_power_note(power, "tdp", "", "%s: 4 W a core (--tdp W)",
                      name               ? "a virtual machine has a part of its processor"
                      : *host->cpu_model ? "the TDP of this processor is not known"
                                         : "the processor is not known");
    }
    return PJ_OK;
}

double pj_estimate_cpu_w(const pj_measure_ask *ask, const pj_host *host, const pj_measured_run *run)
{
    double cores = (double)host->cores;
    if (ask->of_command && !isnan(ask->tdp_w) && host->cores && !isnan(run->cpu_s) && run->seconds > 0)
        return pj_tdp_command_w(ask->tdp_w, run->cpu_s, run->seconds, cores);
    double load = host->cores && run->seconds > 0 ? run->busy_cpu_s / (run->seconds * cores) : NAN;
    return pj_tdp_machine_w(ask->tdp_w, load > 1 ? 1 : load);
}

double pj_estimate_ram_w(const pj_host *host)
{
    double modules;
    return isnan(host->ram_gib) ? NAN : pj_ram_w(host->ram_gib, false, &modules);
}
