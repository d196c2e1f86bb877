/* event.c - the parts of an event that need no codec: names, message ids, order. See event.h. */
#include "profile/event.h"

#include "base/hash.h"

static const char *const kind_names[HX_KIND_N] = {"",
                                                  "Traits Identified",
                                                  "Order Completed",
                                                  "Order Refunded",
                                                  "Product Reviewed",
                                                  "Product Viewed",
                                                  "Products Searched",
                                                  "Question Asked",
                                                  "Message Sent",
                                                  "Ticket Created"};

const char *hx_event_kind_name(hx_event_kind k) {
    return (unsigned)k < HX_KIND_N ? kind_names[k] : "";
}

void hx_event_temper(hx_event_kind kind, hx_annotation *a) {
    if (kind != HX_KIND_SEARCH) return;
    a->sentiment = (hx_sentiment){.label = HX_SENTIMENT_NONE};
    a->intent = (hx_intent){.label = HX_INTENT_OTHER};
}

uint64_t hx_event_id(const hx_event *e) {
    return hx_hash_mix(e->row_hash, e->ordinal);
}

int hx_event_compare(const hx_event *a, const hx_event *b) {
    if (a->time != b->time) return a->time < b->time ? -1 : 1;
    uint64_t x = hx_event_id(a), y = hx_event_id(b);
    return x < y ? -1 : x > y;
}

uint64_t hx_event_key(const hx_event *e) {
    return e->n_ids > 0 ? hx_id_key(e->ids[0]) : hx_id_guest_key(e->row_hash);
}

char *hx_event_id_text(uint64_t id, char out[HX_EVENT_ID_TEXT]) {
    for (int i = 0; i < 16; i++)
        out[i] = "0123456789abcdef"[id >> (60 - 4 * i) & 15];
    out[16] = '\0';
    return out;
}

bool hx_event_id_parse(hx_str s, uint64_t *id) {
    if (s.len != 16) return false;
    uint64_t v = 0;
    for (size_t i = 0; i < 16; i++) {
        char c = s.ptr[i];
        unsigned digit = c >= '0' && c <= '9'   ? (unsigned)(c - '0')
                         : c >= 'a' && c <= 'f' ? (unsigned)(c - 'a' + 10)
                                                : 16;
        if (digit > 15) return false;
        v = v << 4 | digit;
    }
    *id = v;
    return true;
}
