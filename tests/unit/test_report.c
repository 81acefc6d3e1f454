/* Reports through the public interface: every writer gives the same layers, and their sums are the totals. */
#include <cJSON.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "check.h"
#include "picojoule/picojoule.h"

static bool append(const char *bytes, size_t length, void *payload)
{
    pj_str_add_bytes(payload, bytes, length);
    return true;
}

static bool refuse(const char *bytes, size_t length, void *payload)
{
    (void)bytes;
    (void)length;
    ++*(int *)payload;
    return false;
}

static pj_str write_as(const pj_result *result, const char *format, pj_group group, size_t top)
{
    pj_error err = {0};
    pj_report_options options = pj_report_options_default();
    pj_str out = pj_str_new(0);
    options.format = format;
    options.group = group;
    options.top = top;
    CHECK_INT(pj_report_write(result, &options, append, &out, &err), PJ_OK);
    return out;
}

static double number(const cJSON *object, const char *key)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);
    CHECK(cJSON_IsNumber(item));
    return item ? item->valuedouble : -1;
}

/* The sum of a list's rows is the total, component by component. */
static void check_sums(const cJSON *list, const cJSON *more, const cJSON *totals)
{
    static const char *const parts[] = {"inputs", "outputs", "parameters", "op_cost", "total"};
    const cJSON *want = cJSON_GetObjectItemCaseSensitive(totals, "energy_pj"), *row;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        double sum = more ? number(cJSON_GetObjectItemCaseSensitive(more, "energy_pj"), parts[i]) : 0;
        cJSON_ArrayForEach(row, list) sum += number(cJSON_GetObjectItemCaseSensitive(row, "energy_pj"), parts[i]);
        CHECK_NEAR(sum, number(want, parts[i]), 1e-12);
    }
    double macs = more ? number(more, "macs") : 0;
    cJSON_ArrayForEach(row, list) macs += number(row, "macs");
    CHECK_NEAR(macs, number(totals, "macs"), 0);
}

static void test_json(const pj_result *result)
{
    const pj_layer *layers = result->layers;
    size_t count = result->layer_count;
    const pj_totals *totals = &result->totals;
    pj_str text = write_as(result, "json", PJ_NO_GROUP, 0);
    cJSON *json = cJSON_Parse(text.data);
    const cJSON *list = cJSON_GetObjectItemCaseSensitive(json, "layers"), *row;
    CHECK_INT(cJSON_GetArraySize(list), count);
    cJSON_ArrayForEach(row, list)
    {
        const cJSON *name = cJSON_GetObjectItemCaseSensitive(row, "name");
        CHECK_TEXT(name->valuestring, layers->name);
        CHECK_NEAR(number(row, "params"), (double)layers->params, 0);
        layers++;
    }
    check_sums(list, NULL, cJSON_GetObjectItemCaseSensitive(json, "totals"));
    CHECK_NEAR(number(cJSON_GetObjectItemCaseSensitive(json, "totals"), "macs"), (double)totals->macs, 0);
    cJSON_Delete(json);
    pj_str_free(&text);
}

static void test_groups_and_top(const pj_result *result)
{
    pj_str text = write_as(result, "json", PJ_GROUP_OP, 2);
    cJSON *json = cJSON_Parse(text.data);
    const cJSON *groups = cJSON_GetObjectItemCaseSensitive(json, "groups");
    const cJSON *rest = cJSON_GetObjectItemCaseSensitive(json, "left_out");
    CHECK_INT(cJSON_GetArraySize(groups), 2);
    check_sums(groups, rest, cJSON_GetObjectItemCaseSensitive(json, "totals"));
    cJSON_Delete(json);
    pj_str_free(&text);
}

/* Number of the column in a CSV header. */
static int column_of(const char *header, const char *name)
{
    size_t length = strlen(name);
    int column = 0;
    for (const char *at = header; *at && *at != '\r'; at += strcspn(at, ",\r"), at += *at == ',', column++)
        if (strncmp(at, name, length) == 0 && strchr(",\r", at[length]))
            return column;
    return -1;
}

/* Names in the sample model need no quotes. */
static void test_csv(const pj_result *result)
{
    pj_str text = write_as(result, "csv", PJ_NO_GROUP, 0);
    int column = column_of(text.data, "total_pj");
    double sum = 0;
    size_t count, rows = 0;
    count = result->layer_count;
    CHECK(column > 0);
    for (const char *line = strchr(text.data, '\n') + 1; *line; line = strchr(line, '\n') + 1) {
        const char *at = line;
        for (int i = 0; i < column; i++)
            at += strcspn(at, ",") + 1;
        sum += strtod(at, NULL);
        rows++;
    }
    CHECK_INT(rows, count);
    CHECK_NEAR(sum, pj_energy_total(&result->totals.energy), 1e-12);
    pj_str_free(&text);
}

/* What text and Markdown show: every layer that is not free. */
static void test_names(const pj_result *result, const char *format)
{
    const pj_layer *layers = result->layers;
    size_t count = result->layer_count;
    pj_str text = write_as(result, format, PJ_NO_GROUP, 0);
    for (size_t i = 0; i < count; i++)
        CHECK((strstr(text.data, layers[i].name) != NULL) == !layers[i].free);
    pj_str_free(&text);
}

static void test_same_bytes(const pj_result *result)
{
    for (const char *const *format = pj_report_formats(); *format; format++) {
        pj_str one = write_as(result, *format, PJ_NO_GROUP, 0), two = write_as(result, *format, PJ_NO_GROUP, 0);
        CHECK_TEXT(one.data, two.data);
        pj_str_free(&one);
        pj_str_free(&two);
    }
}

static void test_errors(const pj_result *result)
{
    pj_error err = {0};
    pj_report_options options = pj_report_options_default();
    int calls = 0;
    CHECK_INT(pj_report_write(result, NULL, refuse, &calls, &err), PJ_EIO);
    CHECK_INT(calls, 1);
    options.format = "xml";
    CHECK_INT(pj_report_write(result, &options, refuse, &calls, &err), PJ_EARGUMENT);
    CHECK_PART(err.what, "xml");
    CHECK_INT(calls, 1);
}

static void test_nearest(void)
{
    static const char *const words[] = {"weights-on", "activations-on", "top", NULL};
    CHECK_TEXT(pj_nearest_word("weight-on", words), "weights-on");
    CHECK_TEXT(pj_nearest_word("tpo", words), "top");
    CHECK(!pj_nearest_word("format", words));
    CHECK(!pj_nearest_word("xyz", words));
}

int main(void)
{
    pj_error err = {0};
    pj_model *model = NULL;
    pj_result *result = NULL;
    pj_setup settings = pj_setup_default();
    CHECK_INT(pj_model_open("../models/kws_dscnn.onnx", NULL, &model, &err), PJ_OK);
    CHECK_INT(pj_analyze(model, &settings, &result, &err), PJ_OK);
    test_json(result);
    test_groups_and_top(result);
    test_csv(result);
    test_names(result, "text");
    test_names(result, "markdown");
    test_same_bytes(result);
    test_errors(result);
    test_nearest();
    pj_result_free(result);
    pj_model_close(model);
    return check_done();
}
