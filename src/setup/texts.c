/* A setup as options: what asks for the same again, and what histories compare by. */
#include "setup/setup.h"

void pj_size_print(uint64_t bits, pj_str *out)
{
    static const char *const units[] = {"", "KiB", "MiB", "GiB"};
    enum { UNITS = sizeof units / sizeof *units, STEP = 1024 };
    size_t unit = 0;
    uint64_t value = bits / 8;
    if (bits % 8) {
        pj_str_printf(out, "%" PRIu64 "bit", bits);
        return;
    }
    for (; value && value % STEP == 0 && unit + 1 < UNITS; unit++)
        value /= STEP;
    pj_str_printf(out, "%" PRIu64 "%s", value, units[unit]);
}

static void start_option(const pj_setting *member, pj_str *out)
{
    pj_str_printf(out, "%s--%s", out->length ? " " : "", member->option);
}

static void add_list(const pj_setup *setup, const pj_setting *member, pj_str *out)
{
    for (size_t i = 0; i < pj_setting_count(setup, member); i++) {
        pj_str item = pj_str_new(0);
        pj_setting_item_print(setup, member, i, &item);
        start_option(member, out);
        pj_str_add_char(out, ' ');
        pj_str_add_shell(out, item.data);
        pj_str_fail_as(out, &item);
        pj_str_free(&item);
    }
}

/* `in_bits`: sizes as bases have them since there are any. */
static void add_option(const pj_setup *setup, const pj_setting *member, bool in_bits, pj_str *out)
{
    pj_str value = pj_str_new(0);
    if (member->count_at) {
        add_list(setup, member, out);
        return;
    }
    start_option(member, out);
    if (member->kind == PJ_SETTING_FLAG)
        return;
    uint64_t bits = member->kind == PJ_SETTING_SIZE ? pj_setting_bits(setup, member) : 0;
    if (bits && in_bits)
        pj_str_printf(&value, "%" PRIu64 "bit", bits);
    else if (bits)
        pj_size_print(bits, &value);
    else
        pj_setting_print(setup, member, &value);
    pj_str_add_char(out, ' ');
    pj_str_add_shell(out, value.data);
    pj_str_fail_as(out, &value);
    pj_str_free(&value);
}

void pj_setup_options(const pj_setup *setup, pj_str *out)
{
    const pj_setting *member = NULL;
    while ((member = pj_setting_after(PJ_ORDER_BUDGET, member)))
        if (pj_setting_is_set(setup, member) && member->group != PJ_ABOUT_DEVICES)
            add_option(setup, member, false, out);
    for (size_t i = 0; (member = pj_setup_setting(i)); i++) /* what budgets have no place for */
        if (!member->budget && member->kind != PJ_SETTING_FOUND && pj_setting_is_set(setup, member))
            add_option(setup, member, false, out);
}

/* Always there: what has a value of its own without being asked for. */
static bool has_default(const pj_setting *member)
{
    return member->kind == PJ_SETTING_PLACE || member->kind == PJ_SETTING_YES_NO || member->kind == PJ_SETTING_SIZE;
}

/* Records that do not tell it were made with what is unsaid. */
static bool is_in_basis(const pj_setup *setup, const pj_setting *member)
{
    const char *text = member->unsaid ? pj_setting_text(setup, member) : NULL;
    return text ? strcmp(text, member->unsaid) != 0 : has_default(member) || pj_setting_is_set(setup, member);
}

void pj_setup_basis(const pj_setup *setup, bool with_formats, pj_str *out)
{
    enum { DIGITS = 12 }; /* of a digest: enough to tell that it is another one */
    const pj_setting *member = NULL;
    while ((member = pj_setting_after(PJ_ORDER_BASIS, member)))
        if ((with_formats || member->group != PJ_ABOUT_FORMATS) && is_in_basis(setup, member))
            add_option(setup, member, true, out);
    for (size_t i = 0; i < setup->content_count; i++) {
        const pj_content *content = &setup->contents[i];
        member = pj_setting_find(content->member, strlen(content->member));
        if (member && member->kind != PJ_SETTING_NAMES && (with_formats || member->group != PJ_ABOUT_FORMATS))
            pj_str_printf(out, " " PJ_BASIS_CONTENTS "%s:%.*s", content->member, DIGITS, content->sha256);
    }
}

static void put_value(const pj_setup *setup, const pj_setting *member, pj_json_writer *json)
{
    pj_str value = pj_str_new(0);
    if (member->kind == PJ_SETTING_FLAG) {
        pj_json_put_bool(json, member->option, true);
        return;
    }
    if (member->kind == PJ_SETTING_SIZE)
        pj_size_print(pj_setting_bits(setup, member), &value);
    else
        pj_setting_print(setup, member, &value);
    pj_json_put_made(json, member->option, &value);
}

void pj_setup_request(const pj_setup *setup, pj_json_writer *json)
{
    const pj_setting *member = NULL;
    for (size_t i = 0; (member = pj_setup_setting(i)); i++) {
        if (member->kind == PJ_SETTING_FOUND || !pj_setting_is_set(setup, member))
            continue;
        if (!member->count_at) {
            put_value(setup, member, json);
            continue;
        }
        pj_json_put_begin(json, member->option, PJ_JSON_WRITE_ARRAY_LINE);
        for (size_t k = 0; k < pj_setting_count(setup, member); k++) {
            pj_str item = pj_str_new(0);
            pj_setting_item_print(setup, member, k, &item);
            pj_json_write_text(json, item.data);
            pj_str_fail_as(json->out, &item);
            pj_str_free(&item);
        }
        pj_json_write_end(json);
    }
}
