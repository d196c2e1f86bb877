/* churn_features.c - a customer at a cut-off: features of the events up to it, and the outcome of those behind it.
 *
 * Purchases are counted by days (UTC), as models of purchases count them. "since" means since the day of the last purchase. Money is in the currency of
 * the customer's first paid order. The gap to expect is (sum of own gaps + k median) / (gaps + k), k = 2: the person's own rhythm, shrunk towards
 * the population's median where little is known of it. `alive` and `expected` are MBG/NBD's (Batislam, Denizel, Filiztekin 2007), fitted on all
 * customers at the same cut-off. */
#include "insight/churn_features.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/civil.h"
#include "base/error.h"
#include "base/hash.h"
#include "insight/churn_names.h"

#define CATEGORIES_MAX 64
#define RECENT_MS (30 * HX_DAY_MS)
#define QUARTER_MS (90 * HX_DAY_MS)
#define LEAST_DAYS 7.0 /* of a horizon by rhythm */

static const struct {
    const char *name, *en, *zh;
} features[HX_CHURN_FEATURES] = {
    [HX_CHURN_SILENT_DAYS] = {"silent_days", "days since the last purchase", "距上次购买天数"},
    [HX_CHURN_QUIET_DAYS] = {"quiet_days", "days since any sign of life", "距最近一次活动天数"},
    [HX_CHURN_AGE_DAYS] = {"age_days", "days since the first purchase", "距首次购买天数"},
    [HX_CHURN_ORDERS] = {"orders", "days with a purchase", "购买天数"},
    [HX_CHURN_GAP_DAYS] = {"gap_days", "usual days between purchases", "平常的购买间隔（天）"},
    [HX_CHURN_SILENCE] = {"silence", "silence in usual gaps", "沉默时长（按平常间隔计）"},
    [HX_CHURN_LAST_GAP] = {"last_gap", "last gap against the usual one", "最近间隔与平常间隔之比"},
    [HX_CHURN_ORDERS_30] = {"orders_30", "purchases in the last 30 days", "近 30 天购买次数"},
    [HX_CHURN_ORDERS_90] = {"orders_90", "purchases in the last 90 days", "近 90 天购买次数"},
    [HX_CHURN_ORDERS_CHANGE] = {"orders_change", "purchases, last 90 days less the 90 before",
                                "近 90 天较前 90 天购买次数之差"},
    [HX_CHURN_SPENT] = {"spent", "spent in all", "累计消费"},
    [HX_CHURN_ORDER_VALUE] = {"order_value", "spent a purchase", "每次购买金额"},
    [HX_CHURN_SPENT_90] = {"spent_90", "spent in the last 90 days", "近 90 天消费"},
    [HX_CHURN_LAST_VALUE] = {"last_value", "spent at the last purchase", "上次购买金额"},
    [HX_CHURN_DISCOUNT_SHARE] = {"discount_share", "share of discounts", "折扣占比"},
    [HX_CHURN_REFUNDS] = {"refunds", "refunds", "退货次数"},
    [HX_CHURN_REFUNDS_SINCE] = {"refunds_since", "refunds since the last purchase",
                                "上次购买以来退货次数"},
    [HX_CHURN_VIEWS_30] = {"views_30", "page views in the last 30 days", "近 30 天浏览次数"},
    [HX_CHURN_VIEWS_90] = {"views_90", "page views in the last 90 days", "近 90 天浏览次数"},
    [HX_CHURN_VIEWS_SINCE] = {"views_since", "page views since the last purchase",
                              "上次购买以来浏览次数"},
    [HX_CHURN_SEARCHES_90] = {"searches_90", "searches in the last 90 days", "近 90 天搜索次数"},
    [HX_CHURN_CONTACTS_90] = {"contacts_90", "questions and tickets in the last 90 days",
                              "近 90 天咨询与工单"},
    [HX_CHURN_CONTACTS_SINCE] = {"contacts_since", "questions and tickets since the last purchase",
                                 "上次购买以来咨询与工单"},
    [HX_CHURN_COMPLAINTS] = {"complaints", "complaints", "投诉次数"},
    [HX_CHURN_COMPLAINTS_SINCE] = {"complaints_since", "complaints since the last purchase",
                                   "上次购买以来投诉次数"},
    [HX_CHURN_SENTIMENT] = {"sentiment", "mean sentiment", "平均情感"},
    [HX_CHURN_SENTIMENT_SINCE] = {"sentiment_since", "mean sentiment since the last purchase",
                                  "上次购买以来平均情感"},
    [HX_CHURN_LAST_SENTIMENT] = {"last_sentiment", "sentiment of the last text", "最近文本情感"},
    [HX_CHURN_RATING] = {"rating", "mean rating", "平均评分"},
    [HX_CHURN_RATING_SINCE] = {"rating_since", "mean rating since the last purchase",
                               "上次购买以来平均评分"},
    [HX_CHURN_LAST_RATING] = {"last_rating", "last rating", "最近评分"},
    [HX_CHURN_CATEGORIES] = {"categories", "categories bought", "购买过的类目数"},
    [HX_CHURN_ALIVE] = {"alive", "chance to buy at all again (MBG/NBD)",
                        "仍会购买的概率（MBG/NBD）"},
    [HX_CHURN_EXPECTED] = {"expected", "purchases to expect (MBG/NBD)", "预期购买次数（MBG/NBD）"},
    [HX_CHURN_CONTRACT_DAYS] = {"contract_days", "days to the end of the contract",
                                "距合同到期天数"}};

const char *hx_churn_feature_name(hx_churn_feature f) {
    return features[f].name;
}

const char *hx_churn_name(hx_str column, hx_ui_lang ui) {
    for (size_t i = 0; i < HX_CHURN_FEATURES; i++)
        if (hx_str_equal(column, hx_str_of(features[i].name)))
            return ui == HX_UI_ZH ? features[i].zh : features[i].en;
    return NULL;
}

/* ------------------------------------------------------------------ one walk over the events */
typedef struct {
    double texts, sum, last; /* signed sentiment or ratings */
} churn_mean;

typedef struct {
    hx_churn_person *p;
    int64_t cut, first, last_any;
    int64_t day; /* of the last purchase */
    hx_str currency;
    double paid, discount;
    churn_mean mood, mood_since, stars, stars_since;
    uint64_t categories[CATEGORIES_MAX];
    size_t n_categories;
    double orders_180;
} churn_walk;

static void add_mean(churn_mean *m, double v) {
    m->texts++;
    m->sum += v;
    m->last = v;
}

static double mean_of(const churn_mean *m) {
    return m->texts > 0 ? m->sum / m->texts : NAN;
}

static void begin_since(churn_walk *w) {
    static const hx_churn_feature since[] = {HX_CHURN_REFUNDS_SINCE, HX_CHURN_VIEWS_SINCE,
                                             HX_CHURN_CONTACTS_SINCE, HX_CHURN_COMPLAINTS_SINCE,
                                             HX_CHURN_LAST_VALUE};
    for (size_t i = 0; i < sizeof since / sizeof *since; i++)
        w->p->v[since[i]] = 0;
    w->mood_since = w->stars_since = (churn_mean){0};
}

static void add_purchase_day(churn_walk *w, int64_t time, int64_t age) {
    double *v = w->p->v;
    const int64_t day = hx_floor_div(time, HX_DAY_MS);
    w->p->last_purchase = time;
    if (w->first != HX_TIME_NONE && day == w->day) return;
    if (w->first == HX_TIME_NONE) {
        w->first = time;
    } else {
        w->p->repeats++;
        v[HX_CHURN_LAST_GAP] = (double)(day - w->day);
    }
    w->day = day;
    begin_since(w);
    v[HX_CHURN_ORDERS]++;
    v[HX_CHURN_ORDERS_30] += age <= RECENT_MS;
    v[HX_CHURN_ORDERS_90] += age <= QUARTER_MS;
    w->orders_180 += age <= 2 * QUARTER_MS;
}

static void add_category(churn_walk *w, hx_str name) {
    const uint64_t hash = hx_hash(name);
    if (name.len == 0 || w->n_categories == CATEGORIES_MAX) return;
    for (size_t i = 0; i < w->n_categories; i++)
        if (w->categories[i] == hash) return;
    w->categories[w->n_categories++] = hash;
}

static void add_order(churn_walk *w, const hx_event *e, int64_t age) {
    double *v = w->p->v;
    if (e->has_amount ? e->amount <= 0 : e->quantity < 0) return;
    add_purchase_day(w, e->time, age);
    add_category(w, e->category);
    if (!e->has_amount) return;
    if (w->currency.ptr == NULL) w->currency = e->currency.ptr ? e->currency : HX_STR_LIT("");
    if (!hx_str_equal(w->currency, e->currency)) return;
    const double amount = hx_money_double(e->amount);
    w->paid += amount;
    w->discount += hx_money_double(e->discount);
    v[HX_CHURN_LAST_VALUE] += amount;
    v[HX_CHURN_SPENT_90] += age <= QUARTER_MS ? amount : 0;
}

static void add_text(churn_walk *w, const hx_event *e) {
    const hx_annotation *a = e->annotation;
    double *v = w->p->v;
    if (!a || a->noise != HX_NOISE_NONE || e->kind == HX_KIND_SEARCH) return;
    const hx_intent_label said = a->intent.label;
    if (said == HX_INTENT_COMPLAINT || said == HX_INTENT_REFUND || said == HX_INTENT_CHURN ||
        said == HX_INTENT_CANCEL) {
        v[HX_CHURN_COMPLAINTS]++;
        v[HX_CHURN_COMPLAINTS_SINCE]++;
    }
    if (a->sentiment.label == HX_SENTIMENT_NONE) return;
    const double sign = a->sentiment.label == HX_SENTIMENT_POSITIVE   ? 1
                        : a->sentiment.label == HX_SENTIMENT_NEGATIVE ? -1
                                                                      : 0;
    add_mean(&w->mood, sign * a->sentiment.score);
    add_mean(&w->mood_since, sign * a->sentiment.score);
}

static void add_event(churn_walk *w, const hx_event *e) {
    double *v = w->p->v;
    const int64_t age = w->cut - e->time;
    if (e->kind != HX_KIND_TRAITS) w->last_any = e->time;
    switch (e->kind) {
    case HX_KIND_ORDER:
        add_order(w, e, age);
        break;
    case HX_KIND_REFUND:
        v[HX_CHURN_REFUNDS]++;
        v[HX_CHURN_REFUNDS_SINCE]++;
        break;
    case HX_KIND_VIEW:
        v[HX_CHURN_VIEWS_30] += age <= RECENT_MS;
        v[HX_CHURN_VIEWS_90] += age <= QUARTER_MS;
        v[HX_CHURN_VIEWS_SINCE]++;
        break;
    case HX_KIND_SEARCH:
        v[HX_CHURN_SEARCHES_90] += age <= QUARTER_MS;
        break;
    case HX_KIND_QUESTION:
    case HX_KIND_CHAT:
    case HX_KIND_TICKET:
        v[HX_CHURN_CONTACTS_90] += age <= QUARTER_MS;
        v[HX_CHURN_CONTACTS_SINCE]++;
        break;
    default:
        break;
    }
    if (e->rating != HX_RATING_NONE) {
        add_mean(&w->stars, e->rating / 1000.0);
        add_mean(&w->stars_since, e->rating / 1000.0);
    }
    add_text(w, e);
}

/* ------------------------------------------------------------------ contracts */
static bool day_of(hx_str text, int64_t *ms) {
    return hx_parse_time(text, HX_DATE_ORDER_YMD, false, NULL, ms, NULL) == HX_OK;
}

/* The end that an event says, HX_TIME_NONE where it says none. */
static int64_t end_said(const hx_event *e, const char *trait) {
    int64_t ms;
    for (uint32_t i = 0; i < e->n_properties; i++)
        if (hx_str_equal(e->properties[i].name, hx_str_of(trait)) &&
            day_of(e->properties[i].value, &ms))
            return ms;
    return HX_TIME_NONE;
}

static bool ends_in_time(const hx_churn_definition *d, hx_churn_person *p) {
    if (d->rule != HX_CHURN_CONTRACT) return true;
    if (p->contract_end == HX_TIME_NONE || p->contract_end <= p->cut) return false;
    p->v[HX_CHURN_CONTRACT_DAYS] = (double)(p->contract_end - p->cut) / HX_DAY_MS;
    return p->v[HX_CHURN_CONTRACT_DAYS] <= d->days;
}

/* ------------------------------------------------------------------ the features */
static void put_means(const churn_walk *w, double *v) {
    v[HX_CHURN_SENTIMENT] = mean_of(&w->mood);
    v[HX_CHURN_SENTIMENT_SINCE] = mean_of(&w->mood_since);
    v[HX_CHURN_LAST_SENTIMENT] = w->mood.texts > 0 ? w->mood.last : NAN;
    v[HX_CHURN_RATING] = mean_of(&w->stars);
    v[HX_CHURN_RATING_SINCE] = mean_of(&w->stars_since);
    v[HX_CHURN_LAST_RATING] = w->stars.texts > 0 ? w->stars.last : NAN;
}

static void put_sums(const churn_walk *w, hx_churn_person *p) {
    double *v = p->v;
    p->last = (double)(w->day - hx_floor_div(w->first, HX_DAY_MS));
    p->age = fmax(p->last, (double)(p->cut - w->first) / HX_DAY_MS);
    v[HX_CHURN_SILENT_DAYS] = floor((double)(p->cut - p->last_purchase) / HX_DAY_MS);
    v[HX_CHURN_AGE_DAYS] = floor(p->age);
    v[HX_CHURN_ORDERS_CHANGE] = 2 * v[HX_CHURN_ORDERS_90] - w->orders_180;
    v[HX_CHURN_SPENT] = w->paid;
    v[HX_CHURN_ORDER_VALUE] = w->paid / v[HX_CHURN_ORDERS];
    v[HX_CHURN_DISCOUNT_SHARE] =
        w->paid + w->discount > 0 ? w->discount / (w->paid + w->discount) : NAN;
    v[HX_CHURN_CATEGORIES] = (double)w->n_categories;
}

bool hx_churn_person_at(const hx_event *events, size_t n, const hx_churn_definition *d, int64_t cut,
                        hx_churn_person *out) {
    static const hx_churn_feature unknown[] = {
        HX_CHURN_SILENT_DAYS, HX_CHURN_QUIET_DAYS,    HX_CHURN_AGE_DAYS,      HX_CHURN_GAP_DAYS,
        HX_CHURN_SILENCE,     HX_CHURN_LAST_GAP,      HX_CHURN_ORDER_VALUE,   HX_CHURN_ALIVE,
        HX_CHURN_EXPECTED,    HX_CHURN_CONTRACT_DAYS, HX_CHURN_DISCOUNT_SHARE};
    churn_walk w = {.p = out, .cut = cut, .first = HX_TIME_NONE, .last_any = HX_TIME_NONE};
    *out = (hx_churn_person){
        .cut = cut, .last_purchase = HX_TIME_NONE, .contract_end = HX_TIME_NONE, .horizon = NAN};
    for (size_t i = 0; i < sizeof unknown / sizeof *unknown; i++)
        out->v[unknown[i]] = NAN;
    for (size_t i = 0; i < n && (events[i].time == HX_TIME_NONE || events[i].time <= cut); i++) {
        if (events[i].time == HX_TIME_NONE) continue;
        add_event(&w, &events[i]);
        const int64_t end =
            d->rule == HX_CHURN_CONTRACT ? end_said(&events[i], d->trait) : HX_TIME_NONE;
        if (end != HX_TIME_NONE) out->contract_end = end;
    }
    if (w.first == HX_TIME_NONE && d->rule != HX_CHURN_CONTRACT) return false;
    put_means(&w, out->v);
    if (w.last_any != HX_TIME_NONE)
        out->v[HX_CHURN_QUIET_DAYS] = floor((double)(cut - w.last_any) / HX_DAY_MS);
    if (w.first != HX_TIME_NONE) put_sums(&w, out);
    return ends_in_time(d, out);
}

/* ------------------------------------------------------------------ with the others */
static int ascending(const void *l, const void *r) {
    const double a = *(const double *)l, b = *(const double *)r;
    return (a > b) - (a < b);
}

static double median_gap(const hx_churn_person *people, size_t n, double *room) {
    size_t k = 0;
    for (size_t i = 0; i < n; i++)
        if (people[i].repeats > 0) room[k++] = people[i].last / people[i].repeats;
    if (k == 0) return NAN;
    qsort(room, k, sizeof *room, ascending);
    return k % 2 ? room[k / 2] : (room[k / 2 - 1] + room[k / 2]) / 2;
}

hx_status hx_churn_population_of(const hx_churn_person *people, size_t n, hx_churn_population *out,
                                 hx_error *err) {
    double *room = calloc(n + 1, sizeof *room);
    hx_purchases *rows = calloc(n + 1, sizeof *rows);
    const hx_purchase_options o = {.starts = 2, .n_threads = 1};
    *out = (hx_churn_population){.gap = NAN};
    if (room && rows) {
        size_t k;
        for (size_t i = k = 0; i < n; i++)
            if (people[i].last_purchase != HX_TIME_NONE)
                rows[k++] = (hx_purchases){people[i].repeats, people[i].last, people[i].age, 1};
        out->gap = median_gap(people, n, room);
        hx_purchases_join(rows, &k);
        out->has_fit =
            k > 0 && hx_purchase_fit_model(HX_MBG_NBD, rows, k, &o, &out->fit, NULL) == HX_OK;
    }
    const bool ok = room && rows;
    free(room);
    free(rows);
    return ok ? HX_OK : hx_fail(err, HX_ENOMEM, "not enough memory for a model of churn");
}

double hx_churn_gap(const hx_churn_person *p, double median) {
    if (p->last_purchase == HX_TIME_NONE) return NAN;
    if (!(median > 0)) return p->repeats > 0 ? p->last / p->repeats : NAN;
    return (p->last + HX_CHURN_PRIOR_GAPS * median) / (p->repeats + HX_CHURN_PRIOR_GAPS);
}

void hx_churn_person_finish(hx_churn_person *p, const hx_churn_definition *d,
                            const hx_churn_population *pop) {
    const hx_purchases row = {p->repeats, p->last, p->age, 1};
    const double gap = hx_churn_gap(p, pop->gap);
    double *v = p->v;
    v[HX_CHURN_GAP_DAYS] = gap;
    v[HX_CHURN_SILENCE] = gap > 0 ? v[HX_CHURN_SILENT_DAYS] / gap : NAN;
    if (p->repeats > 0) v[HX_CHURN_LAST_GAP] /= gap;
    p->horizon = d->days;
    if (d->rule == HX_CHURN_RHYTHM && gap > 0)
        p->horizon = fmax(LEAST_DAYS, fmin(d->days, d->factor * gap));
    if (d->rule == HX_CHURN_CONTRACT) p->horizon = v[HX_CHURN_CONTRACT_DAYS] + d->grace;
    if (!pop->has_fit || p->last_purchase == HX_TIME_NONE) return;
    v[HX_CHURN_ALIVE] = hx_purchase_alive(&pop->fit, &row);
    v[HX_CHURN_EXPECTED] = hx_purchase_expected(&pop->fit, &row, p->horizon);
}

/* ------------------------------------------------------------------ behind the cut-off */
double hx_churn_reach(const hx_churn_definition *d) {
    return d->rule == HX_CHURN_CONTRACT ? d->days + d->grace : d->days;
}

bool hx_churn_is_gone(const hx_churn_person *p) {
    return p->contract_end == HX_TIME_NONE && p->v[HX_CHURN_SILENT_DAYS] >= p->horizon;
}

static bool stays(const hx_event *e, const hx_churn_definition *d, const hx_churn_person *p) {
    if (e->kind == HX_KIND_ORDER && (e->has_amount ? e->amount > 0 : e->quantity >= 0))
        return d->rule != HX_CHURN_CONTRACT || e->time >= p->contract_end;
    if (d->rule != HX_CHURN_CONTRACT) return false;
    const int64_t end = end_said(e, d->trait);
    return end != HX_TIME_NONE && end > p->contract_end;
}

double hx_churn_outcome_of(const hx_event *events, size_t n, const hx_churn_definition *d,
                           const hx_churn_person *p, int64_t end) {
    const int64_t until = p->cut + llround(p->horizon * HX_DAY_MS);
    if (!isfinite(p->horizon) || until > end) return NAN;
    for (size_t i = 0; i < n; i++)
        if (events[i].time != HX_TIME_NONE && events[i].time > p->cut && events[i].time <= until &&
            stays(&events[i], d, p))
            return 0;
    return 1;
}
