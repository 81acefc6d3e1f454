/* Memory policies: the moves of `once` by hand, the table, and lives of buffers. */
#include <string.h>

#include "check.h"
#include "cost/rules.h"
#include "infer/infer.h"
#include "load/load.h"
#include "model.h"
#include "quantized.h"

typedef struct setting {
    pj_arena *arena;
    pj_model *model;
    pj_table *table;
    pj_diags diags;
    pj_precision precision;
    pj_schedule schedule;
    pj_layers layers;
    pj_memory memory;
} setting;

/* x [1,2,4,4] -> conv (kernel 3x2x1x1, bias 3) -> c [1,3,4,4] -> relu -> r -> add (r + c) -> y; fp32. */
static void set_up(setting *s)
{
    builder b = build_new(17);
    pj_error err = {0};
    pj_setup setup = pj_setup_default();
    *s = (setting){.arena = pj_arena_new(0)};
    build_input(&b, "x", PJ_FLOAT32, "1,2,4,4");
    build_initializer(&b, "w", PJ_FLOAT32, "3,2,1,1");
    build_initializer(&b, "bias", PJ_FLOAT32, "3");
    put_node(&b, "conv", "Conv", "x,w,bias", "c");
    put_node(&b, "relu", "Relu", "c", "r");
    put_node(&b, "add", "Add", "r,c", "y");
    build_output(&b, "y", PJ_FLOAT32, "1,3,4,4");
    s->model = build_expect(&b);
    pj_diags_init(&s->diags, s->arena);
    CHECK_INT(pj_infer(s->model, &s->model->diags, &err), PJ_OK);
    CHECK_INT(pj_table_open("horowitz-45nm", NULL, &s->table, &err), PJ_OK);
    CHECK_INT(pj_precision_read(s->model, NULL, true, s->arena, &s->diags, &s->precision, &err), PJ_OK);
    CHECK_INT(pj_schedule_steps(s->model, s->arena, &s->diags, &s->schedule, &err), PJ_OK);
    CHECK_INT(pj_layers_count(&s->schedule, &s->precision, s->table, s->arena, &s->diags, &s->layers, &err), PJ_OK);
    CHECK_INT(pj_schedule_buffers(&s->precision, s->arena, &s->schedule, &err), PJ_OK);
    CHECK_INT(pj_memory_of(s->table, NULL, &setup, &s->memory, &err), PJ_OK);
}

static void tear_down(setting *s)
{
    pj_table_close(s->table);
    pj_unload(s->model);
    pj_arena_free(s->arena);
}

static void check_move(const pj_move *move, pj_operand operand, const char *value, uint64_t bits, pj_place from,
                       pj_place to)
{
    CHECK_INT(move->operand, operand);
    CHECK_TEXT(move->value->name, value);
    CHECK_INT(move->bits, bits);
    CHECK_INT(move->from, from);
    CHECK_INT(move->to, to);
    CHECK(move->times == 1);
    CHECK(move->sram_bits == (double)bits);
}

static pj_traffic traffic_of(setting *s, pj_moves *moves)
{
    return (pj_traffic){.schedule = &s->schedule,
                        .precision = &s->precision,
                        .layers = &s->layers,
                        .memory = &s->memory,
                        .arena = s->arena,
                        .kept = s->arena,
                        .moves = moves};
}

static void test_once(setting *s)
{
    const pj_policy *once = pj_policy_at(0);
    pj_moves moves = {.arena = s->arena};
    pj_traffic traffic = traffic_of(s, &moves);
    pj_layer row = {.runs = 1};
    pj_error err = {0};
    CHECK_TEXT(once->name, "once");
    s->memory.io_on_dram = false;
    s->memory.activations_on = PJ_PLACE_FIXED;
    CHECK_INT(once->charge(&traffic, 0, &row, &err), PJ_OK);
    CHECK_INT(moves.count, 4);
    check_move(&moves.at[0], PJ_OPERAND_PARAMETER, "w", 6 * 32, PJ_PLACE_DRAM, PJ_PLACE_FIXED);
    check_move(&moves.at[1], PJ_OPERAND_PARAMETER, "bias", 3 * 32, PJ_PLACE_DRAM, PJ_PLACE_FIXED);
    check_move(&moves.at[2], PJ_OPERAND_INPUT, "x", 32 * 32, PJ_PLACE_SRAM, PJ_PLACE_FIXED);
    check_move(&moves.at[3], PJ_OPERAND_OUTPUT, "c", 48 * 32, PJ_PLACE_FIXED, PJ_PLACE_FIXED);
    s->memory.io_on_dram = true; /* staged, both ways */
    s->memory.activations_on = PJ_PLACE_DRAM;
    CHECK_INT(once->charge(&traffic, 2, &row, &err), PJ_OK);
    CHECK_INT(moves.count, 3);
    check_move(&moves.at[0], PJ_OPERAND_INPUT, "r", 48 * 32, PJ_PLACE_DRAM, PJ_PLACE_SRAM);
    check_move(&moves.at[1], PJ_OPERAND_INPUT, "c", 48 * 32, PJ_PLACE_DRAM, PJ_PLACE_SRAM);
    check_move(&moves.at[2], PJ_OPERAND_OUTPUT, "y", 48 * 32, PJ_PLACE_SRAM, PJ_PLACE_DRAM);
}

/* The sum of the moves' prices is what a layer pays. */
static void test_sum(setting *s)
{
    pj_moves moves = {.arena = s->arena};
    pj_traffic traffic = traffic_of(s, &moves);
    pj_totals totals = {0};
    pj_error err = {0};
    CHECK_INT(pj_price_layers(&s->schedule, &s->precision, &s->memory, pj_policy_at(0), s->arena, s->arena, &s->diags,
                              &s->layers, &totals, &err),
              PJ_OK);
    for (size_t i = 0; i < s->layers.count; i++) {
        pj_layer row = {.runs = 1};
        pj_energy sum = {0};
        CHECK_INT(pj_policy_at(0)->charge(&traffic, i, &row, &err), PJ_OK);
        for (size_t m = 0; m < moves.count; m++)
            pj_move_charge(&s->memory, &moves.at[m], &sum);
        CHECK_NEAR(s->layers.row[i].energy.inputs, sum.inputs, 1e-15);
        CHECK_NEAR(s->layers.row[i].energy.outputs, sum.outputs, 1e-15);
        CHECK_NEAR(s->layers.row[i].energy.parameters, sum.parameters, 1e-15);
    }
}

/* A staging buffer is no larger than the largest SRAM that Horowitz has a figure for: 1 MiB. */
static void test_largest_sram(setting *s)
{
    pj_move small = pj_move_read(&s->memory, PJ_OPERAND_INPUT, PJ_PLACE_DRAM, 8u << 20), large = small;
    large.bits *= 4;
    large.sram_bits *= 4;
    s->memory.min_sram_bits = 0;
    CHECK_NEAR(pj_move_price(&s->memory, &small), (8u << 20) * (20.3125 + 1.5625), 1e-12);
    CHECK_NEAR(pj_move_price(&s->memory, &large), 4 * pj_move_price(&s->memory, &small), 1e-12);
}

/* Every policy of the table has a name of its own, says what it assumes, and makes moves. */
static void test_table(void)
{
    size_t count = 0;
    for (; pj_policy_at(count); count++) {
        const pj_policy *policy = pj_policy_at(count);
        size_t length = strlen(policy->assumed);
        CHECK(*policy->name && policy->charge && length > 0 && policy->assumed[length - 1] != '.');
        for (size_t i = 0; i < count; i++)
            CHECK(strcmp(pj_policy_at(i)->name, policy->name) != 0);
    }
    CHECK(count > 0);
}

static int root_of(const setting *s, const char *name)
{
    for (int i = 0; i < s->model->values; i++)
        if (strcmp(s->model->value[i]->name, name) == 0)
            return s->schedule.buffers.root[i];
    return -1;
}

/* x is there at the start and read by step 1; c is made by step 1 and read last by step 3; y stays. */
static void test_lives(const setting *s)
{
    const pj_lives *lives = &s->schedule.lives;
    const struct {
        const char *name;
        int born, dies;
    } rows[] = {
        {"x", 0, 1            },
        {"c", 1, 3            },
        {"r", 2, 3            },
        {"y", 3, PJ_STEP_NEVER},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        int root = root_of(s, rows[i].name);
        CHECK(root >= 0);
        CHECK_INT(lives->born[root], rows[i].born);
        CHECK_INT(lives->dies[root], rows[i].dies);
    }
    CHECK_INT(root_of(s, "w"), -1);
    const pj_node *add = s->schedule.step[2].node;
    int dead = 0;
    for (int root = lives->first_dead[add->id]; root >= 0; root = lives->next_dead[root])
        dead++;
    CHECK_INT(dead, 2);
}

int main(void)
{
    setting s;
    set_up(&s);
    test_lives(&s);
    test_table();
    test_sum(&s);
    test_largest_sram(&s);
    test_once(&s);
    tear_down(&s);
    return check_done();
}
