/* segment_prose.c - segment show NAME --prose: a segment in three to six sentences, Chinese or English, from a template.
 *
 *     who and how many  |  what they buy  |  how long ago  |  what they write  |  where else they are
 *
 * The figures are those of hx_answer_segment_lift(), members beside all customers. Each goes through fact(), which keeps it in the very digits of the
 * sentence, and hx_prose_check() holds the whole against the facts before anybody sees it. What isn't known is left out. The other segment is
 * the one whose share among members exceeds its share among all by most times, 1.2 at least. */
#include "cli/segment_prose.h"

#include <stdio.h>
#include <string.h>

#define FACTS_MAX 32
#define OFTENER 1.2
#define NUMBER_MAX 48
#define NAME_MAX 512 /* bytes of a name, cut behind */

typedef struct {
    hx_cli *c;
    const json_t *lift; /* the list of measures */
    hx_outbuf prose;
    json_t *facts; /* [{"fact","value"}] */
    char written[FACTS_MAX][NAME_MAX];
    hx_str list[FACTS_MAX];
    size_t n;
} telling;

static const char *fact(telling *t, const char *name, const char *written) {
    if (t->n == FACTS_MAX) return "";
    char *kept = t->written[t->n];
    (void)snprintf(kept, sizeof t->written[0], "%s", written);
    json_t *one = json_object();
    (void)json_object_set_new(one, "fact", json_string(name));
    (void)json_object_set_new(one, "value", json_string(kept));
    (void)json_array_append_new(t->facts, one);
    t->list[t->n++] = hx_str_of(kept);
    return kept;
}

/* `places` digits behind the point, none of them where the number is whole. */
static const char *fact_number(telling *t, const char *name, double v, int places) {
    char text[NUMBER_MAX];
    char *end;
    (void)snprintf(text, sizeof text, "%.*f", places, v);
    end = text + strlen(text);
    while (strchr(text, '.') && (end[-1] == '0' || end[-1] == '.')) {
        const bool point = end[-1] == '.';
        *--end = 0;
        if (point) break;
    }
    return fact(t, name, strcmp(text, "-0") == 0 ? "0" : text);
}

static const char *fact_percent(telling *t, const char *name, double share) {
    return fact_number(t, name, 100 * share, 1);
}

/* False where it is not known of members and of all. */
static bool measure(const telling *t, const char *name, double *members, double *all) {
    size_t i;
    json_t *m;
    json_array_foreach(t->lift, i, m) {
        const char *of = json_string_value(json_object_get(m, "of"));
        const char *what = json_string_value(json_object_get(m, "measure"));
        if (!of || !what || strcmp(of, "mean") != 0 || strcmp(what, name) != 0) continue;
        *members = json_number_value(json_object_get(m, "members"));
        *all = json_number_value(json_object_get(m, "all"));
        return json_is_number(json_object_get(m, "members")) &&
               json_is_number(json_object_get(m, "all"));
    }
    return false;
}

/* A sentence with a member's figure and the one of all. */
static bool compare(telling *t, const char *name, int places, const char *en, const char *zh) {
    double members, all;
    char of_all[NUMBER_MAX * 2];
    if (!measure(t, name, &members, &all)) return false;
    (void)snprintf(of_all, sizeof of_all, "%s_all", name);
    const char *a = fact_number(t, name, members, places);
    const char *b = fact_number(t, of_all, all, places);
    /* both forms take two texts */
    const char *form = hx_cli_tr(t->c, en, zh), *first = strstr(form, "%s"),
               *second = strstr(first + 2, "%s");
    hx_outbuf_printf(&t->prose, "%.*s%s%.*s%s%s", (int)(first - form), form, a,
                     (int)(second - first - 2), first + 2, b, second + 2);
    return true;
}

static void say_who(telling *t, const json_t *answer) {
    const char *time = json_string_value(json_object_get(answer, "as_of"));
    const char *name = json_string_value(json_object_get(answer, "id"));
    char day[11] = "";
    const double size = json_number_value(json_object_get(answer, "size"));
    name = fact(t, "segment", name ? name : "");
    (void)snprintf(day, sizeof day, "%.10s", time ? time : "");
    if (time) time = fact(t, "as_of", day);
    if (size <= 0) {
        if (t->c->ui == HX_UI_ZH)
            hx_outbuf_printf(&t->prose, "%s%s%s分群 %s 中没有客户。", time ? "截至 " : "",
                             time ? time : "", time ? "，" : "", name);
        else
            hx_outbuf_printf(&t->prose, "Nobody is in %s%s%s.", name, time ? " as of " : "",
                             time ? time : "");
        return;
    }
    const char *many = fact_number(t, "size", size, 0);
    const char *share =
        fact_percent(t, "share", json_number_value(json_object_get(answer, "share")));
    if (t->c->ui == HX_UI_ZH)
        hx_outbuf_printf(&t->prose, "分群 %s 有 %s 位客户，占全部客户的 %s%%", name, many, share);
    else
        hx_outbuf_printf(&t->prose, "%s has %s customer%s, %s %% of all", name, many,
                         size > 1 ? "s" : "", share);
    if (time) hx_outbuf_printf(&t->prose, hx_cli_tr(t->c, ", as of %s", "（截至 %s）"), time);
    hx_outbuf_printf(&t->prose, "%s", hx_cli_tr(t->c, ".", "。"));
}

static void say_elsewhere(telling *t) {
    const json_t *best = NULL;
    double most = OFTENER;
    size_t i;
    json_t *m;
    json_array_foreach(t->lift, i, m) {
        const char *of = json_string_value(json_object_get(m, "of"));
        const double lift = json_number_value(json_object_get(m, "lift"));
        if (!of || strcmp(of, "share") != 0 || lift < most) continue;
        most = lift;
        best = m;
    }
    if (!best) return;
    const char *name = json_string_value(json_object_get(best, "measure"));
    const char *other = fact(t, "other_segment", name ? name : "");
    const char *in =
        fact_percent(t, "other_share", json_number_value(json_object_get(best, "members")));
    const char *all =
        fact_percent(t, "other_share_all", json_number_value(json_object_get(best, "all")));
    if (t->c->ui == HX_UI_ZH)
        hx_outbuf_printf(&t->prose, "其中 %s%% 也属于分群 %s，在全部客户中为 %s%%。", in, other,
                         all);
    else
        hx_outbuf_printf(&t->prose, " %s %% of them are also in %s, of all customers %s %%.", in,
                         other, all);
}

static void say_all(telling *t, const json_t *answer) {
    say_who(t, answer);
    if (json_number_value(json_object_get(answer, "size")) <= 0) return;
    (void)compare(t, "orders", 1, " A member has placed %s orders on average, a customer %s.",
                  "成员平均下单 %s 次，全部客户平均 %s 次。");
    (void)compare(t, "spent", 2, " A member has spent %s on average, a customer %s.",
                  "成员平均消费 %s，全部客户平均 %s。");
    (void)compare(t, "recency_days", 0,
                  " The last purchase lies %s days back on average, that of all buyers %s.",
                  "最近一次购买平均在 %s 天前，全部购买者平均在 %s 天前。");
    if (compare(t, "sentiment", 2,
                " The mean sentiment of their texts is %s, that of all customers %s, from -1 to 1.",
                "文字的平均情感为 %s，全部客户为 %s（范围 -1 到 1）。")) {
        (void)fact(t, "least_sentiment", "-1");
        (void)fact(t, "greatest_sentiment", "1");
    }
    say_elsewhere(t);
}

static bool put(telling *t, const json_t *answer) {
    hx_outbuf out = {0};
    if (t->c->shape == HX_SHAPE_TABLE) {
        hx_outbuf_visible(&out, hx_outbuf_str(&t->prose), 0);
        hx_outbuf_byte(&out, '\n');
    } else {
        const hx_str prose = hx_outbuf_str(&t->prose);
        json_t *o = json_object();
        (void)json_object_set(o, "id", json_object_get(answer, "id"));
        (void)json_object_set(o, "as_of", json_object_get(answer, "as_of"));
        (void)json_object_set_new(o, "lang", json_string(hx_cli_tr(t->c, "en", "zh")));
        (void)json_object_set_new(o, "prose", json_stringn(prose.ptr, prose.len));
        (void)json_object_set(o, "facts", t->facts);
        if (t->c->shape == HX_SHAPE_CSV) {
            const bool ok = hx_output_pairs(t->c, o);
            json_decref(o);
            return ok;
        }
        hx_output_json(&out, o);
        json_decref(o);
    }
    const bool ok = hx_output_write(t->c, &out);
    hx_outbuf_release(&out);
    return ok;
}

bool hx_segment_prose_show(hx_cli *c, hx_str json) {
    char bad[HX_PROSE_BAD_MAX];
    json_t *answer = hx_output_parse(c, json);
    if (!answer) return false;
    telling t = {.c = c, .lift = json_object_get(answer, "lift"), .facts = json_array()};
    say_all(&t, answer);
    bool ok = !t.prose.failed;
    if (!ok)
        (void)hx_cli_fail(c, "not enough memory for the answer", "内存不足，无法给出答案");
    else if (!hx_prose_check(hx_outbuf_str(&t.prose), t.list, t.n, NULL, 0, bad)) {
        ok = false;
        (void)hx_cli_fail(c, "the sentences say what no fact says: %s",
                          "概述中有事实里没有的内容：%s", bad);
    } else
        ok = put(&t, answer);
    hx_outbuf_release(&t.prose);
    json_decref(t.facts);
    json_decref(answer);
    return ok;
}
