/* Encoders, scalers and maps of ai.onnx.ml. (Linear models: estimator.c; trees: tree.c.) */
#include "ops/element.h"
#include "ops/estimator.h"
#include "ops/families.h"
#include "ops/values.h"

/* float32 of the input's shape, whatever type it has */
PJ_SHAPE(float, pj_set_shape_of(c, 0, PJ_FLOAT32, 0))

/* (x - offset) * scale */
PJ_WORK_EACH(scaler, [PJ_ADD] = pj_ml_count(c, "offset") > 0, [PJ_MUL] = pj_ml_count(c, "scale") > 0)

/* Rows are divided (1 div an element) by their maximum (1 cmp), the sum of their magnitudes (1 cmp, 1 add), or the root
 * (1 sqrt a row) of the sum of their squares (1 mul, 1 add). */
static pj_status work_normalizer(pj_ctx *c, pj_work *work)
{
    const char *norm = pj_attr_string(c, "norm", "MAX");
    pj_num n = pj_out_count(c, 0);
    bool squares = strcmp(norm, "L2") == 0;
    pj_work_add(c, work, squares ? PJ_MUL : PJ_CMP, n);
    if (squares || strcmp(norm, "L1") == 0)
        pj_work_add(c, work, PJ_ADD, n);
    if (squares)
        pj_work_add(c, work, PJ_SQRT, pj_ml_samples(c));
    pj_work_add(c, work, PJ_DIV, n);
    return PJ_OK;
}

/* Categories: each element is looked up in a table by its hash, one comparison with what is found there. Strings become
 * numbers, numbers strings. */
static pj_status shape_category(pj_ctx *c)
{
    pj_dtype dtype = pj_in_dtype(c, 0);
    return pj_set_shape_of(c, 0, dtype == PJ_UNDEFINED ? dtype : dtype == PJ_STRING ? PJ_INT64 : PJ_STRING, 0);
}

/* Since opset 2 the attribute values_... tells the type; classes_strings before maps both ways. */
static pj_status shape_label(pj_ctx *c)
{
    const pj_tensor *tensor = pj_attr_tensor(c, "values_tensor");
    if (tensor)
        return pj_set_shape_of(c, 0, tensor->dtype, 0);
    if (pj_attr_present(c, "values_strings"))
        return pj_set_shape_of(c, 0, PJ_STRING, 0);
    if (pj_attr_present(c, "values_int64s"))
        return pj_set_shape_of(c, 0, PJ_INT64, 0);
    if (pj_attr_present(c, "values_floats"))
        return pj_set_shape_of(c, 0, PJ_FLOAT32, 0);
    if (pj_attr_present(c, "classes_strings"))
        return shape_category(c);
    return pj_fail(c->err, PJ_ESHAPE,
                   "none of the attributes values_tensor, values_strings, values_int64s, "
                   "values_floats and classes_strings is there");
}

/* A new last axis, as long as there are categories. */
static pj_status shape_one_hot(pj_ctx *c)
{
    pj_num dims[PJ_MAX_RANK + 1];
    int rank = pj_in_rank(c, 0);
    int64_t strings = pj_ml_count(c, "cats_strings"), numbers = pj_ml_count(c, "cats_int64s");
    if ((strings > 0) == (numbers > 0))
        return pj_fail(c->err, PJ_ESHAPE, "%lld categories in cats_strings and %lld in cats_int64s; one must be empty",
                       (long long)strings, (long long)numbers);
    if (rank < 0)
        return pj_set_dtype(c, 0, PJ_FLOAT32);
    for (int k = 0; k < rank; k++)
        dims[k] = pj_in_dim(c, 0, k);
    dims[rank] = pj_num_of(strings ? strings : numbers);
    return pj_set(c, 0, PJ_FLOAT32, rank + 1, dims);
}

PJ_WORK(one_hot, pj_work_add(c, work, PJ_CMP, pj_in_count(c, 0)))

/* Columns that input `i` gives: as many as the attribute says, else all it has. */
static pj_num columns_of(pj_ctx *c, int i, const int64_t *widths)
{
    if (widths)
        return pj_num_of(widths[i]);
    int rank = pj_in_rank(c, i);
    return rank < 0 ? pj_num_unknown() : pj_dims_product(c, pj_in_type(c, i)->dims, rank > 1 ? 1 : 0, rank);
}

/* [N, all columns] */
static pj_status shape_feature(pj_ctx *c)
{
    int count;
    const int64_t *widths = pj_attr_ints(c, "inputdimensions", &count);
    pj_num dims[2] = {pj_ml_samples(c), pj_num_of(0)};
    if (widths && count != c->node->inputs)
        return pj_fail(c->err, PJ_ESHAPE, "inputdimensions names %d widths for %d inputs", count, c->node->inputs);
    for (int i = 0; i < c->node->inputs; i++)
        dims[1] = pj_num_add(c->symbols, dims[1], columns_of(c, i, widths));
    return pj_set(c, 0, PJ_FLOAT32, 2, dims);
}

/* What is not float32 is converted. */
static pj_status work_feature(pj_ctx *c, pj_work *work)
{
    if (pj_in_dtype(c, 0) != PJ_FLOAT32)
        pj_work_add(c, work, PJ_ROUND, pj_out_count(c, 0));
    return PJ_OK;
}

/* Columns of the last axis by index; of a vector, [1, indices]. */
static pj_status shape_extractor(pj_ctx *c)
{
    pj_num dims[PJ_MAX_RANK + 1] = {pj_num_of(1)};
    int rank = pj_in_rank(c, 0), out = rank == 1 ? 2 : rank;
    if (rank == 0)
        return pj_fail(c->err, PJ_ESHAPE, "the input has no axis to take columns of");
    for (int k = 0; k < rank - 1; k++)
        dims[k] = pj_in_dim(c, 0, k);
    if (rank > 0)
        dims[out - 1] = pj_in_count(c, 1);
    return pj_set(c, 0, pj_in_dtype(c, 0), out, dims);
}

/* float32 for each label, a map for each row */
static pj_status shape_zip(pj_ctx *c)
{
    pj_type *types = PJ_NEW(c->arena, pj_type, 2), all = pj_type_unknown();
    PJ_TRY(pj_got(types, c->err));
    if (pj_in_rank(c, 0) == 0 || pj_in_rank(c, 0) > 2)
        return pj_fail(c->err, PJ_ESHAPE, "the input has rank %d; it must be [N,C] or [C]", pj_in_rank(c, 0));
    types[0] = pj_type_tensor(PJ_FLOAT32, 0, NULL);
    types[1] = pj_type_unknown();
    types[1].kind = PJ_MAP;
    types[1].key = pj_ml_count(c, "classlabels_strings") ? PJ_STRING : PJ_INT64;
    types[1].of = &types[0];
    all.kind = PJ_SEQUENCE;
    all.of = &types[1];
    return pj_set_type(c, 0, all);
}

PJ_WORK(zip, work->written[0] = pj_in_count(c, 0))

/* The type of a map's values. */
static pj_dtype mapped_dtype(const pj_ctx *c)
{
    const pj_type *type = pj_in_type(c, 0);
    return type->kind == PJ_MAP ? type->of->dtype : PJ_UNDEFINED;
}

/* [1, vocabulary] */
static pj_status shape_dict(pj_ctx *c)
{
    int64_t strings = pj_ml_count(c, "string_vocabulary"), numbers = pj_ml_count(c, "int64_vocabulary");
    pj_num dims[2] = {pj_num_of(1), pj_num_of(strings ? strings : numbers)};
    return pj_set(c, 0, mapped_dtype(c), 2, dims);
}

/* Each word is looked up in the map; at most all are there to be read. */
static pj_status work_dict(pj_ctx *c, pj_work *work)
{
    work->read[0] = pj_out_count(c, 0);
    pj_work_add(c, work, PJ_CMP, pj_out_count(c, 0));
    return PJ_OK;
}

/* [1, max_map] where the keys are places, else [1, entries of the map] */
static pj_status shape_cast_map(pj_ctx *c)
{
    const char *to = pj_attr_string(c, "cast_to", "TO_FLOAT"), *form = pj_attr_string(c, "map_form", "DENSE");
    bool sparse = strcmp(form, "SPARSE") == 0;
    pj_num dims[2] = {pj_num_of(1), sparse ? pj_num_of(pj_attr_int(c, "max_map", 1)) : pj_num_unknown()};
    pj_dtype dtype = strcmp(to, "TO_STRING") == 0 ? PJ_STRING : strcmp(to, "TO_INT64") == 0 ? PJ_INT64 : PJ_FLOAT32;
    return pj_set(c, 0, dtype, 2, dims);
}

/* One conversion a value, where the type changes. */
static pj_status work_cast_map(pj_ctx *c, pj_work *work)
{
    work->read[0] = pj_out_count(c, 0);
    if (pj_wants(c, 0) && pj_out_dtype(c, 0) != mapped_dtype(c))
        pj_work_add(c, work, PJ_ROUND, pj_out_count(c, 0));
    return PJ_OK;
}

/*  domain, op_type, since, roles, traits, shape, value, work */
static const pj_op_desc rows[] = {
    {PJ_ML, "Binarizer",             1, "x",  0,        pj_shape_same,   NULL, pj_work_cmp1         },
    {PJ_ML, "Imputer",               1, "x",  PJ_HOLDS, pj_shape_same,   NULL, pj_work_cmp1         },
    {PJ_ML, "Scaler",                1, "x",  PJ_HOLDS, shape_float,     NULL, work_scaler          },
    {PJ_ML, "Normalizer",            1, "x",  0,        shape_float,     NULL, work_normalizer      },
    {PJ_ML, "CategoryMapper",        1, "x",  0,        shape_category,  NULL, pj_work_cmp1         },
    {PJ_ML, "LabelEncoder",          1, "x",  0,        shape_label,     NULL, pj_work_cmp1         },
    {PJ_ML, "OneHotEncoder",         1, "x",  PJ_HOLDS, shape_one_hot,   NULL, work_one_hot         },
    {PJ_ML, "FeatureVectorizer",     1, "x*", PJ_MOVE,  shape_feature,   NULL, work_feature         },
    {PJ_ML, "ArrayFeatureExtractor", 1, "xi", PJ_MOVE,  shape_extractor, NULL, pj_work_reads_outputs},
    {PJ_ML, "ZipMap",                1, "x",  PJ_MOVE,  shape_zip,       NULL, work_zip             },
    {PJ_ML, "DictVectorizer",        1, "x",  0,        shape_dict,      NULL, work_dict            },
    {PJ_ML, "CastMap",               1, "x",  0,        shape_cast_map,  NULL, work_cast_map        },
};

PJ_FAMILY(ml);
