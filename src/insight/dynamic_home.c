/* dynamic_home.c - who lives with a customer and what he is, from what he says himself; off unless it is allowed.
 *
 * Such conclusions touch the private life of people, so hx_dynamic_options.household must be set, and each one is shown with the
 * events behind it. Only words that speak of one's own home count ("my son", 我女儿), and lines of goods for children or pets.
 * Latin phrases must stand as whole words; case does not matter. */
#include "insight/dynamic_part.h"

typedef struct {
    const char *code, *phrase;
} home_phrase;

static const home_phrase phrases[] = {{"child", "我儿子"},
                                      {"child", "我女儿"},
                                      {"child", "我家宝宝"},
                                      {"child", "我家孩子"},
                                      {"child", "给孩子"},
                                      {"child", "给宝宝"},
                                      {"child", "孩子很喜欢"},
                                      {"child", "宝宝很喜欢"},
                                      {"child", "孩子喜欢"},
                                      {"child", "宝宝喜欢"},
                                      {"child", "my son"},
                                      {"child", "my daughter"},
                                      {"child", "my kid"},
                                      {"child", "my kids"},
                                      {"child", "my baby"},
                                      {"child", "my toddler"},
                                      {"child", "our baby"},
                                      {"pet", "我家猫"},
                                      {"pet", "我家狗"},
                                      {"pet", "猫咪"},
                                      {"pet", "狗狗"},
                                      {"pet", "my dog"},
                                      {"pet", "my cat"},
                                      {"pet", "my puppy"},
                                      {"pet", "my kitten"},
                                      {"partner", "我老公"},
                                      {"partner", "我老婆"},
                                      {"partner", "我媳妇"},
                                      {"partner", "男朋友"},
                                      {"partner", "女朋友"},
                                      {"partner", "my husband"},
                                      {"partner", "my wife"},
                                      {"partner", "my girlfriend"},
                                      {"partner", "my boyfriend"},
                                      {"parents", "我妈"},
                                      {"parents", "我爸"},
                                      {"parents", "给爸妈"},
                                      {"parents", "给父母"},
                                      {"parents", "给老人"},
                                      {"parents", "my mom"},
                                      {"parents", "my mum"},
                                      {"parents", "my mother"},
                                      {"parents", "my father"},
                                      {"parents", "my dad"},
                                      {"parents", "my parents"},
                                      {"student", "宿舍"},
                                      {"student", "室友"},
                                      {"student", "考研"},
                                      {"student", "my dorm"},
                                      {"student", "my roommate"},
                                      {"office", "我们公司"},
                                      {"office", "公司用"},
                                      {"office", "办公室用"},
                                      {"office", "our office"},
                                      {"office", "our company"},
                                      {"gift", "送人"},
                                      {"gift", "送朋友"},
                                      {"gift", "当礼物"},
                                      {"gift", "as a gift"},
                                      {"gift", "for a friend"}};

static const home_phrase goods[] = {{"child", "母婴"}, {"child", "婴儿"}, {"child", "儿童"},
                                    {"child", "baby"}, {"child", "kids"}, {"pet", "宠物"},
                                    {"pet", "pet"},    {"pet", "pets"},   {"pet", "pet supplies"}};

static char lower(char c) {
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool is_letter(char c) {
    const char l = lower(c);
    return l >= 'a' && l <= 'z';
}

static bool stands_at(hx_str text, size_t at, hx_str phrase) {
    const size_t end = at + phrase.len;
    for (size_t i = 0; i < phrase.len; i++)
        if (lower(text.ptr[at + i]) != phrase.ptr[i]) return false;
    if (!is_letter(phrase.ptr[0])) return true;
    return (at == 0 || !is_letter(text.ptr[at - 1])) &&
           (end == text.len || !is_letter(text.ptr[end]));
}

static bool says(hx_str text, const char *phrase) {
    const hx_str p = hx_str_of(phrase);
    for (size_t at = 0; at + p.len <= text.len; at++)
        if (stands_at(text, at, p)) return true;
    return false;
}

/* Each code once an event. */
static void add_all(const hx_history *h, hx_tally *t, const hx_event *e, hx_str text,
                    const home_phrase *list, size_t n, double weight) {
    const char *last = NULL;
    for (size_t i = 0; i < n; i++) {
        if (last && hx_str_equal(hx_str_of(last), hx_str_of(list[i].code))) continue;
        if (!says(text, list[i].phrase)) continue;
        last = list[i].code;
        hx__tally_add(t, hx_str_of(last), hx__history_points(h, e, weight), e);
    }
}

bool hx__dynamic_home(const hx_history *h, hx_dynamic *out) {
    hx_tally t;
    hx__tally_init(&t);
    for (size_t i = 0; i < h->n && h->o->household; i++) {
        const hx_event *e = &h->events[i];
        if (e->text.len > 0 && e->kind != HX_KIND_SEARCH)
            add_all(h, &t, e, e->text, phrases, sizeof phrases / sizeof *phrases, 1);
        if (hx__history_is_paid(e))
            add_all(h, &t, e, hx_catalog_category(h->o->catalog, e), goods,
                    sizeof goods / sizeof *goods, 0.5);
    }
    return hx__tally_finish(&t, h->arena, &out->home);
}
