/* Any bytes as what is asked: a request in JSON for a small model, or lines "NAME VALUE" of settings. Neither opens
 * files of other folders: there may be devices among them. */
#include <stdlib.h>
#include <string.h>

#include "everything.h"
#include "fuzz.h"
#include "model.h"

static const uint8_t *make_model(size_t *size)
{
    static builder b;
    b = build_new(17);
    build_input(&b, "x", PJ_FLOAT32, "batch,3,h,8");
    build_initializer(&b, "w", PJ_FLOAT32, "4,3,1,1");
    build_node(&b, "Conv", "x,w", "c")->name = build_strdup(&b, "conv");
    build_node(&b, "Relu", "c", "y");
    build_output(&b, "y", PJ_FLOAT32, "batch,4,h,8");
    return build_bytes(&b, size);
}

static void run_request(const char *text, size_t length)
{
    static pj_resource model = {.size = sizeof model, .name = "fuzz.onnx"};
    static size_t size;
    pj_error err = {0};
    digest out = digest_new();
    if (!model.bytes) {
        model.bytes = make_model(&size);
        model.length = size;
    }
    pj_status status = pj_run_json(&model, NULL, text, length, digest_sink, &out, &err);
    if (status == PJ_OK ? out.bytes == 0 : !err.what[0])
        abort();
}

/* What was set does not differ from itself, and fits the model or is refused in words. */
static void set_lines(char *text)
{
    pj_setup setup = pj_setup_default();
    pj_error err = {0};
    pj_setting_change *changes = NULL;
    size_t count = 0;
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
        char *value = strchr(line, ' ');
        if (value)
            *value++ = '\0';
        if (pj_setup_set(&setup, line, value, &err) != PJ_OK && !err.what[0])
            abort();
    }
    if (pj_setup_compare(&setup, &setup, &changes, &count, &err) != PJ_OK || count != 0)
        abort();
    pj_setting_changes_free(changes);
    pj_setup_clear(&setup);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > 0 && memchr(data, '/', size))
        return 0;
    if (size > 0 && data[0] == '{') {
        run_request((const char *)data, size);
        return 0;
    }
    char *text = malloc(size + 1);
    if (!text)
        abort();
    if (size > 0)
        memcpy(text, data, size);
    text[size] = '\0';
    set_lines(text);
    free(text);
    return 0;
}
