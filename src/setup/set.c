/* Setting members of a setup from texts. */
#include "base/amount.h"
#include "setup/resource.h"
#include "setup/setup.h"

bool pj_size_read(const char *text, uint64_t *bits)
{
    const double most = 8e15; /* a petabyte */
    double bytes;
    const char *unit = pj_amount_number(text, PJ_DIGITS_PLAIN, &bytes);
    if (!unit || !pj_amount_convert(unit, strlen(unit), pj_units_bytes, &bytes))
        return false;
    double whole = 8 * bytes;
    *bits = whole <= most ? (uint64_t)whole : 0;
    return whole <= most && whole == floor(whole);
}

const char *pj_size_scan(const char *text, int64_t *out)
{
    enum { LONGEST = 40 };
    char one[LONGEST + 1];
    uint64_t bits = 0;
    size_t length = strcspn(text, ",");
    if (length > LONGEST)
        return NULL;
    memcpy(one, text, length);
    one[length] = 0;
    bool good = pj_size_read(one, &bits) && bits % 8 == 0;
    *out = (int64_t)(bits / 8);
    return good ? text + length : NULL;
}

/* The '=' of NAME=VALUE: names may hold one, too, so the last one counts. */
static const char *find_equals(const char *value)
{
    const char *equals = strrchr(value, '=');
    return equals && equals > value ? equals : NULL;
}

static bool read_count(const char *text, int64_t *out)
{
    const char *end = pj_whole_read(text, out);
    return end && !*end;
}

/* Kinds: each sets the member and returns NULL, or says what it wants */
typedef struct setter {
    pj_setup *setup;
    const pj_setting *member;
    pj_arena *arena;
} setter;

static const char *set_place(setter *s, const char *value)
{
    const char *const *words = pj_place_words();
    for (int i = 0; words[i]; i++)
        if (strcasecmp(words[i], value) == 0) {
            *(pj_place *)pj_setting_of(s->setup, s->member) = (pj_place)i;
            return NULL;
        }
    return "dram, sram or fixed";
}

static const char *set_yes_no(setter *s, const char *value)
{
    bool yes = strcasecmp(value, "yes") == 0;
    *(bool *)pj_setting_of(s->setup, s->member) = yes;
    return yes || strcasecmp(value, "no") == 0 ? NULL : "yes or no";
}

/* Built-in names and words of formats are theirs in any case. */
static const char *copy_name(setter *s, const char *value)
{
    bool is_name = s->member->kind == PJ_SETTING_NAME || s->member->kind == PJ_SETTING_NAMES;
    char *copy = pj_arena_strdup(s->arena, is_name ? pj_builtin_spelled(value) : value);
    for (char *at = copy; s->member->kind == PJ_SETTING_TEXT && at && *at; at++)
        *at = (char)(*at >= 'A' && *at <= 'Z' ? *at - 'A' + 'a' : *at);
    return copy;
}

static const char *set_text(setter *s, const char *value)
{
    const char *const *choice = s->member->choices;
    while (choice && *choice && strcmp(*choice, value) != 0)
        choice++;
    if (choice && !*choice)
        return s->member->value;
    if (s->member->check && s->member->check(value))
        return s->member->check(value);
    *(const char **)pj_setting_of(s->setup, s->member) = pj_arena_strdup(s->arena, value);
    return *value ? NULL : s->member->value;
}

static const char *add_name(setter *s, const char *value)
{
    const char **name = pj_setting_add(s->setup, s->member, s->arena);
    if (name)
        *name = copy_name(s, value);
    return *value ? NULL : s->member->value;
}

/* Only a model can tell what is in it. */
static bool is_formula(const char *text)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_'";
    return text[strcspn(text, letters)] != 0;
}

static const char *add_number(setter *s, const char *value)
{
    int64_t number;
    const char *equals = find_equals(value);
    bool is_dim = s->member->kind == PJ_SETTING_DIMS;
    if (is_dim && equals && is_formula(equals + 1)) {
        pj_setting_bind(s->setup, s->member, value, PJ_DIM_FORMULA, s->arena);
        return NULL;
    }
    if (!equals || !read_count(equals + 1, &number))
        return is_dim ? "NAME=N or NAME=FORMULA, for example batch=1, total=past+1" : "NAME=N, for example decode=20";
    const char *name = pj_arena_strndup(s->arena, value, (size_t)(equals - value));
    if (name)
        pj_setting_bind(s->setup, s->member, name, number, s->arena);
    return NULL;
}

/* Dimensions "1,3,?" or "1x3x?": a number each, or ? for the declared one; none at all is a scalar. -1: they are not.
 */
static int read_dims(const char *text, int64_t *dims)
{
    int rank = 0;
    while (*text) {
        dims[rank] = -1;
        text = *text == '?' ? text + 1 : pj_whole_read(text, &dims[rank]);
        if (!text || (*text && ((*text != ',' && *text != 'x') || !text[1])))
            return -1;
        rank++;
        text += *text != 0;
    }
    return rank;
}

static const char *add_input(setter *s, const char *value)
{
    static const char wants[] = "NAME=[TYPE:]DIMS, for example tokens=int64:1,128";
    const char *equals = find_equals(value), *colon = equals ? strrchr(equals, ':') : NULL;
    if (!equals || colon == equals + 1)
        return wants;
    const char *shape = (colon ? colon : equals) + 1;
    int64_t *dims = PJ_NEW(s->arena, int64_t, strlen(shape) / 2 + 1);
    int rank = dims ? read_dims(shape, dims) : 0;
    if (rank < 0)
        return wants;
    pj_input_binding *input = pj_setting_add(s->setup, s->member, s->arena);
    if (input)
        *input = (pj_input_binding){pj_arena_strndup(s->arena, value, (size_t)(equals - value)),
                                    colon ? pj_arena_strndup(s->arena, equals + 1, (size_t)(colon - equals) - 1) : NULL,
                                    rank, dims};
    return NULL;
}

static const char *set_count(setter *s, const char *value)
{
    int64_t count;
    if (!read_count(value, &count) || count < 1)
        return "a whole number of at least 1";
    if (s->member->check && s->member->check(value))
        return s->member->check(value);
    *(uint64_t *)pj_setting_of(s->setup, s->member) = (uint64_t)count;
    return NULL;
}

static const char *set_size(setter *s, const char *value)
{
    return pj_size_read(value, pj_setting_of(s->setup, s->member)) ? NULL
                                                                   : "a size like 16KiB, 8MiB, 4096 (bytes) or 100bit";
}

const char *pj_setting_parse(pj_setup *setup, const pj_setting *member, const char *value, pj_arena *arena)
{
    setter at = {setup, member, arena}, *s = &at;
    switch (member->kind) {
    case PJ_SETTING_PLACE:
        return set_place(s, value);
    case PJ_SETTING_YES_NO:
        return set_yes_no(s, value);
    case PJ_SETTING_FLAG:
        *(bool *)pj_setting_of(setup, member) = true;
        return NULL;
    case PJ_SETTING_COUNT:
        return set_count(s, value);
    case PJ_SETTING_SIZE:
        return set_size(s, value);
    case PJ_SETTING_TEXT:
    case PJ_SETTING_FILE:
    case PJ_SETTING_NAME:
        return set_text(s, value);
    case PJ_SETTING_NAMES:
        return add_name(s, value);
    case PJ_SETTING_DIMS:
    case PJ_SETTING_TRIPS:
        return add_number(s, value);
    case PJ_SETTING_INPUTS:
        return add_input(s, value);
    case PJ_SETTING_FOUND:
        break;
    }
    return "no value: it is found";
}

/* What else is looked at changes no figure, so these are no members that reports and comparisons tell of. */
const pj_setting *pj_setup_look(size_t index)
{
    static const pj_setting looks[] = {
        {.name = "inspect_weights",
         .option = "inspect-weights",
         .kind = PJ_SETTING_FLAG,
         .help = "looks at the weights, too: statistics, and noise\nof formats",
         .at = offsetof(pj_setup, inspect_weights)},
        {.name = "best_order",
         .option = "memory",
         .kind = PJ_SETTING_FLAG,
         .help = "looks whether another order of nodes takes less\nmemory",
         .at = offsetof(pj_setup, best_order)     },
    };
    return index < sizeof looks / sizeof *looks ? &looks[index] : NULL;
}

static bool set_look(pj_setup *setup, const char *name)
{
    const pj_setting *look;
    for (size_t i = 0; (look = pj_setup_look(i)) != NULL; i++)
        if (strcmp(name, look->name) == 0 || strcmp(name, look->option) == 0) {
            *(bool *)((char *)setup + look->at) = true;
            return true;
        }
    return false;
}

pj_status pj_setup_set(pj_setup *setup, const char *name, const char *value, pj_error *err)
{
    if (err)
        memset(err, 0, sizeof *err);
    if (!setup || !name)
        return pj_fail_null(err);
    const pj_setting *member = pj_setting_find(name, strlen(name));
    if (!member && set_look(setup, name))
        return value ? pj_fail(err, PJ_EARGUMENT, "%.64s takes no value", name) : PJ_OK;
    if (!member || member->kind == PJ_SETTING_FOUND)
        return pj_fail(err, PJ_EARGUMENT, "there is no member %.64s to set", name);
    PJ_TRY(pj_got(pj_setup_own(setup), err));
    if (value ? !member->value : member->value != NULL)
        return pj_fail(err, PJ_EARGUMENT, value ? "%.64s takes no value" : "%.64s wants a value: %s", name,
                       member->value);
    const char *wants = pj_setting_parse(setup, member, value, setup->owner);
    if (wants)
        return pj_fail(err, PJ_EARGUMENT, "%.64s '%.200s': wants %s", name, value, wants);
    setup->places_asked = setup->places_asked || pj_setting_is_place(member);
    return pj_arena_failed(setup->owner) ? pj_fail_memory(err) : PJ_OK;
}
