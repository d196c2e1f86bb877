/* report_aspect.c - which side of a purchase a text speaks of, and how: delivery, service, price, ...
 *
 * A small table of everyday words in both languages, looked up at every character (English: whole words, any case). The mood of
 * a mention is the sum of the sentiment evidence in the clauses that name the aspect: "物流快，质量差" is good for one and bad
 * for the other. Words are grouped by their first byte, so a text is passed over once. */
#include <string.h>

#include "answer/report.h"

#define TEXT_BYTES 4096 /* of a text are looked at */

enum {
    ASPECT_DELIVERY = 0,
    ASPECT_SERVICE,
    ASPECT_PRICE,
    ASPECT_QUALITY,
    ASPECT_PACKAGING,
    ASPECT_TASTE,
    ASPECT_LOOK,
    ASPECT_SIZE,
    ASPECT_FUNCTION,
    ASPECT_PLACE,
    ASPECT_RETURNS,
    ASPECT_N
};
_Static_assert(ASPECT_N == HX_REPORT_ASPECTS, "one row an aspect");

/* id, Chinese, English */
static const char *const aspect_names[ASPECT_N][3] = {
    {"delivery", "物流", "delivery"},   {"service", "服务", "service"},
    {"price", "价格", "price"},         {"quality", "质量", "quality"},
    {"packaging", "包装", "packaging"}, {"taste", "口味", "taste"},
    {"look", "外观", "looks"},          {"size", "尺寸", "size"},
    {"function", "功能", "function"},   {"place", "环境", "the place"},
    {"returns", "退换", "returns"}};

/* Words of an aspect, parted by blanks. */
static const char *const aspect_words[ASPECT_N] = {
    "物流 快递 发货 送货 配送 到货 运输 派送 delivery delivered shipping shipped shipment courier "
    "arrived",
    "服务 客服 态度 售后 店家 卖家 商家 老板 service staff seller support",
    "价格 价钱 性价比 便宜 太贵 有点贵 实惠 划算 优惠 降价 price prices priced cheap expensive "
    "value worth discount",
    "质量 品质 做工 材质 用料 耐用 毛病 质感 quality material materials durable sturdy stitching",
    "包装 盒子 纸箱 外盒 packaging package packed wrapped",
    "味道 口感 好吃 难吃 口味 新鲜 taste tastes tasty flavour flavor delicious fresh",
    "外观 颜色 款式 好看 样子 设计 漂亮 难看 色差 colour color design style looks beautiful",
    "尺寸 大小 尺码 合身 偏大 偏小 size sizes sizing fit fits",
    "功能 性能 速度 电池 续航 屏幕 音质 手感 系统 battery screen sound performance software "
    "features",
    "环境 房间 位置 卫生 干净 隔音 room rooms location clean",
    "退款 退货 换货 退换 refund refunded refunds return returned exchange exchanged"};

const char *hx__report_aspect_id(size_t i) {
    return aspect_names[i][0];
}

const char *hx__report_aspect_name(size_t i, hx_ui_lang ui) {
    return aspect_names[i][ui == HX_UI_ZH ? 1 : 2];
}

static char lower(char c) {
    return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

static bool is_letter(char c) {
    return lower(c) >= 'a' && lower(c) <= 'z';
}

/* `word` (of the table) stands at text[at]. */
static bool stands_at(hx_str text, size_t at, hx_str word) {
    if (text.len - at < word.len) return false;
    if (!is_letter(word.ptr[0])) return memcmp(text.ptr + at, word.ptr, word.len) == 0;
    if (at > 0 && is_letter(text.ptr[at - 1])) return false;
    if (at + word.len < text.len && is_letter(text.ptr[at + word.len])) return false;
    for (size_t i = 0; i < word.len; i++)
        if (lower(text.ptr[at + i]) != word.ptr[i]) return false;
    return true;
}

static size_t first_byte(const char *word) {
    return (unsigned char)word[0];
}

void hx__report_lexicon_init(hx_report_lexicon *l) {
    hx_report_aspect_word all[HX_REPORT_ASPECT_WORDS];
    size_t n = 0;
    memset(l, 0, sizeof *l);
    for (size_t a = 0; a < ASPECT_N; a++)
        for (const char *w = aspect_words[a]; *w && n < HX_REPORT_ASPECT_WORDS;) {
            size_t len = strcspn(w, " ");
            all[n++] = (hx_report_aspect_word){w, (uint8_t)len, (uint8_t)a};
            l->start[first_byte(w) + 1]++;
            w += len + (w[len] != '\0');
        }
    for (size_t i = 1; i <= 256; i++)
        l->start[i] = (uint16_t)(l->start[i] + l->start[i - 1]);
    uint16_t next[256];
    memcpy(next, l->start, sizeof next);
    for (size_t i = 0; i < n; i++)
        l->words[next[first_byte(all[i].word)]++] = all[i];
}

/* ------------------------------------------------------------------ clauses */
/* Bytes of a clause mark at text[at], 0 where there is none: , . ; ! ? newline and their full-width forms. */
static size_t mark_at(hx_str text, size_t at) {
    static const char wide[] = "，。；！？、～…";
    char c = text.ptr[at];
    if (c == ',' || c == ';' || c == '!' || c == '?' || c == '\n') return 1;
    if (c == '.') return at + 1 == text.len || text.ptr[at + 1] == ' ';
    if ((unsigned char)c < 0xE2 || text.len - at < 3) return 0;
    for (size_t i = 0; i + 3 < sizeof wide; i += 3)
        if (memcmp(text.ptr + at, wide + i, 3) == 0) return 3;
    return 0;
}

static size_t clause_end(hx_str text, size_t at) {
    while (at < text.len && mark_at(text, at) == 0)
        at++;
    return at;
}

static double clause_weight(const hx_sentiment *s, size_t from, size_t to) {
    double sum = 0;
    for (size_t i = 0; i < s->n_evidence; i++)
        if (s->evidence[i].span.start >= from && s->evidence[i].span.start < to)
            sum += s->evidence[i].weight;
    return sum;
}

static bool starts_character(char c) {
    return ((unsigned char)c & 0xC0) != 0x80;
}

/* Where each aspect is first named in a clause; text.len where it is not. */
static void find_in_clause(const hx_report_lexicon *l, hx_str text, size_t from, size_t to,
                           size_t at[ASPECT_N]) {
    for (size_t a = 0; a < ASPECT_N; a++)
        at[a] = text.len;
    for (size_t i = from; i < to; i++) {
        unsigned char c = (unsigned char)lower(text.ptr[i]);
        if (!starts_character((char)c)) continue;
        for (size_t w = l->start[c]; w < l->start[c + 1]; w++) {
            const hx_report_aspect_word *word = &l->words[w];
            if (at[word->aspect] == text.len && stands_at(text, i, (hx_str){word->word, word->len}))
                at[word->aspect] = i;
        }
    }
}

void hx__report_aspects_find(const hx_report_lexicon *l, const hx_event *e,
                             hx_report_mention out[HX_REPORT_ASPECTS]) {
    double sums[ASPECT_N] = {0};
    size_t at[ASPECT_N];
    hx_str text = e->text;
    if (text.len > TEXT_BYTES) text.len = TEXT_BYTES;
    memset(out, 0, sizeof *out * ASPECT_N);
    for (size_t from = 0; from < text.len;) {
        size_t to = clause_end(text, from);
        find_in_clause(l, text, from, to, at);
        for (size_t a = 0; a < ASPECT_N; a++) {
            if (at[a] == text.len) continue;
            sums[a] += clause_weight(&e->annotation->sentiment, from, to);
            if (!out[a].found) out[a].at = (uint32_t)at[a];
            out[a].found = true;
        }
        from = to < text.len ? to + mark_at(text, to) : text.len;
    }
    for (size_t a = 0; a < ASPECT_N; a++)
        out[a].label = sums[a] > 0   ? HX_SENTIMENT_POSITIVE
                       : sums[a] < 0 ? HX_SENTIMENT_NEGATIVE
                                     : HX_SENTIMENT_NEUTRAL;
}
