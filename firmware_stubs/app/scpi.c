/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "scpi.h"

#include <string.h>

#include "defects.h"
#include "scpi_common.h"

#define BLANKS " \t"

static void run_line(struct scpi *scpi, const struct scpi_command *commands, size_t count, void *context);
static void run_command(struct scpi *scpi, const struct scpi_command *commands, size_t count, void *context, char *text,
                        char *path);
static void run_found(struct scpi *scpi, const struct scpi_command *command, void *context, const char *parameters);
static char *split(char *text, char separator);
static const char *skip_blanks(const char *text);
static const struct scpi_command *find_any(const struct scpi_command *commands, size_t count, const char *header);
static const struct scpi_command *find(const struct scpi_command *commands, size_t count, const char *header);
static bool matches(const char *pattern, const char *header);
static bool node_matches(const char **pattern, const char **header);
static char upper(char c);
static bool is_lower(char c);
static bool is_node_end(char c);

void scpi_init(struct scpi *scpi)
{
    *scpi = (struct scpi){.event_status = ESR_POWER_ON};
}

void scpi_input(struct scpi *scpi, const struct scpi_command *commands, size_t count, void *context,
                scpi_write *write, const uint8_t *octets, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const char c = (char)octets[i];
        if (c == '\r') {
            continue;
        }
        if (c != '\n') {
            if (scpi->used < SCPI_LINE_MAX) {
                scpi->line[scpi->used++] = c;
            } else {
                scpi->overlong = true;
            }
            continue;
        }
        scpi->line[scpi->used] = '\0';
        scpi->reply = text_on(scpi->reply_text, SCPI_REPLY_MAX);
        if (scpi->overlong) {
            scpi_raise(scpi, SCPI_INPUT_OVERRUN);
        } else {
            run_line(scpi, commands, count, context);
        }
        scpi->used = 0;
        scpi->overlong = false;
        if (scpi->reply.used > 0) {
            scpi->reply_text[scpi->reply.used] = '\n';
            write(context, scpi->reply_text, scpi->reply.used + 1u);
        }
    }
}

void scpi_raise(struct scpi *scpi, enum scpi_error error)
{
    scpi->event_status |= error > -200   ? ESR_COMMAND_ERROR
                          : error > -300 ? ESR_EXECUTION_ERROR
                                         : ESR_DEVICE_ERROR;
    if (scpi->error_count == SCPI_ERRORS_MAX && defect(DEFECT_error_queue_wraps)) {
        (void)scpi_next_error(scpi);
    }
    if (scpi->error_count == SCPI_ERRORS_MAX) {
        scpi->errors[(scpi->error_first + SCPI_ERRORS_MAX - 1u) % SCPI_ERRORS_MAX] = SCPI_QUEUE_OVERFLOW;
        return;
    }
    scpi->errors[(scpi->error_first + scpi->error_count) % SCPI_ERRORS_MAX] = (int16_t)error;
    scpi->error_count++;
}

enum scpi_error scpi_next_error(struct scpi *scpi)
{
    if (scpi->error_count == 0) {
        return SCPI_NO_ERROR;
    }
    const enum scpi_error error = (enum scpi_error)scpi->errors[scpi->error_first];
    scpi->error_first = (scpi->error_first + 1u) % SCPI_ERRORS_MAX;
    scpi->error_count--;
    return error;
}

const char *scpi_error_text(enum scpi_error error)
{
    switch (error) {
    case SCPI_NO_ERROR: return "No error";
    case SCPI_DATA_TYPE_ERROR: return "Data type error";
    case SCPI_PARAMETER_NOT_ALLOWED: return "Parameter not allowed";
    case SCPI_MISSING_PARAMETER: return "Missing parameter";
    case SCPI_UNDEFINED_HEADER: return "Undefined header";
    case SCPI_EXECUTION_ERROR: return "Execution error";
    case SCPI_DATA_OUT_OF_RANGE: return "Data out of range";
    case SCPI_QUEUE_OVERFLOW: return "Queue overflow";
    case SCPI_INPUT_OVERRUN: return "Input buffer overrun";
    case SCPI_COMMAND_ERROR:
    default: return "Command error";
    }
}

void scpi_clear(struct scpi *scpi)
{
    scpi->event_status = 0;
    scpi->error_count = 0;
}

bool scpi_numbers(struct scpi *scpi, const char *parameters, double *numbers, size_t count)
{
    const char *at = skip_blanks(parameters);
    for (size_t i = 0; i < count; i++) {
        if (*at == '\0') {
            scpi_raise(scpi, SCPI_MISSING_PARAMETER);
            return false;
        }
        const bool separated = i == 0 || *at == ',';
        if (i > 0 && separated) {
            at = skip_blanks(at + 1);
        }
        if (!separated || !text_number(&at, &numbers[i])) {
            scpi_raise(scpi, SCPI_DATA_TYPE_ERROR);
            return false;
        }
        at = skip_blanks(at);
    }
    if (*at != '\0') {
        scpi_raise(scpi, *at == ',' ? SCPI_PARAMETER_NOT_ALLOWED : SCPI_DATA_TYPE_ERROR);
        return false;
    }
    return true;
}

/* Runs the commands of a line one by one. */
static void run_line(struct scpi *scpi, const struct scpi_command *commands, size_t count, void *context)
{
    char path[SCPI_HEADER_MAX] = "";
    for (char *next = scpi->line; next != NULL;) {
        char *header = next;
        next = split(header, ';');
        header += strspn(header, BLANKS);
        if (*header != '\0') {
            run_command(scpi, commands, count, context, header, path);
        }
    }
}

/* `text` is a header with its parameters. A header without leading colon starts from `path`, the node of the one before
 * it, or from the root; `path` moves on. */
static void run_command(struct scpi *scpi, const struct scpi_command *commands, size_t count, void *context, char *text,
                        char *path)
{
    char full[SCPI_HEADER_MAX];
    char *parameters = text + strcspn(text, BLANKS);
    if (*parameters != '\0') {
        *parameters++ = '\0';
    }
    const bool from_root = *text == ':' || *text == '*';
    struct text joined = text_on(full, sizeof full);
    text_add(&joined, from_root ? "" : path);
    text_add(&joined, *text == ':' ? text + 1 : text);
    const struct scpi_command *command = find_any(commands, count, full);
    if (command == NULL && !from_root) {
        joined = text_on(full, sizeof full);
        text_add(&joined, text);
        command = find_any(commands, count, full);
    }
    if (command == NULL) {
        scpi_raise(scpi, SCPI_UNDEFINED_HEADER);
        return;
    }
    run_found(scpi, command, context, parameters);
    char *last_node = strrchr(full, ':');
    if (last_node != NULL) { /* a common command, which has none, leaves the path as it is */
        last_node[1] = '\0';
        memcpy(path, full, strlen(full) + 1u);
    }
}

/* Replies of one line are separated by semicolons. */
static void run_found(struct scpi *scpi, const struct scpi_command *command, void *context, const char *parameters)
{
    const size_t before = scpi->reply.used;
    if (before > 0) {
        text_add_char(&scpi->reply, ';');
    }
    const size_t separated = scpi->reply.used;
    command->run(context, scpi, parameters);
    if (scpi->reply.used == separated) { /* no reply: take the separator back */
        scpi->reply.used = before;
        scpi->reply_text[before] = '\0';
    }
}

/* Ends `text` at the separator; what follows it, or NULL. */
static char *split(char *text, char separator)
{
    char *at = strchr(text, separator);
    if (at == NULL) {
        return NULL;
    }
    *at = '\0';
    return at + 1;
}

static const char *skip_blanks(const char *text)
{
    return text + strspn(text, BLANKS);
}

static const struct scpi_command *find_any(const struct scpi_command *commands, size_t count, const char *header)
{
    const struct scpi_command *command = find(scpi_common, SCPI_COMMON_COUNT, header);
    return command != NULL ? command : find(commands, count, header);
}

static const struct scpi_command *find(const struct scpi_command *commands, size_t count, const char *header)
{
    for (size_t i = 0; i < count; i++) {
        if (matches(commands[i].pattern, header)) {
            return &commands[i];
        }
    }
    return NULL;
}

static bool matches(const char *pattern, const char *header)
{
    while (node_matches(&pattern, &header)) {
        if (*pattern != *header) {
            return false;
        }
        if (*pattern == '\0') {
            return true;
        }
        pattern++;
        header++;
    }
    return false;
}

/* One node, in its short or its long form; both pointers are left behind it. */
static bool node_matches(const char **pattern, const char **header)
{
    const char *p = *pattern;
    const char *h = *header;
    while (!is_node_end(*p) && !is_lower(*p) && upper(*h) == *p) {
        p++;
        h++;
    }
    if (!is_node_end(*p) && !is_lower(*p)) {
        return false;
    }
    if (!is_node_end(*h)) {
        while (!is_node_end(*p) && upper(*h) == upper(*p)) {
            p++;
            h++;
        }
        if (!is_node_end(*p) || !is_node_end(*h)) {
            return false;
        }
    }
    while (!is_node_end(*p)) {
        p++;
    }
    *pattern = p;
    *header = h;
    return true;
}

static char upper(char c)
{
    return is_lower(c) ? (char)(c - 'a' + 'A') : c;
}

static bool is_lower(char c)
{
    return c >= 'a' && c <= 'z';
}

static bool is_node_end(char c)
{
    return c == '\0' || c == ':' || c == '?';
}
