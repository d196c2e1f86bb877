/* claim_score.c - receipts of what is concluded from all events: scores, interests, segments.
 *
 * Each score is a quantity of the profile that is watched while the events are folded; what an event adds is its
 * contribution. The RFM score adds its three parts; a part is 1 plus one for every population threshold that is passed, and
 * each comparison is listed as a fact. A segment adds one point for each of its conditions that holds; all points = member. */
#include <inttypes.h>
#include <string.h>

#include "answer/claim.h"
#include "base/error.h"

/* ------------------------------------------------------------------ what is watched */
static int64_t orders_of(const hx_claim_case *k) {
    return (int64_t)k->p->n_orders;
}

static int64_t lines_of(const hx_claim_case *k) {
    return (int64_t)(k->p->n_lines + k->p->n_refunds);
}

static int64_t spent_of(const hx_claim_case *k) {
    return hx_customer_spent(k->p, hx_str_of(k->pop->currency));
}

static int64_t last_purchase_of(const hx_claim_case *k) {
    return k->p->last_purchase;
}

static int64_t last_of(const hx_claim_case *k) {
    return k->p->last;
}

static int64_t start_of(const hx_claim_case *k) {
    return k->p->first_purchase != HX_TIME_NONE ? k->p->first_purchase : k->p->first;
}

static int64_t purchase_days_of(const hx_claim_case *k) {
    return k->p->purchase_days;
}

static int64_t signals_of(const hx_claim_case *k) {
    return (int64_t)(k->p->n_discounted + k->p->intents[HX_INTENT_PRICE]);
}

static int64_t signals_and_lines_of(const hx_claim_case *k) {
    return signals_of(k) + (int64_t)k->p->n_lines;
}

static int64_t texts_of(const hx_claim_case *k) {
    const uint64_t *n = k->p->sentiments;
    return (int64_t)(n[HX_SENTIMENT_NEGATIVE] + n[HX_SENTIMENT_NEUTRAL] + n[HX_SENTIMENT_POSITIVE]);
}

static int64_t mood_of(const hx_claim_case *k) {
    return k->p->sentiment_sum;
}

static int64_t interest_of(const hx_claim_case *k) {
    for (uint32_t i = 0; i < k->p->n_interests; i++)
        if (hx_str_equal(k->p->interests[i].name, k->claim.subject))
            return k->p->interests[i].weight;
    return 0;
}

/* ------------------------------------------------------------------ scores */
static hx_str integer_value(hx_claim_case *k, int64_t v) {
    return hx__claim_text(k, "%" PRId64, v);
}

/* The last event that changed `touch` alone is evidence. */
static hx_status watch_last(hx_claim_case *k, hx_claim_probe *touch, const hx_event **last,
                            hx_error *err) {
    *last = NULL;
    hx_profile_reset(k->p);
    for (size_t i = 0; i < k->n; i++) {
        int64_t before = touch(k);
        hx_profile_fold(k->p, &k->events[i]);
        if (touch(k) != before) *last = &k->events[i];
    }
    k->p->key = k->person;
    if (*last) hx__claim_use(k, *last);
    return k->p->failed ? hx_fail(err, HX_ENOMEM, "not enough memory for the answer") : HX_OK;
}

static hx_status make_recency(hx_claim_case *k, hx_error *err) {
    const hx_event *last;
    HX_TRY(watch_last(k, last_purchase_of, &last, err));
    int64_t days = hx_customer_days(k->receipt.as_of, k->p->last_purchase);
    k->receipt.unit = "days";
    if (!last) {
        k->receipt.value = hx__claim_text(k, "null");
        k->receipt.text = hx__claim_text(
            k, "%s", k->ui == HX_UI_ZH ? "没有有日期的购买" : "there is no dated purchase");
        return HX_OK;
    }
    k->receipt.value = integer_value(k, days);
    k->receipt.text =
        hx__claim_text(k,
                       k->ui == HX_UI_ZH ? "最近一次购买距今 %" PRId64 " 天"
                                         : "the last purchase was %" PRId64 " days ago",
                       days);
    return hx__claim_add(
        k, (hx_contribution){.part = "last_purchase", .event = last, .points = days}, err);
}

static hx_status make_frequency(hx_claim_case *k, hx_error *err) {
    HX_TRY(hx__claim_watch(k, orders_of, orders_of, "order", err));
    k->receipt.unit = "orders";
    k->receipt.value = integer_value(k, orders_of(k));
    k->receipt.text = hx__claim_text(
        k, k->ui == HX_UI_ZH ? "共 %" PRId64 " 个订单" : "%" PRId64 " orders", orders_of(k));
    return HX_OK;
}

/* A currency is text from a file: it goes through the writer. */
static hx_str money_value(hx_claim_case *k, const char *amount) {
    hx_buf b;
    hx_json_writer w;
    hx_buf_init(&b, 1024);
    hx_json_begin(&w, &b);
    hx_json_object(&w);
    hx__value_cstr(&w, "value", amount);
    hx__value_cstr(&w, "currency", k->pop->currency[0] ? k->pop->currency : NULL);
    hx_json_end_object(&w);
    hx_str json = b.failed ? (hx_str){NULL, 0} : hx_arena_str(k->arena, hx_buf_str(&b));
    hx_buf_release(&b);
    return json;
}

static hx_status make_monetary(hx_claim_case *k, hx_error *err) {
    char amount[HX_MONEY_TEXT_MAX];
    HX_TRY(hx__claim_watch(k, spent_of, spent_of, "line", err));
    hx_money_text(spent_of(k), amount);
    k->receipt.unit = "1/10000";
    k->receipt.value = money_value(k, amount);
    k->receipt.text = hx__claim_text(k, k->ui == HX_UI_ZH ? "净消费额 %s %s" : "net spend %s %s",
                                     amount, k->pop->currency);
    return HX_OK;
}

static hx_status make_sentiment(hx_claim_case *k, hx_error *err) {
    char mean[HX_MONEY_TEXT_MAX];
    hx_customer c;
    HX_TRY(hx__claim_watch(k, texts_of, mood_of, "text", err));
    hx_customer_measure(k->p, k->receipt.as_of, (hx_str){NULL, 0}, &c);
    hx_money_text((hx_money)c.sentiment * (HX_MONEY_ONE / HX_SHARE_ONE), mean);
    k->receipt.unit = "1/1000";
    k->receipt.value = hx__claim_text(k, "{\"mean\":\"%s\",\"texts\":%" PRIu32 "}", mean, c.texts);
    k->receipt.text = hx__claim_text(k,
                                     k->ui == HX_UI_ZH ? "平均情感 %s，共 %" PRIu32 " 段文本"
                                                       : "mean sentiment %s over %" PRIu32 " texts",
                                     mean, c.texts);
    return HX_OK;
}

static void rfm_facts(hx_fact *facts, const char *name, const char *unit, const char *relation,
                      int64_t value, const int64_t *thresholds) {
    bool at_most = strcmp(relation, "<=") == 0;
    for (int i = 0; i < HX_RFM_THRESHOLDS; i++)
        facts[i] = (hx_fact){.name = name,
                             .value = value,
                             .relation = relation,
                             .threshold = thresholds[i],
                             .unit = unit,
                             .source = "population",
                             .passed = at_most ? value <= thresholds[i] : value > thresholds[i]};
}

static hx_status make_rfm(hx_claim_case *k, hx_error *err) {
    const hx_rfm *rfm = &k->pop->thresholds.rfm;
    const hx_customer *c = &k->c;
    HX_TRY(hx__claim_watch(k, lines_of, NULL, NULL, err));
    k->receipt.unit = "points";
    int group = hx_rfm_group(c);
    if (group < 0) {
        k->receipt.value = hx__claim_text(k, "null");
        k->receipt.text = hx__claim_text(k, "%s",
                                         k->ui == HX_UI_ZH ? "没有有日期的订单，无法计算 RFM"
                                                           : "no RFM score without a dated order");
        return HX_OK;
    }
    const hx_contribution parts[] = {{.part = "r", .points = c->r},
                                     {.part = "f", .points = c->f},
                                     {.part = "m", .points = c->m}};
    for (size_t i = 0; i < 3; i++)
        HX_TRY(hx__claim_add(k, parts[i], err));
    hx_fact *facts = hx_arena_alloc(k->arena, 3 * HX_RFM_THRESHOLDS * sizeof *facts);
    if (!facts) return hx_fail(err, HX_ENOMEM, "not enough memory for the answer");
    rfm_facts(facts, "recency", "days", "<=", c->recency, rfm->recency);
    rfm_facts(facts + HX_RFM_THRESHOLDS, "orders", "orders", ">", c->orders, rfm->frequency);
    rfm_facts(facts + 2 * HX_RFM_THRESHOLDS, "monetary", "1/10000", ">", c->monetary,
              rfm->monetary);
    k->receipt.facts = facts;
    k->receipt.n_facts = 3 * HX_RFM_THRESHOLDS;
    k->receipt.value = hx__claim_text(k, "{\"r\":%d,\"f\":%d,\"m\":%d,\"group\":\"%s\"}", c->r,
                                      c->f, c->m, hx_rfm_group_id(group));
    k->receipt.text =
        hx__claim_text(k, "R%d F%d M%d: %s", c->r, c->f, c->m, hx_rfm_group_name(group, k->ui));
    return HX_OK;
}

static const struct {
    const char *name;
    hx_status (*make)(hx_claim_case *k, hx_error *err);
    bool relative;
} claim_scores[] = {
    {"rfm", make_rfm, true},
    {"recency", make_recency, false},
    {"frequency", make_frequency, false},
    {"monetary", make_monetary, true},
    {"sentiment", make_sentiment, false},
};

bool hx__claim_find_score(hx_str name, size_t *score) {
    for (size_t i = 0; i < sizeof claim_scores / sizeof *claim_scores; i++)
        if (hx_str_equal(name, hx_str_of(claim_scores[i].name))) {
            *score = i;
            return true;
        }
    return false;
}

bool hx__claim_score_is_relative(size_t score) {
    return claim_scores[score].relative;
}

hx_status hx__claim_score(hx_claim_case *k, hx_error *err) {
    return claim_scores[k->claim.score].make(k, err);
}

/* ------------------------------------------------------------------ interests */
hx_status hx__claim_interest(hx_claim_case *k, hx_error *err) {
    HX_TRY(hx__claim_watch(k, interest_of, interest_of, "event", err));
    int64_t weight = interest_of(k);
    hx_str name = k->claim.subject;
    if (weight == 0)
        return hx_fail(err, HX_ENOTFOUND, "the customer has no interest '%.*s'", HX_STR_ARG(name));
    k->receipt.unit = "points";
    k->receipt.value = integer_value(k, weight);
    k->receipt.text = hx__claim_text(k,
                                     k->ui == HX_UI_ZH ? "对 %.*s 的兴趣为 %" PRId64 " 分"
                                                       : "interest in %.*s: %" PRId64 " points",
                                     HX_STR_ARG(name), weight);
    return HX_OK;
}

/* ------------------------------------------------------------------ segments */
/* Which events speak for a fact; `last` = the newest alone. */
static const struct {
    const char *fact;
    hx_claim_probe *touch;
    bool last, intents;
} fact_evidence[] = {
    {"monetary", lines_of, false, false},
    {"orders", orders_of, false, false},
    {"age", start_of, false, false},
    {"silent", last_of, true, false},
    {"recency", last_purchase_of, true, false},
    {"gap", purchase_days_of, false, false},
    {"price_signals", signals_of, false, true},
    {"price_share", signals_and_lines_of, false, true},
    {"texts", texts_of, false, false},
    {"sentiment", mood_of, false, false},
};

static hx_status use_evidence(hx_claim_case *k, const char *fact, hx_error *err) {
    const hx_event *last;
    for (size_t i = 0; i < sizeof fact_evidence / sizeof *fact_evidence; i++) {
        if (strcmp(fact_evidence[i].fact, fact) != 0) continue;
        if (fact_evidence[i].intents) k->intents = true;
        if (fact_evidence[i].last) return watch_last(k, fact_evidence[i].touch, &last, err);
        return hx__claim_watch(k, fact_evidence[i].touch, NULL, NULL, err);
    }
    return HX_OK;
}

hx_status hx__claim_segment(hx_claim_case *k, hx_error *err) {
    hx_segment_id id = k->claim.segment;
    if (k->claim.defined) return hx__claim_rule(k, err);
    if (id == HX_SEGMENT_N) return hx__claim_label_rule(k, err);
    hx_fact *facts = hx_arena_alloc(k->arena, HX_FACTS_MAX * sizeof *facts);
    if (!facts) return hx_fail(err, HX_ENOMEM, "not enough memory for the answer");
    size_t n = hx_segment_facts(id, &k->pop->thresholds, &k->c, facts);
    bool member = true;
    for (size_t i = 0; i < n; i++) {
        member = member && facts[i].passed;
        HX_TRY(use_evidence(k, facts[i].name, err));
        HX_TRY(hx__claim_add(k, (hx_contribution){.part = facts[i].name, .points = facts[i].passed},
                             err));
    }
    k->receipt.facts = facts;
    k->receipt.n_facts = n;
    k->receipt.is_rule = true;
    k->receipt.unit = "conditions";
    k->receipt.value =
        hx__claim_text(k, "{\"member\":%s,\"conditions\":%zu}", member ? "true" : "false", n);
    const char *name = hx_segment_name(id, k->ui), *rule = hx_segment_rule(id, k->ui);
    k->receipt.text = k->ui == HX_UI_ZH
                          ? hx__claim_text(k, "%s“%s”：%s", member ? "属于" : "不属于", name, rule)
                          : hx__claim_text(k, "%s '%s': %s", member ? "in" : "not in", name, rule);
    return HX_OK;
}
