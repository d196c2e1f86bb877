/* label_rule.c - rules on labels of models; see label_rule.h.
 *
 * An aspect's rule is one on a mean. A set's name has neither '=' nor '('; a label may have anything, so it ends at the last ')' of the counting forms and at the end of the
 * text of the other. Means of numbers have no label: their rule ends with a number.
 * Shares are rounded down to 1/1,000, so that a share of 49.96 % is not half. */
#include "insight/label_rule.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"

#define COUNT_DIGITS_MAX 9
#define HX_MICRO_MAX (INT64_MAX / 100)

static hx_str trim(const char *from, const char *to) {
    while (from < to && *from == ' ')
        from++;
    while (to > from && to[-1] == ' ')
        to--;
    return (hx_str){from, (size_t)(to - from)};
}

static bool parse_number(hx_str s, int64_t *out) {
    if (s.len == 0 || s.len > COUNT_DIGITS_MAX) return false;
    *out = 0;
    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] < '0' || s.ptr[i] > '9') return false;
        *out = *out * 10 + (s.ptr[i] - '0');
    }
    return true;
}

/* ">= N" or ">= N%" behind the closing bracket. */
static bool parse_bound(hx_str s, hx_label_rule *out) {
    if (s.len < 3 || memcmp(s.ptr, ">=", 2) != 0) return false;
    hx_str number = trim(s.ptr + 2, s.ptr + s.len);
    bool share = number.len > 0 && number.ptr[number.len - 1] == '%';
    if (share) number = trim(number.ptr, number.ptr + number.len - 1);
    if (!parse_number(number, &out->threshold) || out->threshold < 1) return false;
    out->measure = share ? HX_LABEL_SHARE : HX_LABEL_COUNT;
    if (!share) return true;
    out->threshold *= HX_SHARE_ONE / 100;
    return out->threshold <= HX_SHARE_ONE;
}

/* Digits, at most six of them behind a point. */
static bool parse_micro(hx_str s, int64_t *out) {
    bool minus = s.len > 0 && s.ptr[0] == '-';
    size_t at = minus, digits = 0, behind = 0;
    bool point = false;
    *out = 0;
    for (; at < s.len; at++) {
        if (s.ptr[at] == '.' && !point) {
            point = true;
            continue;
        }
        if (s.ptr[at] < '0' || s.ptr[at] > '9' || behind == 6 || ++digits > 15) return false;
        *out = *out * 10 + (s.ptr[at] - '0');
        behind += point;
    }
    for (; behind < 6; behind++) {
        if (*out > HX_MICRO_MAX) return false;
        *out *= 10;
    }
    if (minus) *out = -*out;
    return digits > 0;
}

static bool parse_mean(const char *at, const char *end, hx_label_rule *out) {
    bool equal = at + 1 < end && at[1] == '=';
    out->relation = *at == '<' ? equal ? "<=" : "<" : equal ? ">=" : ">";
    out->measure = HX_LABEL_MEAN;
    hx_str number = trim(at + 1 + equal, end);
    return number.len > 0 && parse_micro(number, &out->threshold);
}

/* -1.5, 4, 0.000001; room of 32 bytes is enough. */
static void put_micro(int64_t micro, char *out, size_t size) {
    int64_t size_of = micro < 0 ? -micro : micro;
    int n = snprintf(out, size, "%s%" PRId64 ".%06" PRId64, micro < 0 ? "-" : "", size_of / 1000000,
                     size_of % 1000000);
    while (n > 0 && out[n - 1] == '0')
        out[--n] = '\0';
    if (n > 0 && out[n - 1] == '.') out[n - 1] = '\0';
}

static const char *last_of(hx_str s, char c) {
    for (size_t i = s.len; i > 0; i--)
        if (s.ptr[i - 1] == c) return s.ptr + i - 1;
    return NULL;
}

static bool begins(hx_str s, hx_str with) {
    return s.len > with.len && memcmp(s.ptr, with.ptr, with.len) == 0;
}

bool hx_label_rule_parse(hx_str text, hx_label_rule *out) {
    hx_str s = text.len > 0 ? trim(text.ptr, text.ptr + text.len) : text;
    bool aspect = begins(s, HX_STR_LIT("aspect."));
    if (!aspect && !begins(s, HX_STR_LIT("label."))) return false;
    const char *from = (const char *)memchr(s.ptr, '.', s.len) + 1, *end = s.ptr + s.len,
               *at = from;
    while (at < end && *at != '=' && *at != '(' && *at != '<' && *at != '>')
        at++;
    if (at == end) return false;
    *out = (hx_label_rule){.set = trim(from, at), .threshold = 1};
    if (*at == '<' || *at == '>') {
        bool ok = out->set.len > 0 && parse_mean(at, end, out);
        if (aspect) out->measure = HX_LABEL_ASPECT;
        return ok;
    }
    if (aspect) return false;
    if (*at == '=') {
        out->label = trim(at + 1, end);
    } else {
        const char *close = last_of(s, ')');
        if (!close || close < at || !parse_bound(trim(close + 1, end), out)) return false;
        out->label = trim(at + 1, close);
    }
    return out->set.len > 0 && out->label.len > 0;
}

bool hx_label_rule_text(const hx_label_rule *r, char out[HX_LABEL_RULE_MAX]) {
    int n;
    if (r->set.len + r->label.len + 40 > HX_LABEL_RULE_MAX) return false;
    if (r->measure >= HX_LABEL_MEAN) {
        char number[32];
        put_micro(r->threshold, number, sizeof number);
        n = snprintf(out, HX_LABEL_RULE_MAX, "%s.%.*s%s%s",
                     r->measure == HX_LABEL_ASPECT ? "aspect" : "label", HX_STR_ARG(r->set),
                     r->relation, number);
    } else if (r->measure == HX_LABEL_LAST)
        n = snprintf(out, HX_LABEL_RULE_MAX, "label.%.*s=%.*s", HX_STR_ARG(r->set),
                     HX_STR_ARG(r->label));
    else
        n = snprintf(out, HX_LABEL_RULE_MAX, "label.%.*s(%.*s)>=%" PRId64 "%s", HX_STR_ARG(r->set),
                     HX_STR_ARG(r->label),
                     r->measure == HX_LABEL_SHARE ? r->threshold / (HX_SHARE_ONE / 100)
                                                  : r->threshold,
                     r->measure == HX_LABEL_SHARE ? "%" : "");
    return n > 0 && n < HX_LABEL_RULE_MAX;
}

static int64_t value_of(const hx_label_rule *r, const hx_profile *p) {
    if (r->measure == HX_LABEL_ASPECT) return hx_profile_aspect_micro(hx_profile_aspect(p, r->set));
    const hx_label_count *c = hx_profile_label(p, r->set, r->label);
    uint64_t all = hx_profile_labelled(p, r->set);
    if (!c) return 0;
    if (r->measure == HX_LABEL_MEAN) return hx_label_mean(c);
    if (r->measure == HX_LABEL_LAST) return c == hx_profile_last_label(p, r->set);
    if (r->measure == HX_LABEL_COUNT) return (int64_t)c->count;
    return (int64_t)(c->count * HX_SHARE_ONE / all);
}

static bool holds(const char *relation, int64_t value, int64_t threshold) {
    if (value == threshold) return relation[1] == '=';
    return (relation[0] == '>') == (value > threshold);
}

/* Who has no number is in no rule on numbers. */
static hx_fact mean_fact(const hx_label_rule *r, const hx_profile *p, const char *name) {
    int64_t value = value_of(r, p);
    bool known = r->measure == HX_LABEL_ASPECT ? hx_profile_aspect(p, r->set) != NULL
                                               : hx_profile_label(p, r->set, r->label) != NULL;
    return (hx_fact){.name = name,
                     .value = value,
                     .relation = r->relation,
                     .threshold = r->threshold,
                     .unit = "1/1000000",
                     .source = "fixed",
                     .passed = known && holds(r->relation, value, r->threshold)};
}

hx_fact hx_label_rule_fact(const hx_label_rule *r, const hx_profile *p, const char *name) {
    if (r->measure >= HX_LABEL_MEAN) return mean_fact(r, p, name);
    int64_t value = value_of(r, p);
    return (hx_fact){.name = name,
                     .value = value,
                     .relation = ">=",
                     .threshold = r->threshold,
                     .unit = r->measure == HX_LABEL_SHARE ? "1/1000" : "texts",
                     .source = "fixed",
                     .passed = value >= r->threshold};
}

void hx_label_rule_sentence(const hx_label_rule *r, hx_ui_lang ui, char *out, size_t size) {
    bool zh = ui == HX_UI_ZH;
    char number[32];
    put_micro(r->threshold, number, sizeof number);
    if (r->measure == HX_LABEL_ASPECT)
        snprintf(out, size,
                 zh ? "说到“%.*s”的文本，情感平均 %s %s"
                    : "the mean sentiment of the texts that speak of '%.*s' is %s %s",
                 HX_STR_ARG(r->set), r->relation, number);
    else if (r->measure == HX_LABEL_MEAN)
        snprintf(out, size,
                 zh ? "模型 %.*s 给各条文本的数值，平均 %s %s"
                    : "the mean of the numbers that the model of %.*s gave the texts is %s %s",
                 HX_STR_ARG(r->set), r->relation, number);
    else if (r->measure == HX_LABEL_LAST)
        snprintf(out, size,
                 zh ? "最近一条带 %.*s 标签的文本为“%.*s”"
                    : "the last text with a label of %.*s is '%.*s'",
                 HX_STR_ARG(r->set), HX_STR_ARG(r->label));
    else if (r->measure == HX_LABEL_COUNT)
        snprintf(out, size,
                 zh ? "%.*s 标签为“%.*s”的文本至少 %" PRId64 " 条"
                    : "texts whose label of %.*s is '%.*s': %" PRId64 " or more",
                 HX_STR_ARG(r->set), HX_STR_ARG(r->label), r->threshold);
    else
        snprintf(out, size,
                 zh ? "带 %.*s 标签的文本中，“%.*s”至少占 %" PRId64 "%%"
                    : "of the texts with a label of %.*s, '%.*s' have %" PRId64 "%% or more",
                 HX_STR_ARG(r->set), HX_STR_ARG(r->label), r->threshold / (HX_SHARE_ONE / 100));
}
