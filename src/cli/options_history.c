/* Options of recording, of trends and of Pareto files. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

#define COUNT(rows) (sizeof(rows) / sizeof *(rows))

/* ---- recording ---- */

static const char *set_record(pj_args *args, const char *value)
{
    args->record.file = value;
    return *value ? NULL : "the name of a file";
}

static const char *set_record_as(pj_args *args, const char *value)
{
    args->record.model = value;
    return *value ? NULL : "a name";
}

static const char *set_commit(pj_args *args, const char *value)
{
    args->record.commit = value;
    return *value ? NULL : "a commit";
}

static const char *set_branch(pj_args *args, const char *value)
{
    args->record.branch = value;
    return *value ? NULL : "the name of a branch";
}

static const char *set_time(pj_args *args, const char *value)
{
    args->record.time = value;
    return pj_time_is_valid(value) ? NULL : "a time in UTC like 2026-11-20T22:09:24Z";
}

/* ---- trends ---- */

static const char *set_last(pj_args *args, const char *value)
{
    char *end;
    unsigned long last = *value >= '0' && *value <= '9' ? strtoul(value, &end, 10) : 0;
    if (last == 0 || *end || last > PJ_HISTORY_MOST)
        return "a number of records from 1 on";
    args->trend.last = last;
    return NULL;
}

static const char *set_metric(pj_args *args, const char *value)
{
    for (size_t i = 0; pj_metric_word(i); i++)
        if (strcmp(pj_metric_word(i), value) == 0) {
            args->trend.metric = i ? value : NULL;
            return NULL;
        }
    return "energy, inputs, outputs, parameters, op_cost, macs, params, param_bits, bops or peak_bytes";
}

static const char *set_layer(pj_args *args, const char *value)
{
    args->trend.layer = value;
    return NULL;
}

/* ---- quality against energy ---- */

/* A decimal number at the start of the text, as "-1.5e3"; *end is what follows. The program keeps the C locale. */
static bool read_decimal(const char *text, double *out, const char **end)
{
    const char *digits = text + (*text == '-' || *text == '+');
    char *rest;
    *out = strtod(text, &rest);
    *end = rest;
    bool is_hex = digits[0] == '0' && (digits[1] == 'x' || digits[1] == 'X');
    return rest > text && !is_hex && ((*digits >= '0' && *digits <= '9') || *digits == '.') && isfinite(*out);
}

static const char *set_quality(pj_args *args, const char *value)
{
    const char *end;
    if (!read_decimal(value, &args->pareto.quality, &end) || *end)
        return "a number, for example 12.3";
    args->pareto.has_quality = true;
    return NULL;
}

static const char *set_energy(pj_args *args, const char *value)
{
    static const struct {
        const char *suffix, *unit;
        double factor;
    } units[] = {
        {"pJ",       "pJ",       1   },
        {"nJ",       "pJ",       1e3 },
        {"uJ",       "pJ",       1e6 },
        {"mJ",       "pJ",       1e9 },
        {"J",        "pJ",       1e12},
        {"kJ",       "pJ",       1e15},
        {"relative", "relative", 1   },
    };
    const char *suffix;
    double number;
    if (read_decimal(value, &number, &suffix) && number >= 0)
        for (size_t i = 0; i < COUNT(units); i++)
            if (strcmp(suffix + strspn(suffix, " "), units[i].suffix) == 0) {
                args->pareto.energy = number * units[i].factor;
                args->pareto.unit = units[i].unit;
                args->pareto.has_energy = true;
                return NULL;
            }
    return "an energy with its unit, for example 3.4uJ or 1.2mJ; relative of tables without joules";
}

static const char *set_energy_from(pj_args *args, const char *value)
{
    args->pareto.energy_from = value;
    return *value ? NULL : "a model";
}

static const char *set_label(pj_args *args, const char *value)
{
    args->pareto.label = value;
    return NULL;
}

static const char *set_higher(pj_args *args, const char *value)
{
    (void)value;
    args->pareto.better = PJ_BETTER_HIGHER;
    return NULL;
}

static const char *set_lower(pj_args *args, const char *value)
{
    (void)value;
    args->pareto.better = PJ_BETTER_LOWER;
    return NULL;
}

static const char *set_within(pj_args *args, const char *value)
{
    const char *end;
    double percent;
    if (!read_decimal(value, &percent, &end) || percent < 0 || strcmp(end, "%") != 0)
        return "a share of the best quality in percent, for example 10%";
    args->pareto.within = percent / 100;
    args->pareto.has_within = true;
    return NULL;
}

/* ---- tables: name, letter, value, help, setter ---- */

static const pj_option record_options[] = {
    {"record",    0, "FILE.db",
     "appends the figures to an SQLite file, for\n"
     "`picojoule history`; makes the file if need be",                         set_record   },
    {"record-as", 0, "NAME",    "under this name instead of the model's path", set_record_as},
    {"commit",    0, "ID",
     "at this commit (default: GITHUB_SHA,\n"
     "CI_COMMIT_SHA, ...: docs/history.md)",                                   set_commit   },
    {"branch",    0, "NAME",
     "on this branch (default: GITHUB_REF_NAME,\n"
     "CI_COMMIT_REF_NAME, ...)",                                               set_branch   },
    {"time",      0, "TIME",
     "at this time, as 2026-11-20T22:09:24Z (default:\n"
     "SOURCE_DATE_EPOCH, else now)",                                           set_time     },
};
static const pj_option trend_options[] = {
    {"last",   0, "N",    "only the newest N records",               set_last  },
    {"metric", 0, "WORD",
     "what is drawn: energy (default), inputs, outputs,\n"
     "parameters, op_cost, macs, params, param_bits,\n"
     "bops, peak_bytes",                                             set_metric},
    {"layer",  0, "GLOB", "the energy of these layers, as '*conv*'", set_layer },
    {"branch", 0, "NAME", "only records of this branch",             set_branch},
};
static const pj_option pareto_options[] = {
    {"quality",          0, "X",       "add: the point's quality",     set_quality    },
    {"energy",           0, "E",       "add: its energy, as 3.4uJ",    set_energy     },
    {"energy-from",      0, "MODEL",
     "add: its energy is that of one run of the model,\n"
     "with the options below",                                         set_energy_from},
    {"label",            0, "TEXT",
     "add: what the point is called, as step=1000\n"
     "(default: the model's path)",                                    set_label      },
    {"time",             0, "TIME",
     "add: when, as 2026-11-20T22:09:24Z (default:\n"
     "SOURCE_DATE_EPOCH, else now)",                                   set_time       },
    {"lower-is-better",  0, NULL,
     "as for a loss; the default of a new file, and\n"
     "settled by its first point",                                     set_lower      },
    {"higher-is-better", 0, NULL,      "as for an accuracy; likewise", set_higher     },
    {"within",           0, "PERCENT",
     "show: names the point of least energy that is\n"
     "so near to the best quality (default 10%)",                      set_within     },
};

const pj_option_group pj_options_record = {"Recording", record_options, COUNT(record_options)};
const pj_option_group pj_options_trend = {"Trend", trend_options, COUNT(trend_options)};
const pj_option_group pj_options_pareto = {"Points", pareto_options, COUNT(pareto_options)};
