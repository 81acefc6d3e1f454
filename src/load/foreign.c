/* Tells other file formats by their first bytes, so that the message can say what to do. */
#include "load/foreign.h"

typedef struct magic {
    unsigned at, length;
    const char *bytes;
    const char *sentence;
} magic;

#define MAGIC(at, bytes, sentence)             \
    {                                          \
        at, sizeof(bytes) - 1, bytes, sentence \
    }
#define COMPRESSED "this is a compressed file; unpack it first"
#define PICKLE     "this is a Python pickle, as old PyTorch checkpoints are; export the model with torch.onnx.export"

/* The first row that fits is taken. */
static const magic magics[] = {
    MAGIC(0, "version https://git-lfs", "this is a Git LFS pointer, not the model itself; run git lfs pull"),
    MAGIC(0, "PK\3\4",
          "this is a ZIP archive: a PyTorch checkpoint (export it with torch.onnx.export), a .keras file "
          "(convert it with tf2onnx) or a packed folder (unpack it)"),
    MAGIC(0, "\x80\2", PICKLE),
    MAGIC(0, "\x80\3", PICKLE),
    MAGIC(0, "\x80\4", PICKLE),
    MAGIC(0, "\x80\5", PICKLE),
    MAGIC(0, "\x89HDF\r\n\x1a\n", "this is an HDF5 file, as Keras writes it; convert the model with tf2onnx"),
    MAGIC(4, "TFL3", "this is a TensorFlow Lite model; convert it with tf2onnx --tflite"),
    MAGIC(4, "ORTM", "this is an ONNX Runtime model in ORT format; use the .onnx file it was made from"),
    MAGIC(0, "GGUF", "this is a GGUF file, which holds weights without a graph; export the model to ONNX"),
    MAGIC(0, "ftrt", "this is a TensorRT engine; use the ONNX model it was built from"),
    MAGIC(0, "ptrt", "this is a TensorRT engine; use the ONNX model it was built from"),
    MAGIC(0, "RKNN", "this is an RKNN model; use the ONNX model it was converted from"),
    MAGIC(0, "\x93NUMPY", "this is a NumPy array, not a model"),
    MAGIC(0, "7767517", "this is an ncnn model; use the ONNX model it was converted from"),
    MAGIC(0, "\x1f\x8b", COMPRESSED),
    MAGIC(0, "BZh", COMPRESSED),
    MAGIC(0,
          "\xfd"
          "7zXZ",
          COMPRESSED),
    MAGIC(0, "7z\xbc\xaf", COMPRESSED),
    MAGIC(0, "\x28\xb5\x2f\xfd", COMPRESSED),
    MAGIC(257, "ustar", "this is a tar archive; unpack it first"),
    MAGIC(0,
          "\x7f"
          "ELF",
          "this is a program or library, not a model"),
    MAGIC(0, "%PDF", "this is a PDF document, not a model"),
    MAGIC(0, "\x89PNG", "this is a picture, not a model"),
};

/* The same for texts, without leading blanks and a byte order mark. */
static const magic texts[] = {
    MAGIC(0, "{", "this is a JSON text, not an ONNX model"),
    MAGIC(0, "[", "this is a JSON text, not an ONNX model"),
    MAGIC(0, "<ir_version", "this is ONNX in its text form; convert it with onnx.parser and onnx.save"),
    MAGIC(0, "< ir_version", "this is ONNX in its text form; convert it with onnx.parser and onnx.save"),
    MAGIC(0, "ir_version",
          "this is ONNX as protobuf text; convert it with onnx.load(..., format='textproto') and onnx.save"),
    MAGIC(0, "<!DOCTYPE", "this is a web page: the download went wrong"),
    MAGIC(0, "<!doctype", "this is a web page: the download went wrong"),
    MAGIC(0, "<html", "this is a web page: the download went wrong"),
    MAGIC(0, "<?xml", "this is an XML file, as OpenVINO uses it; use the ONNX model it was converted from"),
};

static const char *find(const magic *rows, size_t count, const uint8_t *bytes, size_t length)
{
    for (size_t i = 0; i < count; i++) {
        const magic *row = &rows[i];
        if (length >= row->at + row->length && memcmp(bytes + row->at, row->bytes, row->length) == 0)
            return row->sentence;
    }
    return NULL;
}

static bool is_text(const uint8_t *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (!bytes[i] || (bytes[i] < ' ' && !strchr("\t\n\r\f", bytes[i])))
            return false;
    return true;
}

const char *pj_foreign_sentence(const uint8_t *bytes, size_t length)
{
    const char *sentence = find(magics, sizeof magics / sizeof *magics, bytes, length);
    if (sentence)
        return sentence;
    /* safetensors: the length of its head as 8 little-endian bytes, then JSON */
    if (length > 9 && bytes[8] == '{' && bytes[9] == '"' && !bytes[5] && !bytes[6] && !bytes[7])
        return "this is a safetensors file, which holds weights without a graph; export the model to ONNX";
    if (length >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0) {
        bytes += 3;
        length -= 3;
    }
    while (length > 0 && strchr(" \t\n\r", *bytes) && *bytes) {
        bytes++;
        length--;
    }
    if (length < 8 || !is_text(bytes, length))
        return NULL;
    sentence = find(texts, sizeof texts / sizeof *texts, bytes, length);
    return sentence ? sentence : "this is a text file, not an ONNX model";
}
