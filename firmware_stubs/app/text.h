/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Text without stdio: numbers in and out of strings, no memory allocated. What does not fit is cut off. */
#ifndef TEXT_H
#define TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A string under construction; always ends with '\0'. */
struct text {
    char *start;
    size_t capacity, used;
};

struct text text_on(char *buffer, size_t capacity);
void text_add(struct text *text, const char *string);
void text_add_char(struct text *text, char c);
void text_add_unsigned(struct text *text, uint64_t value);
void text_add_digits(struct text *text, uint64_t value, unsigned width); /* zeros in front up to `width` digits */
void text_add_signed(struct text *text, int64_t value);
void text_add_fixed(struct text *text, double value, unsigned decimals);
void text_add_hex(struct text *text, const uint8_t *octets, size_t n);

/* Reads a decimal number (sign, digits, fraction, exponent) and moves `*at` behind it; false = there is none. */
bool text_number(const char **at, double *value);

#endif
