/* reuse/hierarchy: what is shipped, what follows from a size, and files that are wrong. */
#include <math.h>
#include <string.h>

#include "check.h"
#include "reuse/hierarchy.h"

static pj_hierarchy *open_hierarchy(const char *name)
{
    pj_hierarchy *hierarchy = NULL;
    pj_error err = {0};
    CHECK_INT(pj_hierarchy_open(name, NULL, &hierarchy, &err), PJ_OK);
    CHECK_TEXT(err.file, "");
    CHECK_TEXT(err.what, "");
    return hierarchy;
}

/* Each opens, and each of its figures says where it comes from. */
static void test_shipped(void)
{
    size_t shipped = 0, count;
    for (const char *name; (name = pj_hierarchy_builtin(shipped)); shipped++) {
        pj_hierarchy *hierarchy = open_hierarchy(name);
        if (!hierarchy)
            continue;
        CHECK_TEXT(hierarchy->name, name);
        CHECK_INT(hierarchy->level_count, 2);
        count = hierarchy->figures.count;
        CHECK(count > 8);
        for (size_t i = 0; i < count; i++) {
            CHECK(*hierarchy->figures.rows[i].source && *hierarchy->figures.rows[i].confidence);
            CHECK(strcmp(hierarchy->figures.rows[i].source, "not stated") != 0);
        }
        pj_hierarchy_close(hierarchy);
    }
    CHECK_INT(shipped, 9);
}

/* KULeuven-MICAS/zigzag tpu_like.yaml: 256 KiB of weights in the array, 64-bit words, 2 MiB for I and O. */
static void test_tpu_like(void)
{
    pj_hierarchy *h = open_hierarchy("tpu-like");
    if (!h)
        return;
    const pj_machine *m = &h->machine;
    CHECK_NEAR(m->far.read, 10.9375, 0);
    CHECK_NEAR(m->weights.read, 10.9375, 0);
    CHECK_NEAR(m->near.write, 0.184765625, 0);
    CHECK_NEAR(m->near_bits, 2048 * 8192.0, 0);
    CHECK_NEAR(m->near_access, 64, 0);
    CHECK(!m->holds_weights && !m->has_weight_buffer && !m->unrolls_window);
    CHECK(m->registers[PJ_NEST_W].given && !m->registers[PJ_NEST_I].given);
    CHECK_NEAR(m->registers[PJ_NEST_W].bits, 1024, 0);
    CHECK_NEAR(m->unroll[PJ_ALONG_N], 32, 0);
    CHECK_NEAR(m->unroll[PJ_ALONG_M], 1, 0);
    CHECK_NEAR(h->mac_pj, 0.04, 0);
    CHECK_NEAR(h->accumulator_bits, 16, 0);
    CHECK_INT(h->fuse, 1u << PJ_FUSE_ELEMENT | 1u << PJ_FUSE_NORM | 1u << PJ_FUSE_QUANTIZER | 1u << PJ_FUSE_POOL);
    CHECK_TEXT(h->unit, "pJ");
    CHECK_INT(pj_hierarchy_level(h, "global"), 1);
    CHECK_INT(pj_hierarchy_level(h, "sram"), 1);
    CHECK_INT(pj_hierarchy_level(h, "dram"), 0);
    CHECK_INT(pj_hierarchy_level(h, "l3"), -1);
    pj_hierarchy_close(h);
}

/* The reference: Horowitz' points at 32 KB (0.3125 pJ a bit) and 1 MB (1.5625), a power law between; DRAM 20.3125. */
static void test_reference(void)
{
    pj_hierarchy *h = open_hierarchy(NULL);
    if (!h)
        return;
    CHECK_TEXT(h->name, PJ_HIERARCHY_DEFAULT);
    CHECK_NEAR(h->machine.far.write, 20.3125, 0);
    CHECK_NEAR(h->machine.near.read, 0.3125 * pow(8, log(5) / log(32)), 1e-12);
    CHECK_NEAR(h->machine.near.write, h->machine.near.read, 0);
    pj_machine larger = pj_hierarchy_resized(h, 1, 1024 * 8192.0);
    CHECK_NEAR(larger.near.read, 1.5625, 0);
    CHECK_NEAR(larger.near_bits, 1024 * 8192.0, 0);
    CHECK_NEAR(larger.far.read, 20.3125, 0);
    CHECK_NEAR(pj_hierarchy_resized(h, 1, 8).near.read, pj_hierarchy_resized(h, 1, 8192).near.read, 0); /* smallest */
    CHECK(h->mac_pj < 0); /* of the table */
    pj_hierarchy_close(h);
}

static const char sound[] =
    "{\"schema\": \"picojoule.hierarchy/1\", \"title\": \"t\", \"sources\": {\"me\": \"here\"}, \"levels\": [\n"
    "{\"name\": \"dram\", \"read\": {\"pj_per_bit\": 8, \"source\": \"@me\", \"confidence\": \"primary\"},\n"
    " \"write\": {\"pj_per_bit\": 9, \"source\": \"@me\"}, \"bandwidth\": {\"bits_per_cycle\": 64}},\n"
    "{\"name\": \"global\", \"size\": {\"kib\": 64}, \"usable\": {\"fraction\": 0.5}, \"holds\": [\"I\", \"O\"],\n"
    " \"read\": {\"pj_per_bit\": 1}, \"write\": {\"pj_per_bit\": 2}, \"access_bits\": 64, \"source\": \"s\"}],\n"
    "\"weight_buffer\": {\"size\": {\"kib\": 8}, \"read\": {\"pj_per_bit\": 3}, \"write\": {\"pj_per_bit\": 4},\n"
    " \"source\": \"s\"},\n"
    "\"registers\": {\"O\": {\"bits\": 32, \"read\": {\"pj_per_bit\": 0}, \"write\": {\"pj_per_bit\": 0},\n"
    " \"shared_over\": [\"r\"], \"source\": \"s\"}},\n"
    "\"array\": {\"unroll\": {\"n\": 4, \"r\": 8}, \"window\": \"rows\", \"source\": \"s\"},\n"
    "\"mac\": {\"pj\": 0.5, \"source\": \"s\"}, \"fuse\": [\"softmax\"], \"reserve\": {\"fraction\": 0.25},\n"
    "\"clock\": {\"mhz\": 200}, \"background\": {\"pj_per_cycle\": 7}, \"weights_from\": {\"read\": {\"pj_per_bit\": "
    "5,\n"
    " \"source\": \"s\"}}}";

/* `sound` with one part replaced; NULL in `part`: as it is. */
static pj_status parse_changed(const char *part, const char *by, pj_hierarchy **out, pj_error *err)
{
    char text[4096];
    const char *at = part ? strstr(sound, part) : NULL;
    size_t before = at ? (size_t)(at - sound) : 0;
    CHECK(!part || at);
    memcpy(text, sound, before);
    text[before] = 0;
    if (at)
        strcat(text, by);
    strcat(text, at ? at + strlen(part) : sound);
    memset(err, 0, sizeof *err);
    return pj_hierarchy_parse(text, strlen(text), "my.json", out, err);
}

static void test_sound(void)
{
    pj_hierarchy *h = NULL;
    pj_error err;
    CHECK_INT(parse_changed(NULL, NULL, &h, &err), PJ_OK);
    CHECK_TEXT(err.what, "");
    if (!h)
        return;
    const pj_machine *m = &h->machine;
    CHECK_NEAR(m->near_bits, 32 * 8192.0, 0);
    CHECK_NEAR(m->far_bits_per_cycle, 64, 0);
    CHECK(m->has_weight_buffer && !m->holds_weights && m->registers[PJ_NEST_O].shared[PJ_ALONG_R]);
    CHECK_NEAR(m->weight_bits, 8 * 8192.0, 0);
    CHECK_NEAR(m->weights.read, 5, 0);
    CHECK_NEAR(m->far.read, 8, 0);
    CHECK_NEAR(m->reserve, 0.25, 0);
    CHECK_NEAR(m->mhz, 200, 0);
    CHECK_NEAR(h->background_pj, 7, 0);
    CHECK_INT(h->fuse, 1u << PJ_FUSE_SOFTMAX);
    CHECK_TEXT(h->figures.rows[0].source, "here");
    const pj_figure *clock = &h->figures.rows[h->figures.count - 2]; /* says nothing, and nothing around it does */
    CHECK_TEXT(clock->path, "$.clock.mhz");
    CHECK_TEXT(clock->source, "not stated");
    CHECK_TEXT(clock->confidence, "memory");
    pj_hierarchy_close(h);
}

static void test_wrong(void)
{
    static const struct {
        const char *part, *by, *file, *what;
    } rows[] = {
        {"hierarchy/1",                     "hierarchy/2",                                                                      "$.schema",                     "picojoule.hierarchy/1"},
        {"\"title\": \"t\"",                "\"titel\": \"t\"",                                                                 "$.titel",                      "title"                },
        {"\"kib\": 64",                     "\"kib\": 0",                                                                       "$.levels[1].size.kib",         "cannot be 0"          },
        {"\"kib\": 64",                     "\"kib\": -1",                                                                      "$.levels[1].size.kib",         "negative"             },
        {"\"kib\": 64",                     "\"kib\": 1e13",                                                                    "$.levels[1].size.kib",         "is more than"         },
        {"\"kib\": 64",                     "\"kib\": 1e999",                                                                   "$.levels[1].size.kib",         ""                     },
        {"\"kib\": 64",                     "\"kib\": NaN",                                                                     "my.json:4",                    ""                     },
        {"\"size\": {\"kib\": 64},",        "",                                                                                 "$.levels[1]",                  "\"size\" is missing"  },
        {"\"fraction\": 0.5",               "\"fraction\": 1.5",                                                                "$.levels[1].usable.fraction",  "is more than 1"       },
        {"\"fraction\": 0.5",               "\"fraction\": 0",                                                                  "$.levels[1].usable.fraction",  "cannot be 0"          },
        {"\"pj_per_bit\": 8",               "\"pj_per_bit\": -8",                                                               "$.levels[0].read.pj_per_bit",  "negative"             },
        {"\"pj_per_bit\": 8",               "\"pj_per_bits\": 8",                                                               "$.levels[0].read.pj_per_bits", "pj_per_bit"           },
        {"\"read\": {\"pj_per_bit\": 1}, ", "",                                                                                 "$.levels[1]",                  "missing"              },
        {", \"source\": \"s\"}],",          "}],",                                                                              "$.levels[1].read.pj_per_bit",  "needs a \"source\""   },
        {"\"@me\"",                         "\"@you\"",                                                                         "$.levels[0].read.source",      "$.sources has no"     },
        {"\"primary\"",                     "\"sure\"",                                                                         "$.levels[0].read.confidence",  "primary, secondary"   },
        {"[\"I\", \"O\"]",                  "[\"I\"]",                                                                          "$.levels[1].holds",            "only weights"         },
        {"[\"I\", \"O\"]",                  "[\"I\", \"O\", \"X\"]",                                                            "$.levels[1].holds[2]",         ""                     },
        {"[\"I\", \"O\"]",                  "[\"I\", \"O\", \"W\"]",                                                            "$.weight_buffer",              "has no \"W\""         },
        {"\"access_bits\": 64",             "\"access_bits\": 0.5",                                                             "$.levels[1].access_bits",      "whole number"         },
        {"\"bits\": 32",                    "\"bits\": 0",                                                                      "$.registers.O.bits",           "cannot be 0"          },
        {"[\"r\"]",                         "[\"q\"]",                                                                          "$.registers.O.shared_over[0]", ""                     },
        {"\"n\": 4",                        "\"n\": 0",                                                                         "$.array.unroll.n",             "cannot be 0"          },
        {"\"n\": 4",                        "\"n\": 1e7",                                                                       "$.array.unroll.n",             "is more than"         },
        {"\"n\": 4",                        "\"k\": 4",                                                                         "$.array.unroll.k",             ""                     },
        {"\"rows\"",                        "\"row\"",                                                                          "$.array.window",               ""                     },
        {"[\"softmax\"]",                   "[\"conv\"]",                                                                       "$.fuse[0]",                    "element"              },
        {"[\"softmax\"]",                   "[\"none\"]",                                                                       "$.fuse[0]",                    "element"              },
        {"\"name\": \"global\"",            "\"name\": \"dram\"",                                                               "$.levels[1].name",             "two levels"           },
        {"\"name\": \"global\"",            "\"name\": \"a b\"",                                                                "$.levels[1].name",             "letters"              },
        {"\"name\": \"global\"",            "\"name\": \"registers\"",                                                          "$.levels[1].name",             "place of its own"     },
        {"\"mhz\": 200",                    "\"mhz\": 0",                                                                       "$.clock.mhz",                  "cannot be 0"          },
        {"{\"pj_per_bit\": 1}",             "{\"points\": [{\"kib\": 1, \"pj_per_bit\": 1}, {\"kib\": 2, \"pj_per_bit\": 2}]}",
         "$.levels[1].read.points[0]",                                                                                                                          "missing"              },
        {"\"fuse\"",                        "\"fusion\"",                                                                       "$.fusion",                     "fuse"                 },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        pj_hierarchy *h = NULL;
        pj_error err;
        CHECK_INT(parse_changed(rows[i].part, rows[i].by, &h, &err), PJ_EFORMAT);
        CHECK_PART(err.file, rows[i].file);
        CHECK_PART(err.what, rows[i].what);
        pj_hierarchy_close(h);
    }
    pj_hierarchy *h = NULL;
    pj_error err = {0};
    CHECK_INT(pj_hierarchy_open("tpu-lik", NULL, &h, &err), PJ_EARGUMENT);
    CHECK_PART(err.what, "did you mean");
    CHECK_PART(err.what, "tpu-like");
}

/* The file of hierarchies/README.md: what it does not say has its default. */
static void test_shortest(void)
{
    static const char text[] =
        "{\"schema\": \"picojoule.hierarchy/1\", \"title\": \"My chip\", \"levels\": [\n"
        "{\"name\": \"dram\", \"source\": \"data sheet, page 12\", \"confidence\": \"primary\",\n"
        " \"read\": {\"pj_per_bit\": 4}, \"write\": {\"pj_per_bit\": 4.4}},\n"
        "{\"name\": \"global\", \"size\": {\"kib\": 512}, \"source\": \"memory compiler\", \"confidence\": "
        "\"derived\",\n"
        " \"read\": {\"pj_per_bit\": 0.5}, \"write\": {\"pj_per_bit\": 0.6}}]}";
    pj_hierarchy *h = NULL;
    pj_error err = {0};
    CHECK_INT(pj_hierarchy_parse(text, strlen(text), "my-chip.json", &h, &err), PJ_OK);
    if (!h)
        return;
    CHECK(h->machine.holds_weights && h->machine.unrolls_window && !h->machine.registers[PJ_NEST_O].given);
    CHECK(h->fuse == 0 && h->mac_pj < 0 && h->accumulator_bits == 0 && h->machine.reserve == 0);
    CHECK_NEAR(h->machine.near_bits, 512 * 8192.0, 0);
    CHECK_NEAR(h->machine.unroll[PJ_ALONG_G], 1, 0);
    CHECK_TEXT(h->unit, "pJ");
    CHECK_TEXT(h->figures.rows[0].unit, "pJ/bit");
    CHECK_TEXT(h->figures.rows[0].confidence, "primary");
    pj_hierarchy_close(h);
}

int main(void)
{
    test_shortest();
    test_shipped();
    test_tpu_like();
    test_reference();
    test_sound();
    test_wrong();
    return check_done();
}
