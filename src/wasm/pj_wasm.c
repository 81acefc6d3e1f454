/* The library as a page or a node program calls it: a request goes in as JSON, a report comes out as text.
 *
 * Memory for requests is asked for with pjw_alloc, and freed by the caller. What the last call wrote stands at
 * pjw_result(), pjw_length() bytes of it, until the next call; where the call has failed it is its error, an object of
 * texts. Files are read through the WASI calls that the caller answers, so nothing is read that it does not hand out.
 */
#include "picojoule/picojoule.h"

#include <stdlib.h>
#include <string.h>

/* The names that the module exports, and with which types. */
#define EXPORT(name) __attribute__((export_name(#name)))
EXPORT(pjw_abi) int pjw_abi(void);
EXPORT(pjw_alloc) void *pjw_alloc(size_t size);
EXPORT(pjw_free) void pjw_free(void *memory);
EXPORT(pjw_result) const char *pjw_result(void);
EXPORT(pjw_length) size_t pjw_length(void);
EXPORT(pjw_run) int pjw_run(const char *path, const char *request, size_t length);
EXPORT(pjw_list) int pjw_list(const char *what);

typedef struct text {
    char *data;
    size_t length, room;
} text;

static text result;

static bool put(const char *bytes, size_t length, void *payload)
{
    text *to = payload;
    if (length > to->room - to->length) {
        size_t room = to->room > SIZE_MAX / 2 ? SIZE_MAX : 2 * to->room;
        if (length > SIZE_MAX - to->length)
            return false;
        room = room < to->length + length ? to->length + length : room;
        char *grown = realloc(to->data, room);
        if (!grown)
            return false;
        to->data = grown;
        to->room = room;
    }
    memcpy(to->data + to->length, bytes, length);
    to->length += length;
    return true;
}

static bool put_text(const char *bytes)
{
    return put(bytes, strlen(bytes), &result);
}

/* `"key": "value"`, with what JSON does not take in a text written out. */
static bool put_member(const char *before, const char *key, const char *value)
{
    static const char digits[] = "0123456789abcdef";
    bool done = put_text(before) && put_text("\"") && put_text(key) && put_text("\": \"");
    for (; done && *value; value++) {
        unsigned char c = (unsigned char)*value;
        char escaped[] = {'\\', 'u', '0', '0', digits[c >> 4], digits[c & 15], 0};
        bool plain = c >= 0x20 && c != '"' && c != '\\';
        done = plain ? put(value, 1, &result) : put_text(escaped);
    }
    return done && put_text("\"");
}

/* Puts an error in the place of a result that is not complete. 0: all is well. */
static int end(pj_status status, const pj_error *err)
{
    if (status == PJ_OK)
        return 0;
    const char *what = err->what[0] ? err->what : pj_status_text(status);
    result.length = 0;
    if (!put_member("{", "file", err->file) || !put_member(", ", "node", err->node) ||
        !put_member(", ", "op", err->op) || !put_member(", ", "what", what) || !put_text("}\n"))
        result.length = 0;
    return (int)status;
}

int pjw_abi(void)
{
    return PJ_ABI;
}

/* NULL: no memory. */
void *pjw_alloc(size_t size)
{
    return malloc(size ? size : 1);
}

void pjw_free(void *memory)
{
    free(memory);
}

const char *pjw_result(void)
{
    return result.data;
}

size_t pjw_length(void)
{
    return result.length;
}

/* pj_run_json (binding.h) of the file `path`. 0, or the number of a pj_status. */
int pjw_run(const char *path, const char *request, size_t length)
{
    pj_error err = {0};
    const pj_resource model = {.size = sizeof model, .name = path};
    result.length = 0;
    return end(pj_run_json(&model, NULL, request, length, put, &result, &err), &err);
}

/* What a page has to choose from, as JSON: "tables", "devices", "hierarchies". */
int pjw_list(const char *what)
{
    pj_error err = {.what = "there is no such list"};
    pj_report_options options = pj_report_options_default();
    pj_status status = PJ_EARGUMENT;
    options.format = "json";
    result.length = 0;
    if (strcmp(what, "tables") == 0)
        status = pj_tables_write(NULL, &options, put, &result, &err);
    else if (strcmp(what, "devices") == 0)
        status = pj_devices_write(NULL, &options, put, &result, &err);
    else if (strcmp(what, "hierarchies") == 0)
        status = pj_hierarchies_write(NULL, &options, put, &result, &err);
    return end(status, &err);
}
