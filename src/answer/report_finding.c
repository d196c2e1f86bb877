/* report_finding.c - one plain sentence a section, said from the numbers, in both languages.
 *
 * A sentence never says more than its number: no causes, no advice. Where there is nothing to say, it says what is missing.
 * Numbers are whole or of one decimal; money is in the main currency, in whole
 * units. */
#include <stdio.h>
#include <string.h>

#include "answer/report.h"

#define SENTENCE_MAX 1200
#define NUMBER_MAX 96
#define COUNT_MAX 32
#define ENOUGH_TEXTS 20 /* an item, aspect or word with fewer is no finding */

typedef struct {
    char zh[SENTENCE_MAX], en[SENTENCE_MAX];
} finding;

/* ------------------------------------------------------------------ numbers as text */
/* "12,345" */
static char *count_text(uint64_t n, char out[COUNT_MAX]) {
    char digits[24];
    int len = snprintf(digits, sizeof digits, "%llu", (unsigned long long)n), at = 0;
    for (int i = 0; i < len; i++) {
        if (i > 0 && (len - i) % 3 == 0) out[at++] = ',';
        out[at++] = digits[i];
    }
    out[at] = '\0';
    return out;
}

static char *share_text(uint64_t part, uint64_t whole, char out[NUMBER_MAX]) {
    double share = whole ? 100.0 * (double)part / (double)whole : 0;
    snprintf(out, NUMBER_MAX, share > 0 && share < 9.95 ? "%.1f%%" : "%.0f%%", share);
    return out;
}

/* "¥1,234" in whole units; the code behind where there is no sign. */
static char *money_text(const hx_report *r, hx_money m, char out[NUMBER_MAX]) {
    static const char *const signs[][2] = {{"CNY", "¥"}, {"USD", "$"},   {"EUR", "€"},
                                           {"GBP", "£"}, {"JPY", "JP¥"}, {"HKD", "HK$"}};
    char number[COUNT_MAX];
    const char *sign = "", *code = r->pop->currency;
    bool negative = m < 0;
    uint64_t units = (negative ? 0 - (uint64_t)m : (uint64_t)m) / HX_MONEY_ONE;
    for (size_t i = 0; i < sizeof signs / sizeof signs[0]; i++)
        if (strcmp(code, signs[i][0]) == 0) {
            sign = signs[i][1];
            code = "";
        }
    snprintf(out, NUMBER_MAX, "%s%s%s%s%s", negative ? "-" : "", sign, count_text(units, number),
             *code ? " " : "", code);
    return out;
}

static int length_of(hx_str s) {
    return (int)s.len; /* names are at most HX_REPORT_NAME_BYTES */
}

static uint64_t judged(const uint64_t *sentiments) {
    return sentiments[HX_SENTIMENT_NEGATIVE] + sentiments[HX_SENTIMENT_NEUTRAL] +
           sentiments[HX_SENTIMENT_POSITIVE] + sentiments[HX_SENTIMENT_MIXED];
}

static void put_finding(hx_json_writer *w, const char *key, const finding *f) {
    hx_json_key(w, key);
    hx_json_object(w);
    hx__value_cstr(w, "zh", f->zh);
    hx__value_cstr(w, "en", f->en);
    hx_json_end_object(w);
}

static void say(finding *f, const char *zh, const char *en) {
    snprintf(f->zh, SENTENCE_MAX, "%s", zh);
    snprintf(f->en, SENTENCE_MAX, "%s", en);
}

/* ------------------------------------------------------------------ sections */
static void say_overview(const hx_report *r, finding *f) {
    char n[NUMBER_MAX], active[NUMBER_MAX], money[NUMBER_MAX], negative[NUMBER_MAX];
    const hx_report_period *all = &r->periods[HX_PERIOD_ALL], *last = &r->periods[HX_PERIOD_LAST];
    if (r->pop->n == 0) {
        say(f, "数据中还没有可以识别的客户。", "No customer can be told apart in this data yet.");
        return;
    }
    count_text(r->pop->n, n);
    int zh = snprintf(f->zh, SENTENCE_MAX, "共 %s 位客户", n);
    int en = snprintf(f->en, SENTENCE_MAX, "%s customer%s", n, r->pop->n == 1 ? "" : "s");
    if (r->window > 0) {
        share_text(last->active, r->pop->n, active);
        zh += snprintf(f->zh + zh, SENTENCE_MAX - (size_t)zh, "，最近 %d 天有 %s 活跃",
                       (int)r->window, active);
        en += snprintf(f->en + en, SENTENCE_MAX - (size_t)en,
                       ", of whom %s were active in the last %d days", active, (int)r->window);
    }
    if (all->orders > 0) {
        money_text(r, all->revenue, money);
        zh += snprintf(f->zh + zh, SENTENCE_MAX - (size_t)zh, "；订单净收入 %s", money);
        en += snprintf(f->en + en, SENTENCE_MAX - (size_t)en, "; orders brought %s net", money);
    }
    if (judged(all->sentiments) > 0) {
        share_text(all->sentiments[HX_SENTIMENT_NEGATIVE], judged(all->sentiments), negative);
        zh += snprintf(f->zh + zh, SENTENCE_MAX - (size_t)zh, "；%s 的文本是负面的", negative);
        en += snprintf(f->en + en, SENTENCE_MAX - (size_t)en, "; %s of the texts are negative",
                       negative);
    }
    snprintf(f->zh + zh, SENTENCE_MAX - (size_t)zh, "。");
    snprintf(f->en + en, SENTENCE_MAX - (size_t)en, ".");
}

static void say_time(const hx_report *r, finding *f) {
    char active[NUMBER_MAX], money[NUMBER_MAX];
    char busy_label[HX_REPORT_LABEL_MAX], rich_label[HX_REPORT_LABEL_MAX];
    size_t busy = 0, rich = 0;
    for (size_t i = 1; i < r->axis.n; i++) {
        if (r->buckets[i].active > r->buckets[busy].active) busy = i;
        if (r->buckets[i].revenue > r->buckets[rich].revenue) rich = i;
    }
    if (r->axis.n == 0 || r->buckets[busy].active == 0) {
        say(f, "数据没有客户活动的时间，无法画出走势。",
            "No customer activity has a date, so there is no course over time.");
        return;
    }
    count_text(r->buckets[busy].active, active);
    hx__report_bucket_label(r, busy, busy_label);
    if (r->buckets[rich].revenue <= 0) {
        snprintf(f->zh, SENTENCE_MAX, "%s 最活跃，有 %s 位客户。", busy_label, active);
        snprintf(f->en, SENTENCE_MAX, "The busiest time was %s, with %s active customers.",
                 busy_label, active);
        return;
    }
    money_text(r, r->buckets[rich].revenue, money);
    hx__report_bucket_label(r, rich, rich_label);
    snprintf(f->zh, SENTENCE_MAX, "%s 最活跃，有 %s 位客户；%s 收入最高，为 %s。", busy_label,
             active, rich_label, money);
    snprintf(f->en, SENTENCE_MAX,
             "The busiest time was %s, with %s active customers; revenue peaked in %s at %s.",
             busy_label, active, rich_label, money);
}

static void say_segments(const hx_report *r, finding *f) {
    char size[NUMBER_MAX], share[NUMBER_MAX], rest[NUMBER_MAX];
    const hx_population *pop = r->pop;
    int largest = 0;
    uint64_t none = 0;
    for (int i = 1; i < HX_SEGMENT_N; i++)
        if (pop->segment_sizes[i] > pop->segment_sizes[largest]) largest = i;
    for (size_t i = 0; i < pop->n; i++)
        none += pop->customers[i].segments == 0;
    if (pop->segment_sizes[largest] == 0) {
        say(f, "目前没有客户符合任何一个分群的规则。",
            "No customer meets the rule of any segment yet.");
        return;
    }
    count_text(pop->segment_sizes[largest], size);
    share_text(pop->segment_sizes[largest], pop->n, share);
    share_text(none, pop->n, rest);
    snprintf(f->zh, SENTENCE_MAX, "人数最多的分群是“%s”：%s 人，占 %s；%s 的客户不属于任何分群。",
             hx_segment_name((hx_segment_id)largest, HX_UI_ZH), size, share, rest);
    snprintf(
        f->en, SENTENCE_MAX,
        "The largest segment is \"%s\" with %s customers (%s); %s of all customers are in none.",
        hx_segment_name((hx_segment_id)largest, HX_UI_EN), size, share, rest);
}

static void say_rfm(const hx_report *r, finding *f) {
    char n[NUMBER_MAX], share[NUMBER_MAX], money[NUMBER_MAX];
    const hx_population *pop = r->pop;
    uint64_t good = 0;
    double sum = 0, all = 0;
    for (size_t i = 0; i < pop->n; i++) {
        const hx_customer *c = &pop->customers[i];
        bool is_good = c->r >= HX_RFM_HIGH && c->f >= HX_RFM_HIGH;
        good += is_good;
        if (c->r > 0) all += hx_money_double(c->monetary);
        if (is_good) sum += hx_money_double(c->monetary);
    }
    if (pop->thresholds.rfm.n == 0) {
        say(f, "没有带日期的订单，无法计算 RFM。",
            "There are no dated orders, so RFM can't be scored.");
        return;
    }
    count_text(good, n);
    share_text(good, pop->thresholds.rfm.n, share);
    snprintf(money, sizeof money, "%.0f%%", all > 0 ? 100 * sum / all : 0);
    snprintf(f->zh, SENTENCE_MAX,
             "%s 位买家（%s）近期买过且常买（R、F 均不低于 4），贡献了 %s 的消费额。", n, share,
             money);
    snprintf(f->en, SENTENCE_MAX,
             "%s buyers (%s) bought both recently and often (R and F of 4 or more); they bring %s "
             "of the money.",
             n, share, money);
}

/* The category, or else the item, with the largest share of negative texts; NULL = none with enough texts. */
static const hx_report_item *most_criticised(const hx_report *r) {
    const hx_report_item *worst = NULL;
    double worst_share = 0;
    for (size_t i = 0; i < r->n_categories + r->n_top_items; i++) {
        const hx_report_item *x = i < r->n_categories
                                      ? &r->categories[i]
                                      : &hx__report_items(r)[r->top_items[i - r->n_categories]];
        if (i == r->n_categories && worst) break;
        if (x->texts < ENOUGH_TEXTS || judged(x->sentiments) == 0) continue;
        double share = (double)x->sentiments[HX_SENTIMENT_NEGATIVE] / (double)judged(x->sentiments);
        if (share > worst_share) {
            worst = x;
            worst_share = share;
        }
    }
    return worst;
}

/* The aspect with the largest share of negative texts; NULL = none with enough texts. */
static const char *worst_aspect(const hx_report *r, hx_ui_lang ui, const hx_report_voice **voice) {
    const char *name = NULL;
    double worst_share = 0;
    for (size_t i = 0; i < HX_REPORT_ASPECTS; i++) {
        const hx_report_voice *v = &r->aspects[i];
        if (v->count < ENOUGH_TEXTS) continue;
        double share = (double)v->sentiments[HX_SENTIMENT_NEGATIVE] / (double)v->count;
        if (share <= worst_share) continue;
        name = hx__report_aspect_name(i, ui);
        *voice = v;
        worst_share = share;
    }
    return name;
}

/* Behind what `f` says already (zh and en bytes): what is criticised most, an aspect where one is spoken of enough. */
static void add_worst(const hx_report *r, finding *f, int zh, int en) {
    char n[NUMBER_MAX], bad[NUMBER_MAX];
    const hx_report_voice *v = NULL;
    const char *name_zh = worst_aspect(r, HX_UI_ZH, &v), *name_en = worst_aspect(r, HX_UI_EN, &v);
    const hx_report_item *worst = most_criticised(r);
    if (v && name_zh && name_en) {
        count_text(v->count, n);
        share_text(v->sentiments[HX_SENTIMENT_NEGATIVE], v->count, bad);
        snprintf(f->zh + zh, SENTENCE_MAX - (size_t)zh,
                 "；批评最多的方面是“%s”（%s 条，%s 负面）。", name_zh, n, bad);
        snprintf(f->en + en, SENTENCE_MAX - (size_t)en,
                 "; of the aspects, %s is criticised most (%s texts, %s negative).", name_en, n,
                 bad);
    } else if (worst) {
        share_text(worst->sentiments[HX_SENTIMENT_NEGATIVE], judged(worst->sentiments), bad);
        snprintf(f->zh + zh, SENTENCE_MAX - (size_t)zh, "；批评最多的是“%.*s”（%s 负面）。",
                 length_of(worst->name), worst->name.ptr, bad);
        snprintf(f->en + en, SENTENCE_MAX - (size_t)en,
                 "; \"%.*s\" is criticised most (%s negative).", length_of(worst->name),
                 worst->name.ptr, bad);
    } else {
        snprintf(f->zh + zh, SENTENCE_MAX - (size_t)zh, "。");
        snprintf(f->en + en, SENTENCE_MAX - (size_t)en, ".");
    }
}

static void say_voice(const hx_report *r, finding *f) {
    char n[NUMBER_MAX], good[NUMBER_MAX], bad[NUMBER_MAX];
    const hx_report_period *all = &r->periods[HX_PERIOD_ALL];
    uint64_t whole = judged(all->sentiments);
    if (whole == 0) {
        say(f, "没有可以判断情感的文本。", "There are no texts whose mood could be read.");
        return;
    }
    count_text(whole, n);
    share_text(all->sentiments[HX_SENTIMENT_POSITIVE], whole, good);
    share_text(all->sentiments[HX_SENTIMENT_NEGATIVE], whole, bad);
    int zh = snprintf(f->zh, SENTENCE_MAX, "%s 条文本中，%s 正面，%s 负面", n, good, bad);
    int en =
        snprintf(f->en, SENTENCE_MAX, "Of %s texts %s are positive and %s negative", n, good, bad);
    add_worst(r, f, zh, en);
}

static void say_aspects(const hx_report *r, finding *f) {
    char n[NUMBER_MAX], bad[NUMBER_MAX];
    size_t most = 0;
    for (size_t i = 1; i < HX_REPORT_ASPECTS; i++)
        if (r->aspects[i].count > r->aspects[most].count) most = i;
    const hx_report_voice *v = &r->aspects[most];
    if (v->count == 0) {
        say(f, "文本中没有提到物流、服务、价格等方面。",
            "No text speaks of delivery, service, price or the like.");
        return;
    }
    count_text(v->count, n);
    share_text(v->sentiments[HX_SENTIMENT_NEGATIVE], v->count, bad);
    snprintf(f->zh, SENTENCE_MAX, "说得最多的方面是“%s”：%s 条，其中 %s 负面。",
             hx__report_aspect_name(most, HX_UI_ZH), n, bad);
    snprintf(f->en, SENTENCE_MAX, "Customers speak most of %s: %s texts, %s of them negative.",
             hx__report_aspect_name(most, HX_UI_EN), n, bad);
}

static void say_words(const hx_report *r, finding *f) {
    char n[NUMBER_MAX], bad[NUMBER_MAX];
    const hx_report_word *words = hx__report_words(r), *worst = NULL;
    double worst_share = 0;
    if (r->n_top_words == 0) {
        say(f, "没有找到关键词。", "No keywords were found.");
        return;
    }
    for (size_t i = 0; i < r->n_top_words; i++) {
        const hx_report_word *w = &words[r->top_words[i]];
        double share = (double)w->sentiments[HX_SENTIMENT_NEGATIVE] / (double)w->count;
        if (w->count < ENOUGH_TEXTS || share <= worst_share) continue;
        worst = w;
        worst_share = share;
    }
    const hx_report_word *top = &words[r->top_words[0]];
    if (top->count < ENOUGH_TEXTS) {
        say(f, "还没有出现在 20 条以上文本中的词。", "No word stands in 20 texts or more yet.");
        return;
    }
    count_text(top->count, n);
    if (!worst) {
        snprintf(f->zh, SENTENCE_MAX, "出现最多的词是“%.*s”（%s 条）。", length_of(top->text),
                 top->text.ptr, n);
        snprintf(f->en, SENTENCE_MAX, "The word said most is \"%.*s\" (%s texts).",
                 length_of(top->text), top->text.ptr, n);
        return;
    }
    share_text(worst->sentiments[HX_SENTIMENT_NEGATIVE], worst->count, bad);
    snprintf(f->zh, SENTENCE_MAX,
             "出现最多的词是“%.*s”（%s 条）；最常伴随不满的是“%.*s”（%s 负面）。",
             length_of(top->text), top->text.ptr, n, length_of(worst->text), worst->text.ptr, bad);
    snprintf(f->en, SENTENCE_MAX,
             "The word said most is \"%.*s\" (%s texts); \"%.*s\" comes with complaints most often "
             "(%s negative).",
             length_of(top->text), top->text.ptr, n, length_of(worst->text), worst->text.ptr, bad);
}

/* What the HX_REPORT_PEOPLE best customers spent, as a share of all that customers spent, in percent. */
static double share_of_best(const hx_population *pop) {
    hx_money best[HX_REPORT_PEOPLE] = {0};
    double all = 0, sum = 0;
    for (size_t i = 0; i < pop->n; i++) {
        hx_money m = pop->customers[i].monetary;
        if (m <= 0) continue;
        all += hx_money_double(m);
        for (size_t k = 0; k < HX_REPORT_PEOPLE; k++)
            if (m > best[k]) {
                hx_money lower = best[k];
                best[k] = m;
                m = lower;
            }
    }
    for (size_t k = 0; k < HX_REPORT_PEOPLE; k++)
        sum += hx_money_double(best[k]);
    return all > 0 ? 100 * sum / all : 0;
}

/* Behind what `f` says already: zh and en bytes. */
static void add_unhappy(const hx_report *r, finding *f, int zh, int en) {
    char n[NUMBER_MAX], share[NUMBER_MAX];
    uint64_t unhappy = r->pop->segment_sizes[HX_SEGMENT_UNHAPPY];
    count_text(unhappy, n);
    share_text(unhappy, r->pop->n, share);
    snprintf(f->zh + zh, SENTENCE_MAX - (size_t)zh, "%s 位客户（%s）符合“%s”的规则。", n, share,
             hx_segment_name(HX_SEGMENT_UNHAPPY, HX_UI_ZH));
    snprintf(f->en + en, SENTENCE_MAX - (size_t)en,
             "%s customer%s (%s) meet%s the rule of the segment \"%s\".", n,
             unhappy == 1 ? "" : "s", share, unhappy == 1 ? "s" : "",
             hx_segment_name(HX_SEGMENT_UNHAPPY, HX_UI_EN));
}

static void say_people(const hx_report *r, finding *f) {
    double share = share_of_best(r->pop);
    int zh = 0, en = 0;
    if (r->pop->n == 0) {
        say(f, "没有客户可以列出。", "There are no customers to list.");
        return;
    }
    if (share > 0) {
        size_t n = r->pop->buyers < HX_REPORT_PEOPLE ? (size_t)r->pop->buyers : HX_REPORT_PEOPLE;
        zh = snprintf(f->zh, SENTENCE_MAX, "消费最多的 %zu 位客户贡献了 %.0f%% 的消费额。", n,
                      share);
        en = snprintf(f->en, SENTENCE_MAX, "The %zu best customers bring %.0f%% of the money. ", n,
                      share);
    }
    if (share <= 0 || judged(r->pop->sentiments) > 0) add_unhappy(r, f, zh, en);
}

static void say_retention(const hx_report *r, finding *f) {
    static const char *const zh[] = {"天", "个月", "个季度", "年"};
    static const char *const en[] = {"day", "month", "quarter", "year"};
    char n[NUMBER_MAX], back[NUMBER_MAX], share[NUMBER_MAX];
    const hx_report_return sums = hx__report_returned(r);
    if (sums.customers == 0) {
        say(f, "客户的活动不到两段时间，还看不出谁会回来。",
            "Customers were active in less than two periods, too few to see who comes back.");
        return;
    }
    count_text(sums.customers, n);
    count_text(sums.came_back, back);
    share_text(sums.came_back, sums.customers, share);
    snprintf(f->zh, SENTENCE_MAX, "%s 位新客户中，%s 位（%s）在首次出现后的下一%s又有活动。", n,
             back, share, zh[r->axis.step]);
    snprintf(f->en, SENTENCE_MAX,
             "Of %s new customers, %s (%s) were active again in the %s after they were first seen.",
             n, back, share, en[r->axis.step]);
}

static void say_quality(const hx_report *r, finding *f) {
    char rows[NUMBER_MAX], rejected[NUMBER_MAX], share[NUMBER_MAX], twice[NUMBER_MAX],
        repaired[NUMBER_MAX];
    uint64_t n_rows = 0, n_rejected = 0, n_twice = 0, n_repaired = 0, files = 0;
    for (size_t i = 0; i < r->quality.n_imports; i++) {
        const hx_import_info *x = &r->quality.imports[i];
        if (x->undone) continue;
        files++;
        n_rows += x->rows;
        n_rejected += x->rejected;
        n_twice += x->duplicates;
        n_repaired += x->repaired;
    }
    count_text(n_rows, rows);
    count_text(n_rejected, rejected);
    share_text(n_rejected, n_rows, share);
    count_text(n_twice, twice);
    count_text(n_repaired, repaired);
    snprintf(f->zh, SENTENCE_MAX,
             "读入 %llu 个文件共 %s 行：拒绝 %s 行（%s），修复 %s 行，重复 %s 行只计一次。",
             (unsigned long long)files, rows, rejected, share, repaired, twice);
    snprintf(f->en, SENTENCE_MAX,
             "%llu files with %s rows were read: %s rejected (%s), %s repaired, %s given twice and "
             "counted once.",
             (unsigned long long)files, rows, rejected, share, repaired, twice);
}

void hx__report_put_findings(const hx_report *r, hx_json_writer *w) {
    static const struct {
        const char *key;
        void (*say)(const hx_report *r, finding *f);
    } sections[] = {{"overview", say_overview}, {"time", say_time},
                    {"segments", say_segments}, {"rfm", say_rfm},
                    {"voice", say_voice},       {"aspects", say_aspects},
                    {"words", say_words},       {"people", say_people},
                    {"quality", say_quality},   {"retention", say_retention}};
    hx_json_key(w, "findings");
    hx_json_object(w);
    for (size_t i = 0; i < sizeof sections / sizeof sections[0]; i++) {
        finding f = {"", ""};
        sections[i].say(r, &f);
        put_finding(w, sections[i].key, &f);
    }
    hx_json_end_object(w);
}
