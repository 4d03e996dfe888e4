/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmocka wants these four before itself, in this order. On the emulated Cortex-M there is no cmocka: what the tests use
 * of it is in cmocka_target.h. */
#ifndef CMOCKA_ALL_H
#define CMOCKA_ALL_H

#ifdef __arm__
#include "cmocka_target.h"
#else
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#endif

#endif
