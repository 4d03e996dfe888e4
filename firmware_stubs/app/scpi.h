/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SCPI-99 / IEEE 488.2 message exchange: lines, `;` lists, short and long forms, error queue, event status register.
 * Which commands there are is the caller's table. RIB-CON-007. */
#ifndef SCPI_H
#define SCPI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "text.h"

enum { SCPI_LINE_MAX = 255, SCPI_ERRORS_MAX = 16, SCPI_REPLY_MAX = 5000,
       SCPI_HEADER_MAX = 2 * SCPI_LINE_MAX + 2 }; /* the path of the header before, and a whole line behind it */

enum scpi_error {
    SCPI_NO_ERROR = 0,
    SCPI_COMMAND_ERROR = -100,
    SCPI_DATA_TYPE_ERROR = -104,
    SCPI_PARAMETER_NOT_ALLOWED = -108,
    SCPI_MISSING_PARAMETER = -109,
    SCPI_UNDEFINED_HEADER = -113,
    SCPI_EXECUTION_ERROR = -200,
    SCPI_DATA_OUT_OF_RANGE = -222,
    SCPI_QUEUE_OVERFLOW = -350,
    SCPI_INPUT_OVERRUN = -363,
};

enum { ESR_OPERATION_COMPLETE = 0x01, ESR_EXECUTION_ERROR = 0x10, ESR_COMMAND_ERROR = 0x20, ESR_POWER_ON = 0x80,
       ESR_DEVICE_ERROR = 0x08 };

struct scpi {
    char line[SCPI_LINE_MAX + 1];
    size_t used;
    bool overlong;
    uint8_t event_status, event_enable, service_enable;
    int16_t errors[SCPI_ERRORS_MAX];
    unsigned error_first, error_count;
    char reply_text[SCPI_REPLY_MAX + 1]; /* and its end of line */
    struct text reply;
};

struct scpi_command {
    const char *pattern; /* capitals are the short form: "SYSTem:ERRor?" */
    void (*run)(void *context, struct scpi *scpi, const char *parameters);
};

typedef void scpi_write(void *context, const char *text, size_t n);

void scpi_init(struct scpi *scpi);

/* Takes characters off the line; runs each whole line and writes its reply, if it has one. */
void scpi_input(struct scpi *scpi, const struct scpi_command *commands, size_t count, void *context,
                scpi_write *write, const uint8_t *octets, size_t n);

void scpi_raise(struct scpi *scpi, enum scpi_error error);
enum scpi_error scpi_next_error(struct scpi *scpi); /* takes it off the queue */
const char *scpi_error_text(enum scpi_error error);
void scpi_clear(struct scpi *scpi);

/* Reads exactly `count` numbers separated by commas; raises the error itself and says false otherwise. */
bool scpi_numbers(struct scpi *scpi, const char *parameters, double *numbers, size_t count);

#endif
