/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The part of the command line (docs/icd.md §5) that says what the box is, not what it is connected to: the same on
 * every port. */
#ifndef BOX_OPTIONS_H
#define BOX_OPTIONS_H

#include <stdbool.h>

#include "box.h"

enum box_option { BOX_OPTION_TAKEN, BOX_OPTION_REFUSED, BOX_OPTION_UNKNOWN };

/* Takes one option into `box`; `*expected` says what its value should have looked like. */
enum box_option box_option_take(struct box_config *box, const char *name, const char *value, const char **expected);

/* One number, then one more behind each separator, and nothing else. */
bool box_option_numbers(const char *text, const char *separators, double *out);

/* A whole number between `low` and `high`. */
bool box_option_whole(const char *text, double low, double high, double *out);

#endif
