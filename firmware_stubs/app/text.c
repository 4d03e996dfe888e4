/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "text.h"

#include <math.h>

static bool is_digit(char c);
static const char *digits(const char *at, double *value, int *count);

struct text text_on(char *buffer, size_t capacity)
{
    buffer[0] = '\0';
    return (struct text){buffer, capacity, 0};
}

void text_add_char(struct text *text, char c)
{
    if (text->used + 1u < text->capacity) {
        text->start[text->used++] = c;
        text->start[text->used] = '\0';
    }
}

void text_add(struct text *text, const char *string)
{
    while (*string != '\0') {
        text_add_char(text, *string++);
    }
}

void text_add_unsigned(struct text *text, uint64_t value)
{
    text_add_digits(text, value, 1);
}

void text_add_digits(struct text *text, uint64_t value, unsigned width)
{
    char reversed[20];
    unsigned n = 0;
    do {
        reversed[n++] = (char)('0' + value % 10u);
        value /= 10u;
    } while (value != 0);
    while (width > n) {
        text_add_char(text, '0');
        width--;
    }
    while (n > 0) {
        text_add_char(text, reversed[--n]);
    }
}

void text_add_signed(struct text *text, int64_t value)
{
    uint64_t magnitude = (uint64_t)value;
    if (value < 0) {
        text_add_char(text, '-');
        magnitude = 0u - magnitude;
    }
    text_add_unsigned(text, magnitude);
}

void text_add_fixed(struct text *text, double value, unsigned decimals)
{
    double scale = 1.0;
    for (unsigned i = 0; i < decimals; i++) {
        scale *= 10.0;
    }
    const double magnitude = round(fabs(value) * scale);
    if (!(magnitude < 1e18)) {
        text_add(text, "9.91E+37"); /* SCPI's not-a-number */
        return;
    }
    const uint64_t steps = (uint64_t)magnitude;
    if (steps != 0 && signbit(value)) {
        text_add_char(text, '-');
    }
    text_add_unsigned(text, steps / (uint64_t)scale);
    text_add_char(text, '.');
    text_add_digits(text, steps % (uint64_t)scale, decimals);
}

void text_add_hex(struct text *text, const uint8_t *octets, size_t n)
{
    static const char figures[] = "0123456789abcdef";
    for (size_t i = 0; i < n; i++) {
        text_add_char(text, figures[octets[i] >> 4]);
        text_add_char(text, figures[octets[i] & 15u]);
    }
}

bool text_number(const char **at, double *value)
{
    const char *p = *at;
    const bool negative = *p == '-';
    if (*p == '-' || *p == '+') {
        p++;
    }
    double mantissa = 0.0;
    int whole = 0;
    int fraction = 0;
    p = digits(p, &mantissa, &whole);
    if (*p == '.') {
        p = digits(p + 1, &mantissa, &fraction);
    }
    if (whole + fraction == 0) {
        return false;
    }
    double exponent = 0.0;
    if (*p == 'e' || *p == 'E') {
        const bool down = p[1] == '-';
        const char *figures = p + (down || p[1] == '+' ? 2 : 1);
        int count = 0;
        const char *end = digits(figures, &exponent, &count);
        if (count > 0) {
            p = end;
            exponent = down ? -exponent : exponent;
        }
    }
    const double scaled = mantissa * pow(10.0, exponent - fraction);
    *value = negative ? -scaled : scaled;
    *at = p;
    return true;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static const char *digits(const char *at, double *value, int *count)
{
    while (is_digit(*at)) {
        *value = *value * 10.0 + (*at - '0');
        at++;
        (*count)++;
    }
    return at;
}
