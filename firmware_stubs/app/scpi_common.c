/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "scpi_common.h"

enum { SUMMARY_EVENT = 0x20, SUMMARY_SERVICE = 0x40, SUMMARY_ERROR = 0x04 };

static uint8_t status_byte(const struct scpi *scpi);
static bool octet_parameter(struct scpi *scpi, const char *parameters, uint8_t *out);

static void cls(void *context, struct scpi *scpi, const char *parameters)
{
    (void)context;
    (void)parameters;
    scpi_clear(scpi);
}

static void esr_query(void *context, struct scpi *scpi, const char *parameters)
{
    (void)context;
    (void)parameters;
    text_add_unsigned(&scpi->reply, scpi->event_status);
    scpi->event_status = 0;
}

static void ese(void *context, struct scpi *scpi, const char *parameters)
{
    (void)context;
    (void)octet_parameter(scpi, parameters, &scpi->event_enable);
}

static void ese_query(void *context, struct scpi *scpi, const char *parameters)
{
    (void)context;
    (void)parameters;
    text_add_unsigned(&scpi->reply, scpi->event_enable);
}

static void sre(void *context, struct scpi *scpi, const char *parameters)
{
    (void)context;
    (void)octet_parameter(scpi, parameters, &scpi->service_enable);
}

static void sre_query(void *context, struct scpi *scpi, const char *parameters)
{
    (void)context;
    (void)parameters;
    text_add_unsigned(&scpi->reply, scpi->service_enable);
}

static void stb_query(void *context, struct scpi *scpi, const char *parameters)
{
    (void)context;
    (void)parameters;
    text_add_unsigned(&scpi->reply, status_byte(scpi));
}

static void opc(void *context, struct scpi *scpi, const char *parameters)
{
    (void)context;
    (void)parameters;
    scpi->event_status |= ESR_OPERATION_COMPLETE; /* every command is complete when the next one is read */
}

static void opc_query(void *context, struct scpi *scpi, const char *parameters)
{
    (void)context;
    (void)parameters;
    text_add(&scpi->reply, "1");
}

static void wai(void *context, struct scpi *scpi, const char *parameters)
{
    (void)context;
    (void)scpi;
    (void)parameters;
}

static void error_query(void *context, struct scpi *scpi, const char *parameters)
{
    (void)context;
    (void)parameters;
    const enum scpi_error error = scpi_next_error(scpi);
    text_add_signed(&scpi->reply, error);
    text_add(&scpi->reply, ",\"");
    text_add(&scpi->reply, scpi_error_text(error));
    text_add(&scpi->reply, "\"");
}

static void version_query(void *context, struct scpi *scpi, const char *parameters)
{
    (void)context;
    (void)parameters;
    text_add(&scpi->reply, "1999.0");
}

const struct scpi_command scpi_common[SCPI_COMMON_COUNT] = {
    {"*CLS", cls},
    {"*ESR?", esr_query},
    {"*ESE", ese},
    {"*ESE?", ese_query},
    {"*SRE", sre},
    {"*SRE?", sre_query},
    {"*STB?", stb_query},
    {"*OPC", opc},
    {"*OPC?", opc_query},
    {"*WAI", wai},
    {"SYSTem:ERRor?", error_query},
    {"SYSTem:ERRor:NEXT?", error_query},
    {"SYSTem:VERSion?", version_query},
};

static uint8_t status_byte(const struct scpi *scpi)
{
    unsigned summary = (scpi->event_status & scpi->event_enable) != 0 ? SUMMARY_EVENT : 0u;
    summary |= scpi->error_count > 0 ? SUMMARY_ERROR : 0u;
    summary |= (summary & scpi->service_enable) != 0 ? SUMMARY_SERVICE : 0u;
    return (uint8_t)summary;
}

static bool octet_parameter(struct scpi *scpi, const char *parameters, uint8_t *out)
{
    double value = 0.0;
    if (!scpi_numbers(scpi, parameters, &value, 1)) {
        return false;
    }
    if (!(value >= 0.0 && value <= 255.0)) {
        scpi_raise(scpi, SCPI_DATA_OUT_OF_RANGE);
        return false;
    }
    *out = (uint8_t)value;
    return true;
}
