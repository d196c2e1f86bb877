/* profiles_table.c - a store's customers as a table: a row each, so that table and learn commands read a store as they read a file.
 *
 *     walk 1: which traits and labels there are, and of which kinds    -> columns
 *     walk 2: values into arrays of as many places as customers        -> hx_table
 *
 * Fixed columns come first and are always there; then the traits and labels that anybody has, by name, at most TRAITS_MAX. A trait whose values are
 * all numbers, dates or true/false is a column of that kind, any other one of texts; one whose name is taken becomes trait.NAME. What is not
 * known of a customer is missing. Rows are in the order of the walk: equal stores give equal tables. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "answer/population.h"
#include "base/civil.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/map.h"
#include "base/money.h"
#include "base/number.h"
#include "huaxiang/pipeline.h"

#define TRAITS_MAX 1000
#define NAME_BYTES 300
#define ARENA_MAX ((size_t)16 << 30)

typedef struct {
    hx_str name; /* of the column */
    hx_kind kind;
    double *numbers; /* (rows) NaN = missing; of TEXT: codes */
    hx_map codes; /* of hashes of values, + 1 */
    hx_str *values; /* (n_values, room) in the arena */
    size_t n_values, room;
} column;

typedef enum {
    PROFILE = 0,
    NAME,
    CUSTOMER,
    EMAIL,
    PHONE,
    ACCOUNT,
    DEVICE,
    ANONYMOUS,
    FIRST_EVENT,
    LAST_EVENT,
    EVENTS,
    ORDERS,
    LINES,
    REFUNDS,
    SPENT,
    CURRENCY,
    DISCOUNT,
    FIRST_PURCHASE,
    LAST_PURCHASE,
    RECENCY_DAYS,
    TENURE_DAYS,
    SILENT_DAYS,
    GAP_DAYS,
    PRICE_SHARE,
    SCORE_R,
    SCORE_F,
    SCORE_M,
    RFM_GROUP,
    TEXTS,
    SENTIMENT,
    SENTIMENT_TREND,
    POSITIVE,
    NEUTRAL,
    NEGATIVE,
    RATING,
    INTEREST,
    KEYWORD,
    SEGMENTS,
    FIXED = SEGMENTS + HX_SEGMENT_N
} fixed;

static const struct {
    const char *name;
    hx_kind kind;
} fixed_columns[SEGMENTS] = {[PROFILE] = {"profile", HX_KIND_TEXT},
                             [NAME] = {"name", HX_KIND_TEXT},
                             [CUSTOMER] = {"customer", HX_KIND_TEXT},
                             [EMAIL] = {"email", HX_KIND_TEXT},
                             [PHONE] = {"phone", HX_KIND_TEXT},
                             [ACCOUNT] = {"account", HX_KIND_TEXT},
                             [DEVICE] = {"device", HX_KIND_TEXT},
                             [ANONYMOUS] = {"anonymous", HX_KIND_TEXT},
                             [FIRST_EVENT] = {"first_event", HX_KIND_TIME},
                             [LAST_EVENT] = {"last_event", HX_KIND_TIME},
                             [EVENTS] = {"events", HX_KIND_NUMBER},
                             [ORDERS] = {"orders", HX_KIND_NUMBER},
                             [LINES] = {"order_lines", HX_KIND_NUMBER},
                             [REFUNDS] = {"refunds", HX_KIND_NUMBER},
                             [SPENT] = {"spent", HX_KIND_NUMBER},
                             [CURRENCY] = {"currency", HX_KIND_TEXT},
                             [DISCOUNT] = {"discount", HX_KIND_NUMBER},
                             [FIRST_PURCHASE] = {"first_purchase", HX_KIND_TIME},
                             [LAST_PURCHASE] = {"last_purchase", HX_KIND_TIME},
                             [RECENCY_DAYS] = {"recency_days", HX_KIND_NUMBER},
                             [TENURE_DAYS] = {"tenure_days", HX_KIND_NUMBER},
                             [SILENT_DAYS] = {"silent_days", HX_KIND_NUMBER},
                             [GAP_DAYS] = {"gap_days", HX_KIND_NUMBER},
                             [PRICE_SHARE] = {"price_share", HX_KIND_NUMBER},
                             [SCORE_R] = {"r", HX_KIND_NUMBER},
                             [SCORE_F] = {"f", HX_KIND_NUMBER},
                             [SCORE_M] = {"m", HX_KIND_NUMBER},
                             [RFM_GROUP] = {"rfm_group", HX_KIND_TEXT},
                             [TEXTS] = {"texts", HX_KIND_NUMBER},
                             [SENTIMENT] = {"sentiment", HX_KIND_NUMBER},
                             [SENTIMENT_TREND] = {"sentiment_trend", HX_KIND_NUMBER},
                             [POSITIVE] = {"positive", HX_KIND_NUMBER},
                             [NEUTRAL] = {"neutral", HX_KIND_NUMBER},
                             [NEGATIVE] = {"negative", HX_KIND_NUMBER},
                             [RATING] = {"rating", HX_KIND_NUMBER},
                             [INTEREST] = {"interest", HX_KIND_TEXT},
                             [KEYWORD] = {"keyword", HX_KIND_TEXT}};

typedef struct {
    hx_str name;
    unsigned kinds; /* 1 << hx_value_type of its values */
} trait_column;

typedef struct {
    const hx_population *pop;
    hx_arena *arena;
    hx_map seen; /* hashes of names of traits: index + 1 */
    trait_column traits[TRAITS_MAX];
    size_t n_traits;
    column *columns; /* (FIXED + n_traits) */
    size_t row;
} table_job;

static hx_status no_memory(hx_error *err) {
    return hx_fail(err, HX_ENOMEM, "not enough memory for the table");
}

/* ------------------------------------------------------------------ which columns */
static hx_status note(table_job *j, hx_str name, hx_value_type type, hx_error *err) {
    uint64_t *at = hx_map_put(&j->seen, hx_hash(name));
    if (at == NULL) return no_memory(err);
    if (*at == 0) {
        if (j->n_traits == TRAITS_MAX) return HX_OK;
        j->traits[j->n_traits].name = hx_arena_str(j->arena, name);
        if (j->traits[j->n_traits].name.ptr == NULL) return no_memory(err);
        *at = ++j->n_traits;
    }
    j->traits[*at - 1].kinds |= 1u << type;
    return HX_OK;
}

/* "label.SET" and "label.SET(LABEL)". */
static hx_str label_name(const hx_label_count *l, bool count, char out[NAME_BYTES]) {
    const int n = count ? snprintf(out, NAME_BYTES, "label.%.*s(%.*s)", HX_STR_ARG(l->set),
                                   HX_STR_ARG(l->label))
                        : snprintf(out, NAME_BYTES, "label.%.*s", HX_STR_ARG(l->set));
    return (hx_str){out, n < NAME_BYTES ? (size_t)n : NAME_BYTES - 1};
}

static hx_status note_person(void *context, const hx_customer *c, const hx_profile *p,
                             hx_error *err) {
    table_job *j = context;
    char name[NAME_BYTES];
    (void)c;
    for (uint32_t i = 0; i < p->n_traits; i++)
        if (!hx_str_equal(p->traits[i].name, HX_STR_LIT("name")))
            HX_TRY(note(j, p->traits[i].name, p->traits[i].type, err));
    for (uint32_t i = 0; i < p->n_labels; i++) {
        bool number = hx_label_is_number(&p->labels[i]);
        HX_TRY(note(j, label_name(&p->labels[i], false, name),
                    number ? HX_VALUE_NUMBER : HX_VALUE_TEXT, err));
        if (number) continue;
        HX_TRY(note(j, label_name(&p->labels[i], true, name), HX_VALUE_NUMBER, err));
    }
    return HX_OK;
}

static int by_name(const void *a, const void *b) {
    return hx_str_compare(((const trait_column *)a)->name, ((const trait_column *)b)->name);
}

static bool is_taken(const table_job *j, hx_str name) {
    for (size_t i = 0; i < FIXED; i++)
        if (hx_str_equal(j->columns[i].name, name)) return true;
    return false;
}

static hx_status name_columns(table_job *j, hx_error *err) {
    char name[NAME_BYTES];
    for (size_t i = 0; i < SEGMENTS; i++) {
        j->columns[i].name = hx_str_of(fixed_columns[i].name);
        j->columns[i].kind = fixed_columns[i].kind;
    }
    for (size_t k = 0; k < HX_SEGMENT_N; k++) {
        (void)snprintf(name, sizeof name, "segment.%s", hx_segment_key((hx_segment_id)k));
        j->columns[SEGMENTS + k].name = hx_arena_str(j->arena, hx_str_of(name));
        j->columns[SEGMENTS + k].kind = HX_KIND_BOOLEAN;
        if (j->columns[SEGMENTS + k].name.ptr == NULL) return no_memory(err);
    }
    for (size_t i = 0; i < j->n_traits; i++) {
        const trait_column *t = &j->traits[i];
        column *c = &j->columns[FIXED + i];
        (void)snprintf(name, sizeof name, "%s%.*s", is_taken(j, t->name) ? "trait." : "",
                       HX_STR_ARG(t->name));
        c->name = hx_arena_str(j->arena, hx_str_of(name));
        c->kind = t->kinds == 1u << HX_VALUE_NUMBER    ? HX_KIND_NUMBER
                  : t->kinds == 1u << HX_VALUE_DATE    ? HX_KIND_TIME
                  : t->kinds == 1u << HX_VALUE_BOOLEAN ? HX_KIND_BOOLEAN
                                                       : HX_KIND_TEXT;
        if (c->name.ptr == NULL) return no_memory(err);
    }
    return HX_OK;
}

static hx_status make_columns(table_job *j, hx_error *err) {
    const size_t n = FIXED + j->n_traits, rows = j->pop->n;
    if (j->n_traits > 1) qsort(j->traits, j->n_traits, sizeof *j->traits, by_name);
    hx_map_reset(&j->seen);
    for (size_t i = 0; i < j->n_traits; i++) {
        uint64_t *at = hx_map_put(&j->seen, hx_hash(j->traits[i].name));
        if (at == NULL) return no_memory(err);
        *at = i + 1;
    }
    j->columns = hx_arena_alloc(j->arena, n * sizeof *j->columns);
    if (j->columns == NULL) return no_memory(err);
    for (size_t i = 0; i < n; i++) {
        hx_map_init(&j->columns[i].codes);
        j->columns[i].numbers = hx_arena_alloc(j->arena, (rows + 1) * sizeof(double));
        if (j->columns[i].numbers == NULL) return no_memory(err);
        for (size_t row = 0; row < rows; row++)
            j->columns[i].numbers[row] = NAN;
    }
    return name_columns(j, err);
}

/* ------------------------------------------------------------------ values */
static hx_status put_text(table_job *j, size_t at, hx_str value, hx_error *err) {
    column *c = &j->columns[at];
    if (value.len == 0) return HX_OK;
    uint64_t *code = hx_map_put(&c->codes, hx_hash(value));
    if (code == NULL) return no_memory(err);
    if (*code == 0) {
        if (c->n_values == c->room) {
            const size_t room = c->room > 0 ? 2 * c->room : 16;
            hx_str *more = hx_arena_alloc(j->arena, room * sizeof *more);
            if (more == NULL) return no_memory(err);
            if (c->n_values > 0) memcpy(more, c->values, c->n_values * sizeof *more);
            c->values = more;
            c->room = room;
        }
        c->values[c->n_values] = hx_arena_str(j->arena, value);
        if (c->values[c->n_values].ptr == NULL) return no_memory(err);
        *code = ++c->n_values;
    }
    c->numbers[j->row] = (double)(*code - 1);
    return HX_OK;
}

static void put_number(table_job *j, size_t at, double v) {
    j->columns[at].numbers[j->row] = v;
}

static void put_time(table_job *j, size_t at, int64_t ms) {
    if (ms != HX_TIME_NONE) put_number(j, at, (double)ms);
}

static void put_days(table_job *j, size_t at, int32_t days) {
    if (days != HX_DAYS_UNKNOWN) put_number(j, at, days);
}

static hx_status put_who(table_job *j, const hx_profile *p, hx_error *err) {
    char id[HX_PROFILE_ID_MAX], scratch[HX_PROFILE_ID_MAX];
    static const struct {
        fixed at;
        hx_id_type type;
    } ids[] = {{CUSTOMER, HX_ID_CUSTOMER}, {EMAIL, HX_ID_EMAIL},   {PHONE, HX_ID_PHONE},
               {ACCOUNT, HX_ID_ACCOUNT},   {DEVICE, HX_ID_DEVICE}, {ANONYMOUS, HX_ID_ANONYMOUS}};
    HX_TRY(put_text(j, PROFILE, hx_str_of(hx_profile_id_text(p->key, id)), err));
    HX_TRY(put_text(j, NAME, hx__person_name(p, scratch), err));
    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++)
        for (uint32_t k = p->n_ids; k-- > 0;) /* the first stays */
            if (p->ids[k].type == ids[i].type) HX_TRY(put_text(j, ids[i].at, p->ids[k].value, err));
    return HX_OK;
}

static hx_status put_bought(table_job *j, const hx_customer *c, const hx_profile *p,
                            hx_error *err) {
    const int group = hx_rfm_group(c);
    put_time(j, FIRST_EVENT, p->first);
    put_time(j, LAST_EVENT, p->last);
    put_number(j, EVENTS, (double)p->n_events);
    put_number(j, ORDERS, c->orders);
    put_number(j, LINES, (double)p->n_lines);
    put_number(j, REFUNDS, (double)p->n_refunds);
    put_number(j, SPENT, (double)c->monetary / HX_MONEY_ONE);
    HX_TRY(put_text(j, CURRENCY, hx_str_of(j->pop->currency), err));
    put_number(j, DISCOUNT, (double)p->discount / HX_MONEY_ONE);
    put_time(j, FIRST_PURCHASE, p->first_purchase);
    put_time(j, LAST_PURCHASE, p->last_purchase);
    put_days(j, RECENCY_DAYS, c->recency);
    put_days(j, TENURE_DAYS, c->age);
    put_days(j, SILENT_DAYS, c->silent);
    if (c->gap > 0) put_number(j, GAP_DAYS, c->gap);
    put_number(j, PRICE_SHARE, (double)c->price_share / HX_SHARE_ONE);
    if (c->r > 0) put_number(j, SCORE_R, c->r);
    if (c->f > 0) put_number(j, SCORE_F, c->f);
    if (c->m > 0) put_number(j, SCORE_M, c->m);
    return group < 0 ? HX_OK : put_text(j, RFM_GROUP, hx_str_of(hx_rfm_group_id(group)), err);
}

static hx_status put_said(table_job *j, const hx_customer *c, const hx_profile *p, hx_error *err) {
    uint32_t order[HX_INTERESTS_MAX > HX_TOP_WORDS_MAX ? HX_INTERESTS_MAX : HX_TOP_WORDS_MAX];
    put_number(j, TEXTS, c->texts);
    if (c->texts > 0) {
        put_number(j, SENTIMENT, hx_profile_sentiment_mean(p));
        put_number(j, SENTIMENT_TREND, hx_profile_sentiment_trend(p));
    }
    put_number(j, POSITIVE, (double)p->sentiments[HX_SENTIMENT_POSITIVE]);
    put_number(j, NEUTRAL, (double)p->sentiments[HX_SENTIMENT_NEUTRAL]);
    put_number(j, NEGATIVE, (double)p->sentiments[HX_SENTIMENT_NEGATIVE]);
    if (p->n_ratings > 0)
        put_number(j, RATING, (double)p->rating_sum / 1000 / (double)p->n_ratings);
    if (hx_profile_interests(p, order) > 0)
        HX_TRY(put_text(j, INTEREST, p->interests[order[0]].name, err));
    if (hx_profile_words(p, order) > 0) HX_TRY(put_text(j, KEYWORD, p->words[order[0]].text, err));
    for (int id = 0; id < HX_SEGMENT_N; id++)
        put_number(j, (size_t)(SEGMENTS + id), c->segments >> id & 1);
    return HX_OK;
}

static hx_status put_trait(table_job *j, hx_str name, hx_str value, hx_error *err) {
    const uint64_t *found = hx_map_get(&j->seen, hx_hash(name));
    int64_t ms = 0;
    if (found == NULL || *found == 0) return HX_OK;
    const size_t at = FIXED + *found - 1;
    switch (j->columns[at].kind) {
    case HX_KIND_TEXT:
        return put_text(j, at, value, err);
    case HX_KIND_NUMBER:
        put_number(j, at, hx_double_of(value));
        break;
    case HX_KIND_BOOLEAN:
        put_number(j, at, hx_str_equal(value, HX_STR_LIT("true")));
        break;
    case HX_KIND_TIME:
        if (hx_parse_time(value, HX_DATE_ORDER_YMD, false, NULL, &ms, NULL) == HX_OK)
            put_time(j, at, ms);
        break;
    }
    return HX_OK;
}

static hx_status put_person(void *context, const hx_customer *c, const hx_profile *p,
                            hx_error *err) {
    table_job *j = context;
    char name[NAME_BYTES], digits[HX_DOUBLE_TEXT_MAX];
    HX_TRY(put_who(j, p, err));
    HX_TRY(put_bought(j, c, p, err));
    HX_TRY(put_said(j, c, p, err));
    for (uint32_t i = 0; i < p->n_traits; i++)
        HX_TRY(put_trait(j, p->traits[i].name, p->traits[i].value, err));
    for (uint32_t i = 0; i < p->n_labels; i++) {
        const hx_label_count *l = &p->labels[i];
        if (hx_label_is_number(l)) {
            const hx_str mean = {digits,
                                 hx_double_put((double)hx_label_mean(l) / 1000000.0, digits)};
            HX_TRY(put_trait(j, label_name(l, false, name), mean, err));
            continue;
        }
        const hx_str count = {digits, hx_int_put((int64_t)l->count, digits)};
        HX_TRY(
            put_trait(j, label_name(l, false, name), hx_profile_last_label(p, l->set)->label, err));
        HX_TRY(put_trait(j, label_name(l, true, name), count, err));
    }
    j->row++;
    return HX_OK;
}

/* ------------------------------------------------------------------ the table */
static hx_status add_column(const table_job *j, const column *c, hx_table *t, hx_error *err) {
    const size_t n = j->pop->n;
    if (c->kind != HX_KIND_TEXT)
        return hx_table_put_numbers(t, c->name, c->kind, c->numbers, -1, err);
    uint32_t *codes = calloc(n + 1, sizeof *codes);
    if (codes == NULL) return no_memory(err);
    for (size_t i = 0; i < n; i++)
        codes[i] = isnan(c->numbers[i]) ? HX_CODE_MISSING : (uint32_t)c->numbers[i];
    hx_status status = hx_table_put_texts(t, c->name, codes, c->values, c->n_values, err);
    free(codes);
    return status;
}

static hx_status fill(table_job *j, hx_table **out, hx_error *err) {
    HX_TRY(hx__population_each(j->pop, note_person, j, err));
    HX_TRY(make_columns(j, err));
    HX_TRY(hx__population_each(j->pop, put_person, j, err));
    hx_table *t = NULL;
    hx_status status = hx_table_new(&t, j->pop->n, err);
    for (size_t i = 0; i < FIXED + j->n_traits && status == HX_OK; i++)
        status = add_column(j, &j->columns[i], t, err);
    if (status == HX_OK)
        *out = t;
    else
        hx_table_free(t);
    return status;
}

hx_status hx_profiles_table(hx_table **out, hx_store *store, int64_t as_of, hx_error *err) {
    hx_population *pop = NULL;
    hx_arena *arena = hx_arena_new(ARENA_MAX);
    table_job *j = arena != NULL ? hx_arena_alloc(arena, sizeof *j) : NULL;
    hx_status status = j != NULL ? hx__population_open(&pop, store, as_of, err) : no_memory(err);
    if (status == HX_OK) {
        j->pop = pop;
        j->arena = arena;
        hx_map_init(&j->seen);
        status = fill(j, out, err);
        hx_map_release(&j->seen);
        for (size_t i = 0; j->columns != NULL && i < FIXED + j->n_traits; i++)
            hx_map_release(&j->columns[i].codes);
        hx__population_close(pop);
    }
    hx_arena_free(arena);
    return status;
}
