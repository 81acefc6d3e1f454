/* Validates JSON documents against a JSON Schema: the part of the standard that docs/report.schema.json uses. A keyword
 * that is not known here is an error, so that no rule of the schema goes unchecked.
 *
 *     check_schema SCHEMA FILE...        "-" is standard input */
#include <cJSON.h>
#include <math.h>
#include <regex.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct place {
    const cJSON *root; /* of the schema */
    const char *file;
    const struct place *parent;
    const char *key; /* NULL: an element of an array */
    int index;
} place;

static int failures;
static int trying; /* alternatives, whose failures are nobody's business */

static void print_place(const place *at)
{
    if (!at->parent) {
        printf("%s: $", at->file);
        return;
    }
    print_place(at->parent);
    if (at->key)
        printf(".%s", at->key);
    else
        printf("[%d]", at->index);
}

static void fail(const place *at, const char *what, const char *detail)
{
    failures++;
    if (trying)
        return;
    print_place(at);
    printf(": %s %s\n", what, detail);
}

static void check(const cJSON *schema, const cJSON *value, const place *at);

static const cJSON *member(const cJSON *object, const char *key)
{
    return cJSON_GetObjectItemCaseSensitive(object, key);
}

static bool is_integer(const cJSON *value)
{
    return cJSON_IsNumber(value) && value->valuedouble == floor(value->valuedouble);
}

static bool has_type(const cJSON *value, const char *type)
{
    return (strcmp(type, "object") == 0 && cJSON_IsObject(value)) ||
           (strcmp(type, "array") == 0 && cJSON_IsArray(value)) ||
           (strcmp(type, "string") == 0 && cJSON_IsString(value)) ||
           (strcmp(type, "number") == 0 && cJSON_IsNumber(value)) ||
           (strcmp(type, "integer") == 0 && is_integer(value)) ||
           (strcmp(type, "boolean") == 0 && cJSON_IsBool(value)) || (strcmp(type, "null") == 0 && cJSON_IsNull(value));
}

static void check_type(const cJSON *rule, const cJSON *value, const place *at)
{
    const cJSON *type;
    bool ok = cJSON_IsString(rule) && has_type(value, rule->valuestring);
    cJSON_ArrayForEach(type, rule) ok = ok || has_type(value, type->valuestring);
    if (!ok)
        fail(at, "is not of type", cJSON_IsString(rule) ? rule->valuestring : "(any of the listed ones)");
}

static void check_enum(const cJSON *rule, const cJSON *value, const place *at)
{
    const cJSON *one;
    bool ok = false;
    cJSON_ArrayForEach(one, rule) ok = ok || cJSON_Compare(one, value, true);
    if (!ok)
        fail(at, "is none of the allowed values", "");
}

static void check_const(const cJSON *rule, const cJSON *value, const place *at)
{
    if (!cJSON_Compare(rule, value, true))
        fail(at, "is not", cJSON_IsString(rule) ? rule->valuestring : "the constant");
}

static void check_minimum(const cJSON *rule, const cJSON *value, const place *at)
{
    if (cJSON_IsNumber(value) && value->valuedouble < rule->valuedouble)
        fail(at, "is below the minimum", "");
}

static void check_maximum(const cJSON *rule, const cJSON *value, const place *at)
{
    if (cJSON_IsNumber(value) && value->valuedouble > rule->valuedouble)
        fail(at, "is above the maximum", "");
}

static void check_least_items(const cJSON *rule, const cJSON *value, const place *at)
{
    if (cJSON_IsArray(value) && cJSON_GetArraySize(value) < (int)rule->valuedouble)
        fail(at, "has too few elements", "");
}

static void check_most_items(const cJSON *rule, const cJSON *value, const place *at)
{
    if (cJSON_IsArray(value) && cJSON_GetArraySize(value) > (int)rule->valuedouble)
        fail(at, "has too many elements", "");
}

static void check_any(const cJSON *rule, const cJSON *value, const place *at)
{
    const cJSON *one;
    const int before = failures;
    bool ok = false;
    trying++;
    cJSON_ArrayForEach(one, rule)
    {
        check(one, value, at);
        ok = ok || failures == before;
        failures = before;
    }
    trying--;
    if (!ok)
        fail(at, "is none of the alternatives", "");
}

static void check_required(const cJSON *rule, const cJSON *value, const place *at)
{
    const cJSON *name;
    cJSON_ArrayForEach(name, rule) if (cJSON_IsObject(value) && !member(value, name->valuestring))
        fail(at, "lacks", name->valuestring);
}

static void check_items(const cJSON *rule, const cJSON *value, const place *at)
{
    place inside = {at->root, at->file, at, NULL, 0};
    const cJSON *element;
    if (!cJSON_IsArray(value))
        return;
    cJSON_ArrayForEach(element, value)
    {
        check(rule, element, &inside);
        inside.index++;
    }
}

/* The rule of the first pattern that the name fits, or NULL. */
static const cJSON *find_pattern(const cJSON *patterns, const char *name)
{
    const cJSON *one, *found = NULL;
    cJSON_ArrayForEach(one, patterns)
    {
        regex_t pattern;
        if (found || regcomp(&pattern, one->string, REG_EXTENDED | REG_NOSUB) != 0)
            continue;
        found = regexec(&pattern, name, 0, NULL, 0) == 0 ? one : NULL;
        regfree(&pattern);
    }
    return found;
}

/* Members: by `properties`, then `patternProperties`, else by `additionalProperties` (false: there may be none). */
static void check_members(const cJSON *schema, const cJSON *value, const place *at)
{
    const cJSON *properties = member(schema, "properties"), *others = member(schema, "additionalProperties"), *one;
    if (!cJSON_IsObject(value))
        return;
    cJSON_ArrayForEach(one, value)
    {
        const place inside = {at->root, at->file, at, one->string, 0};
        const cJSON *rule = properties ? member(properties, one->string) : NULL;
        rule = rule ? rule : find_pattern(member(schema, "patternProperties"), one->string);
        if (rule)
            check(rule, one, &inside);
        else if (cJSON_IsObject(others))
            check(others, one, &inside);
        else if (cJSON_IsFalse(others))
            fail(&inside, "is not allowed", "");
    }
}

static void check_ref(const cJSON *rule, const cJSON *value, const place *at)
{
    static const char prefix[] = "#/$defs/";
    const char *name =
        strncmp(rule->valuestring, prefix, sizeof prefix - 1) == 0 ? rule->valuestring + sizeof prefix - 1 : NULL;
    const cJSON *target = name ? member(member(at->root, "$defs"), name) : NULL;
    if (target)
        check(target, value, at);
    else
        fail(at, "schema refers to nothing:", rule->valuestring);
}

typedef void (*checker)(const cJSON *rule, const cJSON *value, const place *at);

/* A keyword without function is looked at elsewhere, or tells people something. */
static const struct {
    const char *keyword;
    checker run;
} checkers[] = {
    {"$ref",                 check_ref        },
    {"type",                 check_type       },
    {"enum",                 check_enum       },
    {"const",                check_const      },
    {"minimum",              check_minimum    },
    {"maximum",              check_maximum    },
    {"minItems",             check_least_items},
    {"maxItems",             check_most_items },
    {"anyOf",                check_any        },
    {"patternProperties",    NULL             },
    {"required",             check_required   },
    {"items",                check_items      },
    {"properties",           NULL             },
    {"additionalProperties", NULL             },
    {"$schema",              NULL             },
    {"$defs",                NULL             },
    {"title",                NULL             },
    {"description",          NULL             },
};

static void check(const cJSON *schema, const cJSON *value, const place *at)
{
    const cJSON *rule;
    cJSON_ArrayForEach(rule, schema)
    {
        size_t i = 0, count = sizeof checkers / sizeof *checkers;
        while (i < count && strcmp(checkers[i].keyword, rule->string) != 0)
            i++;
        if (i == count)
            fail(at, "schema has a keyword that is not checked here:", rule->string);
        else if (checkers[i].run)
            checkers[i].run(rule, value, at);
    }
    check_members(schema, value, at);
}

/* The document in a file; it ends the program where there is none. */
static cJSON *read_json(const char *path)
{
    enum { MOST = 64 * 1024 * 1024 };
    FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "rb");
    char *text = malloc(MOST);
    size_t length = file && text ? fread(text, 1, MOST, file) : 0;
    cJSON *json = length && length < MOST ? cJSON_ParseWithLength(text, length) : NULL;
    if (!json) {
        printf("%s: no JSON\n", path);
        exit(2);
    }
    free(text);
    if (file != stdin)
        fclose(file);
    return json;
}

int main(int count, char **words)
{
    if (count < 3) {
        printf("usage: check_schema SCHEMA FILE...\n");
        return 2;
    }
    cJSON *schema = read_json(words[1]);
    for (int i = 2; i < count; i++) {
        cJSON *json = read_json(words[i]);
        const place root = {schema, words[i], NULL, NULL, 0};
        check(schema, json, &root);
        cJSON_Delete(json);
    }
    cJSON_Delete(schema);
    return failures != 0;
}
