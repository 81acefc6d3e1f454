/* Limits of --fail-on on what two models differ by. */
#include "base/amount.h"
#include "evaluate/evaluation.h"

typedef enum figure { SQNR, ERROR, DIFFERENCE, AGREEMENT, TOP1, TOP1_DROP } figure;

typedef struct limit {
    figure of;
    bool is_below; /* fails below the bound, else above it */
    double bound;
} limit;

static const struct {
    const char *word;
    bool is_share, is_below;
} figures[] = {
    [SQNR] = {"sqnr",       false, true },
    [ERROR] = {"error",      false, false},
    [DIFFERENCE] = {"difference", false, false},
    [AGREEMENT] = {"agreement",  true,  true },
    [TOP1] = {"top1",       true,  true },
    [TOP1_DROP] = {"top1_drop",  true,  false},
};

static const char wants[] = "sqnr<DB, error>SHARE, difference>NUMBER, agreement<SHARE, top1<SHARE or top1_drop>SHARE, "
                            "for example 'sqnr<30' or 'top1_drop>1%'";

static const char *read(const char *text, limit *out)
{
    size_t length = strcspn(text, "<>");
    const char *end;
    for (size_t i = 0; i < sizeof figures / sizeof *figures; i++) {
        if (strlen(figures[i].word) != length || strncmp(figures[i].word, text, length) != 0)
            continue;
        if (text[length] != (figures[i].is_below ? '<' : '>'))
            return wants;
        out->of = (figure)i;
        out->is_below = figures[i].is_below;
        end = pj_amount_number(text + length + 1, PJ_DIGITS_EXPONENT, &out->bound);
        if (!end)
            return wants;
        if (*end == '%' && figures[i].is_share) {
            out->bound /= 100;
            end++;
        }
        return *end ? wants : NULL;
    }
    return wants;
}

const char *pj_verify_limit_check(const char *text)
{
    limit out;
    return read(text, &out);
}

static double value_of(const pj_verified *v, figure of)
{
    double most = 0;
    switch (of) {
    case SQNR:
        return v->sqnr_db;
    case ERROR:
        return v->error;
    case DIFFERENCE:
        for (size_t i = 0; i < v->output_count; i++)
            most = fmax(most, v->outputs[i].odd ? INFINITY : v->outputs[i].difference);
        return most;
    case AGREEMENT:
        return v->agreement;
    case TOP1:
        return v->top1_other;
    case TOP1_DROP:
        return v->top1 - v->top1_other;
    }
    return NAN;
}

bool pj_verify_fails(const pj_verified *verified, const char *text, bool *known)
{
    limit found;
    *known = false;
    if (read(text, &found))
        return false;
    double value = value_of(verified, found.of);
    *known = !isnan(value);
    return *known && (found.is_below ? value < found.bound : value > found.bound);
}
