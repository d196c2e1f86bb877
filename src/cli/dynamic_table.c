/* dynamic_table.c - on a terminal: what holds of a customer now, and what changed since a date.
 *
 * A line a trait: the value, its interval in brackets, what it rests on. An asterisk marks what the interval makes sure. What too few
 * events say is left out rather than shown as 0. What comes from data is escaped.
 * Shares are per cent, moods run from -1 to 1, changes are those of two unlike sets of events. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cli/shown.h"

#define LABEL_COLUMN 16
#define NAMES_SHOWN 5
#define CHANGES_SHOWN 6

typedef struct {
    const char *code, *en, *zh;
} word;

static const word words[] = {{"new", "new", "新客"},
                             {"active", "active", "活跃"},
                             {"slowing", "slowing", "放缓"},
                             {"asleep", "asleep", "沉睡"},
                             {"lost", "lost", "流失"},
                             {"steady", "no turn", "平稳"},
                             {"rising", "rising", "上升"},
                             {"falling", "falling", "下降"},
                             {"more", "more sensitive than the shop", "比全店敏感"},
                             {"less", "less sensitive than the shop", "不如全店敏感"},
                             {"as others", "like others", "与他人相仿"},
                             {"child", "child", "有孩子"},
                             {"pet", "pet", "有宠物"},
                             {"partner", "partner", "有伴侣"},
                             {"parents", "parents", "顾及父母"},
                             {"student", "student", "学生"},
                             {"office", "office", "办公采购"},
                             {"gift", "gifts", "送礼"}};

static const char *said(const hx_cli *c, const char *code) {
    for (size_t i = 0; code && i < sizeof words / sizeof *words; i++)
        if (strcmp(words[i].code, code) == 0) return hx_cli_tr(c, words[i].en, words[i].zh);
    return hx_cli_tr(c, "unknown", "未知");
}

static double number(const json_t *object, const char *path) {
    const json_t *v = hx_json_at(object, path);
    return json_is_number(v) ? json_number_value(v) : NAN;
}

static long long whole(const json_t *object, const char *path) {
    return (long long)json_integer_value(hx_json_at(object, path));
}

static const char *text(const json_t *object, const char *path) {
    return json_string_value(hx_json_at(object, path));
}

static void put_label(hx_outbuf *out, const char *label) {
    const size_t width = hx_visible_width(hx_str_of(label));
    hx_outbuf_printf(out, "  %s", label);
    hx_outbuf_fill(out, ' ', width + 2 <= LABEL_COLUMN ? LABEL_COLUMN - width : 2);
}

/* "42% (32-53)" of members `name`, low, high; without an interval "42%". */
static void put_share(hx_outbuf *out, const json_t *of, const char *name) {
    const double low = number(of, "low"), high = number(of, "high");
    hx_outbuf_printf(out, "%.0f%%", 100 * number(of, name));
    if (isfinite(low) && isfinite(high))
        hx_outbuf_printf(out, " (%.0f–%.0f)", 100 * low, 100 * high);
}

static void put_signed(hx_outbuf *out, const json_t *of, const char *name) {
    const double low = number(of, "low"), high = number(of, "high");
    hx_outbuf_printf(out, "%+.2f", number(of, name));
    if (isfinite(low) && isfinite(high)) hx_outbuf_printf(out, " (%+.2f … %+.2f)", low, high);
}

/* --- now ----------------------------------------------------------------- */
static void put_life(hx_cli *c, const json_t *life, hx_outbuf *out) {
    const char *stage = text(life, "stage");
    if (!stage) return;
    put_label(out, hx_cli_tr(c, "stage", "阶段"));
    hx_outbuf_printf(
        out,
        hx_cli_tr(
            c, "%s: silent %.0f d, usual gap %.0f d; %.0f%% of those who go on are silent so long",
            "%s：已静默 %.0f 天，通常间隔 %.0f 天；照旧者中 %.0f%% 会静默这么久"),
        said(c, stage), number(life, "silent_days"), number(life, "gap_days"),
        100 * number(life, "chance_of_silence"));
    hx_outbuf_byte(out, '\n');
}

static void put_names(hx_outbuf *out, const char *label, const json_t *list) {
    if (json_array_size(list) == 0) return;
    put_label(out, label);
    for (size_t i = 0; i < json_array_size(list) && i < NAMES_SHOWN; i++) {
        const json_t *e = json_array_get(list, i);
        if (i > 0) hx_outbuf_text(out, "  ");
        hx_outbuf_visible(out, hx_str_of(text(e, "name")), 0);
        hx_outbuf_byte(out, ' ');
        put_share(out, e, "share");
    }
    hx_outbuf_byte(out, '\n');
}

static void put_mood(hx_cli *c, const json_t *mood, hx_outbuf *out) {
    if (whole(mood, "n") == 0) return;
    put_label(out, hx_cli_tr(c, "mood", "情绪"));
    put_signed(out, mood, "now");
    hx_outbuf_printf(out, hx_cli_tr(c, ", texts %lld", "，文本 %lld 条"), whole(mood, "n"));
    if (text(mood, "turn")) {
        hx_outbuf_printf(out, hx_cli_tr(c, "; %s, a month ", "；%s，每月 "),
                         said(c, text(mood, "turn")));
        put_signed(out, hx_json_at(mood, "slope"), "month");
    }
    hx_outbuf_byte(out, '\n');
}

/* Of texts for or against: "质量 4/5*". */
static void put_aspects(const json_t *list, const char *verdict, const char *label,
                        hx_outbuf *out) {
    size_t shown = 0;
    for (size_t i = 0; i < json_array_size(list) && shown < NAMES_SHOWN; i++) {
        const json_t *a = json_array_get(list, i);
        const long long praised = whole(a, "praised"), blamed = whole(a, "blamed");
        if (strcmp(text(a, "verdict"), verdict) != 0) continue;
        if (shown++ == 0)
            put_label(out, label);
        else
            hx_outbuf_text(out, "  ");
        hx_outbuf_visible(out, hx_str_of(text(a, "aspect")), 0);
        hx_outbuf_printf(out, " %lld/%lld%s", verdict[0] == 'p' ? praised : blamed,
                         praised + blamed, json_is_true(json_object_get(a, "sure")) ? "*" : "");
    }
    if (shown > 0) hx_outbuf_byte(out, '\n');
}

static void put_habits(hx_cli *c, const json_t *habits, hx_outbuf *out) {
    const json_t *hours = json_object_get(habits, "hours"),
                 *days = json_object_get(habits, "weekend");
    if (json_is_object(hours)) {
        put_label(out, hx_cli_tr(c, "hours", "时段"));
        hx_outbuf_printf(out, "%lld–%lld%s ", whole(hours, "from"), whole(hours, "to"),
                         hx_cli_tr(c, " h", " 时"));
        put_share(out, hours, "share");
        hx_outbuf_printf(out, hx_cli_tr(c, "%s, visits %lld\n", "%s，访问 %lld 次\n"),
                         json_is_true(json_object_get(hours, "sure")) ? "*" : "",
                         whole(hours, "n"));
    }
    if (whole(days, "n") > 0) {
        put_label(out, hx_cli_tr(c, "weekends", "周末"));
        put_share(out, days, "share");
        hx_outbuf_printf(out, hx_cli_tr(c, ", days %lld\n", "，%lld 天\n"), whole(days, "n"));
    }
    put_names(out, hx_cli_tr(c, "channels", "渠道"), json_object_get(habits, "channels"));
}

static void put_price(hx_cli *c, const json_t *price, hx_outbuf *out) {
    const json_t *share = json_object_get(price, "discounted"),
                 *level = json_object_get(price, "level");
    if (whole(share, "lines") == 0) return;
    put_label(out, hx_cli_tr(c, "price", "价格"));
    hx_outbuf_printf(out, hx_cli_tr(c, "%s: bought at a discount ", "%s：折扣购买 "),
                     said(c, text(price, "than_the_shop")));
    put_share(out, share, "share");
    hx_outbuf_printf(out, hx_cli_tr(c, ", lines %lld, shop %.0f%%", "，%lld 行，全店 %.0f%%"),
                     whole(share, "lines"), 100 * number(share, "shop"));
    if (isfinite(number(level, "of_usual")))
        hx_outbuf_printf(
            out, hx_cli_tr(c, "; goods at %.2f of the usual price", "；所购为常价的 %.2f 倍"),
            number(level, "of_usual"));
    hx_outbuf_byte(out, '\n');
}

static void put_home(hx_cli *c, const json_t *list, hx_outbuf *out) {
    if (json_array_size(list) == 0) return;
    put_label(out, hx_cli_tr(c, "household", "家庭"));
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *e = json_array_get(list, i);
        hx_outbuf_printf(out, hx_cli_tr(c, "%s%s (events %lld)", "%s%s（%lld 条）"),
                         i > 0 ? "  " : "", said(c, text(e, "name")), whole(e, "n"));
    }
    hx_outbuf_byte(out, '\n');
}

static void put_all(hx_cli *c, const json_t *d, hx_outbuf *out) {
    const json_t *aspects = json_object_get(d, "aspects");
    put_life(c, json_object_get(d, "life"), out);
    put_names(out, hx_cli_tr(c, "interests", "兴趣"), json_object_get(d, "interests"));
    put_mood(c, json_object_get(d, "mood"), out);
    put_aspects(aspects, "praised", hx_cli_tr(c, "praised", "称赞"), out);
    put_aspects(aspects, "blamed", hx_cli_tr(c, "blamed", "批评"), out);
    put_habits(c, json_object_get(d, "habits"), out);
    put_price(c, json_object_get(d, "price"), out);
    put_home(c, json_object_get(d, "household"), out);
}

void hx_shown_dynamic(hx_cli *c, const json_t *d, hx_outbuf *out) {
    hx_outbuf lines = {0};
    put_all(c, d, &lines);
    if (lines.len > 0)
        hx_shown_title(
            c, out, hx_cli_tr(c, "Now (90 % intervals; * is sure)", "当前（90 % 区间；* 为确定）"));
    hx_outbuf_bytes(out, lines.ptr, lines.len);
    hx_outbuf_release(&lines);
}

/* --- drift --------------------------------------------------------------- */
static void put_change(hx_outbuf *out, const json_t *change, bool share) {
    const double k = share ? 100 : 1;
    hx_outbuf_printf(out, share ? "%.0f%% → %.0f%%" : "%+.2f → %+.2f", k * number(change, "before"),
                     k * number(change, "since"));
    if (isfinite(number(change, "low")) && isfinite(number(change, "high")))
        hx_outbuf_printf(out, share ? " (%+.0f … %+.0f)" : " (%+.2f … %+.2f)",
                         k * number(change, "low"), k * number(change, "high"));
    hx_outbuf_text(out, json_is_true(json_object_get(change, "sure")) ? "*\n" : "\n");
}

static void put_changed(hx_outbuf *out, const char *label, const json_t *change, bool share) {
    if (!isfinite(number(change, "before")) || !isfinite(number(change, "since"))) return;
    put_label(out, label);
    put_change(out, change, share);
}

static void put_list(hx_outbuf *out, const json_t *changes) {
    hx_outbuf name = {0};
    for (size_t i = 0; i < json_array_size(changes) && i < CHANGES_SHOWN; i++) {
        const json_t *e = json_array_get(changes, i);
        name.len = 0;
        hx_outbuf_visible(&name, hx_str_of(text(e, "name")), 0);
        hx_outbuf_byte(&name, '\0');
        if (!name.failed) put_changed(out, name.ptr, e, true);
    }
    hx_outbuf_release(&name);
}

void hx_shown_drift(hx_cli *c, const json_t *d, hx_outbuf *out) {
    const char *then = text(d, "stage.then"), *now = text(d, "stage.now");
    char title[128];
    if (!json_is_object(d)) return;
    (void)snprintf(title, sizeof title,
                   hx_cli_tr(c, "Drift since %.10s (events before %lld, since %lld)",
                             "%.10s 以来的变化（之前 %lld 条事件，之后 %lld 条）"),
                   text(d, "from"), whole(d, "events_before"), whole(d, "events_since"));
    hx_shown_title(c, out, title);
    put_label(out, hx_cli_tr(c, "stage", "阶段"));
    hx_outbuf_printf(out, "%s → %s\n", said(c, then), said(c, now));
    put_list(out, hx_json_at(d, "interests.changes"));
    put_list(out, hx_json_at(d, "channels.changes"));
    put_changed(out, hx_cli_tr(c, "mood", "情绪"), json_object_get(d, "mood"), false);
    put_changed(out, hx_cli_tr(c, "weekends", "周末"), json_object_get(d, "weekend"), true);
    put_changed(out, hx_cli_tr(c, "at a discount", "折扣购买"), json_object_get(d, "discounted"),
                true);
}
