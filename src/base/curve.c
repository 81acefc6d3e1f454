/* Constants, polynomials, and points with power laws between them. */
#include "base/curve.h"

#include "base/real.h"

static double polynomial_at(const pj_curve *curve, double x)
{
    double y = 0;
    for (int i = 0; i < curve->count; i++)
        y = y * x + curve->y[i];
    return y;
}

static double points_at(const pj_curve *curve, double x)
{
    int i = 0; /* segment from point i to i + 1 */
    if (!(x > 0))
        return 0;
    while (i + 2 < curve->count && x > curve->x[i + 1])
        i++;
    if (x == curve->x[i + 1]) /* exact at the points, without the error of a logarithm */
        return curve->y[i + 1];
    double slope = pj_log(curve->y[i + 1] / curve->y[i]) / pj_log(curve->x[i + 1] / curve->x[i]);
    return curve->y[i] * pj_pow(x / curve->x[i], slope);
}

double pj_curve_at(const pj_curve *curve, double x)
{
    double y = 0;
    switch (curve->form) {
    case PJ_CURVE_NONE:
        break;
    case PJ_CURVE_CONSTANT:
        y = curve->y[0];
        break;
    case PJ_CURVE_POLYNOMIAL:
        y = polynomial_at(curve, x);
        break;
    case PJ_CURVE_POINTS:
        y = points_at(curve, x);
        break;
    }
    return y > 0 ? y : 0;
}

pj_status pj_curve_read_polynomial(pj_figures *figures, pj_json object, const char *key, int least, int most,
                                   const char *unit, const char *x_unit, pj_curve *out, pj_error *err)
{
    pj_json list;
    PJ_TRY(pj_json_get_array(object, key, &list, err));
    size_t count = pj_json_count(list);
    if (count < (size_t)least || count > (size_t)most) {
        if (least == most)
            return pj_json_fail(list, PJ_EFORMAT, err, "%zu coefficients; a polynomial of degree %d has %d", count,
                                most - 1, most);
        return pj_json_fail(list, PJ_EFORMAT, err, "%zu coefficients; expected %d to %d", count, least, most);
    }
    out->form = PJ_CURVE_POLYNOMIAL;
    out->count = (int)count;
    int i = 0;
    for (pj_json at = pj_json_first(list); at.node; at = pj_json_next(at), i++) {
        char text[64];
        int power = out->count - 1 - i;
        if (power == 0)
            (void)snprintf(text, sizeof text, "%s", unit);
        else if (power == 1)
            (void)snprintf(text, sizeof text, "%s per %s", unit, x_unit);
        else
            (void)snprintf(text, sizeof text, "%s per %s^%d", unit, x_unit, power);
        PJ_TRY(pj_figure_coefficient(figures, object, at, text, &out->y[i], err));
    }
    return PJ_OK;
}

static pj_status read_point(pj_figures *figures, pj_json point, const char *x_key, const char *key, const char *unit,
                            pj_curve *curve, pj_error *err)
{
    const char *const known[] = {x_key, key, "source", "confidence", "note", NULL};
    int i = curve->count;
    char text[64];
    PJ_TRY(pj_json_only_keys(point, known, err));
    PJ_TRY(pj_json_get_double(point, x_key, &curve->x[i], err));
    if (!(curve->x[i] > 0) || curve->x[i] > 1e12)
        return pj_json_fail(pj_json_find(point, x_key), PJ_EFORMAT, err, "%g is not between 0 and 1e12", curve->x[i]);
    (void)snprintf(text, sizeof text, "%s at %g %s", unit, curve->x[i], x_key);
    PJ_TRY(pj_figure_take(figures, point, key, text, &curve->y[i], err));
    if (!(curve->y[i] > 0))
        return pj_json_fail(pj_json_find(point, key), PJ_EFORMAT, err, "a point of a power law cannot be 0");
    if (i && curve->x[i] <= curve->x[i - 1])
        return pj_json_fail(pj_json_find(point, x_key), PJ_EFORMAT, err,
                            "%g does not rise above %g of the point before", curve->x[i], curve->x[i - 1]);
    if (i && curve->y[i] < curve->y[i - 1])
        return pj_json_fail(pj_json_find(point, key), PJ_EFORMAT, err, "%g falls below %g of the point before",
                            curve->y[i], curve->y[i - 1]);
    curve->count++;
    return PJ_OK;
}

pj_status pj_curve_read_points(pj_figures *figures, pj_json object, const char *x_key, const char *key,
                               const char *unit, pj_curve *out, pj_error *err)
{
    pj_json list;
    PJ_TRY(pj_json_get_array(object, "points", &list, err));
    size_t count = pj_json_count(list);
    if (count < 2 || count > PJ_MAX_CURVE)
        return pj_json_fail(list, PJ_EFORMAT, err, "%zu points; expected 2 to %d", count, PJ_MAX_CURVE);
    out->form = PJ_CURVE_POINTS;
    out->count = 0;
    for (pj_json at = pj_json_first(list); at.node; at = pj_json_next(at))
        PJ_TRY(read_point(figures, at, x_key, key, unit, out, err));
    return PJ_OK;
}
