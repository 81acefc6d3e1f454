/* Which domains a machine has, and which are added up. */
#include "power/power.h"

#include <unistd.h>

/* In the order in which they are looked for: later ones see what earlier ones have found. */
static const pj_sensor *const sources[PJ_SOURCES] = {
    [PJ_SOURCE_RAPL] = &pj_sensor_rapl,       [PJ_SOURCE_PERF] = &pj_sensor_perf,
    [PJ_SOURCE_NVML] = &pj_sensor_nvml,       [PJ_SOURCE_SMI] = &pj_sensor_smi,
    [PJ_SOURCE_HWMON] = &pj_sensor_hwmon,     [PJ_SOURCE_INA3221] = &pj_sensor_ina3221,
    [PJ_SOURCE_BATTERY] = &pj_sensor_battery, [PJ_SOURCE_METER] = &pj_sensor_meter,
};

static const char *const source_words[] = {
#define WORD_ROW(name, word, what) word,
    PJ_SOURCE_LIST(WORD_ROW)
#undef WORD_ROW
        NULL,
};

const char *const *pj_power_source_words(void)
{
    return source_words;
}

const char *pj_power_sources_read(const char *text, unsigned *found, bool *psys)
{
    static const char wants[] =
        "names between commas of: rapl, psys, perf, nvml, nvidia-smi, hwmon, ina3221, battery, meter";
    *found = 0;
    *psys = false;
    while (*text) {
        size_t length = strcspn(text, ","), i = 0;
        while (i < PJ_SOURCES && (strlen(source_words[i]) != length || memcmp(source_words[i], text, length) != 0))
            i++;
        if (length == 4 && memcmp(text, "psys", 4) == 0) {
            *psys = true;
            i = PJ_SOURCE_RAPL;
        }
        if (i == PJ_SOURCES)
            return wants;
        *found |= PJ_SOURCE_BIT(i);
        text += length + (text[length] == ',');
    }
    return *found ? NULL : wants;
}

/* ---- what is added ---- */

static bool is_part(const pj_power_domain *d, const char *part)
{
    return strcmp(d->part, part) == 0;
}

/* The first source, in the order of the list, that has a readable candidate of this part which is not the whole. */
static const pj_sensor *source_of(const pj_power *power, const char *part)
{
    for (size_t i = 0; i < power->count; i++) {
        const pj_power_domain *d = &power->domain[i];
        if (d->readable && d->is_candidate && !d->is_whole && is_part(d, part))
            return d->source;
    }
    return NULL;
}

/* The source of the whole machine that counts where no parts do: a meter before all others. */
static const pj_sensor *whole_of(const pj_power *power)
{
    const pj_sensor *found = NULL;
    for (size_t i = 0; i < power->count; i++) {
        const pj_power_domain *d = &power->domain[i];
        if (d->readable && d->is_candidate && d->is_whole && (!found || d->source == &pj_sensor_meter))
            found = d->source;
    }
    return found;
}

/* Parts of one kind come from one source; the whole counts where it is a meter or asked for, or nothing else is
 * there. */
static void choose(pj_power *power)
{
    const pj_sensor *cpu = source_of(power, "cpu"), *gpu = source_of(power, "gpu"), *ram = source_of(power, "ram");
    const pj_sensor *whole = whole_of(power);
    bool of_whole = whole && (whole == &pj_sensor_meter || power->ask->psys || !(cpu || gpu || ram));
    for (size_t i = 0; i < power->count; i++) {
        pj_power_domain *d = &power->domain[i];
        const pj_sensor *wanted = is_part(d, "cpu") ? cpu : is_part(d, "gpu") ? gpu : is_part(d, "ram") ? ram : NULL;
        if (!d->readable || !d->is_candidate)
            continue;
        d->added =
            d->is_whole ? of_whole && d->source == whole : !of_whole && (d->source == wanted || is_part(d, "board"));
        if (!d->added && !d->why[0])
            snprintf(d->why, sizeof d->why, "%s",
                     of_whole      ? "the whole machine is measured"
                     : d->is_whole ? "its parts are measured"
                                   : "another source has this part");
    }
}

/* Those that are parts of others and never added say so. */
static void explain(pj_power *power)
{
    for (size_t i = 0; i < power->count; i++) {
        pj_power_domain *d = &power->domain[i];
        if (d->readable && !d->is_candidate && !d->why[0])
            snprintf(d->why, sizeof d->why, "%s",
                     d->source == &pj_sensor_hwmon && is_part(d, "board")
                         ? "nobody knows what it holds (--sources hwmon adds it)"
                         : "another domain holds it");
    }
}

static void look(pj_power *power)
{
    for (size_t i = 0; i < power->count; i++) {
        pj_power_domain *d = &power->domain[i];
        pj_reading reading = {0};
        char before[sizeof d->why];
        memcpy(before, d->why, sizeof before);
        d->readable = d->source->read(power, d, &reading);
        d->now_w = d->readable && !d->is_counter ? reading.watts : NAN;
        if (before[0]) /* what opening it said is the reason */
            memcpy(d->why, before, sizeof before);
        else if (d->readable)
            d->why[0] = 0;
        if (!d->readable && d->is_candidate)
            pj_power_note(power, "unreadable_counter", d->name, "%s of %s cannot be read: %s%s%s", d->name,
                          d->source->word, d->why, d->remedy[0] ? "; " : "", d->remedy);
    }
}

pj_status pj_power_open(pj_power *power, pj_error *err)
{
    const pj_measure_ask *ask = power->ask;
    power->sysfs = ask->sysfs ? ask->sysfs : "/sys";
    power->procfs = ask->procfs ? ask->procfs : "/proc";
    for (size_t i = 0; i < PJ_SOURCES; i++) {
        unsigned bit = PJ_SOURCE_BIT(i);
        if ((!ask->sources || ask->sources & bit || (i == PJ_SOURCE_METER && ask->meter)) && !(ask->without & bit))
            PJ_TRY(sources[i]->find(power, err));
    }
    look(power);
    choose(power);
    explain(power);
    return pj_arena_failed(power->arena) ? pj_fail_memory(err) : PJ_OK;
}

void pj_power_close(pj_power *power)
{
    for (size_t i = 0; i < PJ_SOURCES; i++)
        if (sources[i]->close && power->of_source[i])
            sources[i]->close(power);
    for (size_t i = 0; i < power->count; i++)
        for (int k = 0; k < 2; k++)
            if (power->domain[i].fd[k] >= 0)
                close(power->domain[i].fd[k]);
    power->count = 0;
}

double pj_power_interval(const pj_power *power, double wish)
{
    for (size_t i = 0; i < power->count; i++) {
        const pj_power_domain *d = &power->domain[i];
        if (d->added && d->is_counter && d->range)
            wish = fmin(wish, (double)d->range * 1e-6 / (2 * 1000));
    }
    return fmax(wish, 1e-3);
}

/* ---- a run ---- */

void pj_power_begin(pj_power *power, double at)
{
    power->begun = at;
    for (size_t i = 0; i < power->count; i++) {
        pj_power_domain *d = &power->domain[i];
        d->counter = pj_counter_new(d->range);
        d->counter.most_w = d->limit_w;
        d->integral = pj_integral_new();
        d->counter.from = d->integral.from = at;
        d->failures = 0;
    }
    pj_power_read(power, at);
}

static void read_counter(pj_power_domain *d, double at, uint64_t uj)
{
    const double before = d->counter.at, had = d->counter.uj;
    pj_counter_read(&d->counter, at, uj);
    d->step_w = d->counter.readings > 1 && at > before ? (d->counter.uj - had) * 1e-6 / (at - before) : NAN;
}

void pj_power_read(pj_power *power, double at)
{
    for (size_t i = 0; i < power->count; i++) {
        pj_power_domain *d = &power->domain[i];
        pj_reading reading = {0};
        if (!d->readable)
            continue;
        bool good = d->source->read(power, d, &reading);
        d->failures += !good;
        d->now_w = d->step_w = good && !d->is_counter ? reading.watts : NAN;
        if (good && d->is_counter)
            read_counter(d, at, reading.uj);
        else if (good)
            pj_integral_read(&d->integral, at, reading.watts);
    }
}

/* A counter of which nothing can be believed has no figure. */
static bool is_believed(pj_power *power, const pj_power_domain *d, double seconds)
{
    const pj_counter *c = &d->counter;
    const size_t intervals = c->readings > 1 ? c->readings - 1 : 0;
    if (c->backwards && d->added)
        pj_power_note(power, "counter_went_back", d->name,
                      "%s went back %zu times and its range is not known: these intervals are lost", d->name,
                      c->backwards);
    if (c->implausible * 10 > intervals) {
        if (d->added)
            pj_power_note(power, "implausible_power", d->name,
                          "%s claims more than %g W in %zu of %zu intervals: dropped", d->name, d->limit_w,
                          c->implausible, intervals);
        return false;
    }
    if (intervals > 0 && c->uj <= 0 && c->lost == 0 && seconds > 0.5) {
        if (d->added)
            pj_power_note(power, "counter_stands_still", d->name,
                          "%s did not move in %g s: a counter of a virtual "
                          "machine, or none at all",
                          d->name, seconds);
        return false;
    }
    return c->covered_s > 0;
}

static void end_counter(pj_power *power, const pj_power_domain *d, double at, pj_domain_run *run)
{
    const pj_counter *c = &d->counter;
    *run = (pj_domain_run){.joules = NAN,
                           .covered_s = c->covered_s,
                           .watts_max = c->most_seen_w,
                           .wraps = c->wraps,
                           .lost = c->lost,
                           .samples = c->readings};
    if (is_believed(power, d, at - power->begun))
        run->joules = c->uj / 1e6;
}

static void end_integral(pj_power_domain *d, double at, pj_domain_run *run)
{
    double held, uncovered;
    d->integral.to = at;
    pj_integral_end(&d->integral, &held, &uncovered);
    *run = (pj_domain_run){.joules = d->integral.covered_s > 0 ? d->integral.joules : NAN,
                           .covered_s = d->integral.covered_s,
                           .watts_max = d->integral.most_seen_w,
                           .samples = d->integral.samples};
}

/* Counters that have moved by the same in every interval are perhaps one. */
static void find_twins(pj_power *power, const pj_domain_run *runs)
{
    for (size_t i = 0; i < power->count; i++)
        for (size_t k = i + 1; k < power->count; k++) {
            const pj_power_domain *a = &power->domain[i], *b = &power->domain[k];
            if (a->added && b->added && a->is_counter && b->is_counter && a->counter.moves == b->counter.moves &&
                runs[i].joules >= 1)
                pj_power_note(
                    power, "identical_domains", b->name,
                    "%s and %s move alike to the microjoule: perhaps one counter that is shown twice, and then "
                    "half of their sum is right",
                    a->name, b->name);
        }
}

void pj_power_end(pj_power *power, double at, pj_domain_run *runs)
{
    for (size_t i = 0; i < power->count; i++) {
        pj_power_domain *d = &power->domain[i];
        if (!d->readable)
            runs[i] = (pj_domain_run){.joules = NAN};
        else if (d->is_counter)
            end_counter(power, d, at, &runs[i]);
        else
            end_integral(d, at, &runs[i]);
        if (d->failures && d->added)
            pj_power_note(power, "unreadable_counter", d->name, "%s could not be read %zu times: %s", d->name,
                          d->failures, d->why);
    }
    find_twins(power, runs);
}
