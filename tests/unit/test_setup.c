/* Setups: members by name, as options, in JSON, compared; files as bytes and their digests. */
#include "setup/setup.h"

#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "setup/resource.h"

static void set(pj_setup *setup, const char *name, const char *value)
{
    pj_error err;
    CHECK_INT(pj_setup_set(setup, name, value, &err), PJ_OK);
}

static void refuse(const char *name, const char *value, const char *what)
{
    pj_setup setup = pj_setup_default();
    pj_error err;
    CHECK_INT(pj_setup_set(&setup, name, value, &err), PJ_EARGUMENT);
    CHECK_TEXT(err.what, what);
    pj_setup_clear(&setup);
}

/* A value for each member, other than its default: none is forgotten below. */
static const char *example(const pj_setting *setting)
{
    if (setting->choices)
        return setting->choices[1];
    if (setting->check && setting->kind == PJ_SETTING_TEXT)
        return "1@7"; /* a step */
    switch (setting->kind) {
    case PJ_SETTING_COUNT:
        return "3";
    case PJ_SETTING_PLACE:
        return "sram";
    case PJ_SETTING_YES_NO:
        return "no";
    case PJ_SETTING_SIZE:
        return "4100bit";
    case PJ_SETTING_TEXT:
        return "int8";
    case PJ_SETTING_FILE:
        return "my file.json";
    case PJ_SETTING_NAME:
    case PJ_SETTING_NAMES:
        return "qtools";
    case PJ_SETTING_DIMS:
    case PJ_SETTING_TRIPS:
        return "a=b=3";
    case PJ_SETTING_INPUTS:
        return "x=int64:1,?,8";
    case PJ_SETTING_FLAG:
    case PJ_SETTING_FOUND:
        break;
    }
    return NULL;
}

static pj_setup everything(void)
{
    pj_setup setup = pj_setup_default();
    const pj_setting *setting;
    for (size_t i = 0; (setting = pj_setup_setting(i)); i++)
        if (setting->kind != PJ_SETTING_FOUND)
            set(&setup, setting->option, example(setting));
    setup.rules = "picojoule";
    setup.unit = "pJ";
    return setup;
}

static void test_set(void)
{
    pj_setup setup = pj_setup_default();
    set(&setup, "dim", "batch=4");
    set(&setup, "dims", "a=b=2"); /* by its name; names may hold a '=' */
    set(&setup, "input", "x=1x?x3");
    set(&setup, "sram-min", "16KiB");
    CHECK_INT(setup.dim_count, 2);
    CHECK_TEXT(setup.dims[0].name, "batch");
    CHECK_INT(setup.dims[0].value, 4);
    CHECK_TEXT(setup.dims[1].name, "a=b");
    CHECK_INT(setup.inputs[0].rank, 3);
    CHECK_INT(setup.inputs[0].dims[1], -1);
    CHECK(!setup.inputs[0].dtype);
    CHECK_INT(setup.sram_min_bits, 16 * 1024 * 8);
    set(&setup, "sram-min", "4096"); /* bytes */
    CHECK_INT(setup.sram_min_bits, 4096 * 8);
    set(&setup, "sram-min", "4100bit");
    CHECK_INT(setup.sram_min_bits, 4100);
    pj_setup_clear(&setup);
    CHECK_INT(setup.dim_count, 0);
    refuse("weights-on", "tape", "weights-on 'tape': wants dram, sram or fixed");
    refuse("io-on-dram", "maybe", "io-on-dram 'maybe': wants yes or no");
    refuse("sram-min", "0.3B", "sram-min '0.3B': wants a size like 16KiB, 8MiB, 4096 (bytes) or 100bit");
    refuse("sram-min", "2000000GB", "sram-min '2000000GB': wants a size like 16KiB, 8MiB, 4096 (bytes) or 100bit");
    refuse("reuse", "twice", "reuse 'twice': wants once|fused|resident|tiled");
    refuse("runs", "0", "runs '0': wants a whole number of at least 1");
    refuse("dim", "=4", "dim '=4': wants NAME=N or NAME=FORMULA, for example batch=1, total=past+1");
    refuse("input", "x=1,", "input 'x=1,': wants NAME=[TYPE:]DIMS, for example tokens=int64:1,128");
    refuse("no-fold", "yes", "no-fold takes no value");
    refuse("table", NULL, "table wants a value: NAME|FILE");
    refuse("rules", "qtools", "there is no member rules to set");
    refuse("speed", "1", "there is no member speed to set");
}

/* What the caller has put in stays the caller's. */
static void test_set_after_lists(void)
{
    pj_dim_binding own[3] = {
        {"a", 1},
        {"b", 2},
        {"c", 3}
    };
    pj_setup setup = pj_setup_default();
    setup.dims = own;
    setup.dim_count = 3;
    for (int i = 0; i < 6; i++)
        set(&setup, "dim", "d=4");
    CHECK_INT(setup.dim_count, 9);
    CHECK_TEXT(setup.dims[2].name, "c");
    CHECK_TEXT(setup.dims[8].name, "d");
    CHECK_TEXT(own[2].name, "c");
    pj_setup_clear(&setup);
}

/* No two members have one place in an order. */
static void test_places(void)
{
    const pj_setting *setting;
    for (int order = PJ_ORDER_REPORT; order <= PJ_ORDER_TOLD; order++) {
        size_t listed = 0, placed = 0;
        for (setting = NULL; (setting = pj_setting_after((pj_setting_order)order, setting));)
            listed++;
        for (size_t i = 0; (setting = pj_setup_setting(i)); i++) {
            const unsigned char place[] = {setting->report, setting->budget, setting->basis, setting->place_told};
            placed += place[order] > 0;
        }
        CHECK_INT(listed, placed);
    }
}

static void test_options(void)
{
    pj_setup setup = everything();
    pj_str out = pj_str_new(0), basis = pj_str_new(0);
    pj_setup_options(&setup, &out);
    CHECK_TEXT(
        out.data,
        "--dim a=b=3 --table qtools --plan 'my file.json' --quantize int8 --op-rules 'my file.json' "
        "--weights-on sram --activations-on sram --io-on-dram no --sram-min 4100bit "
        "--input 'x=int64:1,?,8' --trips a=b=3 --hierarchy qtools --kv-cache whole --runs 3 --step '1@7' --batch 3 "
        "--follow-links --no-fold");
    pj_setup_basis(&setup, true, &basis);
    CHECK_TEXT(basis.data, "--weights-on sram --activations-on sram --io-on-dram no --sram-min 4100bit "
                           "--plan 'my file.json' --quantize int8 --no-fold --op-rules 'my file.json' "
                           "--dim a=b=3 --input 'x=int64:1,?,8' --trips a=b=3 --hierarchy qtools --reuse fused "
                           "--kv-cache whole --runs 3 --step '1@7' --batch 3");
    pj_str_free(&out);
    pj_str_free(&basis);
    pj_setup_clear(&setup);
}

/* Each setting that a report has comes back, and each that differs is told. */
static void test_json(void)
{
    pj_setup setup = everything(), back, usual = pj_setup_default();
    pj_arena *arena = pj_arena_new(0);
    pj_str out = pj_str_new(0);
    pj_json_writer json = pj_json_writer_new(&out, true);
    pj_json_doc *doc = NULL;
    pj_error err = {0};
    pj_setting_change *changes;
    size_t count, settings = 0;
    static const char digest[] = "9b678fa6d6d84e6ff66a727fef6b8e24e774e3f182a809bdff114136273df98c";
    const pj_content contents[] = {
        {"table",   "qtools", digest},
        {"devices", "qtools", digest}
    };
    setup.contents = contents;
    setup.content_count = 2;
    pj_json_write_begin(&json, PJ_JSON_WRITE_OBJECT);
    pj_setup_json(&setup, &json);
    pj_json_write_end(&json);
    CHECK_INT(pj_json_parse(out.data, out.length, "r.json", &doc, &err), PJ_OK);
    CHECK_INT(pj_setup_read(pj_json_root(doc), arena, &back, &err), PJ_OK);
    CHECK_INT(back.content_count, 2);
    CHECK_TEXT(back.contents[0].name, "qtools");
    back.devices = setup.devices; /* a report has them among its totals */
    back.device_count = setup.device_count;
    CHECK_INT(pj_setup_compare(&setup, &back, &changes, &count, &err), PJ_OK);
    CHECK_INT(count, 0);
    pj_setting_changes_free(changes);
    usual.rules = "qtools";
    usual.unit = "relative";
    CHECK_INT(pj_setup_compare(&usual, &back, &changes, &count, &err), PJ_OK);
    while (pj_setup_setting(settings))
        settings++;
    CHECK_INT(count, settings - 1); /* where weights lie changes no figure: --follow-links is in no report */
    pj_setting_changes_free(changes);
    pj_json_free(doc);
    pj_str_free(&out);
    pj_arena_free(arena);
    pj_setup_clear(&setup);
}

/* Of a name that is given twice the last counts: such a setup is the same as itself, and as one without the first. */
static void test_compare_twice(void)
{
    pj_error err = {0};
    pj_setup twice = pj_setup_default(), once = twice;
    pj_setting_change *changes;
    size_t count;
    CHECK_INT(pj_setup_set(&twice, "input", "x=float32:1,3", &err), PJ_OK);
    CHECK_INT(pj_setup_set(&twice, "input", "x=float32:2,3", &err), PJ_OK);
    CHECK_INT(pj_setup_set(&once, "input", "x=float32:2,3", &err), PJ_OK);
    CHECK_INT(pj_setup_compare(&twice, &twice, &changes, &count, &err), PJ_OK);
    CHECK_INT(count, 0);
    pj_setting_changes_free(changes);
    CHECK_INT(pj_setup_compare(&twice, &once, &changes, &count, &err), PJ_OK);
    CHECK_INT(count, 0);
    pj_setting_changes_free(changes);
    const pj_setup none = pj_setup_default();
    CHECK_INT(pj_setup_compare(&twice, &none, &changes, &count, &err), PJ_OK);
    CHECK_INT(count, 1);
    CHECK_TEXT(changes[0].a, "float32:2,3");
    CHECK_TEXT(changes[0].b, "none");
    pj_setting_changes_free(changes);
    pj_setup_clear(&twice);
    pj_setup_clear(&once);
}

static void test_compare(void)
{
    pj_error err = {0};
    const pj_dim_binding dims_a[] =
        {
            {"batch",    1  },
            {"sequence", 128}
    },
                         dims_b[] = {{"sequence", 512}, {"extra", 3}};
    const pj_content old[] =
        {
            {"plan",     "p.json", "01"},
            {"table",    "t.json", "02"},
            {"op_rules", "r.json", "03"}
    },
                     now[] = {{"plan", "p.json", "11"}, {"table", "u.json", "12"}};
    pj_setup a = pj_setup_default(), b = a;
    a.dims = dims_a;
    b.dims = dims_b;
    a.dim_count = b.dim_count = 2;
    a.contents = old;
    b.contents = now;
    a.content_count = 3;
    b.content_count = 2;
    b.table = "other";
    b.no_fold = true;
    pj_setting_change *changes;
    size_t count;
    CHECK_INT(pj_setup_compare(&a, &b, &changes, &count, &err), PJ_OK);
    static const char *const want[][3] = {
        {"table",         "horowitz-45nm", "other"},
        {"no_fold",       "no",            "yes"  },
        {"dims.batch",    "1",             "none" },
        {"dims.sequence", "128",           "512"  },
        {"dims.extra",    "none",          "3"    },
        {"contents.plan", "01",            "11"   }
    };
    CHECK_INT(count, sizeof want / sizeof *want);
    for (size_t i = 0; i < count && i < sizeof want / sizeof *want; i++) {
        CHECK_TEXT(changes[i].name, want[i][0]);
        CHECK_TEXT(changes[i].a, want[i][1]);
        CHECK_TEXT(changes[i].b, want[i][2]);
        CHECK(changes[i].other_prices == (i == 0));
    }
    CHECK_TEXT(changes[5].contents, "plan p.json");
    pj_setting_changes_free(changes);
    pj_setting_changes_free(NULL);
}

static void differ(const char *now, const char *before, bool same_table, const char *what)
{
    pj_str out = pj_str_new(0);
    pj_basis_difference(now, before, same_table, &out);
    CHECK_TEXT(out.data, what);
    CHECK(pj_basis_same(now, before) == (*what == 0 && same_table));
    pj_str_free(&out);
}

static void test_basis(void)
{
    differ("--a 1 --contents table:12", "--a 1 --contents table:12", true, "");
    differ("--a 1 --contents table:12", "--a 1", true, ""); /* an older record */
    differ("--a 1 --contents table:12", "--a 1 --contents table:13", true, "table with other contents");
    differ("--a 1 --contents table:12", "--a 1 --contents table:13", false, ""); /* its name is another one */
    differ("--plan p --contents plan:12", "--plan p --contents plan:13", true, "plan with other contents");
    differ("--op-rules r --contents op_rules:12", "--op-rules r --contents op_rules:13", true,
           "op-rules with other contents");
    differ("--plan p --contents plan:12", "--plan q --contents plan:13", true, "with --plan p, without --plan q");
    differ("--sram-min 64bit", "--sram-min 64", true, ""); /* in older records, too, these are bits */
    differ("--dim b=1", "--dim b=12", true, "with --dim b=1, without --dim b=12");
}

/* Bytes that the setup brings along stand in the place of files and of what is built in. */
static void test_resources(void)
{
    pj_error err = {0};
    char digest[PJ_SHA256_DIGITS + 1];
    pj_json_doc *doc = NULL;
    const pj_resource given = {.size = sizeof given, .name = "qtools", .bytes = "{\"a\": 1}", .length = 8};
    pj_setup setup = pj_setup_default();
    setup.resources = &given;
    setup.resource_count = 1;
    CHECK_INT(pj_resource_json(&setup, PJ_RESOURCE_TABLE, "qtools", &doc, digest, &err), PJ_OK);
    /* printf '{"a": 1}' | sha256sum */
    CHECK_TEXT(digest, "f9d86028c6e0d64e225186f96acb69338b2c59764df79162107f5c4bb34d1310");
    CHECK(pj_json_find(pj_json_root(doc), "a").node != NULL);
    pj_json_free(doc);
    CHECK_INT(pj_resource_json(&setup, PJ_RESOURCE_TABLE, "qtool", &doc, digest, &err), PJ_EARGUMENT);
    CHECK_PART(err.what, "there is no energy table \"qtool\", built in or as a file; did you mean qtools");
    for (const pj_builtin *at = pj_builtin_tables; at->name; at++) { /* what the build says of itself */
        pj_sha256 sum = pj_sha256_new();
        pj_sha256_add(&sum, at->json, at->length);
        pj_sha256_end(&sum, digest);
        CHECK_TEXT(digest, at->sha256);
    }
}

int main(void)
{
    test_set();
    test_set_after_lists();
    test_places();
    test_options();
    test_json();
    test_compare();
    test_compare_twice();
    test_basis();
    test_resources();
    return check_done();
}
