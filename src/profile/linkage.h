/* linkage.h - do two records speak of one person? Probabilistic record linkage.
 *
 * Fellegi and Sunter, "A Theory for Record Linkage" (JASA 64, 1969): each field of a pair agrees at a level; m(level) = how often among records of one
 * person, u(level) = among those of two. The odds that a pair is one person are the prior odds times the product of m / u, so the weights log2(m / u)
 * add up. u is counted on random pairs; m and the share of matches are found by expectation and maximisation (Winkler 1988). A name that many have
 * says less: for equal names u is that name's own share (Winkler 2000).
 *
 * Levels: 0 differs, 1 somewhat alike, 2 nearly the same, 3 the same. A field that one record lacks says nothing. */
#ifndef HX_PROFILE_LINKAGE_H
#define HX_PROFILE_LINKAGE_H

#include "huaxiang/base.h"

typedef enum {
    HX_LINK_NAME = 0,
    HX_LINK_PHONE,
    HX_LINK_EMAIL,
    HX_LINK_ADDRESS,
    HX_LINK_BIRTHDAY,
    HX_LINK_DEVICE,
    HX_LINK_FIELDS
} hx_link_field;
#define HX_LINK_LEVELS 4
#define HX_LINK_MISSING HX_LINK_LEVELS
#define HX_LINK_IDS_MAX 8 /* of a type that are compared */

const char *hx_link_field_name(hx_link_field f);

/* What is compared of a person; borrows. Empty = not known. */
typedef struct {
    hx_str name, address, birthday; /* birthday "YYYY-MM-DD" */
    hx_str phones[HX_LINK_IDS_MAX], emails[HX_LINK_IDS_MAX], devices[HX_LINK_IDS_MAX];
    size_t n_phones, n_emails, n_devices;
} hx_link_record;

typedef struct {
    uint8_t level[HX_LINK_FIELDS]; /* HX_LINK_MISSING = one lacks it */
} hx_link_pattern;

/* Names of Han: the same, one character other behind the same surname, the same surname; of Latin letters: the same words in any order, Jaro-Winkler
 * >= .92, >= .8. Phones: one digit other or two swapped, hidden by * but for the rest, the last four. E-mails: the part before @. Addresses: pairs
 * of neighbouring characters (Dice >= .8, .5, .25). Birthdays: one part other, or day and month swapped; only the year. */
hx_link_pattern hx_link_compare(const hx_link_record *a, const hx_link_record *b);
/* Jaro-Winkler similarity of characters, 0 to 1 (Winkler 1990; prefix of at most 4, scale .1). Longer than 64 characters: of the first 64. */
double hx_link_jaro_winkler(hx_str a, hx_str b);

typedef struct {
    double prior; /* share of all pairs that are one person */
    double m[HX_LINK_FIELDS][HX_LINK_LEVELS], u[HX_LINK_FIELDS][HX_LINK_LEVELS];
} hx_link_model;

/* Patterns with how often each occurred. */
typedef struct {
    const hx_link_pattern *patterns;
    const uint64_t *counts;
    size_t n;
} hx_link_counts;

/* u from random pairs, drawn towards what is usual with the weight of a hundred pairs, so that a list of ten customers has a model too. */
void hx_link_fit_u(hx_link_model *model, const hx_link_counts *random);
/* One run of EM: the share of matches among `pairs` (returned) and m, with the fields of `masked` (bits) left out, because the pairs were chosen by
 * them. m starts from, and is drawn towards, what is usual (.85 the same), with the weight of ten pairs. At most 100 rounds, until the share
 * moves by less than 1e-9. */
double hx_link_fit_m(const hx_link_model *u, unsigned masked, const hx_link_counts *pairs,
                     double m[HX_LINK_FIELDS][HX_LINK_LEVELS]);
/* log2(m / u) of each field; `name_share` = share of persons with this name where names are the same, 0 = not known. */
void hx_link_weights(const hx_link_model *model, hx_link_pattern p, double name_share,
                     double weights[HX_LINK_FIELDS]);
/* 0 to 1, of prior and weights. */
double hx_link_probability(double prior, const double weights[HX_LINK_FIELDS]);

#endif
