/* Runs the operator cases of one or more .case files: builds the node of a case in memory, infers it, counts its work,
 * and compares with what the case says. The format is described in tests/ops/README.md. With --every-row, operators
 * without a case are failures, too. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cases.h"
#include "infer/infer.h"
#include "ops/op.h"
#include "schedule/work.h"

static int passed, failed;
static const pj_op_desc *tested[4096]; /* rows that a case has used */
static int tested_count;

static void say_failure(const test_case *t, const char *what, const char *got, const char *want)
{
    printf("%s:%d: %s: got %s, expected %s\n", t->file, t->line, what, got, want);
}

static bool check_outputs(test_case *t)
{
    bool ok = true;
    for (int o = 0; o < t->out_count; o++) {
        if (strcmp(t->outs[o], "-") == 0)
            continue;
        pj_str got = pj_str_new(0), want = pj_str_new(0);
        char copy[1024], *at = copy;
        snprintf(copy, sizeof copy, "%s", t->outs[o]);
        if (strcmp(copy, "?") == 0) {
            pj_type unknown = pj_type_unknown();
            pj_type_print(&unknown, &want);
        } else {
            pj_type type = read_type(t, &at);
            pj_type_print(&type, &want);
        }
        pj_type_print(&t->node->out[o]->type, &got);
        if (strcmp(got.data, want.data) != 0) {
            say_failure(t, "output", got.data, want.data);
            ok = false;
        }
        pj_str_free(&got);
        pj_str_free(&want);
    }
    return ok;
}

static bool check_data(test_case *t)
{
    bool ok = true;
    for (int o = 0; o < t->data_count; o++) {
        const pj_value *value = t->node->out[o];
        pj_str got = pj_str_new(0);
        for (int64_t k = 0; k < value->data_count; k++) {
            if (k)
                pj_str_add(&got, " ");
            pj_num_print(value->data[k], &got);
        }
        if (!value->data)
            pj_str_add(&got, "none");
        if (strcmp(got.data, t->data[o]) != 0) {
            say_failure(t, "contents", got.data, t->data[o]);
            ok = false;
        }
        pj_str_free(&got);
    }
    return ok;
}

static bool check_work(test_case *t, pj_diags *diags, pj_error *err)
{
    pj_work work;
    bool counted, ok = true;
    pj_str got = pj_str_new(0);
    if (!t->has_work && !t->has_read)
        return true;
    if (pj_work_of_node(t->model, t->node, t->arena, diags, &work, &counted, err) != PJ_OK) {
        say_failure(t, "work", err->what, t->work);
        return false;
    }
    for (int p = 0; p < PJ_PRIMS && counted; p++) {
        if (pj_num_is(work.count[p], 0))
            continue;
        pj_str_printf(&got, "%s%s=", got.length ? " " : "", pj_prim_word((pj_prim)p));
        pj_num_print(work.count[p], &got);
    }
    if (t->has_work && strcmp(!counted ? "uncounted" : got.length ? got.data : "none", t->work) != 0) {
        say_failure(t, "work", !counted ? "uncounted" : got.length ? got.data : "none", t->work);
        ok = false;
    }
    pj_str_clear(&got);
    for (int i = 0; i < t->node->inputs; i++) {
        if (i)
            pj_str_add(&got, " ");
        pj_num_print(work.read[i], &got);
    }
    if (t->has_read && strcmp(got.data, t->read) != 0) {
        say_failure(t, "read", got.data, t->read);
        ok = false;
    }
    pj_str_free(&got);
    return ok;
}

static bool check_finding(test_case *t, const pj_diags *diags)
{
    bool found = !t->finding[0];
    for (const pj_diag *diag = diags->first; diag && !found; diag = diag->next)
        found = strstr(diag->message, t->finding) != NULL;
    if (!found)
        say_failure(t, "finding", diags->first ? diags->first->message : "none", t->finding);
    return found;
}

static void run_case(test_case *t, void *payload)
{
    pj_error err;
    pj_diags diags;
    bool ok = true;
    memset(&err, 0, sizeof err);
    pj_diags_init(&diags, t->arena);
    (void)payload;
    t->node->outputs = t->out_count ? t->out_count : 1;
    t->node->out = PJ_NEW(t->arena, pj_value *, t->node->outputs);
    for (int o = 0; o < t->node->outputs; o++)
        if (strcmp(t->outs[o], "-") != 0)
            t->node->out[o] = add_value(t, t->model->graph, "");
    pj_status status = pj_infer_node(t->model, t->node, &diags, &err);
    if (t->error[0]) {
        ok = status != PJ_OK && strstr(err.what, t->error);
        if (!ok)
            say_failure(t, "error", status == PJ_OK ? "success" : err.what, t->error);
    } else if (status != PJ_OK) {
        say_failure(t, "error", err.what, "success");
        ok = false;
    } else if (!t->node->desc) {
        say_failure(t, "operator", "unknown", t->node->op);
        ok = false;
    } else {
        ok = check_outputs(t);
        ok = check_data(t) && ok;
        ok = check_work(t, &diags, &err) && ok;
        ok = check_finding(t, &diags) && ok;
    }
    if (t->node->desc && tested_count < (int)(sizeof tested / sizeof *tested))
        tested[tested_count++] = t->node->desc;
    if (ok)
        passed++;
    else
        failed++;
}

static bool row_is_tested(const pj_op_desc *row)
{
    for (int k = 0; k < tested_count; k++)
        if (tested[k] == row)
            return true;
    return false;
}

/* No operator may have two rows for one opset: only the first would ever be found. */
static void check_unique(const pj_op_desc *row)
{
    int same = 0;
    for (const pj_op_family *const *family = pj_op_families(); *family; family++)
        for (int i = 0; i < (*family)->count; i++) {
            const pj_op_desc *other = &(*family)->rows[i];
            same += row->since == other->since && strcmp(row->op, other->op) == 0 &&
                    strcmp(row->domain, other->domain) == 0;
        }
    passed += same == 1;
    failed += same != 1;
    if (same != 1)
        printf("%s%s%s since %d has %d rows\n", row->domain, row->domain[0] ? "::" : "", row->op, row->since, same);
}

/* Every row of every family must have been used by a case. */
static void check_every_row(void)
{
    for (const pj_op_family *const *family = pj_op_families(); *family; family++) {
        for (int i = 0; i < (*family)->count; i++) {
            const pj_op_desc *row = &(*family)->rows[i];
            bool ok = row_is_tested(row);
            check_unique(row);
            passed += ok;
            failed += !ok;
            if (!ok)
                printf("%s.c: %s%s%s since %d has no case in tests/ops\n", (*family)->name, row->domain,
                       row->domain[0] ? "::" : "", row->op, row->since);
        }
    }
}

int main(int argc, char **argv)
{
    bool every_row = argc > 1 && strcmp(argv[1], "--every-row") == 0;
    for (int i = every_row ? 2 : 1; i < argc; i++)
        each_case(argv[i], run_case, NULL);
    if (every_row)
        check_every_row();
    printf("%d passed, %d failed\n", passed, failed);
    return failed || !passed ? 1 : 0;
}
