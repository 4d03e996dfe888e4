/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "console_config.h"

#include <math.h>

#include "box.h"
#include "text.h"

static const double RADIANS = 3.14159265358979323846 / 180.0;

void config_sensor(void *context, struct scpi *scpi, const char *parameters)
{
    struct box *box = context;
    double parts[5]; /* SAC, SIC, latitude, longitude, height */
    if (!scpi_numbers(scpi, parameters, parts, 5)) {
        return;
    }
    if (parts[0] < 0.0 || parts[0] > 255.0 || parts[1] < 0.0 || parts[1] > 255.0 || fabs(parts[2]) > 90.0 ||
        fabs(parts[3]) > 180.0 || fabs(parts[4]) > 20000.0) {
        scpi_raise(scpi, SCPI_DATA_OUT_OF_RANGE);
        return;
    }
    const struct geodetic at = {parts[2] * RADIANS, parts[3] * RADIANS, parts[4]};
    if (!sensors_put(&box->sensors, (uint8_t)parts[0], (uint8_t)parts[1], at)) {
        scpi_raise(scpi, SCPI_EXECUTION_ERROR);
    }
}

void config_sensor_query(void *context, struct scpi *scpi, const char *parameters)
{
    const struct box *box = context;
    (void)parameters;
    for (unsigned i = 0; i < box->sensors.count; i++) {
        const struct sensor *sensor = &box->sensors.list[i];
        text_add(&scpi->reply, i == 0 ? "" : ";");
        text_add_unsigned(&scpi->reply, sensor->sac);
        text_add(&scpi->reply, ",");
        text_add_unsigned(&scpi->reply, sensor->sic);
        text_add(&scpi->reply, ",");
        text_add_fixed(&scpi->reply, sensor->at.latitude_rad / RADIANS, 8);
        text_add(&scpi->reply, ",");
        text_add_fixed(&scpi->reply, sensor->at.longitude_rad / RADIANS, 8);
        text_add(&scpi->reply, ",");
        text_add_fixed(&scpi->reply, sensor->at.height_m, 2);
    }
}

void config_flush(void *context, struct scpi *scpi, const char *parameters)
{
    double ms = 0.0;
    if (scpi_numbers(scpi, parameters, &ms, 1) && !box_set_flush_ns(context, ms * 1e6)) {
        scpi_raise(scpi, SCPI_DATA_OUT_OF_RANGE);
    }
}

void config_flush_query(void *context, struct scpi *scpi, const char *parameters)
{
    const struct box *box = context;
    (void)parameters;
    text_add_fixed(&scpi->reply, (double)box->settings.flush_ns / 1e6, 3);
}

void config_mtu(void *context, struct scpi *scpi, const char *parameters)
{
    double mtu = 0.0;
    if (scpi_numbers(scpi, parameters, &mtu, 1) && !box_set_mtu(context, mtu)) {
        scpi_raise(scpi, SCPI_DATA_OUT_OF_RANGE);
    }
}

void config_mtu_query(void *context, struct scpi *scpi, const char *parameters)
{
    const struct box *box = context;
    (void)parameters;
    text_add_unsigned(&scpi->reply, box->settings.mtu);
}

void config_coast(void *context, struct scpi *scpi, const char *parameters)
{
    double seconds = 0.0;
    if (scpi_numbers(scpi, parameters, &seconds, 1) && !box_set_coast_ns(context, seconds * 1e9)) {
        scpi_raise(scpi, SCPI_DATA_OUT_OF_RANGE);
    }
}

void config_coast_query(void *context, struct scpi *scpi, const char *parameters)
{
    const struct box *box = context;
    (void)parameters;
    text_add_fixed(&scpi->reply, (double)box->settings.coast_ns / 1e9, 3);
}

void config_filter(void *context, struct scpi *scpi, const char *parameters)
{
    double gains[3];
    if (scpi_numbers(scpi, parameters, gains, 3) &&
        !box_set_gains(context, (struct filter_gains){gains[0], gains[1], gains[2]})) {
        scpi_raise(scpi, SCPI_DATA_OUT_OF_RANGE);
    }
}

void config_filter_query(void *context, struct scpi *scpi, const char *parameters)
{
    const struct box *box = context;
    (void)parameters;
    text_add_fixed(&scpi->reply, box->settings.gains.alpha, 6);
    text_add(&scpi->reply, ",");
    text_add_fixed(&scpi->reply, box->settings.gains.beta, 6);
    text_add(&scpi->reply, ",");
    text_add_fixed(&scpi->reply, box->settings.gains.gamma, 6);
}

void config_capacity(void *context, struct scpi *scpi, const char *parameters)
{
    double plots_per_s = 0.0;
    if (scpi_numbers(scpi, parameters, &plots_per_s, 1) && !box_set_capacity(context, plots_per_s)) {
        scpi_raise(scpi, SCPI_DATA_OUT_OF_RANGE);
    }
}

void config_capacity_query(void *context, struct scpi *scpi, const char *parameters)
{
    const struct box *box = context;
    (void)parameters;
    text_add_unsigned(&scpi->reply, (uint64_t)round(box->settings.capacity));
}
