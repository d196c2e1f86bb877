/* entity_names.c - names that everybody knows, and names by what stands around them, in Chinese and English; the engine rules reads them.
 *
 * Lists    companies, districts and sights, cities and countries, first names of English
 * Places   人民路88号; Times Square, Oxford Street
 * Persons  a word of three Han characters that no dictionary has and that begins with a surname (李明辉); beside one, after 和 or 、, also a word of two;
 *          a first name and what follows it with a capital: Emma Watson
 *
 * Lists leave out what is a common word, too: Rose, Bill, May; 高, 白, 万 as surnames. So a name is seldom wrong, and many are missed. */
#include <string.h>

#include "base/utf8.h"
#include "text/annotator.h"
#include "text/entity.h"
#include "text/wordseg.h"

/* ------------------------------------------------------------------ lists */
static const char companies[] =
    "顺丰速运|顺丰快递|顺丰|圆通速递|圆通快递|圆通|中通快递|中通|申通快递|申通|韵达快递|韵达|"
    "百世快递|"
    "德邦快递|德邦物流|德邦|极兔速递|极兔|京东物流|京东商城|京东|菜鸟驿站|中国邮政|中国移动|"
    "中国联通|"
    "中国电信|中国银行|中国人寿|中国平安|中国石油|中国石化|中国铁路|国家电网|工商银行|农业银行|"
    "建设银行|交通银行|招商银行|平安银行|浦发银行|民生银行|兴业银行|邮储银行|淘宝网|淘宝|天猫|"
    "拼多多|"
    "唯品会|苏宁易购|苏宁|国美|当当网|当当|亚马逊|美团|饿了么|大众点评|携程网|携程|去哪儿|飞猪|"
    "滴滴|"
    "阿里巴巴|腾讯|网易|字节跳动|肯德基|麦当劳|星巴克|必胜客|海底捞|沃尔玛|家乐福|如家|汉庭|"
    "南方航空|东方航空|国航|海航|";
static const char english_companies[] =
    "FedEx|UPS|DHL|USPS|Amazon|Google|Microsoft|Walmart|eBay|PayPal|Netflix|Costco|IKEA|"
    "Starbucks|McDonald's|Facebook|Samsung Electronics|Hilton|Marriott|Airbnb|Uber|Verizon|AT&T|";
static const char districts[] =
    "浦东新区|朝阳区|海淀区|东城区|西城区|丰台区|徐汇区|静安区|黄浦区|虹口区|杨浦区|闵行区|天河区|"
    "越秀区|海珠区|南山区|福田区|罗湖区|宝安区|龙岗区|武侯区|锦江区|江宁区|鼓楼区|玄武区|滨江区|"
    "余杭区|颐和园|故宫|天安门|圆明园|八达岭|王府井|中关村|东方明珠|陆家嘴|外滩|南京路|城隍庙|"
    "鼓浪屿|"
    "张家界|九寨沟|布达拉宫|兵马俑|乌镇|周庄|丽江|大理|桂林|拉萨|黄山|泰山|峨眉山|西湖|千岛湖|珠海|"
    "中山市|惠州|温州|绍兴|嘉兴|扬州|徐州|常州|南通|烟台|威海|洛阳|开封|秦皇岛|呼和浩特|乌鲁木齐|"
    "银川|"
    "兰州|西宁|台北|高雄|东京|大阪|首尔|曼谷|普吉岛|巴厘岛|纽约|洛杉矶|伦敦|巴黎|加拿大|澳大利亚|"
    "澳洲|新西兰|意大利|西班牙|马来西亚|越南|";
static const char english_places[] =
    "Madrid|Cambridge|Oxford|Rome|Boston|Seattle|Las Vegas|Miami|Toronto|Vancouver|Sydney|"
    "Melbourne|Seoul|Bangkok|Dubai|Moscow|Amsterdam|Vienna|Barcelona|Munich|Milan|Venice|Prague|"
    "Dublin|Edinburgh|Manchester|Liverpool|Philadelphia|Houston|Dallas|Denver|Atlanta|San Diego|"
    "New Orleans|Washington|Florida|Texas|California|Hawaii|Mexico|Brazil|Argentina|Korea|"
    "Thailand|Vietnam|Malaysia|Indonesia|Russia|Poland|Sweden|Norway|Denmark|Finland|Greece|"
    "Portugal|Ireland|Scotland|Switzerland|Austria|Belgium|Netherlands|Egypt|South Africa|"
    "New Zealand|Europe|Africa|Taiwan|Nanjing|Hangzhou|Chengdu|Wuhan|Xi'an|";
static const char place_endings[] =
    "Square|Street|Avenue|Airport|Boulevard|Bridge|Beach|Island|Road|Lake|";
static const char first_names[] =
    "James|John|Robert|Michael|William|David|Richard|Joseph|Thomas|Charles|Christopher|Daniel|"
    "Matthew|Anthony|Donald|Steven|Paul|Andrew|Joshua|Kenneth|Kevin|Brian|George|Timothy|Ronald|"
    "Jason|Edward|Jeffrey|Ryan|Jacob|Gary|Nicholas|Eric|Jonathan|Stephen|Larry|Justin|Scott|"
    "Brandon|Benjamin|Samuel|Gregory|Alexander|Patrick|Dennis|Jerry|Tyler|Aaron|Nathan|Henry|"
    "Peter|Adam|Zachary|Walter|Kyle|Harold|Carl|Jeremy|Gerald|Keith|Roger|Arthur|Lawrence|Mary|"
    "Patricia|Jennifer|Linda|Elizabeth|Barbara|Susan|Jessica|Sarah|Karen|Lisa|Nancy|Betty|"
    "Sandra|Margaret|Ashley|Kimberly|Emily|Donna|Michelle|Carol|Amanda|Melissa|Deborah|"
    "Stephanie|Rebecca|Sharon|Laura|Cynthia|Kathleen|Amy|Angela|Shirley|Anna|Brenda|Pamela|"
    "Emma|Nicole|Helen|Samantha|Katherine|Christine|Debra|Rachel|Carolyn|Janet|Catherine|Maria|"
    "Heather|Diane|Julie|Joyce|Kelly|Christina|Lauren|Olivia|Sophia|Isabella|Hannah|Alice|Julia|";
/* Those that begin few common words. */
static const char surnames[] =
    "王|李|张|刘|陈|杨|赵|周|吴|徐|孙|胡|朱|林|何|郭|罗|梁|宋|郑|谢|韩|唐|冯|董|萧|程|曹|袁|邓|许|"
    "傅|沈|曾|彭|吕|苏|卢|蒋|蔡|贾|丁|魏|薛|叶|阎|余|潘|杜|戴|夏|钟|汪|姜|范|姚|谭|廖|邹|熊|陆|郝|"
    "孔|崔|康|邱|秦|顾|侯|邵|孟|钱|汤|尹|黎|乔|贺|赖|龚|黄|";

static bool is_letter(hx_str s, size_t at) {
    return at < s.len && (s.ptr[at] | 32) >= 'a' && (s.ptr[at] | 32) <= 'z';
}

static bool is_capital(hx_str s, size_t at) {
    return at < s.len && s.ptr[at] >= 'A' && s.ptr[at] <= 'Z';
}

/* The longest of a list that stands at `at`, letter by letter. */
static size_t known_end(hx_str s, size_t at, const char *list) {
    size_t best = at;
    for (const char *w = list; *w;) {
        size_t n = strcspn(w, "|");
        if (at + n > best && at + n <= s.len && memcmp(s.ptr + at, w, n) == 0) best = at + n;
        w += n + (w[n] == '|');
    }
    return best;
}

/* The same of English names: whole words. */
static size_t known_word_end(hx_str s, size_t at, const char *list) {
    size_t end = known_end(s, at, list);
    bool part = is_letter(s, end) || (at > 0 && is_letter(s, at - 1));
    return part ? at : end;
}

/* ------------------------------------------------------------------ companies, places */
static size_t company_end(hx_str s, size_t at) {
    size_t end = known_end(s, at, companies);
    if (end > at) return known_end(s, end, "一下|天无理由|天内|天后|天") > end ? at : end;
    return is_capital(s, at) ? known_word_end(s, at, english_companies) : at;
}

/* 人民路88号: at most four Han characters, way, number, 号. */
static size_t address_end(hx_str s, size_t at) {
    size_t next = at, way = at, digits;
    for (int i = 0; i < 5 && next < s.len; i++) {
        size_t end = i >= 2 ? known_end(s, next, "路|街|大道|大街|巷|胡同|弄|") : next;
        if (end > next) way = end;
        size_t cp = next;
        if (!hx_utf8_is_han(hx_utf8_next(s, &cp)) ||
            known_end(s, next, "在|是|到|去|从|于|了|") > next)
            break;
        next = cp;
    }
    for (digits = way; digits < s.len && s.ptr[digits] >= '0' && s.ptr[digits] <= '9';)
        digits++;
    size_t end = known_end(s, digits, "号|弄|");
    return way > at && digits > way && end > digits ? end : at;
}

/* Times Square: one or two words with capitals before the ending. */
static size_t way_end(hx_str s, size_t at) {
    size_t next = at;
    if (at > 0 && (is_letter(s, at - 1) || s.ptr[at - 1] == '.')) return at;
    for (int i = 0; i < 3 && is_capital(s, next); i++) {
        size_t end = known_word_end(s, next, place_endings);
        if (end > next) return i > 0 ? end : at;
        while (is_letter(s, next))
            next++;
        if (next >= s.len || s.ptr[next] != ' ') return at;
        next++;
    }
    return at;
}

static size_t known_place_end(hx_str s, size_t at) {
    if (!is_capital(s, at)) {
        size_t end = known_end(s, at, districts);
        return end > at ? known_end(s, end, "省|市|") : address_end(s, at);
    }
    size_t end = way_end(s, at);
    return end > at ? end : known_word_end(s, at, english_places);
}

/* ------------------------------------------------------------------ persons */
static size_t first_name_end(hx_str s, size_t at) {
    size_t end = is_capital(s, at) ? known_word_end(s, at, first_names) : at;
    for (int i = 0; end > at && i < 2; i++) {
        size_t next = end;
        if (next + 1 >= s.len || s.ptr[next] != ' ' || !is_capital(s, next + 1)) break;
        for (next++; is_letter(s, next);)
            next++;
        if (next - end < 3) break;
        end = next;
    }
    return end;
}

/* Whether a cut is of Han characters, begins with a surname and may be a name of so many. */
static bool may_be_name(const hx_clean *c, const hx_cut *cut, size_t characters) {
    hx_str word = hx__cut_text(c, cut);
    return cut->kind == HX_CUT_HAN && word.len == 3 * characters &&
           known_end(word, 0, surnames) == 3;
}

static void add_cut(hx_entity_finds *f, const hx_clean *c, const hx_cut *cut) {
    hx_span span = hx__clean_span(c, cut->start, cut->end);
    hx__entity_add(f, span.start, span.end, HX_ENTITY_PERSON, 1, true);
}

/* Whether a word is no part of a name, though its first character is a surname's: it ends like a word of grammar. */
static bool ends_like_a_word(hx_str word) {
    static const char endings[] =
        "的|了|着|过|得|很|太|不|就|都|也|是|有|个|些|么|吗|呢|吧|啊|们|货|店|家|"
        "在|和|与|说|来|去|到|给|把|被|没|还|这|那|"
        "号|款|元|块|次|天|年|月|日|市|区|县|路|人|色|味|机|车|包|鞋|衣|裤|";
    for (size_t at = 3; at + 3 <= word.len; at += 3)
        if (known_end(word, at, endings) > at) return true;
    return false;
}

static bool joins_names(const hx_clean *c, const hx_cut *cut) {
    hx_str word = hx__cut_text(c, cut);
    return hx_str_equal(word, HX_STR_LIT("和")) || hx_str_equal(word, HX_STR_LIT("与")) ||
           hx_str_equal(word, HX_STR_LIT("跟")) || hx_str_equal(word, HX_STR_LIT("、"));
}

hx_status hx__entity_persons(hx_entity_finds *f, hx_annotator *a, hx_error *err) {
    static const hx_clean_rules rules = {.keep_urls = true, .keep_repeats = true};
    const hx_cut *cuts;
    hx_clean clean;
    size_t n;
    hx_status st = hx__clean(a, f->text, &rules, &clean, err);
    if (st == HX_OK) st = hx__wordseg_cut(a, &clean, &cuts, &n, err);
    if (st != HX_OK) return st;
    for (size_t i = 0; i < n; i++) {
        hx_str word = hx__cut_text(&clean, &cuts[i]);
        if (!may_be_name(&clean, &cuts[i], 3) || ends_like_a_word(word)) continue;
        if (hx__words_has(a->model, word)) continue;
        add_cut(f, &clean, &cuts[i]);
        bool before = i >= 2 && joins_names(&clean, &cuts[i - 1]);
        bool behind = i + 2 < n && joins_names(&clean, &cuts[i + 1]);
        if (before && may_be_name(&clean, &cuts[i - 2], 2)) add_cut(f, &clean, &cuts[i - 2]);
        if (behind && may_be_name(&clean, &cuts[i + 2], 2)) add_cut(f, &clean, &cuts[i + 2]);
    }
    return HX_OK;
}

/* ------------------------------------------------------------------ all */
void hx__entity_companies(hx_entity_finds *f) {
    for (size_t at = 0; at < f->text.len; (void)hx_utf8_next(f->text, &at))
        if (!f->taken[at])
            hx__entity_add(f, at, company_end(f->text, at), HX_ENTITY_ORGANISATION, 1, true);
}

void hx__entity_known(hx_entity_finds *f) {
    for (size_t at = 0; at < f->text.len; (void)hx_utf8_next(f->text, &at)) {
        if (f->taken[at]) continue;
        hx__entity_add(f, at, known_place_end(f->text, at), HX_ENTITY_PLACE, 1, true);
        hx__entity_add(f, at, first_name_end(f->text, at), HX_ENTITY_PERSON, 1, true);
    }
}
