/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Records of known layouts, for one datagram at a time: values come on a tape, 8 octets a number, text and octets NUL-padded.
 */
#include "kernel.h"

/* Write records, each by its layout, from a tape of their values. Returns FITS or a refusal. */
int32_t rh_pack(const rh_form *const *forms, int64_t n, const uint8_t *tape, uint8_t *out, int64_t size,
                int64_t *bad_row, int64_t *bad_field)
{
    for (int64_t row = 0; row < n; row++) {
        const rh_form *form = forms[row];
        *bad_row = row;
        if (form->length > size - 8) {
            return NO_ROOM;
        }
        memcpy(out, form->octets, (size_t)form->length);
        for (int64_t i = 0; i < form->n_fields; i++) {
            const rh_field *field = &form->fields[i];
            const int32_t refusal = rh_write_value(out, tape + (intptr_t)field->column, field);
            if (refusal != FITS) {
                *bad_field = i;
                return refusal;
            }
        }
        out += form->length;
        size -= form->length;
        tape += form->tape_length;
    }
    return FITS;
}
