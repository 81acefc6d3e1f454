/* Checks JUnit XML against the rules that Jenkins (junit-10.xsd) and Surefire have for it: well-formed XML; testsuites
 * holds testsuite, which holds testcase and system-out; a testcase holds at most one of failure, error and skipped;
 * names, counts, times and types stand where they are required, and counts are what is there.
 *
 *     check_junit FILE */
#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_ATTRIBUTES = 16, MOST_DEPTH = 8, LONGEST = 64 };

typedef struct attribute {
    char name[LONGEST];
    const char *value; /* up to the quote */
    size_t length;
} attribute;

typedef struct element {
    char name[LONGEST];
    attribute attribute[MOST_ATTRIBUTES];
    int attributes;
    int cases, failures, errors, outcomes; /* of what is inside */
} element;

static const char *at, *begin;

static void fail(const char *what, const char *detail)
{
    int line = 1;
    for (const char *c = begin; c < at; c++)
        line += *c == '\n';
    printf("line %d: %s %s\n", line, what, detail);
    exit(1);
}

/* ---- XML ---- */

static void read_name(char *out)
{
    size_t length = strspn(at, "abcdefghijklmnopqrstuvwxyz-");
    if (length == 0 || length >= LONGEST)
        fail("no name", "");
    memcpy(out, at, length);
    out[length] = 0;
    at += length;
}

/* Text up to one of `ends`; only the five entities. */
static size_t read_text(const char *ends)
{
    static const char *const entities[] = {"&amp;", "&lt;", "&gt;", "&quot;", "&apos;"};
    const char *start = at;
    for (; *at && !strchr(ends, *at); at++) {
        bool known = *at != '&';
        for (size_t i = 0; i < sizeof entities / sizeof *entities; i++)
            known = known || strncmp(at, entities[i], strlen(entities[i])) == 0;
        if (!known)
            fail("a bare &", "");
        if (*at == '<' || ((unsigned char)*at < 0x20 && !strchr("\t\r\n", *at)))
            fail("a character that has to be escaped", "");
    }
    if (!*at)
        fail("the text ends early", "");
    return (size_t)(at - start);
}

static void read_attributes(element *out)
{
    for (out->attributes = 0; at += strspn(at, " \n"), isalpha((unsigned char)*at); out->attributes++) {
        attribute *one = &out->attribute[out->attributes];
        if (out->attributes == MOST_ATTRIBUTES)
            fail("too many attributes", "");
        read_name(one->name);
        if (*at++ != '=' || *at++ != '"')
            fail("no value of", one->name);
        one->value = at;
        one->length = read_text("\"");
        at++;
    }
}

/* ---- rules ---- */

static const struct {
    const char *name, *parent, *attributes; /* those that are required */
} rules[] = {
    {"testsuites", "",           " tests failures errors "                  },
    {"testsuite",  "testsuites", " name tests failures errors skipped time "},
    {"testcase",   "testsuite",  " name classname time "                    },
    {"failure",    "testcase",   " type message "                           },
    {"error",      "testcase",   " type message "                           },
    {"system-out", "testsuite",  " "                                        },
};

static const attribute *find(const element *e, const char *name)
{
    for (int i = 0; i < e->attributes; i++)
        if (strcmp(e->attribute[i].name, name) == 0)
            return &e->attribute[i];
    return NULL;
}

static void check_place(const element *e, const char *parent)
{
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
        if (strcmp(rules[i].name, e->name) != 0)
            continue;
        if (strcmp(rules[i].parent, parent) != 0)
            fail("stands at the wrong place:", e->name);
        char list[128], *word;
        snprintf(list, sizeof list, "%s", rules[i].attributes);
        for (word = strtok(list, " "); word; word = strtok(NULL, " "))
            if (!find(e, word))
                fail("lacks the attribute", word);
        return;
    }
    fail("no such element:", e->name);
}

static void check_time(const element *e)
{
    const attribute *time = find(e, "time");
    size_t whole = time ? strspn(time->value, "0123456789") : 0;
    size_t part = time && time->value[whole] == '.' ? 1 + strspn(time->value + whole + 1, "0123456789") : 0;
    if (time && (whole + part != time->length || part > 4)) /* up to three digits behind the point */
        fail("a time of another form in", e->name);
}

static void check_count(const element *e, const char *name, int count)
{
    const attribute *given = find(e, name);
    if (given && atoi(given->value) != count)
        fail("counts another number of", name);
}

/* What is inside is known. */
static void check_end(const element *e, element *parent)
{
    if (strcmp(e->name, "testcase") == 0) {
        if (e->outcomes > 1)
            fail("more than one outcome in", e->name);
        parent->cases++;
    }
    if (strncmp(e->name, "testsuite", 9) == 0) {
        check_count(e, "tests", e->cases);
        check_count(e, "failures", e->failures);
        check_count(e, "errors", e->errors);
        check_count(e, "skipped", 0);
        parent->cases += e->cases;
    }
    bool is_failure = strcmp(e->name, "failure") == 0, is_error = strcmp(e->name, "error") == 0;
    parent->outcomes += is_failure || is_error;
    parent->failures += e->failures + is_failure;
    parent->errors += e->errors + is_error;
}

static void check_file(void)
{
    static const char head[] = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
    static element open[MOST_DEPTH];
    int depth = 0;
    if (strncmp(at, head, sizeof head - 1) != 0)
        fail("no XML declaration", "");
    at += sizeof head - 1;
    do {
        if (depth > 0)
            read_text("<");
        if (*at++ != '<')
            fail("no element", "");
        if (*at == '/') {
            char name[LONGEST];
            at++;
            read_name(name);
            if (depth < 1 || strcmp(name, open[depth].name) != 0)
                fail("closes what is not open:", name);
            check_end(&open[depth], &open[depth - 1]);
            depth--;
        } else {
            if (++depth == MOST_DEPTH)
                fail("too deep", "");
            memset(&open[depth], 0, sizeof *open);
            read_name(open[depth].name);
            read_attributes(&open[depth]);
            check_place(&open[depth], depth > 1 ? open[depth - 1].name : "");
            check_time(&open[depth]);
            if (*at == '/') {
                at++;
                check_end(&open[depth], &open[depth - 1]);
                depth--;
            }
        }
        if (*at++ != '>')
            fail("no >", "");
    } while (depth > 0);
    if (strcmp(at, "\n") != 0)
        fail("something behind the end", "");
}

int main(int count, char **words)
{
    static char text[1024 * 1024];
    FILE *file = count == 2 ? fopen(words[1], "rb") : NULL;
    if (!file) {
        fprintf(stderr, "usage: check_junit FILE\n");
        return 2;
    }
    text[fread(text, 1, sizeof text - 1, file)] = 0;
    fclose(file);
    at = begin = text;
    check_file();
    return 0;
}
