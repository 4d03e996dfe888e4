/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What comes in: serial octets, frames, datagrams; blocks, records; and where each record goes. */
#ifndef INGEST_H
#define INGEST_H

#include <stddef.h>
#include <stdint.h>

struct box;

void ingest_serial(struct box *box, const uint8_t *octets, size_t n);
void ingest_radar_datagram(struct box *box, const uint8_t *octets, size_t n);
void ingest_link_datagram(struct box *box, const uint8_t *octets, size_t n);

#endif
