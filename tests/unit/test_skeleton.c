/* run/skeleton: what of a model is read, and that it is enough to analyze the model anew. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "picojoule/picojoule.h"

static const char path[] = "../models/resnet8.onnx";

static pj_model *open_model(const char *name)
{
    pj_error err = {0};
    pj_model *model = NULL;
    CHECK_INT(pj_model_open(name, NULL, &model, &err), PJ_OK);
    return model;
}

/* Gives the parts alone: what lies between them cannot be read. */
static int64_t read_part(void *payload, uint64_t offset, void *to, uint64_t length)
{
    const pj_skeleton_file *file = payload;
    for (size_t i = 0; i < file->part_count; i++) {
        const pj_file_part *part = &file->parts[i];
        if (offset < part->at || offset >= part->at + part->length)
            continue;
        uint64_t left = part->at + part->length - offset;
        left = left < length ? left : length;
        memcpy(to, part->bytes + (offset - part->at), (size_t)left);
        return (int64_t)left;
    }
    return -1;
}

static bool keep(const char *bytes, size_t length, void *payload)
{
    char **text = payload;
    free(*text);
    *text = malloc(length + 1);
    if (!*text)
        return false;
    memcpy(*text, bytes, length);
    (*text)[length] = 0;
    return true;
}

/* A report of the parts is that of the file. */
static void test_same(const pj_skeleton *skeleton)
{
    static const char request[] = "{\"quantize\": \"int8\"}";
    pj_error err = {0};
    char *whole = NULL, *parts = NULL;
    pj_skeleton_file file = skeleton->files[0];
    const pj_resource on_disk = {.size = sizeof on_disk, .name = path};
    const pj_resource from_parts = {
        .size = sizeof from_parts, .name = path, .length = file.size, .read_at = read_part, .payload = &file};
    CHECK_INT(pj_run_json(&on_disk, NULL, request, strlen(request), keep, &whole, &err), PJ_OK);
    CHECK_INT(pj_run_json(&from_parts, NULL, request, strlen(request), keep, &parts, &err), PJ_OK);
    CHECK_TEXT(parts ? parts : "", whole ? whole : "nothing");
    free(whole);
    free(parts);
}

/* Bytes of the file in order, with gaps where the weights are. */
static void test_parts(void)
{
    pj_error err = {0};
    pj_model *model = open_model(path);
    pj_skeleton *skeleton = NULL;
    pj_setup setup = pj_setup_default();
    FILE *file = fopen(path, "rb");
    uint64_t end = 0, bytes = 0;
    CHECK_INT(pj_setup_set(&setup, "quantize", "int8", &err), PJ_OK);
    CHECK_INT(pj_setup_set(&setup, "device", "h100", &err), PJ_OK);
    CHECK_INT(pj_skeleton_read(model, &setup, &skeleton, &err), PJ_OK);
    CHECK_TEXT(skeleton->request, "{\"device\":[\"h100\"],\"quantize\":\"int8\"}");
    CHECK_INT(skeleton->file_count, 1);
    CHECK_TEXT(skeleton->files[0].name, path);
    for (size_t i = 0; file && i < skeleton->files[0].part_count; i++) {
        const pj_file_part *part = &skeleton->files[0].parts[i];
        char *there = malloc((size_t)part->length);
        CHECK(i == 0 || part->at > end);
        end = part->at + part->length;
        bytes += part->length;
        CHECK(there && fseek(file, (long)part->at, SEEK_SET) == 0 &&
              fread(there, 1, (size_t)part->length, file) == part->length &&
              memcmp(there, part->bytes, (size_t)part->length) == 0);
        free(there);
    }
    CHECK(file && end <= skeleton->files[0].size && bytes < skeleton->files[0].size / 4);
    test_same(skeleton);
    if (file)
        fclose(file);
    pj_skeleton_free(skeleton);
    pj_setup_clear(&setup);
    pj_model_close(model);
}

/* What is no file cannot be read again. */
static void test_refused(void)
{
    pj_error err = {0};
    pj_model *model = NULL;
    pj_skeleton *skeleton = NULL;
    FILE *file = fopen(path, "rb");
    static unsigned char bytes[400000];
    size_t length = file ? fread(bytes, 1, sizeof bytes, file) : 0;
    if (file)
        fclose(file);
    CHECK_INT(pj_model_open_memory(bytes, length, "not-there.onnx", NULL, &model, &err), PJ_OK);
    CHECK_INT(pj_skeleton_read(model, NULL, &skeleton, &err), PJ_EARGUMENT);
    CHECK_PART(err.what, "not-there.onnx is no file that can be read again");
    CHECK(skeleton == NULL);
    pj_model_close(model);
    CHECK_INT(pj_skeleton_read(NULL, NULL, &skeleton, &err), PJ_EARGUMENT);
    pj_skeleton_free(NULL);
}

int main(void)
{
    test_parts();
    test_refused();
    return check_done();
}
