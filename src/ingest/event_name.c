/* event_name.c - one table: name, type, kind. Names are compared without case, blanks, underscores and hyphens.
 *
 * Source of the English names: the Segment specification, e-commerce version 2. */
#include "ingest/event_name.h"

#include <string.h>

typedef struct {
    const char *name; /* folded: lower case, letters and bytes >= 0x80 only */
    hx_event_type type;
    hx_event_kind kind;
} known_name;

static const known_name names[] = {
    {"ordercompleted", HX_EVENT_TRACK, HX_KIND_ORDER},
    {"purchase", HX_EVENT_TRACK, HX_KIND_ORDER},
    {"buy", HX_EVENT_TRACK, HX_KIND_ORDER},
    {"order", HX_EVENT_TRACK, HX_KIND_ORDER},
    {"购买", HX_EVENT_TRACK, HX_KIND_ORDER},
    {"下单", HX_EVENT_TRACK, HX_KIND_ORDER},
    {"支付", HX_EVENT_TRACK, HX_KIND_ORDER},
    {"orderrefunded", HX_EVENT_TRACK, HX_KIND_REFUND},
    {"refund", HX_EVENT_TRACK, HX_KIND_REFUND},
    {"退款", HX_EVENT_TRACK, HX_KIND_REFUND},
    {"退货", HX_EVENT_TRACK, HX_KIND_REFUND},
    {"productreviewed", HX_EVENT_TRACK, HX_KIND_REVIEW},
    {"review", HX_EVENT_TRACK, HX_KIND_REVIEW},
    {"comment", HX_EVENT_TRACK, HX_KIND_REVIEW},
    {"评论", HX_EVENT_TRACK, HX_KIND_REVIEW},
    {"评价", HX_EVENT_TRACK, HX_KIND_REVIEW},
    {"productviewed", HX_EVENT_TRACK, HX_KIND_VIEW},
    {"productclicked", HX_EVENT_TRACK, HX_KIND_VIEW},
    {"productlistviewed", HX_EVENT_TRACK, HX_KIND_VIEW},
    {"pageviewed", HX_EVENT_PAGE, HX_KIND_VIEW},
    {"pageview", HX_EVENT_PAGE, HX_KIND_VIEW},
    {"page", HX_EVENT_PAGE, HX_KIND_VIEW},
    {"screen", HX_EVENT_SCREEN, HX_KIND_VIEW},
    {"view", HX_EVENT_TRACK, HX_KIND_VIEW},
    {"pv", HX_EVENT_PAGE, HX_KIND_VIEW},
    {"浏览", HX_EVENT_PAGE, HX_KIND_VIEW},
    {"点击", HX_EVENT_TRACK, HX_KIND_VIEW},
    {"productssearched", HX_EVENT_TRACK, HX_KIND_SEARCH},
    {"search", HX_EVENT_TRACK, HX_KIND_SEARCH},
    {"搜索", HX_EVENT_TRACK, HX_KIND_SEARCH},
    {"questionasked", HX_EVENT_TRACK, HX_KIND_QUESTION},
    {"咨询", HX_EVENT_TRACK, HX_KIND_QUESTION},
    {"提问", HX_EVENT_TRACK, HX_KIND_QUESTION},
    {"messagesent", HX_EVENT_TRACK, HX_KIND_CHAT},
    {"livechatmessagesent", HX_EVENT_TRACK, HX_KIND_CHAT},
    {"ticketcreated", HX_EVENT_TRACK, HX_KIND_TICKET},
    {"工单", HX_EVENT_TRACK, HX_KIND_TICKET},
    {"投诉", HX_EVENT_TRACK, HX_KIND_TICKET},
    {"identify", HX_EVENT_IDENTIFY, HX_KIND_TRAITS},
    {"signedup", HX_EVENT_IDENTIFY, HX_KIND_TRAITS},
    {"group", HX_EVENT_GROUP, HX_KIND_OTHER},
    {"alias", HX_EVENT_ALIAS, HX_KIND_OTHER},
};

void hx_event_name_read(hx_str name, hx_event *e) {
    char folded[64];
    size_t n = 0;
    for (size_t i = 0; i < name.len && n < sizeof folded; i++) {
        char c = name.ptr[i];
        if (c >= 'A' && c <= 'Z') c = (char)(c + 32);
        if ((c >= 'a' && c <= 'z') || (unsigned char)c >= 0x80) folded[n++] = c;
    }
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (strlen(names[i].name) != n || memcmp(names[i].name, folded, n) != 0) continue;
        e->type = names[i].type;
        e->kind = names[i].kind;
        return;
    }
    e->kind = HX_KIND_OTHER;
    e->name = name;
}
