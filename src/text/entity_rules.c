/* entity_rules.c - times, amounts and names by their forms, in Chinese and English.
 *
 * Times    2024年5月3日, 5月3号, 2024-05-03, 18:30, 昨天下午3点, 上周五, 三天前; May 3, 2024; next Monday; 5 pm; two days ago by digits: 2 days ago
 * Amounts  ¥99, $5 million, 199.9元, 三百块钱, 20 dollars, 5 USD; full-width digits too
 * Names    surname (and given name) with a title: 张先生, 王小明老师, Mr. John Smith; places of a list; what ends like an organisation: 某某有限公司,
 *          北京大学, Acme Inc.; products: 《...》, and a brand with a model: 华为Mate60, iPhone 15 Pro
 *
 * An end function returns where what begins at `at` ends; `at` = nothing begins there. Each looks ahead a bounded way, so time is linear. */
#include <string.h>

#include "base/utf8.h"
#include "text/entity.h"

enum { NUMBER_MOST = 48, ORGANISATION_MOST = 12 }; /* bytes; Han characters before the ending */

/* ------------------------------------------------------------------ characters and lists */
static bool is_letter(hx_str s, size_t at) {
    return at < s.len && (s.ptr[at] | 32) >= 'a' && (s.ptr[at] | 32) <= 'z';
}

static bool is_capital(hx_str s, size_t at) {
    return at < s.len && s.ptr[at] >= 'A' && s.ptr[at] <= 'Z';
}

/* Bytes of a digit, ASCII or full width; 0 = none. */
static size_t digit_len(hx_str s, size_t at) {
    if (at < s.len && s.ptr[at] >= '0' && s.ptr[at] <= '9') return 1;
    bool wide = at + 3 <= s.len && s.ptr[at] == '\xEF' && s.ptr[at + 1] == '\xBC' &&
                (unsigned char)s.ptr[at + 2] >= 0x90 && (unsigned char)s.ptr[at + 2] <= 0x99;
    return wide ? 3 : 0;
}

static size_t han_len(hx_str s, size_t at) {
    size_t next = at;
    return at < s.len && hx_utf8_is_han(hx_utf8_next(s, &next)) ? next - at : 0;
}

/* The end of the longest of a list's words, each ended by '|', that stands at `at`; case of Latin letters aside. */
static size_t list_end(hx_str s, size_t at, const char *list) {
    size_t best = at;
    for (const char *w = list; *w;) {
        size_t n = strcspn(w, "|"), k = 0;
        while (k < n && at + k < s.len &&
               (s.ptr[at + k] == w[k] ||
                (is_letter(s, at + k) && w[k] >= 'a' && (s.ptr[at + k] | 32) == w[k])))
            k++;
        if (k == n && at + n > best) best = at + n;
        w += n + (w[n] == '|');
    }
    return best;
}

/* The same of English words: no letter stands behind. */
static size_t word_end(hx_str s, size_t at, const char *list) {
    size_t end = list_end(s, at, list);
    return is_letter(s, end) ? at : end;
}

static size_t skip_blank(hx_str s, size_t at) {
    return at < s.len && s.ptr[at] == ' ' ? at + 1 : at;
}

static size_t digits_end(hx_str s, size_t at, size_t *count) {
    size_t n = 0;
    *count = 0;
    while (*count < NUMBER_MOST && (n = digit_len(s, at)) > 0) {
        at += n;
        ++*count;
    }
    return at;
}

static const char han_digits[] = "零|〇|一|二|两|三|四|五|六|七|八|九|十|百|千|万|亿|半|几|";

static size_t han_number_end(hx_str s, size_t at) {
    size_t end;
    for (int i = 0; i < NUMBER_MOST && (end = list_end(s, at, han_digits)) > at; i++)
        at = end;
    return at;
}

/* 1,299.50, 3.5万, 三百; *han: by Chinese digits alone. */
static size_t number_end(hx_str s, size_t at, bool *han) {
    size_t count, end = digits_end(s, at, &count);
    *han = count == 0;
    if (count == 0) return han_number_end(s, at);
    while (end < s.len && end - at < NUMBER_MOST && (s.ptr[end] == '.' || s.ptr[end] == ',') &&
           digit_len(s, end + 1) > 0)
        end = digits_end(s, end + 1, &count);
    return list_end(s, list_end(s, end, "百|千|万|亿|"), "万|亿|");
}

/* ------------------------------------------------------------------ amounts */
/* 块 counts pieces, too: 一块蛋糕 is no amount. */
static bool is_money_piece(hx_str s, size_t number, size_t at, bool han) {
    if (list_end(s, at, "钱|") > at) return true;
    if (han && at - number < strlen("三百块")) return false;
    return han_len(s, at) == 0 || list_end(s, at, "吗|呢|的|了|买|就|多|不|左|以|") > at;
}

/* 3 pounds of rice, weighs 3 pounds */
static bool is_weight(hx_str s, size_t at, size_t end) {
    static const char *const verbs[] = {"weighs", "weigh", "weighed", "weighing", "holds",
                                        "hold",   "lost",  "lose",    "gained"};
    size_t before = at > 0 && s.ptr[at - 1] == ' ' ? at - 1 : at;
    if (end < 6 || end - at < 5 ||
        (memcmp(s.ptr + end - 6, "pounds", 6) != 0 && memcmp(s.ptr + end - 5, "pound", 5) != 0))
        return false;
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++) {
        size_t n = strlen(verbs[i]);
        if (before >= n && memcmp(s.ptr + before - n, verbs[i], n) == 0) return true;
    }
    return list_end(s, end, " of |") > end;
}

static size_t amount_end(hx_str s, size_t at) {
    static const char signs[] = "¥|￥|$|€|£|US$|HK$|RMB|", scales[] = "million|billion|k|万|亿|";
    static const char units[] = "元|块|美元|欧元|英镑|日元|韩元|港币|港元|人民币|美金|";
    static const char words[] = "dollars|dollar|yuan|euros|euro|pounds|usd|cny|rmb|eur|gbp|hkd|";
    bool han;
    size_t number = skip_blank(s, list_end(s, at, signs));
    if (list_end(s, at, signs) > at && digit_len(s, number) > 0) {
        size_t end = number_end(s, number, &han), scale = word_end(s, skip_blank(s, end), scales);
        return scale > skip_blank(s, end) ? scale : end;
    }
    size_t end = number_end(s, at, &han);
    if (end == at) return at;
    size_t unit = list_end(s, end, units);
    if (unit > end && list_end(s, unit, "旦|素|") == unit) {
        bool piece = unit - end == strlen("块") && memcmp(s.ptr + end, "块", unit - end) == 0;
        if (!piece || is_money_piece(s, at, unit, han)) return list_end(s, unit, "钱|");
    }
    size_t scale = word_end(s, skip_blank(s, end), "million|billion|");
    if (scale > skip_blank(s, end)) end = scale;
    size_t word = word_end(s, skip_blank(s, end), words);
    if (han || word == skip_blank(s, end) || is_weight(s, at, word)) return at;
    return word;
}

/* ------------------------------------------------------------------ times */
static const char months[] =
    "january|february|march|april|may|june|july|august|september|october|november|december|"
    "jan.|feb.|mar.|apr.|jun.|jul.|aug.|sep.|sept.|oct.|nov.|dec.|jan|feb|apr|jun|jul|aug|"
    "sep|sept|oct|nov|dec|";
static const char weekdays[] = "monday|tuesday|wednesday|thursday|friday|saturday|sunday|";

/* 2024-05-03, 2024/5/3, 18:30, 18:30:05 */
static size_t dashed_end(hx_str s, size_t at) {
    size_t n, end = digits_end(s, at, &n), more;
    if (end >= s.len || (n != 4 && n > 2)) return at;
    char mark = s.ptr[end];
    if (n == 4 ? mark != '-' && mark != '/' : mark != ':') return at;
    size_t second = digits_end(s, end + 1, &more);
    if (n == 4) {
        if (more == 0 || more > 2 || second >= s.len || s.ptr[second] != mark) return at;
        size_t third = digits_end(s, second + 1, &more);
        return more == 1 || more == 2 ? third : at;
    }
    if (more != 2) return at;
    if (second < s.len && s.ptr[second] == ':') {
        size_t third = digits_end(s, second + 1, &more);
        if (more == 2) return third;
    }
    return second;
}

/* 2024年5月3日, 5月3号, 3天前, 3点半 */
static size_t han_date_end(hx_str s, size_t at, bool behind) {
    bool han;
    size_t count, digits = digits_end(s, at, &count), number = number_end(s, at, &han), end;
    if (number == at) return at;
    if (count == 4 && (end = list_end(s, digits, "年|")) > digits) {
        size_t month = han_date_end(s, end, true);
        return month > end ? month : end;
    }
    if ((end = list_end(s, number, "月|")) > number) {
        size_t day = number_end(s, end, &han), last = list_end(s, day, "日|号|份|初|底|中旬|");
        return day > end && last > day ? last : day == end && last > day ? last : end;
    }
    if ((end = list_end(s, number, "天|小时|分钟|周|个月|年|个星期|个小时|")) > number) {
        size_t when = list_end(s, end, "前|后|以前|之前|以后|之后|");
        return when > end ? when : at;
    }
    if ((end = list_end(s, number, "点|时|")) == number) return at;
    size_t minutes = number_end(s, end, &han), last = list_end(s, minutes, "分|");
    size_t exact = list_end(s, end, "半|整|钟|");
    if (exact > end) return exact;
    if (minutes > end && last > minutes) return last;
    return behind ? end : at;
}

static size_t han_day_end(hx_str s, size_t at) {
    static const char days[] =
        "今天|明天|昨天|前天|后天|大前天|大后天|今日|明日|昨日|今早|今晚|昨晚|明早|明晚|今年|明年|"
        "去年|前年|后年|本周|本月|上周|下周|这周|上个月|下个月|这个月|上个星期|下个星期|上星期|"
        "下星期|春节|国庆节|国庆|元旦|中秋节|端午节|清明节|双十一|双十二|双11|双12|618|周末|除夕|"
        "圣诞节|"
        "五一劳动节|五一假期|五一|十一假期|十一黄金周|";
    static const char parts[] = "凌晨|清晨|早上|早晨|上午|中午|下午|傍晚|晚上|半夜|";
    size_t week = list_end(s, at, "上|下|这|本|"), name = list_end(s, week, "周|星期|礼拜|个星期|");
    size_t day = name > week ? list_end(s, name, "一|二|三|四|五|六|日|天|末|") : name;
    if (name > week && day > name) return day;
    size_t end = list_end(s, at, days);
    if (end - at == 3 && digit_len(s, at) > 0) {
        bool part = digit_len(s, end) > 0 || (at > 0 && digit_len(s, at - 1) > 0);
        return part ? at : end;
    }
    return end > at ? end : list_end(s, at, parts);
}

static size_t english_date_end(hx_str s, size_t at) {
    static const char days[] = "today|tomorrow|yesterday|tonight|";
    size_t end = word_end(s, at, days), n, year;
    if (end > at || (end = word_end(s, at, weekdays)) > at) return end;
    if ((end = word_end(s, at, "last|next|this|")) > at) {
        size_t from = skip_blank(s, end),
               what = word_end(s, from, "week|month|year|night|weekend|");
        if (what == from) what = word_end(s, from, weekdays);
        return from > end && what > from ? what : at;
    }
    if ((end = word_end(s, at, months)) > at && is_capital(s, at)) {
        size_t from = skip_blank(s, end), day = digits_end(s, from, &n);
        if (from == end || n == 0 || n == 3 || n > 4) return at;
        if (n == 4) return day;
        day = list_end(s, day, "st|nd|rd|th|");
        size_t comma = day < s.len && s.ptr[day] == ',' ? day + 1 : day;
        year = digits_end(s, skip_blank(s, comma), &n);
        return n == 4 ? year : day;
    }
    return at;
}

/* May, in 2019: a month or a year alone is a time behind such a word. */
static size_t dated_end(hx_str s, size_t at) {
    size_t n, end = word_end(s, at, "in|since|until|till|during|by|or|from|before|after|");
    size_t from = skip_blank(s, end), month = word_end(s, from, months);
    size_t year = digits_end(s, from, &n);
    if (end == at || from == end) return at;
    if (month > from && is_capital(s, from) && !is_letter(s, month)) return month;
    bool dated = n == 4 && (s.ptr[from] == '1' ? s.ptr[from + 1] == '9'
                                               : s.ptr[from] == '2' && s.ptr[from + 1] == '0');
    return dated && !is_letter(s, year) && digit_len(s, year) == 0 ? year : at;
}

static void find_dated(hx_entity_finds *f) {
    for (size_t at = 0; at < f->text.len; (void)hx_utf8_next(f->text, &at)) {
        if (at > 0 && is_letter(f->text, at - 1)) continue;
        size_t end = is_letter(f->text, at) ? dated_end(f->text, at) : at, start = end;
        while (start > at && f->text.ptr[start - 1] != ' ')
            start--;
        hx__entity_add(f, start, end, HX_ENTITY_TIME, 1, true);
    }
}

/* 5 pm, 5:30 p.m., 3 May 2024, 2 days ago */
static size_t english_number_end(hx_str s, size_t at) {
    size_t n, end = digits_end(s, at, &n), from, more;
    if (n == 0 || n > 3) return at;
    size_t clock = dashed_end(s, at);
    if (clock > end) end = clock;
    from = skip_blank(s, end);
    size_t half = word_end(s, from, "am|pm|a.m.|p.m.|o'clock|");
    if (half > from) return half;
    size_t month = word_end(s,
                            list_end(s, end, "st|nd|rd|th|") == end
                                ? from
                                : skip_blank(s, list_end(s, end, "st|nd|rd|th|")),
                            months);
    if (month > from + 2 && n <= 2 && from > end) {
        size_t year = digits_end(s, skip_blank(s, month), &more);
        return more == 4 ? year : month;
    }
    size_t unit =
        word_end(s, from, "minutes|minute|hours|hour|days|day|weeks|week|months|month|years|year|");
    size_t ago = unit > from ? word_end(s, skip_blank(s, unit), "ago|") : at;
    return unit > from && ago > skip_blank(s, unit) ? ago : at;
}

static size_t time_piece_end(hx_str s, size_t at, bool behind) {
    size_t end = dashed_end(s, at), other = english_number_end(s, at);
    if (other > end) end = other;
    if (end == at) end = han_day_end(s, at);
    if (end == at) end = han_date_end(s, at, behind);
    return end > at ? end : english_date_end(s, at);
}

/* Pieces side by side are one time: 昨天 下午 3点. */
static size_t time_end(hx_str s, size_t at) {
    size_t end = time_piece_end(s, at, false), next;
    for (int i = 0; end > at && i < 4; i++) {
        size_t from = skip_blank(s, end), joined = word_end(s, from, "at|");
        if (from > end && joined > from) from = skip_blank(s, joined);
        next = time_piece_end(s, from, true);
        if (next == from) break;
        end = next;
    }
    return end;
}

/* ------------------------------------------------------------------ names */
static size_t given_name_end(hx_str s, size_t at, const char *titles) {
    size_t title = list_end(s, at, titles), next = at;
    for (int i = 0; i < 2 && title == next; i++) {
        size_t n = han_len(s, next);
        if (n == 0) return at;
        next += n;
        title = list_end(s, next, titles);
    }
    return title > next ? title : at;
}

static size_t person_end(hx_str s, size_t at) {
    static const char surnames[] =
        "王|李|张|刘|陈|杨|赵|黄|周|吴|徐|孙|胡|朱|高|林|何|郭|马|罗|梁|宋|郑|谢|韩|唐|冯|于|董|萧|"
        "程|"
        "曹|袁|邓|许|傅|沈|曾|彭|吕|苏|卢|蒋|蔡|贾|丁|魏|薛|叶|阎|余|潘|杜|戴|夏|钟|汪|田|任|姜|范|"
        "方|"
        "石|姚|谭|廖|邹|熊|金|陆|郝|孔|白|崔|康|毛|邱|秦|江|史|顾|侯|邵|孟|龙|万|段|雷|钱|汤|尹|黎|"
        "易|"
        "常|武|乔|贺|赖|龚|文|欧阳|上官|司马|诸葛|張|劉|陳|楊|趙|黃|吳|孫|馬|羅|鄭|謝|韓|馮|";
    static const char titles[] =
        "先生|女士|小姐|老师|经理|总监|医生|护士|师傅|律师|教授|主任|阿姨|老師|經理|醫生|師傅|";
    size_t surname = list_end(s, at, surnames);
    if (surname > at) {
        size_t end = given_name_end(s, surname, titles);
        return end > surname ? end : at;
    }
    size_t title = list_end(s, at, "Mr.|Mrs.|Ms.|Dr.|Prof.|Mr|Mrs|Ms|");
    size_t end = at, from = skip_blank(s, title);
    for (int i = 0; title > at && from > title && i < 3 && is_capital(s, from); i++) {
        while (is_letter(s, from))
            from++;
        end = title = from;
        from = skip_blank(s, from);
    }
    return end;
}

static size_t place_end(hx_str s, size_t at) {
    static const char places[] = "北京|上海|天津|重庆|河北|山西|辽宁|吉林|黑龙江|江苏|浙江|安徽|"
                                 "福建|江西|山东|河南|湖北|湖南|"
                                 "广东|海南|四川|贵州|云南|陕西|甘肃|青海|台湾|内蒙古|广西|西藏|"
                                 "宁夏|新疆|香港|澳门|深圳|广州|"
                                 "杭州|南京|苏州|成都|武汉|西安|郑州|长沙|青岛|大连|厦门|宁波|沈阳|"
                                 "济南|哈尔滨|福州|合肥|昆明|"
                                 "南昌|石家庄|太原|南宁|贵阳|海口|三亚|东莞|佛山|无锡|中国|美国|"
                                 "日本|韩国|英国|法国|德国|俄罗斯|"
                                 "印度|泰国|新加坡|臺灣|廣東|廣州|重慶|中國|美國|";
    static const char english[] =
        "London|Paris|Berlin|Tokyo|New York|Los Angeles|San Francisco|Chicago|Beijing|Shanghai|"
        "Shenzhen|Guangzhou|Hong Kong|Singapore|China|Japan|France|Germany|Italy|Spain|India|"
        "Canada|Australia|England|United States|United Kingdom|";
    size_t end = list_end(s, at, places);
    if (end > at) return list_end(s, end, "省|市|特别行政区|自治区|");
    end = list_end(s, at, english);
    return is_letter(s, end) || (at > 0 && is_letter(s, at - 1)) ? at : end;
}

static bool is_bare(hx_str s, size_t from, size_t to) {
    static const char list[] = "手机银行|网上银行|商业银行|重点大学|老年大学|各大银行|宠物医院|"
                               "私立医院|公立医院|三甲医院|两家银行|普通大学|";
    return list_end(s, from, list) == to;
}

/* What kind of company it is, or whose, is no name: 快递公司, 贵公司. */
static bool is_kind_of_company(hx_str s, size_t from, size_t at) {
    static const char kinds[] =
        "快递|物流|装修|旅游|搬家|家政|上市|外贸|房产|广告|外卖|保洁|游戏|网络|软件|保险|电影|汽车|"
        "手机|"
        "中介|厂家|航空|电信|通信|老公|家族|跨国|租车|影视|食品|服装|电器|手表|出版|集团|责任|私人|"
        "外国|"
        "国外|国内|国产|我们|你们|他们|自己|母|分|子|总|贵|本|我|开|大|小|某|该|同|各|司|新|老|";
    for (size_t p = from; p < at; p += 3)
        if (list_end(s, p, kinds) == at) return true;
    return false;
}

/* Where the name that ends like an organisation at [at, end) begins; `at` = nowhere. */
static size_t organisation_start(hx_str s, size_t at) {
    static const char borders[] =
        "在|是|和|与|的|了|向|给|到|由|从|被|我|你|他|她|这|那|对|跟|找|去|个|家|所|各|有|就|也|都|"
        "还|为|及|或|于|把|让|请|问|用|上|来|過|过|不|";
    size_t from = at;
    for (int i = 0; i < ORGANISATION_MOST && from >= 3; i++) {
        if (han_len(s, from - 3) != 3 || list_end(s, from - 3, borders) == from) break;
        from -= 3;
    }
    return at - from >= strlen("北京") ? from : at;
}

static void find_organisation(hx_entity_finds *f, size_t at) {
    static const char endings[] = "股份有限公司|有限责任公司|有限公司|集团公司|集团|银行|大学|医院|"
                                  "研究院|保险公司|公司|出版社|";
    hx_str s = f->text;
    size_t end = list_end(s, at, endings);
    if (end > at) {
        size_t start = organisation_start(s, at);
        bool plain = end - at == strlen("公司") && memcmp(s.ptr + at, "公司", end - at) == 0;
        if (plain && is_kind_of_company(s, start, at)) start = at;
        if (start < at && !is_bare(s, start, end))
            hx__entity_add(f, start, end, HX_ENTITY_ORGANISATION, 1, true);
        return;
    }
    if (!is_capital(s, at) || (at > 0 && is_letter(s, at - 1))) return;
    size_t from = at;
    for (int i = 0; i < 4 && is_capital(s, from); i++) {
        while (is_letter(s, from) || (from < s.len && (s.ptr[from] == '&' || s.ptr[from] == '-')))
            from++;
        size_t next = skip_blank(s, from < s.len && s.ptr[from] == ',' ? from + 1 : from);
        end = word_end(s, next, "Inc.|Ltd.|Ltd|Inc|Corp.|LLC|GmbH|University|Bank|Hospital|");
        bool goes_on = end < s.len && s.ptr[end] == ' ' && is_capital(s, end + 1);
        if (end > next && next > from && !goes_on) {
            hx__entity_add(f, at, end, HX_ENTITY_ORGANISATION, 1, true);
            return;
        }
        from = next;
    }
}

/* A brand with a model: letters and digits behind it, at least one digit or a series of the list. */
static size_t product_end(const hx_entity_finds *f, size_t at) {
    const hx_str s = f->text;
    static const char brands[] =
        "华为|小米|红米|荣耀|三星|苹果|魅族|努比亚|一加|iPhone|iPad|MacBook|Kindle|Galaxy|ThinkPad|"
        "PlayStation|Xbox|OPPO|vivo|HUAWEI|Xiaomi|Samsung|";
    static const char series[] =
        "Pro|Max|Plus|Ultra|Air|mini|Mini|SE|Series|Series X|Watch|Note|Fold|Flip|Lite|Edge|Neo|"
        "Reno|Mate|Nova|nova|Mix|Pad|Book|Buds|Paperwhite|Oasis|Switch|Fit|Tab|X|S|";
    size_t end = list_end(s, at, brands), brand = end, from = skip_blank(s, end);
    bool letter_before = at > 0 && is_letter(s, at - 1);
    if (end == at || letter_before || is_letter(s, at + 1) != is_letter(s, at)) return at;
    for (int i = 0; i < 4 && from < s.len && !f->taken[from]; i++) {
        size_t to = from;
        bool digit = false;
        while (is_letter(s, to) || (to < s.len && s.ptr[to] >= '0' && s.ptr[to] <= '9'))
            digit = (s.ptr[to] >= '0' && s.ptr[to] <= '9') || digit, to++;
        if (to == from || (!digit && word_end(s, from, series) != to)) break;
        end = to;
        from = skip_blank(s, to);
    }
    return end > brand || is_letter(s, at) ? end : at;
}

static size_t title_end(hx_str s, size_t at) {
    size_t end = list_end(s, at, "《|");
    for (int i = 0; end > at && i < 40 && end < s.len; i++) {
        size_t close = list_end(s, end, "》|");
        if (close > end) return close;
        if (s.ptr[end] == '\n') break;
        (void)hx_utf8_next(s, &end);
    }
    return at;
}

/* ------------------------------------------------------------------ all of them */
typedef size_t end_function(hx_str s, size_t at);

/* Numbers and English words are found at their beginning alone. */
static bool is_inside(hx_str s, size_t at) {
    bool point =
        at > 1 && (s.ptr[at - 1] == '.' || s.ptr[at - 1] == ',') && digit_len(s, at - 2) > 0;
    return (is_letter(s, at) && at > 0 && is_letter(s, at - 1)) ||
           (digit_len(s, at) == 1 && at > 0 &&
            (digit_len(s, at - 1) > 0 || is_letter(s, at - 1) || point));
}

static void find(hx_entity_finds *f, end_function *ends, hx_entity_kind kind) {
    for (size_t at = 0; at < f->text.len;) {
        size_t end = is_inside(f->text, at) ? at : ends(f->text, at);
        if (end > at) hx__entity_add(f, at, end, kind, 1, true);
        if (end > at)
            at = end;
        else
            (void)hx_utf8_next(f->text, &at);
    }
}

void hx__entity_values(hx_entity_finds *f) {
    find(f, amount_end, HX_ENTITY_MONEY);
    find(f, time_end, HX_ENTITY_TIME);
    find_dated(f);
}

void hx__entity_forms(hx_entity_finds *f) {
    find(f, title_end, HX_ENTITY_PRODUCT);
    for (size_t at = 0; at < f->text.len; (void)hx_utf8_next(f->text, &at))
        find_organisation(f, at);
    hx__entity_companies(f);
    for (size_t at = 0; at < f->text.len; (void)hx_utf8_next(f->text, &at))
        hx__entity_add(f, at, product_end(f, at), HX_ENTITY_PRODUCT, 1, true);
    find(f, person_end, HX_ENTITY_PERSON);
    find(f, place_end, HX_ENTITY_PLACE);
}
