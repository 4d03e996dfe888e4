/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Records to nested dictionaries, for one datagram at a time. The only part of the kernel that makes Python objects: it is called
 * with the interpreter's lock held (ctypes.PyDLL). What it calls is in the stable ABI (PEP 384), and declared here because a bare
 * machine has no Python.h.
 */
#include "kernel.h"

typedef struct _object PyObject;

PyObject *PyBytes_FromStringAndSize(const char *octets, ptrdiff_t size);
PyObject *PyDict_New(void);
int PyDict_SetItem(PyObject *dict, PyObject *key, PyObject *value);
PyObject *PyFloat_FromDouble(double value);
int PyList_Append(PyObject *list, PyObject *item);
PyObject *PyList_New(ptrdiff_t size);
int PyList_SetItem(PyObject *list, ptrdiff_t index, PyObject *item);
PyObject *PyLong_FromLongLong(long long value);
PyObject *PyLong_FromUnsignedLongLong(unsigned long long value);
PyObject *PyUnicode_DecodeLatin1(const char *octets, ptrdiff_t size, const char *errors);
void Py_DecRef(PyObject *object);

typedef struct {
    const rh_dict_job *job;
    const uint8_t *data;
    int64_t start;             /* of the record */
    const uint16_t *position;
} builder;

/* ---- values ---- */

static uint64_t raw_number(const builder *b, int64_t at, const rh_field *field)
{
    const int64_t from = at + field->bit / 8;
    const int is_signed = field->kind == INT || field->kind == SIGNED_QUANTITY;
    const uint64_t sign = is_signed ? UINT64_C(1) << (field->bits - 1) : 0;
    const uint64_t word = from <= b->job->size - 8 ? load_be(b->data + from) : load_near_end(b->data, b->job->size, from);
    return raw_of(word, field->bit % 8, 64 - field->bits, sign);
}

static PyObject *six_bit(uint64_t raw)
{
    const uint64_t text = rh_six_bit_text(raw);
    const uint64_t octets = __builtin_bswap64(text);
    return PyUnicode_DecodeLatin1((const char *)&octets, text ? 8 - __builtin_ctzll(text) / 8 : 0, NULL);
}

static PyObject *octets_from(const uint8_t *from, int64_t octets)
{
    return PyBytes_FromStringAndSize((const char *)from, octets);
}

/* Value of the field number `index` of a slot or element that starts at octet `at`. */
static PyObject *value_of(const builder *b, int64_t at, int32_t index)
{
    const rh_field *field = &b->job->fields[index];
    const uint8_t *from = b->data + at + field->bit / 8;
    if (field->kind == TEXT) {
        return PyUnicode_DecodeLatin1((const char *)from, rh_text_length(from, field->width), NULL);
    }
    if (field->kind == OCTETS) {
        return octets_from(from, field->width);
    }
    const uint64_t raw = raw_number(b, at, field);
    if (field->kind == SIX_BIT) {
        return six_bit(raw);
    }
    if (field->kind == UINT && field->bits == 64) {
        return PyLong_FromUnsignedLongLong(raw);
    }
    if (field->kind == UINT || field->kind == INT) {
        return PyLong_FromLongLong((int64_t)raw);
    }
    const rh_target *target = &b->job->targets[index];
    const double value = (double)(int64_t)raw * field->scale;
    return PyFloat_FromDouble(target->case_field < 0 ? value
                              : value * target->case_scales[raw_number(b, at, &b->job->fields[target->case_field])]);
}

/* ---- dictionaries ---- */

/* Takes the caller's reference to `value`, NULL when it could not be made. Returns whether it is in the dictionary. */
static int put(PyObject *dict, void *key, PyObject *value)
{
    if (dict == NULL || value == NULL) {
        return 0;
    }
    const int failed = PyDict_SetItem(dict, key, value);
    Py_DecRef(value);
    return !failed;
}

/* The dictionary of a group, made and put where it belongs when it is not there yet: borrowed, NULL with an exception set. */
static PyObject *group_of(const builder *b, int64_t index)
{
    rh_group *group = &b->job->groups[index];
    if (group->made == NULL) {
        PyObject *dict = PyDict_New();
        if (!put(group_of(b, group->parent), group->key, dict)) {
            return NULL;
        }
        group->made = dict;
    }
    return group->made;
}

static void forget_groups(const builder *b, int64_t first, int64_t end)
{
    for (int64_t group = first; group < end; group++) {
        b->job->groups[group].made = NULL;
    }
}

static int put_fields(const builder *b, const rh_dict_slot *slot, int64_t at)
{
    for (int32_t i = slot->first_field; i < slot->first_field + slot->n_fields; i++) {
        const rh_target *target = &b->job->targets[i];
        if (!put(group_of(b, target->group), target->key, value_of(b, at, i))) {
            return 0;
        }
    }
    return 1;
}

/* One element of a repetitive item: a value, or a dictionary of values. A new reference. */
static PyObject *element_of(const builder *b, const rh_dict_slot *slot, int64_t at)
{
    if (slot->first_group == slot->end_group) {
        return value_of(b, at, slot->first_field);
    }
    forget_groups(b, slot->first_group, slot->end_group);
    PyObject *element = PyDict_New();
    b->job->groups[slot->first_group].made = element;
    if (element != NULL && !put_fields(b, slot, at)) {
        Py_DecRef(element);
        return NULL;
    }
    return element;
}

static PyObject *list_of(const builder *b, const rh_dict_slot *slot, int32_t index)
{
    const rh_node *node = &b->job->walk->nodes[slot->node];
    int64_t count = 0;
    rh_count(b->data, 1, &b->start, b->position + index, node, &count);
    PyObject *list = PyList_New(count);
    const int64_t first = b->start + b->position[index] + node->octets;
    for (int64_t k = 0; k < count && list != NULL; k++) {
        PyObject *element = element_of(b, slot, first + k * node->size);
        if (element == NULL) {
            Py_DecRef(list);
            return NULL;
        }
        PyList_SetItem(list, k, element); /* takes the reference */
    }
    return list;
}

static int put_slot(const builder *b, int32_t index)
{
    const rh_dict_slot *slot = &b->job->slots[index];
    const int64_t at = b->start + b->position[index];
    switch (slot->form) {
    case SLOT_FIELDS:
        return put_fields(b, slot, at);
    case SLOT_GROUP:
        return group_of(b, slot->group) != NULL && put_fields(b, slot, at);
    case SLOT_LIST:
        return put(group_of(b, slot->group), slot->key, list_of(b, slot, index));
    case SLOT_EXPLICIT:
        return put(group_of(b, slot->group), slot->key, octets_from(b->data + at + 1, b->data[at] - 1));
    case SLOT_RANDOM: /* the next slot is where its entries end */
        return put(group_of(b, slot->group), slot->key, octets_from(b->data + at, b->start + b->position[index + 1] - at));
    default:
        return 1;
    }
}

/* A new reference, NULL with an exception set. */
static PyObject *record_of(const builder *b)
{
    PyObject *record = PyDict_New();
    forget_groups(b, 0, b->job->n_groups);
    b->job->groups[0].made = record;
    for (int32_t slot = 0; slot < b->job->walk->n_slots && record != NULL; slot++) {
        if (b->position[slot] && !put_slot(b, slot)) {
            Py_DecRef(record);
            return NULL;
        }
    }
    return record;
}

/* Walk (positions row after row: lanes = 1) and append a dictionary for each row to the list `records`. Returns what rh_walk
 * returns, or -1 with a Python exception set. */
int32_t rh_dicts(rh_dict_job *job, void *records)
{
    rh_walk_job *walk = job->walk;
    walk->n_rows = 0;
    walk->n_faults = 0;
    const int32_t done = rh_walk(walk);
    for (int64_t row = 0; row < walk->n_rows; row++) {
        const builder b = {job, walk->data, walk->row_offset[row], walk->position + row * walk->n_slots};
        PyObject *record = record_of(&b);
        const int failed = record == NULL || PyList_Append(records, record);
        if (record != NULL) {
            Py_DecRef(record);
        }
        if (failed) {
            return -1;
        }
    }
    return done;
}
