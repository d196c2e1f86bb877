/* label_rule.c - rules on labels of models; see label_rule.h.
 *
 * A set's name has neither '=' nor '('; a label may have anything, so it ends at the last ')' of the counting forms and at the end of the
 * text of the other. Shares are rounded down to 1/1,000, so that a share of 49.96 % is not half. */
#include "insight/label_rule.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"

#define COUNT_DIGITS_MAX 9

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

static const char *last_of(hx_str s, char c) {
    for (size_t i = s.len; i > 0; i--)
        if (s.ptr[i - 1] == c) return s.ptr + i - 1;
    return NULL;
}

bool hx_label_rule_parse(hx_str text, hx_label_rule *out) {
    static const char prefix[] = "label.";
    hx_str s = text.len > 0 ? trim(text.ptr, text.ptr + text.len) : text;
    if (s.len <= sizeof prefix || memcmp(s.ptr, prefix, sizeof prefix - 1) != 0) return false;
    const char *from = s.ptr + sizeof prefix - 1, *end = s.ptr + s.len, *at = from;
    while (at < end && *at != '=' && *at != '(')
        at++;
    if (at == end) return false;
    *out = (hx_label_rule){.set = trim(from, at), .threshold = 1};
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
    if (r->measure == HX_LABEL_LAST)
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
    const hx_label_count *c = hx_profile_label(p, r->set, r->label);
    uint64_t all = hx_profile_labelled(p, r->set);
    if (!c) return 0;
    if (r->measure == HX_LABEL_LAST) return c == hx_profile_last_label(p, r->set);
    if (r->measure == HX_LABEL_COUNT) return (int64_t)c->count;
    return (int64_t)(c->count * HX_SHARE_ONE / all);
}

hx_fact hx_label_rule_fact(const hx_label_rule *r, const hx_profile *p, const char *name) {
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
    if (r->measure == HX_LABEL_LAST)
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
