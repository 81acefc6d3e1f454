/* reuse/fuse, resident, special: hand calculations, the bound, closed forms; ops/follow: who can follow whom. */
#include <math.h>
#include <string.h>

#include "check.h"
#include "ops/op.h"
#include "reuse/resident.h"
#include "reuse/special.h"

static pj_fuse_class follows(const char *domain, const char *op)
{
    const pj_op_desc *desc = pj_op_find(domain, op, 0);
    CHECK(desc != NULL);
    return desc ? pj_op_follows(desc) : PJ_FUSE_NONE;
}

static void test_classes(void)
{
    static const struct {
        const char *domain, *op;
        pj_fuse_class want;
    } rows[] = {
        {"",                        "Relu",               PJ_FUSE_ELEMENT  },
        {"",                        "Add",                PJ_FUSE_ELEMENT  },
        {"",                        "Sigmoid",            PJ_FUSE_ELEMENT  },
        {"",                        "Cast",               PJ_FUSE_ELEMENT  },
        {"",                        "BatchNormalization", PJ_FUSE_NORM     },
        {"",                        "LayerNormalization", PJ_FUSE_NORM     },
        {"",                        "QuantizeLinear",     PJ_FUSE_QUANTIZER},
        {"",                        "DequantizeLinear",   PJ_FUSE_QUANTIZER},
        {"qonnx.custom_op.general", "Quant",              PJ_FUSE_QUANTIZER},
        {"",                        "MaxPool",            PJ_FUSE_POOL     },
        {"",                        "GlobalAveragePool",  PJ_FUSE_POOL     },
        {"",                        "Softmax",            PJ_FUSE_SOFTMAX  },
        {"",                        "LogSoftmax",         PJ_FUSE_NONE     },
        {"",                        "Conv",               PJ_FUSE_NONE     },
        {"",                        "MatMul",             PJ_FUSE_NONE     },
        {"",                        "Concat",             PJ_FUSE_NONE     },
        {"",                        "MaxUnpool",          PJ_FUSE_NONE     },
        {"",                        "Resize",             PJ_FUSE_NONE     },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        CHECK_INT(follows(rows[i].domain, rows[i].op), rows[i].want);
}

/* x0 -> Conv x1 -> Relu x2 -> { Conv x3, Add(x3, x2) x4 } -> Relu x5 (output). x2 has two readers; the Add takes in the
 * convolution, though it stands first; an output of the model stays. */
static void test_fuse(void)
{
    static const int in[5][2] = {
        {0, -1},
        {1, -1},
        {2, -1},
        {2, 3 },
        {4, 4 }
    };
    const pj_fuse_node node[] = {
        {PJ_FUSE_NONE,    in[0], 2},
        {PJ_FUSE_ELEMENT, in[1], 2},
        {PJ_FUSE_NONE,    in[2], 2},
        {PJ_FUSE_ELEMENT, in[3], 2},
        {PJ_FUSE_ELEMENT, in[4], 2}, /* reads it twice: one reader */
    };
    const int maker[] = {-1, 0, 1, 2, 3, 4}, want[] = {-1, 1, -1, 3, 4, -1};
    const bool stays[] = {false, false, false, false, false, true};
    int readers[6], into[6];
    pj_fuse_find(node, 5, maker, stays, 6, 1u << PJ_FUSE_ELEMENT, readers, into);
    for (int t = 0; t < 6; t++)
        CHECK_INT(into[t], want[t]);
    CHECK_INT(readers[2], 2);
    pj_fuse_find(node, 5, maker, stays, 6, 1u << PJ_FUSE_NORM, readers, into);
    for (int t = 0; t < 6; t++)
        CHECK_INT(into[t], -1);
}

static uint64_t state = 7;

static double pick(double least, double most)
{
    state = state * 6364136223846793005u + 1442695040888963407u;
    return floor(least + (double)(state >> 33) / 2147483648.0 * (most - least + 1));
}

/* What the best choice of whole tensors saves: all of them are tried. */
static double best_choice(const pj_stay *stay, int count, int steps, double capacity, double write, double read)
{
    double best = 0;
    for (unsigned set = 0; set < 1u << count; set++) {
        double saved = 0;
        bool fits = true;
        for (int step = 0; step < steps && fits; step++) {
            double live = 0;
            for (int i = 0; i < count; i++)
                live += set >> i & 1 && stay[i].born <= step && step <= stay[i].last ? stay[i].bits : 0;
            fits = live <= capacity;
        }
        for (int i = 0; i < count; i++)
            saved += set >> i & 1 ? stay[i].bits * (write + read * stay[i].readers) : 0;
        best = fits ? fmax(best, saved) : best;
    }
    return best;
}

static void test_residents(void)
{
    /* memory-hierarchy: equal densities; C and B stay and save 60 x 3 + 40 x 2, A alone would save 200 */
    const pj_stay three[] = {
        {100, 0, 1, 1},
        {60,  0, 2, 2},
        {40,  1, 2, 1},
    };
    pj_arena *arena = pj_arena_new(0);
    pj_residency r;
    pj_error err = {0};
    CHECK_INT(pj_resident_choose(three, 3, 3, 120, NULL, 1, 1, arena, &r, &err), PJ_OK);
    CHECK(!r.on_chip[0] && r.on_chip[1] && r.on_chip[2]);
    CHECK_NEAR(r.saved, 260, 0);
    CHECK_NEAR(r.live[0], 60, 0);
    CHECK_NEAR(r.live[1], 100, 0);
    CHECK_NEAR(r.live[2], 100, 0);
    /* spread over their lives: densities 1 at all steps; step 0 holds 120 of A and B, step 1 120 of all, step 2 100 */
    CHECK_NEAR(r.bound, 120 + 120 + 100, 1e-15);
    CHECK_INT(pj_resident_choose(three, 3, 2, 120, NULL, 1, 1, arena, &r, &err), PJ_EARGUMENT);
    CHECK_INT(pj_resident_choose(NULL, 0, 0, 120, NULL, 1, 1, arena, &r, &err), PJ_OK);
    for (int i = 0; i < 300; i++) {
        enum { MOST = 10, STEPS = 8 };
        pj_stay stay[MOST];
        int count = (int)pick(1, MOST);
        for (int k = 0; k < count; k++) {
            int born = (int)pick(0, STEPS - 1);
            stay[k] = (pj_stay){pick(0, 50), born, (int)pick(born, STEPS - 1), pick(1, 3)};
        }
        CHECK_INT(pj_resident_choose(stay, (size_t)count, STEPS, 100, NULL, 2, 1, arena, &r, &err), PJ_OK);
        double best = best_choice(stay, count, STEPS, 100, 2, 1);
        CHECK(r.saved <= best * (1 + 1e-12));
        CHECK(best <= r.bound * (1 + 1e-12));
        for (int step = 0; step < STEPS; step++)
            CHECK(r.live[step] <= 100);
    }
    pj_arena_free(arena);
}

/* 100,000 tensors of which each lives for half of all steps: no bound, and no time to speak of. */
static void test_many(void)
{
    enum { MANY = 100000 };
    pj_arena *arena = pj_arena_new(0);
    pj_stay *stay = PJ_NEW(arena, pj_stay, MANY);
    pj_residency r;
    pj_error err = {0};
    for (int i = 0; stay && i < MANY; i++)
        stay[i] = (pj_stay){pick(1, 1000), i / 2, i / 2 + MANY / 2 - 1, 1};
    CHECK_INT(pj_resident_choose(stay, MANY, MANY, 1e6, NULL, 1, 1, arena, &r, &err), PJ_OK);
    CHECK(r.bound < 0);
    CHECK(r.saved > 0);
    pj_arena_free(arena);
}

/* memory-hierarchy section 8. */
static void test_special(void)
{
    pj_attention a = {1024, 1024, 64, 64, 16, 32, 1048576, 0};
    pj_attention_traffic t = pj_attention_find(&a);
    CHECK(t.fits);
    CHECK_NEAR(t.block_rows, 176, 0);
    CHECK_NEAR(t.passes, 6, 0);
    CHECK_NEAR(t.bits, 14680064, 0);
    CHECK_NEAR(t.unfused, 71303168, 0);
    CHECK_NEAR(t.q + t.k + t.v + t.o, t.bits, 0);
    a.buffer_bits = 131072; /* no row beside a block of keys */
    t = pj_attention_find(&a);
    CHECK(!t.fits);
    CHECK_NEAR(t.bits, t.unfused, 0);
    a.buffer_bits = 1e12; /* all rows at once */
    t = pj_attention_find(&a);
    CHECK_NEAR(t.passes, 1, 0);
    CHECK_NEAR(t.bits, 4.0 * 1024 * 64 * 16, 0);

    CHECK_NEAR(pj_cache_bits(2048, 4096, 16), 268435456, 0);
    CHECK_NEAR(pj_recurrent_bits(1048576, 0, 10, 256 * 8192.0), 1048576, 0);
    CHECK_NEAR(pj_recurrent_bits(1048576, 0, 10, 0), 10485760, 0);
    CHECK_NEAR(pj_recurrent_bits(1000, 100, 3, 700), 1000 + 2 * 400, 0);
    CHECK_NEAR(pj_recurrent_bits(1000, 0, 0, 0), 1000, 0);
}

int main(void)
{
    test_classes();
    test_fuse();
    test_residents();
    test_many();
    test_special();
    return check_done();
}
