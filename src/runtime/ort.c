/* Loading ONNX Runtime, and what its statuses say. */
#include "runtime/ort.h"

#if PJ_RUNTIME
#include <dlfcn.h>

typedef void (*function)(void);

/* What the library's one exported function returns. */
typedef struct base {
    const function *(*table)(uint32_t version);
    const char *(*version)(void);
} base;

/* Texts of ONNX Runtime may begin with "/onnxruntime_src/.../model.cc:202 onnxruntime::Model::Model(...) const ". */
static const char *skip_signature(const char *text)
{
    static const char *const after[] = {" const", " noexcept"};
    const char *open = strchr(text, '(');
    int depth = 0;
    if (!open)
        return text;
    for (text = open; *text; text++) {
        depth += *text == '(';
        depth -= *text == ')';
        if (depth == 0)
            break;
    }
    text += *text == ')';
    for (size_t i = 0; i < sizeof after / sizeof *after; i++)
        if (strncmp(text, after[i], strlen(after[i])) == 0)
            text += strlen(after[i]);
    if (strncmp(text, " [with ", 7) == 0 && strchr(text, ']'))
        text = strchr(text, ']') + 1;
    return text + strspn(text, " ");
}

/* The place in a source file that begins here: what follows it; NULL: there is none. */
static const char *skip_place(const char *text)
{
    size_t path = strcspn(text, " \n:");
    if (*text != '/' || text[path] != ':')
        return NULL;
    bool is_source = (path > 3 && strncmp(text + path - 3, ".cc", 3) == 0) ||
                     (path > 2 && strncmp(text + path - 2, ".h", 2) == 0) ||
                     (path > 4 && strncmp(text + path - 4, ".cpp", 4) == 0);
    const char *line = text + path + 1;
    size_t digits = strspn(line, "0123456789");
    if (!is_source || digits == 0 || line[digits] != ' ')
        return NULL;
    return skip_signature(line + digits + 1);
}

void pj_ort_clean(const char *text, char *out, size_t room)
{
    size_t length = 0;
    while (*text && length + 1 < room) {
        const char *after = skip_place(text);
        if (after) {
            text = after;
            continue;
        }
        bool is_space = (unsigned char)*text <= ' ';
        if (!is_space)
            out[length++] = *text;
        else if (length > 0 && out[length - 1] != ' ')
            out[length++] = ' ';
        text++;
    }
    while (length > 0 && (out[length - 1] == ' ' || out[length - 1] == '.'))
        length--;
    out[length] = 0;
}

bool pj_ort_ok(const pj_ort *ort, pj_ort_status status, char *why, size_t room)
{
    if (!status)
        return true;
    pj_ort_clean(ort->error_message(status), why, room);
    ort->release_status(status);
    return false;
}

int pj_ort_type_of(int onnx)
{
    static const int beyond[] = {26, 24, 25}; /* float8e8m0, uint2, int2 */
    return onnx < 24 ? onnx : onnx < 27 ? beyond[onnx - 24] : 0;
}

int pj_onnx_type_of(int ort)
{
    static const int beyond[] = {25, 26, 24};
    return ort < 24 ? ort : ort < 27 ? beyond[ort - 24] : 0;
}

static bool read_table(const base *from, pj_ort *out, char *why, size_t room)
{
    out->version = from->version();
    if (strncmp(out->version, "1.", 2) == 0)
        out->minor = atoi(out->version + 2); /* before the table is asked for: it complains on its own of others */
    if (out->minor < PJ_ORT_MINOR) {
        snprintf(why, room, "it is ONNX Runtime %.20s, which is too old: 1.%d or newer is needed, 1.20 recommended",
                 out->version, PJ_ORT_MINOR);
        return false;
    }
    const function *table = from->table(PJ_ORT_MINOR);
    if (!table) {
        snprintf(why, room, "ONNX Runtime %.20s does not give interface version %d", out->version, PJ_ORT_MINOR);
        return false;
    }
#define PJ_ORT_FILL(place, result, name, arguments) memcpy(&out->name, &table[place], sizeof table[place]);
    PJ_ORT_FUNCTIONS(PJ_ORT_FILL)
#undef PJ_ORT_FILL
    return true;
}

bool pj_ort_load(const char *path, pj_ort *out, char *why, size_t room)
{
    const base *(*get_base)(void);
    memset(out, 0, sizeof *out);
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    void *symbol = library ? dlsym(library, "OrtGetApiBase") : NULL;
    if (!library) {
        pj_ort_clean(dlerror(), why, room);
        if (strstr(why, "Dynamic loading not supported")) /* as musl says it */
            snprintf(why, room, "this program is linked statically, so it can load no library; one that is not can");
        return false;
    }
    if (!symbol) {
        snprintf(why, room, "it is a library, but not ONNX Runtime: it has no OrtGetApiBase");
        return false;
    }
    memcpy(&get_base, &symbol, sizeof get_base);
    const base *from = get_base();
    if (!from || !read_table(from, out, why, room)) {
        if (!from)
            snprintf(why, room, "it gives no table of functions");
        return false;
    }
    return pj_ort_ok(out, out->create_env(4, "picojoule", &out->env), why, room) &&
           pj_ort_ok(out, out->disable_telemetry(out->env), why, room) &&
           pj_ort_ok(out, out->default_allocator(&out->allocator), why, room) &&
           pj_ort_ok(out, out->create_memory_info(0, 0, &out->memory_info), why, room);
}
#endif
