/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The CONFigure subsystem of the console: sensors and settings. `context` is the struct box. */
#ifndef CONSOLE_CONFIG_H
#define CONSOLE_CONFIG_H

#include "scpi.h"

void config_sensor(void *context, struct scpi *scpi, const char *parameters);
void config_sensor_query(void *context, struct scpi *scpi, const char *parameters);
void config_flush(void *context, struct scpi *scpi, const char *parameters);
void config_flush_query(void *context, struct scpi *scpi, const char *parameters);
void config_mtu(void *context, struct scpi *scpi, const char *parameters);
void config_mtu_query(void *context, struct scpi *scpi, const char *parameters);
void config_coast(void *context, struct scpi *scpi, const char *parameters);
void config_coast_query(void *context, struct scpi *scpi, const char *parameters);
void config_filter(void *context, struct scpi *scpi, const char *parameters);
void config_filter_query(void *context, struct scpi *scpi, const char *parameters);
void config_capacity(void *context, struct scpi *scpi, const char *parameters);
void config_capacity_query(void *context, struct scpi *scpi, const char *parameters);

#endif
