/* Calibration: a device profile from what was measured.
 *
 * Threads: any number at once. */
#ifndef PICOJOULE_CALIBRATE_H
#define PICOJOULE_CALIBRATE_H

#include "picojoule/report.h"

/* Fits prices by class of work (convolutions, matrix products, pooling ...) to the rows of measured layers in a file,
 * JSON or CSV (docs/devices.md; "-": standard input), and writes a device profile (JSON, picojoule.device/1) to `sink`:
 * it states the error of each class by halves of its rows, the work that it saw, and the boundary of what was measured.
 * PJ_EIO; PJ_EFORMAT: a row that is none, rows of several machines; PJ_ELIMIT, PJ_ENOMEM. */
PJ_API pj_status pj_device_fit(const char *rows, pj_sink sink, void *payload, pj_error *err);

#endif
