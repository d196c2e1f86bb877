/* prefer_words.c - a term of a preference in words that a customer would understand; see prefer.h.
 *
 * Each says a fact that was read, never more: a share, a count, a name, how alike two texts are (cosine, 0 to 1). Shares of few opinions
 * stand drawn to those of all, and are said so where they were read from none. */
#include <math.h>

#include "insight/prefer.h"

#define NAME_BYTES ((size_t)90)
#define ALIKE 0.005 /* as two places show it */

/* A name, cut behind a whole character. */
static void put_name(const hx_preferring *p, size_t row, hx_ui_lang ui, hx_buf *out) {
    hx_str name = row == SIZE_MAX ? (hx_str){NULL, 0} : hx_prefer_name(p, p->items[row]);
    if (name.len == 0) {
        (void)hx_buf_append_lit(out, ui == HX_UI_ZH ? "无" : "nothing");
        return;
    }
    const bool cut = name.len > NAME_BYTES;
    if (cut) name.len = NAME_BYTES;
    while (cut && name.len > 0 && ((unsigned char)name.ptr[name.len] & 0xC0) == 0x80)
        name.len--;
    (void)hx_buf_append_lit(out, ui == HX_UI_ZH ? "“" : "\"");
    (void)hx_buf_append_str(out, name);
    (void)hx_buf_append_lit(out, cut ? "…" : "");
    (void)hx_buf_append_lit(out, ui == HX_UI_ZH ? "”" : "\"");
}

typedef enum { SHARE = 0, COUNT, DAYS, LIKENESS, LATEST, PRICE } shape;
typedef struct {
    const char *column, *en, *zh; /* behind the words comes the value */
    shape shape;
} wording;

static const wording words[] = {
    {"opinions", "opinions given", "给过的意见数", COUNT},
    {"own_share", "share of own things that were liked", "本人喜欢的比例", SHARE},
    {"own_latest", "the latest own opinion", "最近一次意见", LATEST},
    {"own_days", "days since the latest opinion", "距最近一次意见的天数", DAYS},
    {"taste", "liked of what is like it", "本人对相似商品喜欢的比例", SHARE},
    {"closest_liked", "liked", "喜欢过相似的", LIKENESS},
    {"closest_disliked", "did not like", "不喜欢过相似的", LIKENESS},
    {"words", "own comments and its text, likeness", "本人评论与其文本的相似度", SHARE},
    {"category_own", "liked of own things in its category", "本人在该类别中喜欢的比例", SHARE},
    {"category_all", "liked of its category by all", "所有人在该类别中喜欢的比例", SHARE},
    {"near_share", "liked of the items most alike, by all", "所有人对最相似商品喜欢的比例", SHARE},
    {"near_count", "opinions on the items most alike", "最相似商品的意见数", COUNT},
    {"price_fit", "its price beside what one has", "价格与本人已有商品之比", PRICE},
    {"orders", "things had without a word", "购买但未评价的次数", COUNT},
    {"closest_bought", "bought", "买过相似的", LIKENESS}};

static void put_value(shape s, double v, bool zh, hx_buf *out) {
    switch (s) {
    case SHARE:
        (void)hx_buf_printf(out, "%.0f %%", 100 * v);
        break;
    case COUNT:
        (void)hx_buf_printf(out, "%.0f", expm1(v));
        break;
    case DAYS:
        (void)hx_buf_printf(out, "%.0f", expm1(v));
        break;
    case LATEST:
        (void)hx_buf_append_lit(out, v > 0 ? (zh ? "喜欢" : "good") : (zh ? "不喜欢" : "bad"));
        break;
    case PRICE:
        (void)hx_buf_printf(out, zh ? "%.2f 倍" : "%.2f times", exp(v));
        break;
    default:
        (void)hx_buf_printf(out, "%.2f", v);
        break;
    }
}

static bool is_named(hx_str column, const char *name) {
    return hx_str_equal(column, hx_str_of(name));
}

static void put_closest(const hx_preferring *p, const hx_prefer_closest *c, hx_str column,
                        hx_ui_lang ui, hx_buf *out) {
    const bool liked = is_named(column, "closest_liked"),
               bought = is_named(column, "closest_bought");
    if (!liked && !bought && !is_named(column, "closest_disliked")) return;
    const size_t row = liked ? c->liked : bought ? c->bought : c->disliked;
    (void)hx_buf_append_lit(out, ui == HX_UI_ZH ? "：" : ": ");
    put_name(p, row, ui, out);
    (void)hx_buf_append_lit(out, ui == HX_UI_ZH ? "，相似度 " : ", likeness ");
}

void hx_prefer_say(const hx_preferring *p, const hx_prefer_closest *closest, hx_str column,
                   double value, hx_ui_lang ui, hx_buf *out) {
    const bool zh = ui == HX_UI_ZH;
    const wording *w = NULL;
    for (size_t k = 0; k < sizeof words / sizeof *words; k++)
        if (is_named(column, words[k].column)) w = &words[k];
    if (!w) return;
    (void)hx_buf_append_lit(out, zh ? w->zh : w->en);
    if (isnan(value)) {
        (void)hx_buf_append_lit(out, zh ? "：未知" : ": nothing known");
        return;
    }
    if (w->shape == LIKENESS && value < ALIKE) {
        (void)hx_buf_append_lit(out, zh ? "：没有相似的" : ": none is alike");
        return;
    }
    const size_t before = out->len;
    put_closest(p, closest, column, ui, out);
    if (out->len == before) (void)hx_buf_append_lit(out, zh ? "：" : ": ");
    put_value(w->shape, value, zh, out);
}
