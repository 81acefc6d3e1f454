/* CodeCarbon's row and the ML Energy Score's document. */
#include "measure/compat.h"

#include "base/json_write.h"
#include "footprint/formulas.h"

/* What both hold, with the PUE. */
typedef struct amounts {
    double cpu_kwh, gpu_kwh, ram_kwh, kwh, kg, litres;
} amounts;

static amounts amounts_of(const pj_compat *in)
{
    const pj_conditions conditions = {.pue = in->pue,
                                      .g_per_kwh = in->g_per_kwh,
                                      .wue_onsite = NAN,
                                      .wue_offsite = in->wue,
                                      .price = NAN,
                                      .phone_wh = 12};
    const pj_amounts cpu = pj_amounts_of(in->cpu_j, &conditions), gpu = pj_amounts_of(in->gpu_j, &conditions);
    const pj_amounts ram = pj_amounts_of(in->ram_j, &conditions), other = pj_amounts_of(in->other_j, &conditions);
    amounts a = {.cpu_kwh = cpu.kwh_site, .gpu_kwh = gpu.kwh_site, .ram_kwh = ram.kwh_site};
    a.kwh = a.cpu_kwh + a.gpu_kwh + a.ram_kwh + other.kwh_site;
    a.kg = a.kwh * in->g_per_kwh / 1000;
    a.litres = a.kwh * in->wue;
    return a;
}

/* ---- emissions.csv ---- */

/* How a column is filled: one of both, or neither. */
typedef struct column {
    const char *name;
    double number;
    const char *text;
} column;

enum { COLUMNS = 38 };

static void list_columns(const pj_compat *in, column out[COLUMNS])
{
    const amounts a = amounts_of(in);
    const double s = in->duration_s;
    const column list[COLUMNS] = {
        {"timestamp",               NAN,           in->timestamp                            },
        {"project_name",            NAN,           in->project_name                         },
        {"run_id",                  NAN,           in->run_id                               },
        {"experiment_id",           NAN,           ""                                       },
        {"duration",                s,             NULL                                     },
        {"emissions",               a.kg,          NULL                                     },
        {"emissions_rate",          a.kg / s,      NULL                                     },
        {"cpu_power",               in->cpu_j / s, NULL                                     },
        {"gpu_power",               in->gpu_j / s, NULL                                     },
        {"ram_power",               in->ram_j / s, NULL                                     },
        {"cpu_energy",              a.cpu_kwh,     NULL                                     },
        {"gpu_energy",              a.gpu_kwh,     NULL                                     },
        {"ram_energy",              a.ram_kwh,     NULL                                     },
        {"energy_consumed",         a.kwh,         NULL                                     },
        {"water_consumed",          a.litres,      NULL                                     },
        {"country_name",            NAN,           in->country_name                         },
        {"country_iso_code",        NAN,           in->country_iso                          },
        {"region",                  NAN,           ""                                       },
        {"cloud_provider",          NAN,           in->provider                             },
        {"cloud_region",            NAN,           in->region                               },
        {"os",                      NAN,           in->os                                   },
        {"python_version",          NAN,           ""                                       },
        {"codecarbon_version",      NAN,           ""                                       },
        {"cpu_count",               in->cpu_count, NULL                                     },
        {"cpu_model",               NAN,           in->cpu_model                            },
        {"gpu_count",               in->gpu_count, NULL                                     },
        {"gpu_model",               NAN,           in->gpu_model                            },
        {"longitude",               NAN,           ""                                       },
        {"latitude",                NAN,           ""                                       },
        {"ram_total_size",          in->ram_gib,   NULL                                     },
        {"tracking_mode",           NAN,           in->of_command ? "process" : "machine"   },
        {"cpu_utilization_percent", NAN,           ""                                       },
        {"gpu_utilization_percent", NAN,           ""                                       },
        {"ram_utilization_percent", NAN,           ""                                       },
        {"ram_used_gb",             NAN,           ""                                       },
        {"on_cloud",                NAN,           in->provider && *in->provider ? "Y" : "N"},
        {"pue",                     in->pue,       NULL                                     },
        {"wue",                     in->wue,       NULL                                     },
    };
    memcpy(out, list, sizeof list);
}

/* A field, in quotes where it has to be. */
static void add_field(const column *at, pj_str *out)
{
    const char *text = at->text ? at->text : "";
    if (!isnan(at->number)) {
        pj_str_add_double(out, at->number);
        return;
    }
    if (!strpbrk(text, ",\"\r\n")) {
        pj_str_add(out, text);
        return;
    }
    pj_str_add_char(out, '"');
    for (; *text; text++) {
        if (*text == '"')
            pj_str_add_char(out, '"');
        pj_str_add_char(out, *text);
    }
    pj_str_add_char(out, '"');
}

void pj_emissions_header(pj_str *out)
{
    const pj_compat none = {.pue = 1};
    column list[COLUMNS];
    list_columns(&none, list);
    for (size_t i = 0; i < COLUMNS; i++)
        pj_str_printf(out, "%s%s", i ? "," : "", list[i].name);
    pj_str_add_char(out, '\n');
}

void pj_emissions_row(const pj_compat *in, pj_str *out)
{
    column list[COLUMNS];
    list_columns(in, list);
    for (size_t i = 0; i < COLUMNS; i++) {
        if (i)
            pj_str_add_char(out, ',');
        add_field(&list[i], out);
    }
    pj_str_add_char(out, '\n');
}

/* ---- the ML Energy Score ---- */

void pj_seed003_json(const pj_compat *in, pj_str *out)
{
    const amounts a = amounts_of(in);
    pj_json_writer json = pj_json_writer_new(out, true);
    pj_json_write_begin(&json, PJ_JSON_WRITE_OBJECT);
    pj_json_put_text(&json, "model_name", in->model_name);
    pj_json_put_text(&json, "task_name", in->task_name);
    pj_json_put_text(&json, "hardware", in->hardware);
    pj_json_put_text(&json, "timestamp", in->timestamp);
    pj_json_put_double(&json, "num_samples", in->samples);
    pj_json_put_double(&json, "energy_kwh", a.kwh);
    pj_json_put_double(&json, "co2_kg", a.kg);
    pj_json_put_double(&json, "duration_seconds", in->duration_s);
    pj_json_put_double(&json, "kwh_per_1000_queries", a.kwh / in->samples * 1000);
    pj_json_write_end(&json);
    pj_str_add_char(out, '\n');
}
