/* Two bases of histories: "--weights-on dram --plan p.json --contents plan:0123456789ab". */
#include "setup/setup.h"

/* The length of the option at the start of a text like "--a b --c d". */
static size_t option_length(const char *text)
{
    const char *next = strstr(text, " --");
    return next ? (size_t)(next - text) : strlen(text);
}

static const char *next_option(const char *text)
{
    text += option_length(text);
    return text + (*text == ' ');
}

/* The length of "--contents table:", where it is one; 0: another option. */
static size_t contents_length(const char *option)
{
    const size_t head = sizeof PJ_BASIS_CONTENTS - 1;
    return strncmp(option, PJ_BASIS_CONTENTS, head) == 0 ? head + strcspn(option + head, ":") + 1 : 0;
}

/* The option of the text that begins with these characters; NULL: there is none. */
static const char *find(const char *text, const char *start, size_t length)
{
    while (*text && strncmp(text, start, length) != 0)
        text = next_option(text);
    return *text ? text : NULL;
}

/* Sizes of older records are bits, too, without saying so. */
static size_t length_without_unit(const char *option)
{
    static const char unit[] = "bit";
    const size_t tail = sizeof unit - 1;
    size_t length = option_length(option);
    bool has_unit = length > tail && memcmp(option + length - tail, unit, tail) == 0;
    return has_unit && option[length - tail - 1] >= '0' && option[length - tail - 1] <= '9' ? length - tail : length;
}

/* Is the option said by the text, too, or is it a digest that the text knows nothing of? */
static bool is_shared(const char *option, const char *text)
{
    size_t length = length_without_unit(option), head = contents_length(option);
    if (head && !find(text, option, head))
        return true;
    const char *same = find(text, option, length);
    while (same && length_without_unit(same) != length)
        same = find(next_option(same), option, length);
    return same != NULL;
}

bool pj_basis_same(const char *a, const char *b)
{
    for (const char *at = a; *at; at = next_option(at))
        if (!is_shared(at, b))
            return false;
    for (const char *at = b; *at; at = next_option(at))
        if (!is_shared(at, a))
            return false;
    return true;
}

/* Is it the file that the texts name alike, which now holds something else? */
static bool is_same_file(const char *contents, const char *text, const char *other, bool same_table)
{
    const char *name = contents + sizeof PJ_BASIS_CONTENTS - 1;
    const pj_setting *setting = pj_setting_find(name, strcspn(name, ":"));
    if (!setting || setting == PJ_SETTING_AT(table))
        return same_table;
    pj_str start = pj_str_new(0);
    pj_str_printf(&start, "--%s ", setting->option);
    const char *named = find(text, start.data, start.length);
    pj_str_free(&start);
    return named && is_shared(named, other);
}

static void add_options(pj_str *out, const char *text, const char *other, const char *word)
{
    for (; *text; text = next_option(text)) {
        if (is_shared(text, other) || contents_length(text))
            continue;
        pj_str_add(out, out->length ? ", " : "");
        pj_str_add(out, word);
        pj_str_add_bytes(out, text, option_length(text));
    }
}

static void add_contents(pj_str *out, const char *text, const char *other, bool same_table)
{
    const size_t head = sizeof PJ_BASIS_CONTENTS - 1;
    for (const char *at = text; *at; at = next_option(at)) {
        size_t length = contents_length(at);
        if (!length || is_shared(at, other) || !is_same_file(at, text, other, same_table))
            continue;
        const pj_setting *setting = pj_setting_find(at + head, length - head - 1);
        pj_str_add(out, out->length ? ", " : "");
        if (setting)
            pj_str_add(out, setting->option);
        else
            pj_str_add_bytes(out, at + head, length - head - 1);
        pj_str_add(out, " with other contents");
    }
}

void pj_basis_difference(const char *now, const char *before, bool same_table, pj_str *out)
{
    add_contents(out, now, before, same_table);
    add_options(out, now, before, "with ");
    add_options(out, before, now, "without ");
}
