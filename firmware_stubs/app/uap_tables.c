/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Written by gen/uap_tables.py from libasterix; do not edit. */
#include "uap_tables.h"

#include "asterix.h"

static const struct item_rule cat015_270_items[] = {
    {ITEM_FIXED, 2, 0, NULL}, /* LEN */
    {ITEM_FIXED, 2, 0, NULL}, /* WDT */
    {ITEM_FIXED, 2, 0, NULL}, /* HGT */
    {ITEM_FIXED, 2, 0, NULL}, /* ORT */
};

static const struct item_rule cat015_600_items[] = {
    {ITEM_FIXED, 8, 0, NULL}, /* P84 */
    {ITEM_FIXED, 5, 0, NULL}, /* HPR */
    {ITEM_FIXED, 5, 0, NULL}, /* HPP */
};

static const struct item_rule cat015_601_items[] = {
    {ITEM_FIXED, 3, 0, NULL}, /* GH */
    {ITEM_FIXED, 3, 0, NULL}, /* RSGH */
    {ITEM_FIXED, 3, 0, NULL}, /* SDGH */
    {ITEM_FIXED, 3, 0, NULL}, /* CI6 */
    {ITEM_FIXED, 3, 0, NULL}, /* CI9 */
    {ITEM_FIXED, 2, 0, NULL}, /* COGHHP */
    {ITEM_FIXED, 2, 0, NULL}, /* COGHHV */
    {ITEM_FIXED, 2, 0, NULL}, /* COGHHA */
};

static const struct item_rule cat015_602_items[] = {
    {ITEM_FIXED, 5, 0, NULL}, /* HV */
    {ITEM_FIXED, 5, 0, NULL}, /* RSHV */
    {ITEM_FIXED, 5, 0, NULL}, /* SDHV */
    {ITEM_FIXED, 4, 0, NULL}, /* COHVHP */
};

static const struct item_rule cat015_603_items[] = {
    {ITEM_FIXED, 3, 0, NULL}, /* HA */
    {ITEM_FIXED, 4, 0, NULL}, /* SDHA */
    {ITEM_FIXED, 4, 0, NULL}, /* COHAHP */
    {ITEM_FIXED, 4, 0, NULL}, /* COHAHV */
};

static const struct item_rule cat015_604_items[] = {
    {ITEM_FIXED, 3, 0, NULL}, /* VV */
    {ITEM_FIXED, 2, 0, NULL}, /* RSVV */
    {ITEM_FIXED, 3, 0, NULL}, /* SDVV */
    {ITEM_FIXED, 2, 0, NULL}, /* COVVHP */
    {ITEM_FIXED, 2, 0, NULL}, /* COVVHV */
    {ITEM_FIXED, 2, 0, NULL}, /* COVVHA */
};

static const struct item_rule cat015_605_items[] = {
    {ITEM_FIXED, 2, 0, NULL}, /* VA */
    {ITEM_FIXED, 4, 0, NULL}, /* RSVA */
    {ITEM_FIXED, 2, 0, NULL}, /* COVAHP */
    {ITEM_FIXED, 2, 0, NULL}, /* COVAHV */
    {ITEM_FIXED, 2, 0, NULL}, /* COVAHA */
};

static const struct item_rule cat015_625_items[] = {
    {ITEM_FIXED, 3, 0, NULL}, /* R */
    {ITEM_FIXED, 3, 0, NULL}, /* RSR */
    {ITEM_FIXED, 3, 0, NULL}, /* SDR */
    {ITEM_FIXED, 3, 0, NULL}, /* RR */
    {ITEM_FIXED, 3, 0, NULL}, /* RSRR */
    {ITEM_FIXED, 4, 0, NULL}, /* SDRR */
    {ITEM_FIXED, 2, 0, NULL}, /* RA */
    {ITEM_FIXED, 4, 0, NULL}, /* SDRA */
};

static const struct item_rule cat015_626_items[] = {
    {ITEM_FIXED, 3, 0, NULL}, /* DV */
    {ITEM_FIXED, 2, 0, NULL}, /* SDDV */
    {ITEM_FIXED, 2, 0, NULL}, /* DA */
    {ITEM_FIXED, 3, 0, NULL}, /* SDDA */
    {ITEM_FIXED, 1, 0, NULL}, /* CODVR */
    {ITEM_FIXED, 1, 0, NULL}, /* CODVRR */
    {ITEM_FIXED, 1, 0, NULL}, /* CODVRA */
    {ITEM_FIXED, 1, 0, NULL}, /* CODAR */
    {ITEM_FIXED, 1, 0, NULL}, /* CODARR */
    {ITEM_FIXED, 1, 0, NULL}, /* CODARA */
};

static const struct item_rule cat015_627_items[] = {
    {ITEM_FIXED, 2, 0, NULL}, /* AZ */
    {ITEM_FIXED, 2, 0, NULL}, /* RSAZ */
    {ITEM_FIXED, 2, 0, NULL}, /* SDASZ */
    {ITEM_FIXED, 2, 0, NULL}, /* AZR */
    {ITEM_FIXED, 3, 0, NULL}, /* SDAZR */
    {ITEM_FIXED, 4, 0, NULL}, /* AZEX */
};

static const struct item_rule cat015_628_items[] = {
    {ITEM_FIXED, 2, 0, NULL}, /* EL */
    {ITEM_FIXED, 2, 0, NULL}, /* RSEL */
    {ITEM_FIXED, 2, 0, NULL}, /* SDEL */
    {ITEM_FIXED, 2, 0, NULL}, /* ER */
    {ITEM_FIXED, 3, 0, NULL}, /* SDER */
    {ITEM_FIXED, 4, 0, NULL}, /* ELEX */
};

static const struct item_rule cat015_630_items[] = {
    {ITEM_FIXED, 1, 0, NULL}, /* DPP */
    {ITEM_FIXED, 1, 0, NULL}, /* DPS */
    {ITEM_FIXED, 2, 0, NULL}, /* RPP */
    {ITEM_FIXED, 1, 0, NULL}, /* RPS */
};

static const struct item_rule cat015_items[] = {
    {ITEM_FIXED, 2, 0, NULL}, /* 010 */
    {ITEM_FIXED, 1, 0, NULL}, /* 000 */
    {ITEM_FIXED, 1, 0, NULL}, /* 015 */
    {ITEM_EXTENDED, 1, 1, NULL}, /* 020 */
    {ITEM_REPEATED_FX, 1, 0, NULL}, /* 030 */
    {ITEM_FIXED, 3, 0, NULL}, /* 145 */
    {ITEM_FIXED, 2, 0, NULL}, /* 161 */
    {ITEM_EXTENDED, 1, 1, NULL}, /* 170 */
    {ITEM_FIXED, 2, 0, NULL}, /* 050 */
    {ITEM_COMPOUND, 1, 4, cat015_270_items}, /* 270 */
    {ITEM_REPEATED, 2, 0, NULL}, /* 300 */
    {ITEM_FIXED, 5, 0, NULL}, /* 400 */
    {ITEM_COMPOUND, 1, 3, cat015_600_items}, /* 600 */
    {ITEM_COMPOUND, 2, 8, cat015_601_items}, /* 601 */
    {ITEM_COMPOUND, 1, 4, cat015_602_items}, /* 602 */
    {ITEM_COMPOUND, 1, 4, cat015_603_items}, /* 603 */
    {ITEM_COMPOUND, 1, 6, cat015_604_items}, /* 604 */
    {ITEM_COMPOUND, 1, 5, cat015_605_items}, /* 605 */
    {ITEM_REPEATED, 5, 0, NULL}, /* 480 */
    {ITEM_COMPOUND, 2, 8, cat015_625_items}, /* 625 */
    {ITEM_COMPOUND, 2, 10, cat015_626_items}, /* 626 */
    {ITEM_COMPOUND, 1, 6, cat015_627_items}, /* 627 */
    {ITEM_COMPOUND, 1, 6, cat015_628_items}, /* 628 */
    {ITEM_COMPOUND, 1, 4, cat015_630_items}, /* 630 */
    {ITEM_REPEATED, 8, 0, NULL}, /* 631 */
    {ITEM_EXPLICIT, 0, 0, NULL}, /* SP */
};
const struct category cat015 = {15, 4, 26, cat015_items};

static const struct item_rule cat034_050_items[] = {
    {ITEM_FIXED, 1, 0, NULL}, /* COM */
    {ITEM_NONE, 0, 0, NULL},
    {ITEM_NONE, 0, 0, NULL},
    {ITEM_FIXED, 1, 0, NULL}, /* PSR */
    {ITEM_FIXED, 1, 0, NULL}, /* SSR */
    {ITEM_FIXED, 2, 0, NULL}, /* MDS */
};

static const struct item_rule cat034_060_items[] = {
    {ITEM_FIXED, 1, 0, NULL}, /* COM */
    {ITEM_NONE, 0, 0, NULL},
    {ITEM_NONE, 0, 0, NULL},
    {ITEM_FIXED, 1, 0, NULL}, /* PSR */
    {ITEM_FIXED, 1, 0, NULL}, /* SSR */
    {ITEM_FIXED, 1, 0, NULL}, /* MDS */
};

static const struct item_rule cat034_items[] = {
    {ITEM_FIXED, 2, 0, NULL}, /* 010 */
    {ITEM_FIXED, 1, 0, NULL}, /* 000 */
    {ITEM_FIXED, 3, 0, NULL}, /* 030 */
    {ITEM_FIXED, 1, 0, NULL}, /* 020 */
    {ITEM_FIXED, 2, 0, NULL}, /* 041 */
    {ITEM_COMPOUND, 1, 6, cat034_050_items}, /* 050 */
    {ITEM_COMPOUND, 1, 6, cat034_060_items}, /* 060 */
    {ITEM_REPEATED, 2, 0, NULL}, /* 070 */
    {ITEM_FIXED, 8, 0, NULL}, /* 100 */
    {ITEM_FIXED, 1, 0, NULL}, /* 110 */
    {ITEM_FIXED, 8, 0, NULL}, /* 120 */
    {ITEM_FIXED, 2, 0, NULL}, /* 090 */
    {ITEM_EXPLICIT, 0, 0, NULL}, /* RE */
    {ITEM_EXPLICIT, 0, 0, NULL}, /* SP */
};
const struct category cat034 = {34, 2, 14, cat034_items};

static const struct item_rule cat048_130_items[] = {
    {ITEM_FIXED, 1, 0, NULL}, /* SRL */
    {ITEM_FIXED, 1, 0, NULL}, /* SRR */
    {ITEM_FIXED, 1, 0, NULL}, /* SAM */
    {ITEM_FIXED, 1, 0, NULL}, /* PRL */
    {ITEM_FIXED, 1, 0, NULL}, /* PAM */
    {ITEM_FIXED, 1, 0, NULL}, /* RPD */
    {ITEM_FIXED, 1, 0, NULL}, /* APD */
};

static const struct item_rule cat048_120_items[] = {
    {ITEM_FIXED, 2, 0, NULL}, /* CAL */
    {ITEM_REPEATED, 6, 0, NULL}, /* RDS */
};

static const struct item_rule cat048_items[] = {
    {ITEM_FIXED, 2, 0, NULL}, /* 010 */
    {ITEM_FIXED, 3, 0, NULL}, /* 140 */
    {ITEM_EXTENDED, 1, 6, NULL}, /* 020 */
    {ITEM_FIXED, 4, 0, NULL}, /* 040 */
    {ITEM_FIXED, 2, 0, NULL}, /* 070 */
    {ITEM_FIXED, 2, 0, NULL}, /* 090 */
    {ITEM_COMPOUND, 1, 7, cat048_130_items}, /* 130 */
    {ITEM_FIXED, 3, 0, NULL}, /* 220 */
    {ITEM_FIXED, 6, 0, NULL}, /* 240 */
    {ITEM_REPEATED, 8, 0, NULL}, /* 250 */
    {ITEM_FIXED, 2, 0, NULL}, /* 161 */
    {ITEM_FIXED, 4, 0, NULL}, /* 042 */
    {ITEM_FIXED, 4, 0, NULL}, /* 200 */
    {ITEM_EXTENDED, 1, 2, NULL}, /* 170 */
    {ITEM_FIXED, 4, 0, NULL}, /* 210 */
    {ITEM_REPEATED_FX, 1, 0, NULL}, /* 030 */
    {ITEM_FIXED, 2, 0, NULL}, /* 080 */
    {ITEM_FIXED, 4, 0, NULL}, /* 100 */
    {ITEM_FIXED, 2, 0, NULL}, /* 110 */
    {ITEM_COMPOUND, 1, 2, cat048_120_items}, /* 120 */
    {ITEM_FIXED, 2, 0, NULL}, /* 230 */
    {ITEM_FIXED, 7, 0, NULL}, /* 260 */
    {ITEM_FIXED, 1, 0, NULL}, /* 055 */
    {ITEM_FIXED, 2, 0, NULL}, /* 050 */
    {ITEM_FIXED, 1, 0, NULL}, /* 065 */
    {ITEM_FIXED, 2, 0, NULL}, /* 060 */
    {ITEM_EXPLICIT, 0, 0, NULL}, /* SP */
    {ITEM_EXPLICIT, 0, 0, NULL}, /* RE */
};
const struct category cat048 = {48, 4, 28, cat048_items};

static const struct item_rule cat062_380_items[] = {
    {ITEM_FIXED, 3, 0, NULL}, /* ADR */
    {ITEM_FIXED, 6, 0, NULL}, /* ID */
    {ITEM_FIXED, 2, 0, NULL}, /* MHG */
    {ITEM_FIXED, 2, 0, NULL}, /* IAS */
    {ITEM_FIXED, 2, 0, NULL}, /* TAS */
    {ITEM_FIXED, 2, 0, NULL}, /* SAL */
    {ITEM_FIXED, 2, 0, NULL}, /* FSS */
    {ITEM_EXTENDED, 1, 1, NULL}, /* TIS */
    {ITEM_REPEATED, 15, 0, NULL}, /* TID */
    {ITEM_FIXED, 2, 0, NULL}, /* COM */
    {ITEM_FIXED, 2, 0, NULL}, /* SAB */
    {ITEM_FIXED, 7, 0, NULL}, /* ACS */
    {ITEM_FIXED, 2, 0, NULL}, /* BVR */
    {ITEM_FIXED, 2, 0, NULL}, /* GVR */
    {ITEM_FIXED, 2, 0, NULL}, /* RAN */
    {ITEM_FIXED, 2, 0, NULL}, /* TAR */
    {ITEM_FIXED, 2, 0, NULL}, /* TAN */
    {ITEM_FIXED, 2, 0, NULL}, /* GS */
    {ITEM_FIXED, 1, 0, NULL}, /* VUN */
    {ITEM_FIXED, 8, 0, NULL}, /* MET */
    {ITEM_FIXED, 1, 0, NULL}, /* EMC */
    {ITEM_FIXED, 6, 0, NULL}, /* POS */
    {ITEM_FIXED, 2, 0, NULL}, /* GAL */
    {ITEM_FIXED, 1, 0, NULL}, /* PUN */
    {ITEM_REPEATED, 8, 0, NULL}, /* BDSDATA */
    {ITEM_FIXED, 2, 0, NULL}, /* IAR */
    {ITEM_FIXED, 2, 0, NULL}, /* MAC */
    {ITEM_FIXED, 2, 0, NULL}, /* BPS */
};

static const struct item_rule cat062_290_items[] = {
    {ITEM_FIXED, 1, 0, NULL}, /* TRK */
    {ITEM_FIXED, 1, 0, NULL}, /* PSR */
    {ITEM_FIXED, 1, 0, NULL}, /* SSR */
    {ITEM_FIXED, 1, 0, NULL}, /* MDS */
    {ITEM_FIXED, 2, 0, NULL}, /* ADS */
    {ITEM_FIXED, 1, 0, NULL}, /* ES */
    {ITEM_FIXED, 1, 0, NULL}, /* VDL */
    {ITEM_FIXED, 1, 0, NULL}, /* UAT */
    {ITEM_FIXED, 1, 0, NULL}, /* LOP */
    {ITEM_FIXED, 1, 0, NULL}, /* MLT */
};

static const struct item_rule cat062_295_items[] = {
    {ITEM_FIXED, 1, 0, NULL}, /* MFL */
    {ITEM_FIXED, 1, 0, NULL}, /* MD1 */
    {ITEM_FIXED, 1, 0, NULL}, /* MD2 */
    {ITEM_FIXED, 1, 0, NULL}, /* MDA */
    {ITEM_FIXED, 1, 0, NULL}, /* MD4 */
    {ITEM_FIXED, 1, 0, NULL}, /* MD5 */
    {ITEM_FIXED, 1, 0, NULL}, /* MHG */
    {ITEM_FIXED, 1, 0, NULL}, /* IAS */
    {ITEM_FIXED, 1, 0, NULL}, /* TAS */
    {ITEM_FIXED, 1, 0, NULL}, /* SAL */
    {ITEM_FIXED, 1, 0, NULL}, /* FSS */
    {ITEM_FIXED, 1, 0, NULL}, /* TID */
    {ITEM_FIXED, 1, 0, NULL}, /* COM */
    {ITEM_FIXED, 1, 0, NULL}, /* SAB */
    {ITEM_FIXED, 1, 0, NULL}, /* ACS */
    {ITEM_FIXED, 1, 0, NULL}, /* BVR */
    {ITEM_FIXED, 1, 0, NULL}, /* GVR */
    {ITEM_FIXED, 1, 0, NULL}, /* RAN */
    {ITEM_FIXED, 1, 0, NULL}, /* TAR */
    {ITEM_FIXED, 1, 0, NULL}, /* TAN */
    {ITEM_FIXED, 1, 0, NULL}, /* GSP */
    {ITEM_FIXED, 1, 0, NULL}, /* VUN */
    {ITEM_FIXED, 1, 0, NULL}, /* MET */
    {ITEM_FIXED, 1, 0, NULL}, /* EMC */
    {ITEM_FIXED, 1, 0, NULL}, /* POS */
    {ITEM_FIXED, 1, 0, NULL}, /* GAL */
    {ITEM_FIXED, 1, 0, NULL}, /* PUN */
    {ITEM_FIXED, 1, 0, NULL}, /* MB */
    {ITEM_FIXED, 1, 0, NULL}, /* IAR */
    {ITEM_FIXED, 1, 0, NULL}, /* MAC */
    {ITEM_FIXED, 1, 0, NULL}, /* BPS */
};

static const struct item_rule cat062_390_items[] = {
    {ITEM_FIXED, 2, 0, NULL}, /* TAG */
    {ITEM_FIXED, 7, 0, NULL}, /* CS */
    {ITEM_FIXED, 4, 0, NULL}, /* IFI */
    {ITEM_FIXED, 1, 0, NULL}, /* FCT */
    {ITEM_FIXED, 4, 0, NULL}, /* TAC */
    {ITEM_FIXED, 1, 0, NULL}, /* WTC */
    {ITEM_FIXED, 4, 0, NULL}, /* DEP */
    {ITEM_FIXED, 4, 0, NULL}, /* DST */
    {ITEM_FIXED, 3, 0, NULL}, /* RDS */
    {ITEM_FIXED, 2, 0, NULL}, /* CFL */
    {ITEM_FIXED, 2, 0, NULL}, /* CTL */
    {ITEM_REPEATED, 4, 0, NULL}, /* TOD */
    {ITEM_FIXED, 6, 0, NULL}, /* AST */
    {ITEM_FIXED, 1, 0, NULL}, /* STS */
    {ITEM_FIXED, 7, 0, NULL}, /* STD */
    {ITEM_FIXED, 7, 0, NULL}, /* STA */
    {ITEM_FIXED, 2, 0, NULL}, /* PEM */
    {ITEM_FIXED, 7, 0, NULL}, /* PEC */
};

static const struct item_rule cat062_110_items[] = {
    {ITEM_FIXED, 1, 0, NULL}, /* SUM */
    {ITEM_FIXED, 4, 0, NULL}, /* PMN */
    {ITEM_FIXED, 6, 0, NULL}, /* POS */
    {ITEM_FIXED, 2, 0, NULL}, /* GA */
    {ITEM_FIXED, 2, 0, NULL}, /* EM1 */
    {ITEM_FIXED, 1, 0, NULL}, /* TOS */
    {ITEM_FIXED, 1, 0, NULL}, /* XP */
};

static const struct item_rule cat062_500_items[] = {
    {ITEM_FIXED, 4, 0, NULL}, /* APC */
    {ITEM_FIXED, 2, 0, NULL}, /* COV */
    {ITEM_FIXED, 4, 0, NULL}, /* APW */
    {ITEM_FIXED, 1, 0, NULL}, /* AGA */
    {ITEM_FIXED, 1, 0, NULL}, /* ABA */
    {ITEM_FIXED, 2, 0, NULL}, /* ATV */
    {ITEM_FIXED, 2, 0, NULL}, /* AA */
    {ITEM_FIXED, 1, 0, NULL}, /* ARC */
};

static const struct item_rule cat062_340_items[] = {
    {ITEM_FIXED, 2, 0, NULL}, /* SID */
    {ITEM_FIXED, 4, 0, NULL}, /* POS */
    {ITEM_FIXED, 2, 0, NULL}, /* HEIGHT */
    {ITEM_FIXED, 2, 0, NULL}, /* MDC */
    {ITEM_FIXED, 2, 0, NULL}, /* MDA */
    {ITEM_FIXED, 1, 0, NULL}, /* TYP */
};

static const struct item_rule cat062_items[] = {
    {ITEM_FIXED, 2, 0, NULL}, /* 010 */
    {ITEM_NONE, 0, 0, NULL},
    {ITEM_FIXED, 1, 0, NULL}, /* 015 */
    {ITEM_FIXED, 3, 0, NULL}, /* 070 */
    {ITEM_FIXED, 8, 0, NULL}, /* 105 */
    {ITEM_FIXED, 6, 0, NULL}, /* 100 */
    {ITEM_FIXED, 4, 0, NULL}, /* 185 */
    {ITEM_FIXED, 2, 0, NULL}, /* 210 */
    {ITEM_FIXED, 2, 0, NULL}, /* 060 */
    {ITEM_FIXED, 7, 0, NULL}, /* 245 */
    {ITEM_COMPOUND, 4, 28, cat062_380_items}, /* 380 */
    {ITEM_FIXED, 2, 0, NULL}, /* 040 */
    {ITEM_EXTENDED, 1, 7, NULL}, /* 080 */
    {ITEM_COMPOUND, 2, 10, cat062_290_items}, /* 290 */
    {ITEM_FIXED, 1, 0, NULL}, /* 200 */
    {ITEM_COMPOUND, 5, 31, cat062_295_items}, /* 295 */
    {ITEM_FIXED, 2, 0, NULL}, /* 136 */
    {ITEM_FIXED, 2, 0, NULL}, /* 130 */
    {ITEM_FIXED, 2, 0, NULL}, /* 135 */
    {ITEM_FIXED, 2, 0, NULL}, /* 220 */
    {ITEM_COMPOUND, 3, 18, cat062_390_items}, /* 390 */
    {ITEM_EXTENDED, 1, 3, NULL}, /* 270 */
    {ITEM_FIXED, 1, 0, NULL}, /* 300 */
    {ITEM_COMPOUND, 1, 7, cat062_110_items}, /* 110 */
    {ITEM_FIXED, 2, 0, NULL}, /* 120 */
    {ITEM_REPEATED_FX, 3, 0, NULL}, /* 510 */
    {ITEM_COMPOUND, 2, 8, cat062_500_items}, /* 500 */
    {ITEM_COMPOUND, 1, 6, cat062_340_items}, /* 340 */
    {ITEM_NONE, 0, 0, NULL},
    {ITEM_NONE, 0, 0, NULL},
    {ITEM_NONE, 0, 0, NULL},
    {ITEM_NONE, 0, 0, NULL},
    {ITEM_NONE, 0, 0, NULL},
    {ITEM_EXPLICIT, 0, 0, NULL}, /* RE */
    {ITEM_EXPLICIT, 0, 0, NULL}, /* SP */
};
const struct category cat062 = {62, 5, 35, cat062_items};

static const struct item_rule cat063_items[] = {
    {ITEM_FIXED, 2, 0, NULL}, /* 010 */
    {ITEM_FIXED, 1, 0, NULL}, /* 015 */
    {ITEM_FIXED, 3, 0, NULL}, /* 030 */
    {ITEM_FIXED, 2, 0, NULL}, /* 050 */
    {ITEM_EXTENDED, 1, 3, NULL}, /* 060 */
    {ITEM_FIXED, 2, 0, NULL}, /* 070 */
    {ITEM_FIXED, 4, 0, NULL}, /* 080 */
    {ITEM_FIXED, 2, 0, NULL}, /* 081 */
    {ITEM_FIXED, 4, 0, NULL}, /* 090 */
    {ITEM_FIXED, 2, 0, NULL}, /* 091 */
    {ITEM_FIXED, 2, 0, NULL}, /* 092 */
    {ITEM_NONE, 0, 0, NULL},
    {ITEM_EXPLICIT, 0, 0, NULL}, /* RE */
    {ITEM_EXPLICIT, 0, 0, NULL}, /* SP */
};
const struct category cat063 = {63, 2, 14, cat063_items};

static const struct item_rule cat065_items[] = {
    {ITEM_FIXED, 2, 0, NULL}, /* 010 */
    {ITEM_FIXED, 1, 0, NULL}, /* 000 */
    {ITEM_FIXED, 1, 0, NULL}, /* 015 */
    {ITEM_FIXED, 3, 0, NULL}, /* 030 */
    {ITEM_FIXED, 1, 0, NULL}, /* 020 */
    {ITEM_FIXED, 1, 0, NULL}, /* 040 */
    {ITEM_FIXED, 1, 0, NULL}, /* 050 */
    {ITEM_NONE, 0, 0, NULL},
    {ITEM_NONE, 0, 0, NULL},
    {ITEM_NONE, 0, 0, NULL},
    {ITEM_NONE, 0, 0, NULL},
    {ITEM_NONE, 0, 0, NULL},
    {ITEM_EXPLICIT, 0, 0, NULL}, /* RE */
    {ITEM_EXPLICIT, 0, 0, NULL}, /* SP */
};
const struct category cat065 = {65, 2, 14, cat065_items};

static const struct item_rule ref048_md5_items[] = {
    {ITEM_FIXED, 1, 0, NULL}, /* SUM */
    {ITEM_FIXED, 4, 0, NULL}, /* PMN */
    {ITEM_FIXED, 6, 0, NULL}, /* POS */
    {ITEM_FIXED, 2, 0, NULL}, /* GA */
    {ITEM_FIXED, 2, 0, NULL}, /* EM1 */
    {ITEM_FIXED, 1, 0, NULL}, /* TOS */
    {ITEM_FIXED, 1, 0, NULL}, /* XP */
};

static const struct item_rule ref048_m5n_items[] = {
    {ITEM_FIXED, 1, 0, NULL}, /* SUM */
    {ITEM_FIXED, 4, 0, NULL}, /* PMN */
    {ITEM_FIXED, 6, 0, NULL}, /* POS */
    {ITEM_FIXED, 2, 0, NULL}, /* GA */
    {ITEM_FIXED, 2, 0, NULL}, /* EM1 */
    {ITEM_FIXED, 1, 0, NULL}, /* TOS */
    {ITEM_FIXED, 1, 0, NULL}, /* XP */
    {ITEM_FIXED, 1, 0, NULL}, /* FOM */
};

static const struct item_rule ref048_rpc_items[] = {
    {ITEM_FIXED, 1, 0, NULL}, /* SCO */
    {ITEM_FIXED, 2, 0, NULL}, /* SRC */
    {ITEM_FIXED, 2, 0, NULL}, /* RW */
    {ITEM_FIXED, 2, 0, NULL}, /* AR */
};

static const struct item_rule ref048_rtc_items[] = {
    {ITEM_FIXED, 3, 0, NULL}, /* PTL */
    {ITEM_REPEATED, 2, 0, NULL}, /* ATL */
    {ITEM_FIXED, 1, 0, NULL}, /* TRN */
    {ITEM_FIXED, 22, 0, NULL}, /* NPP */
    {ITEM_REPEATED, 1, 0, NULL}, /* DLK */
    {ITEM_FIXED, 2, 0, NULL}, /* LCK */
    {ITEM_FIXED, 6, 0, NULL}, /* TC */
    {ITEM_FIXED, 4, 0, NULL}, /* TLC */
    {ITEM_REPEATED, 7, 0, NULL}, /* ASI */
    {ITEM_FIXED, 1, 0, NULL}, /* TES */
    {ITEM_FIXED, 1, 0, NULL}, /* IR */
};

static const struct item_rule ref048_cpc_items[] = {
    {ITEM_FIXED, 2, 0, NULL}, /* PNB */
    {ITEM_REPEATED, 3, 0, NULL}, /* RPL */
    {ITEM_FIXED, 1, 0, NULL}, /* SNB */
    {ITEM_FIXED, 4, 0, NULL}, /* DATE */
};

static const struct item_rule ref048_gen48_items[] = {
    {ITEM_FIXED, 2, 0, NULL}, /* ALTM2 */
    {ITEM_FIXED, 2, 0, NULL}, /* ALTM3 */
    {ITEM_FIXED, 2, 0, NULL}, /* ALTFL */
    {ITEM_FIXED, 2, 0, NULL}, /* RCSDB */
    {ITEM_FIXED, 4, 0, NULL}, /* RCSM */
};

static const struct item_rule ref048_items[] = {
    {ITEM_COMPOUND, 1, 7, ref048_md5_items}, /* MD5 */
    {ITEM_COMPOUND, 2, 8, ref048_m5n_items}, /* M5N */
    {ITEM_EXTENDED, 1, 1, NULL}, /* M4E */
    {ITEM_COMPOUND, 1, 4, ref048_rpc_items}, /* RPC */
    {ITEM_FIXED, 3, 0, NULL}, /* ERR */
    {ITEM_COMPOUND, 2, 11, ref048_rtc_items}, /* RTC */
    {ITEM_COMPOUND, 1, 4, ref048_cpc_items}, /* CPC */
    {ITEM_COMPOUND, 1, 5, ref048_gen48_items}, /* GEN48 */
};
const struct item_rule ref048 = {ITEM_COMPOUND_PLAIN, 1, 8, ref048_items};
