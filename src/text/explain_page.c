/* explain_page.c - explanations as one HTML page; see hx_explain_page().
 *
 * A card a text: its words, blue where they speak for positive and red where they speak against it (solid and dashed lines below, for who sees no
 * colours and for paper), the sum that makes the score, the parts that weigh most, aspects and intents with their quotes, and where a language
 * model read it, what it looked at: shares of the pooled row, and a heat map a layer, chosen without a script.
 *
 * Self-contained: no script, no font, no picture from elsewhere. Everything of a text is escaped; bytes that are no character become blanks, so
 * that offsets stay. */
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/utf8.h"
#include "frame/check_page.h"
#include "huaxiang/llama.h"
#include "huaxiang/text.h"

#define TEXT_SHOWN ((size_t)20000) /* bytes of a text */
#define PARTS_SHOWN ((size_t)14)
#define MAP_TOKENS ((size_t)48) /* of a heat map */
#define CHUNK ((size_t)190) /* what hx_page_escaped() takes at once */
#define FAINT 0.015 /* a share that is not drawn */

static const char style[] =
    ".card{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:14px "
    "18px;"
    "margin-bottom:18px;break-inside:avoid-page}.card h2{margin:0 0 8px}"
    ".card h3{font-size:14px;margin:14px 0 4px;color:var(--soft);font-weight:600}"
    ".t{white-space:pre-wrap;overflow-wrap:anywhere;font-size:17px;line-height:2;margin:0}"
    ".t b{font-weight:inherit;border-radius:3px;padding:1px 0}.t .p{border-bottom:2px solid "
    "#2f6fb3}"
    ".t .m{border-bottom:2px dashed #c0392b}.sum{font-variant-numeric:tabular-nums;margin:10px 0 0}"
    ".sum strong{font-size:18px}.parts{width:auto;min-width:60%}.parts td{padding:2px "
    "10px;border:0}"
    ".bar{width:220px}.bar i{display:block;height:12px;border-radius:2px}.bar "
    ".p{background:#2f6fb3}"
    ".bar .m{background:repeating-linear-gradient(45deg,#c0392b 0 4px,#d98880 4px 8px)}"
    ".tag{display:inline-block;border:1px solid var(--line);border-radius:12px;padding:0 10px;"
    "margin:2px 6px 2px 0}.maps>input{margin:0 2px 0 10px}.maps>div{display:none;overflow-x:auto}"
    ".maps text{font-size:11px}.maps rect{fill:#2f6fb3}.look span{border-radius:3px}"
    ".legend{color:var(--soft);margin:0 0 14px}*{-webkit-print-color-adjust:exact;"
    "print-color-adjust:exact}@media print{.card{border-color:#bbb}header,main{max-width:none}}";

/* A layer's map shows while its button is pressed. */
static void put_layer_rules(hx_page *p, size_t layers) {
    hx_page_put(p, "<style>");
    for (size_t l = 1; l <= layers; l++)
        (void)hx_buf_printf(&p->b, "%s.maps>input:nth-of-type(%zu):checked~div:nth-of-type(%zu)",
                            l > 1 ? "," : "", l, l);
    hx_page_put(p, "{display:block}</style>\n");
}

/* ------------------------------------------------------------------ text */
/* The same bytes, blanks where they are no character that can be shown. */
static bool copy_shown(hx_str text, hx_arena *arena, hx_str *out) {
    size_t n = text.len > TEXT_SHOWN ? TEXT_SHOWN : text.len;
    char *to = hx_arena_alloc(arena, n + 1);
    if (!to) return false;
    while (n > 0 && n < text.len && ((unsigned char)text.ptr[n] & 0xC0) == 0x80)
        n--;
    for (size_t at = 0; at < n;) {
        size_t from = at;
        uint32_t cp = hx_utf8_next((hx_str){text.ptr, n}, &at);
        bool bad = cp == HX_UTF8_BAD || (cp < 0x20 && cp != '\n') || (cp >= 0x7F && cp < 0xA0);
        for (size_t i = from; i < at; i++)
            to[i] = text.ptr[i];
        if (bad) memset(to + from, ' ', at - from);
    }
    *out = (hx_str){to, n};
    return true;
}

static void put_all(hx_page *p, hx_str s) {
    while (s.len > 0) {
        size_t n = s.len > CHUNK ? CHUNK : s.len;
        while (n > 1 && n < s.len && ((unsigned char)s.ptr[n] & 0xC0) == 0x80)
            n--;
        hx_page_escaped(p, (hx_str){s.ptr, n});
        s = (hx_str){s.ptr + n, s.len - n};
    }
}

static hx_str part_of(hx_str shown, hx_span s) {
    uint32_t end = s.end < shown.len ? s.end : (uint32_t)shown.len;
    uint32_t start = s.start < end ? s.start : end;
    return (hx_str){shown.ptr + start, end - start};
}

static void put_quote(hx_page *p, hx_str shown, hx_span s) {
    hx_str part = part_of(shown, s);
    if (part.len == 0) return;
    hx_page_put(p, hx_page_tr(p, "“", "「"));
    hx_page_escaped(p, part);
    hx_page_put(p, hx_page_tr(p, "”", "」"));
}

/* ------------------------------------------------------------------ words by what they add */
static void put_run(hx_page *p, hx_str run, double weight, double most) {
    if (weight == 0 || run.len == 0) {
        put_all(p, run);
        return;
    }
    double share = most > 0 ? fmin(fabs(weight) / most, 1) : 0;
    (void)hx_buf_printf(&p->b,
                        "<b class=\"%s\" title=\"%+.4f\" style=\"background:rgba(%s,%.2f)\">",
                        weight > 0 ? "p" : "m", weight, weight > 0 ? "47,111,179" : "192,57,43",
                        0.08 + 0.47 * share);
    put_all(p, run);
    hx_page_put(p, "</b>");
}

static bool put_words(hx_page *p, hx_str shown, const hx_explanation *e, hx_arena *arena) {
    double *cover = hx_arena_alloc(arena, (shown.len + 1) * sizeof *cover), most = 0;
    if (!cover) return false;
    memset(cover, 0, (shown.len + 1) * sizeof *cover);
    for (size_t i = 0; i < e->n_parts; i++) {
        hx_str part = part_of(shown, e->parts[i].span);
        for (size_t k = 0; k < part.len; k++)
            cover[(size_t)(part.ptr - shown.ptr) + k] += e->parts[i].weight;
    }
    for (size_t i = 0; i < shown.len; i++)
        most = fmax(most, fabs(cover[i]));
    hx_page_put(p, "<p class=\"t\">");
    for (size_t i = 0, from = 0; i < shown.len; from = i) {
        while (i < shown.len && cover[i] == cover[from])
            i++;
        put_run(p, (hx_str){shown.ptr + from, i - from}, cover[from], most);
    }
    hx_page_put(p, "</p>\n");
    return true;
}

static void put_sum(hx_page *p, const hx_explanation *e, const char *of) {
    double up = 0, down = 0;
    for (size_t i = 0; i < e->n_parts; i++) {
        if (e->parts[i].weight > 0) up += e->parts[i].weight;
        if (e->parts[i].weight < 0) down -= e->parts[i].weight;
    }
    (void)hx_buf_printf(&p->b,
                        hx_page_tr(p,
                                   "<p class=\"sum\">bias %.4f + for %.4f − against %.4f = logit "
                                   "<strong>%.4f</strong> → probability of %s "
                                   "<strong>%.1f %%</strong>",
                                   "<p class=\"sum\">偏置 %.4f + 支持 %.4f − 反对 %.4f = 对数几率 "
                                   "<strong>%.4f</strong> → %s概率 <strong>%.1f %%</strong>"),
                        e->bias, up, down, e->logit, of, 100 * e->score);
    if (e->asked > 0)
        (void)hx_buf_printf(
            &p->b,
            hx_page_tr(p, " <small>(Owen values over %zu variants of the text)</small>",
                       " <small>（Owen 值，共 %zu 个变体）</small>"),
            e->asked);
    hx_page_put(p, "</p>\n");
}

/* The part that weighs most of those not shown yet; n_parts = none is left. */
static size_t next_part(const hx_explanation *e, const bool *done) {
    size_t best = e->n_parts;
    for (size_t i = 0; i < e->n_parts; i++)
        if (!done[i] &&
            (best == e->n_parts || fabs(e->parts[i].weight) > fabs(e->parts[best].weight)))
            best = i;
    return best;
}

static void put_part(hx_page *p, hx_str name, const char *other, size_t n, double weight,
                     double most) {
    hx_page_put(p, "<tr><td>");
    if (other)
        (void)hx_buf_printf(&p->b, other, n);
    else
        hx_page_escaped(p, name);
    (void)hx_buf_printf(&p->b,
                        "</td><td class=\"bar\"><i class=\"%s\" style=\"width:%.0fpx\"></i></td>"
                        "<td class=\"n\">%+.4f</td></tr>\n",
                        weight >= 0 ? "p" : "m", most > 0 ? 220 * fmin(fabs(weight) / most, 1) : 0,
                        weight);
}

static bool put_parts(hx_page *p, hx_str shown, const hx_explanation *e, hx_arena *arena) {
    bool *done = hx_arena_alloc(arena, e->n_parts + 1);
    double rest = e->logit - e->bias, most = 0;
    if (!done) return false;
    memset(done, 0, e->n_parts + 1);
    if (e->n_parts == 0) return true;
    hx_page_put(p, "<table class=\"parts\">\n");
    size_t n = 0;
    for (; n < e->n_parts && n < PARTS_SHOWN; n++) {
        size_t i = next_part(e, done);
        if (n == 0) most = fabs(e->parts[i].weight);
        done[i] = true;
        rest -= e->parts[i].weight;
        put_part(p, part_of(shown, e->parts[i].span), NULL, 0, e->parts[i].weight, most);
    }
    if (n < e->n_parts)
        put_part(p, (hx_str){NULL, 0}, hx_page_tr(p, "%zu others", "其余 %zu 处"), e->n_parts - n,
                 rest, most);
    hx_page_put(p, "</table>\n");
    return true;
}

/* ------------------------------------------------------------------ aspects, intents */
static const char *mood_of(const hx_page *p, hx_sentiment_label l) {
    static const char *const zh[HX_SENTIMENT_N] = {"未判断", "负面", "中性", "正面", "褒贬兼有"};
    return p->ui == HX_UI_ZH && (unsigned)l < HX_SENTIMENT_N ? zh[l] : hx_sentiment_name(l);
}

static const char *intent_of(const hx_page *p, int i) {
    static const char *const zh[HX_INTENT_N] = {"其他", "购买", "退款", "换货", "投诉",
                                                "咨询", "表扬", "流失", "物流", "发票",
                                                "维修", "价格", "取消", "账户", "建议"};
    return p->ui == HX_UI_ZH ? zh[i] : hx_intent_name((hx_intent_label)i);
}

static void put_aspects(hx_page *p, hx_str shown, const hx_annotation *a) {
    if (a->n_aspects == 0) return;
    (void)hx_buf_printf(&p->b, "<h3>%s</h3>\n", hx_page_tr(p, "Aspects", "方面"));
    for (size_t i = 0; i < a->n_aspects; i++) {
        const hx_aspect *one = &a->aspects[i];
        const char *kind = one->label == HX_SENTIMENT_POSITIVE   ? "good"
                           : one->label == HX_SENTIMENT_NEGATIVE ? "bad"
                                                                 : "warn";
        hx_page_put(p, "<span class=\"tag\">");
        hx_page_escaped(p, one->name);
        (void)hx_buf_printf(&p->b, " <span class=\"%s\">%s</span> %.0f %% <small>", kind,
                            mood_of(p, one->label), 100 * one->score);
        put_quote(p, shown, one->span);
        put_quote(p, shown, one->opinion);
        hx_page_put(p, "</small></span>\n");
    }
}

static void put_intents(hx_page *p, hx_str shown, const hx_intent *in) {
    (void)hx_buf_printf(&p->b, "<h3>%s</h3>\n", hx_page_tr(p, "Intents", "意图"));
    for (int i = 0; i < HX_INTENT_N; i++) {
        if (!(in->holds >> i & 1)) continue;
        (void)hx_buf_printf(&p->b, "<span class=\"tag\">%s %.0f %% <small>", intent_of(p, i),
                            100 * in->scores[i]);
        for (size_t k = 0; k < in->n_evidence && k < 3 && i == (int)in->label; k++)
            put_quote(p, shown, in->evidence[k].span);
        hx_page_put(p, "</small></span>\n");
    }
}

/* ------------------------------------------------------------------ each other label */
static const char *emotion_of(const hx_page *p, int e) {
    static const char *const zh[HX_EMOTION_N] = {"中性", "高兴", "愤怒", "悲伤", "恐惧", "惊讶"};
    return p->ui == HX_UI_ZH ? zh[e] : hx_emotion_name((hx_emotion_label)e);
}

static void put_label_name(hx_page *p, const hx_explained *x, const hx_explained_label *l) {
    if (l->kind == HX_EXPLAINED_INTENT) {
        (void)hx_buf_printf(&p->b, "%s: %s", hx_page_tr(p, "intent", "意图"),
                            intent_of(p, l->label));
        return;
    }
    if (l->kind == HX_EXPLAINED_EMOTION) {
        (void)hx_buf_printf(&p->b, "%s: %s", hx_page_tr(p, "emotion", "情绪"),
                            emotion_of(p, l->label));
        return;
    }
    hx_str name = l->aspect;
    for (size_t i = 0; i < x->all.n_aspects; i++)
        if (hx_str_equal(x->all.aspects[i].id, l->aspect)) name = x->all.aspects[i].name;
    hx_page_escaped(p, name);
    (void)hx_buf_printf(&p->b, ": %s", mood_of(p, (hx_sentiment_label)l->label));
}

/* Labels open and close one by one, by the keyboard too. */
static bool put_labels(hx_page *p, hx_str shown, const hx_explained *x, size_t text,
                       hx_arena *arena) {
    if (x->n_labels < 2) return true;
    (void)hx_buf_printf(&p->b, "<h3>%s</h3>\n",
                        hx_page_tr(p, "Each label: what speaks for it (blue) and against it (red)",
                                   "每个标签：支持（蓝）与反对（红）的部分"));
    for (size_t i = 0; i < x->n_labels; i++) {
        const hx_explained_label *l = &x->labels[i];
        if (l->kind == HX_EXPLAINED_SENTIMENT) continue;
        (void)hx_buf_printf(&p->b, "<details name=\"l%zu\"><summary>", text);
        put_label_name(p, x, l);
        (void)hx_buf_printf(&p->b, " <small>%.1f %%</small></summary>\n", 100 * l->why.score);
        if (!put_words(p, shown, &l->why, arena)) return false;
        put_sum(p, &l->why, hx_page_tr(p, "this label", "该标签的"));
        if (!put_parts(p, shown, &l->why, arena)) return false;
        hx_page_put(p, "</details>\n");
    }
    return true;
}

/* ------------------------------------------------------------------ attention */
static void put_token(hx_page *p, hx_str shown, hx_token_span s) {
    if (s.start == s.end)
        hx_page_put(p, "·");
    else
        hx_page_escaped(p, part_of(shown, (hx_span){s.start, s.end}));
}

static void put_rollout(hx_page *p, hx_str shown, const hx_attention *a) {
    float most = 0;
    for (size_t i = 0; i < a->n_tokens; i++)
        if (a->spans[i].start < a->spans[i].end && a->rollout[i] > most) most = a->rollout[i];
    hx_page_put(p, "<p class=\"t look\">");
    for (size_t i = 0, at = 0; i < a->n_tokens; i++) {
        hx_token_span s = a->spans[i];
        if (s.start == s.end || s.start < at) continue;
        put_all(p, part_of(shown, (hx_span){(uint32_t)at, s.start}));
        (void)hx_buf_printf(
            &p->b, "<span title=\"%.4f\" style=\"background:rgba(154,103,0,%.2f)\">",
            (double)a->rollout[i], most > 0 ? 0.6 * fmin((double)(a->rollout[i] / most), 1) : 0);
        put_token(p, shown, s);
        hx_page_put(p, "</span>");
        at = s.end;
    }
    hx_page_put(p, "</p>\n");
}

static void put_map(hx_page *p, hx_str shown, const hx_attention *a, size_t layer) {
    enum { CELL = 13, LEFT = 110, TOP = 84 };
    size_t n = a->n_tokens, drawn = n < MAP_TOKENS ? n : MAP_TOKENS;
    const float *map = a->layers + layer * n * n;
    (void)hx_buf_printf(&p->b, "<div><svg width=\"%zu\" height=\"%zu\">", LEFT + CELL * drawn + 60,
                        TOP + CELL * drawn + 4);
    for (size_t i = 0; i < drawn; i++) {
        (void)hx_buf_printf(&p->b, "<text x=\"%d\" y=\"%zu\" text-anchor=\"end\">", LEFT - 4,
                            TOP + CELL * i + 11);
        put_token(p, shown, a->spans[i]);
        (void)hx_buf_printf(&p->b, "</text><text transform=\"translate(%zu,%d) rotate(-60)\">",
                            LEFT + CELL * i + 10, TOP - 3);
        put_token(p, shown, a->spans[i]);
        hx_page_put(p, "</text>");
    }
    for (size_t i = 0; i < drawn; i++)
        for (size_t j = 0; j < drawn; j++) {
            double share = (double)map[i * n + j];
            if (share < FAINT) continue;
            (void)hx_buf_printf(&p->b,
                                "<rect x=\"%zu\" y=\"%zu\" width=\"12\" height=\"12\" "
                                "fill-opacity=\"%.2f\"/>",
                                LEFT + CELL * j, TOP + CELL * i, fmin(sqrt(share), 1));
        }
    hx_page_put(p, "</svg></div>\n");
}

static void put_attention(hx_page *p, hx_str shown, const hx_attention *a, size_t text) {
    if (!a || a->n_tokens == 0) return;
    (void)hx_buf_printf(&p->b, "<h3>%s</h3>\n",
                        hx_page_tr(p,
                                   "What the model looked at: share of the pooled row, through all "
                                   "layers (rollout); not what decided",
                                   "模型看了哪里：经过所有层后在汇总行中的份额（rollout）；不等于判"
                                   "断依据"));
    put_rollout(p, shown, a);
    (void)hx_buf_printf(&p->b, "<details><summary>%s</summary><div class=\"maps\">\n",
                        hx_page_tr(p, "each layer, mean of its heads: a row looks at columns",
                                   "逐层（各注意力头的平均）：每行看各列"));
    for (size_t l = 0; l < a->n_layers; l++)
        (void)hx_buf_printf(&p->b,
                            "<input type=\"radio\" name=\"m%zu\" id=\"m%zu-%zu\"%s><label "
                            "for=\"m%zu-%zu\">%zu</label>",
                            text, text, l, l + 1 == a->n_layers ? " checked" : "", text, l, l + 1);
    for (size_t l = 0; l < a->n_layers; l++)
        put_map(p, shown, a, l);
    hx_page_put(p, "</div></details>\n");
}

/* ------------------------------------------------------------------ the page */
static bool put_card(hx_page *p, const hx_explained *x, size_t i, hx_arena *arena) {
    hx_str shown;
    if (!copy_shown(x->text, arena, &shown)) return false;
    const char *label = mood_of(p, x->all.sentiment.label);
    (void)hx_buf_printf(&p->b, "<section class=\"card\"><h2>%zu. %s <small>%.1f %%</small></h2>\n",
                        i + 1, label, 100 * x->all.sentiment.score);
    if (!put_words(p, shown, &x->mood, arena)) return false;
    if (shown.len < x->text.len) hx_page_put(p, "<p class=\"legend\">…</p>\n");
    put_sum(p, &x->mood, hx_page_tr(p, "positive", "正面"));
    if (!put_parts(p, shown, &x->mood, arena)) return false;
    put_aspects(p, shown, &x->all);
    put_intents(p, shown, &x->all.intent);
    if (!put_labels(p, shown, x, i, arena)) return false;
    put_attention(p, shown, x->attention, i);
    hx_page_put(p, "</section>\n");
    return true;
}

hx_status hx_explain_page(const hx_explained *texts, size_t n, hx_ui_lang ui, hx_arena *arena,
                          hx_str *html, hx_error *err) {
    hx_page p;
    size_t layers = 0;
    hx_arena *scratch = hx_arena_new((size_t)1 << 30);
    if (n > HX_EXPLAIN_PAGE_TEXTS) n = HX_EXPLAIN_PAGE_TEXTS;
    hx_page_open(
        &p, ui,
        ui == HX_UI_ZH ? HX_STR_LIT("每个词起了什么作用") : HX_STR_LIT("What each word does"),
        ui == HX_UI_ZH ? HX_STR_LIT("蓝色（实线）支持正面，红色（虚线）反对；各部分之和恰好等"
                                    "于得分。鼠标悬停可见数值。")
                       : HX_STR_LIT("Blue (solid line) speaks for positive, red (dashed) "
                                    "against; the parts add up to the score exactly. "
                                    "Hover for numbers."),
        style);
    for (size_t i = 0; i < n; i++)
        if (texts[i].attention && texts[i].attention->n_layers > layers)
            layers = texts[i].attention->n_layers;
    if (layers > 0) put_layer_rules(&p, layers);
    bool done = scratch != NULL;
    for (size_t i = 0; i < n && done; i++) {
        done = put_card(&p, &texts[i], i, scratch);
        hx_arena_reset(scratch);
    }
    hx_arena_free(scratch);
    hx_status status = hx_page_end(&p, arena, html, err);
    return done || status != HX_OK ? status : hx_fail(err, HX_ENOMEM, "out of memory");
}
