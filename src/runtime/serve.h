/* The process that runs ONNX Runtime: answers questions until nobody asks any more. */
#pragma once

#include "base/libc.h"

/* Loads the library and serves the socket; ends the process. Its first answer has the version, or why it failed. */
void pj_runtime_serve(int socket, const char *library);
