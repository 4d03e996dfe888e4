/* SPDX-License-Identifier: GPL-2.0-or-later */
#define _GNU_SOURCE
#include "build_id.h"

#include <elf.h>
#include <link.h>
#include <stdbool.h>
#include <string.h>

struct search {
    uint8_t *out;
    size_t capacity, found;
};

static int look_into(struct dl_phdr_info *image, size_t size, void *context);
static bool holds_this_code(const struct dl_phdr_info *image);
static size_t find_note(const uint8_t *notes, size_t n, uint8_t *out, size_t capacity);

size_t build_id(uint8_t *out, size_t capacity)
{
    struct search search = {out, capacity, 0};
    (void)dl_iterate_phdr(look_into, &search);
    return search.found;
}

static int look_into(struct dl_phdr_info *image, size_t size, void *context)
{
    struct search *search = context;
    (void)size;
    if (!holds_this_code(image)) {
        return 0;
    }
    for (unsigned i = 0; i < image->dlpi_phnum && search->found == 0; i++) {
        const ElfW(Phdr) *segment = &image->dlpi_phdr[i];
        if (segment->p_type == PT_NOTE) {
            const uint8_t *notes = (const uint8_t *)(image->dlpi_addr + segment->p_vaddr);
            search->found = find_note(notes, segment->p_memsz, search->out, search->capacity);
        }
    }
    return 1;
}

static bool holds_this_code(const struct dl_phdr_info *image)
{
    const uintptr_t here = (uintptr_t)&build_id;
    for (unsigned i = 0; i < image->dlpi_phnum; i++) {
        const ElfW(Phdr) *segment = &image->dlpi_phdr[i];
        const uintptr_t start = image->dlpi_addr + segment->p_vaddr;
        if (segment->p_type == PT_LOAD && here >= start && here - start < segment->p_memsz) {
            return true;
        }
    }
    return false;
}

static size_t find_note(const uint8_t *notes, size_t n, uint8_t *out, size_t capacity)
{
    size_t at = 0;
    while (n - at >= sizeof(ElfW(Nhdr))) {
        ElfW(Nhdr) note;
        memcpy(&note, notes + at, sizeof note);
        const size_t name = at + sizeof note;
        const size_t description = name + ((note.n_namesz + 3u) & ~3u);
        const size_t end = description + ((note.n_descsz + 3u) & ~3u);
        if (end > n) {
            return 0;
        }
        if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == 4 && memcmp(notes + name, "GNU", 4) == 0) {
            const size_t octets = note.n_descsz < capacity ? note.n_descsz : capacity;
            memcpy(out, notes + description, octets);
            return octets;
        }
        at = end;
    }
    return 0;
}
