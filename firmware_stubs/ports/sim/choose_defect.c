/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "defects.h"
#include "rib.h"

#ifdef RIB_DEFECT_ANY
int rib_defect;

bool rib_choose_defect(const char *name)
{
    static const char *const names[] = {
        "none",
#define DEFECT_TEXT(defect_name, requirement, what) #defect_name,
        DEFECTS(DEFECT_TEXT)
#undef DEFECT_TEXT
    };
    for (unsigned i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(name, names[i]) == 0) {
            rib_defect = (int)i;
            return true;
        }
    }
    return false;
}
#else
bool rib_choose_defect(const char *name)
{
    return strcmp(name, "none") == 0;
}
#endif
