/* row_mapper.c - a file's columns make a plan once; each row then becomes an event by that plan.
 *
 * row_mapper.h says how a file's kind follows from its columns. A mapper is immutable after _new and shared by threads; what a row
 * yields borrows from the row's chunk and the caller's arena. A cell that is there but can't be understood (time, amount,
 * quantity) makes the row fail with its column in the sentence, a rating only where there is no text; an empty cell is simply not said. Money is computed in whole
 * 1/10,000 units, never in floating point. */
#include "ingest/row_mapper.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/civil.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/utf8.h"
#include "ingest/event_name.h"
#include "ingest/row_value.h"

#define QUOTED_MAX 60 /* bytes of a cell shown in a sentence */

__extension__ typedef __int128 wide;

struct hx_row_mapper {
    const hx_column *columns; /* borrowed from the reader */
    size_t n_columns;
    int64_t of_role[HX_ROLE_N]; /* column of a role, -1 = none */
    int64_t type_column, previous_column; /* "type" and "previousId" of Segment events, -1 = none */
    int64_t
        joined_column; /* when a customer joined: a trait, not the time at which the traits were stated; -1 = none */
    uint64_t *name_hash; /* of each column's role or own name; owned */
    hx_file_kind kind;
    hx_row_mapper_options options;
    hx_str currency;
};

static const char *const kind_names[HX_FILE_N] = {"unknown", "events",   "questions", "tickets",
                                                  "chats",   "searches", "reviews",   "orders",
                                                  "views",   "customers"};

const char *hx_file_kind_name(hx_file_kind k) {
    return (unsigned)k < HX_FILE_N ? kind_names[k] : "";
}

static bool has(const hx_row_mapper *m, hx_role role) {
    return m->of_role[role] >= 0;
}

static bool has_money(const hx_row_mapper *m) {
    return has(m, HX_ROLE_AMOUNT) || has(m, HX_ROLE_UNIT_PRICE);
}

static bool has_id(const hx_row_mapper *m) {
    return has(m, HX_ROLE_CUSTOMER) || has(m, HX_ROLE_EMAIL) || has(m, HX_ROLE_PHONE) ||
           has(m, HX_ROLE_ACCOUNT) || has(m, HX_ROLE_DEVICE) || has(m, HX_ROLE_ANONYMOUS);
}

/* Does a column without a role have a name with this in it? ASCII letters in lower case. */
static bool has_name(const hx_row_mapper *m, const char *part) {
    for (size_t i = 0; i < m->n_columns; i++) {
        hx_role role = m->columns[i].role;
        if ((role == HX_ROLE_OTHER || role == HX_ROLE_MESSAGE_ID) &&
            hx_has_folded(m->columns[i].name, part))
            return true;
    }
    return false;
}

/* A text column alone does not say what is said where; the name of the record's own number does. */
static hx_file_kind kind_of_texts(const hx_row_mapper *m) {
    if (has(m, HX_ROLE_TICKET) || has_name(m, "ticket") || has_name(m, "工单") ||
        has_name(m, "case_id"))
        return HX_FILE_TICKETS;
    if (has(m, HX_ROLE_QUESTION)) return HX_FILE_QUESTIONS;
    if (has(m, HX_ROLE_CHAT) || has_name(m, "会话") || has_name(m, "conversation"))
        return HX_FILE_CHATS;
    if (has(m, HX_ROLE_QUERY)) return HX_FILE_SEARCHES;
    return HX_FILE_REVIEWS;
}

static bool has_text(const hx_row_mapper *m) {
    static const hx_role roles[] = {HX_ROLE_TEXT,     HX_ROLE_TITLE, HX_ROLE_RATING, HX_ROLE_TICKET,
                                    HX_ROLE_QUESTION, HX_ROLE_CHAT,  HX_ROLE_QUERY};
    for (size_t i = 0; i < sizeof roles / sizeof *roles; i++)
        if (has(m, roles[i])) return true;
    return false;
}

/* Prices and items that nobody bought at any time are a catalogue. */
static bool has_occasion(const hx_row_mapper *m) {
    return has_id(m) || has(m, HX_ROLE_ORDER) || has(m, HX_ROLE_TIME) || has(m, HX_ROLE_DATE);
}

/* Beside a text a price may be the reviewed thing's; a column that says what was paid is money spent. */
static bool says_paid(const hx_row_mapper *m) {
    static const char *const words[] = {"amount", "total", "paid", "spen", "revenue",
                                        "金额",   "实付",  "消费", "支付"};
    if (!has(m, HX_ROLE_AMOUNT) || !has_id(m)) return false;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (hx_has_folded(m->columns[m->of_role[HX_ROLE_AMOUNT]].name, words[i])) return true;
    return false;
}

static hx_file_kind kind_of_columns(const hx_row_mapper *m) {
    bool order = (has(m, HX_ROLE_ORDER) &&
                  (has_money(m) || has(m, HX_ROLE_ITEM) || has(m, HX_ROLE_QUANTITY))) ||
                 (has_money(m) && (!has(m, HX_ROLE_TEXT) || says_paid(m)));
    if (has(m, HX_ROLE_EVENT) || m->type_column >= 0) return HX_FILE_EVENTS;
    if (order && has_money(m) && has_occasion(m)) return HX_FILE_ORDERS;
    if (has_text(m)) return kind_of_texts(m);
    if (!has_occasion(m)) return HX_FILE_UNKNOWN;
    if (order || (has(m, HX_ROLE_ITEM) && has(m, HX_ROLE_QUANTITY))) return HX_FILE_ORDERS;
    if (has(m, HX_ROLE_PAGE) || has(m, HX_ROLE_URL) || has(m, HX_ROLE_ITEM) ||
        has(m, HX_ROLE_ITEM_NAME))
        return HX_FILE_VIEWS;
    return has_id(m) ? HX_FILE_CUSTOMERS : HX_FILE_UNKNOWN;
}

/* Only JSON Lines are taken for Segment events: "type" is too common a header in tables. */
static void find_segment_columns(hx_row_mapper *m, hx_format format) {
    m->type_column = m->previous_column = -1;
    if (format != HX_FORMAT_JSONL || !has_id(m)) return;
    for (size_t i = 0; i < m->n_columns; i++) {
        if (m->columns[i].role != HX_ROLE_OTHER) continue;
        if (hx_str_equal(m->columns[i].name, HX_STR_LIT("type"))) m->type_column = (int64_t)i;
        if (hx_str_equal(m->columns[i].name, HX_STR_LIT("previousId")))
            m->previous_column = (int64_t)i;
    }
}

/* A list of customers is a snapshot: the day somebody signed up says nothing about when his city was written down. */
static void settle_joined(hx_row_mapper *m) {
    static const char *const words[] = {"注册",   "入会", "开卡", "开户",    "加入", "建档",
                                        "regist", "sign", "join", "created", "since"};
    int64_t time = m->of_role[HX_ROLE_TIME];
    m->joined_column = -1;
    if (m->kind != HX_FILE_CUSTOMERS || time < 0) return;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (hx_has_folded(m->columns[time].name, words[i])) m->joined_column = time;
    if (m->joined_column >= 0) m->of_role[HX_ROLE_TIME] = -1;
}

static hx_status index_columns(hx_row_mapper *m, hx_format format, hx_error *err) {
    m->name_hash = calloc(m->n_columns + 1, sizeof *m->name_hash);
    if (!m->name_hash) return hx_fail(err, HX_ENOMEM, "out of memory");
    for (size_t r = 0; r < HX_ROLE_N; r++)
        m->of_role[r] = -1;
    for (size_t i = 0; i < m->n_columns; i++) {
        hx_role role = m->columns[i].role;
        bool own = role == HX_ROLE_OTHER;
        m->name_hash[i] =
            hx_hash_seed(own ? m->columns[i].name : hx_str_of(hx_role_name(role)), own);
        if (!own && m->of_role[role] < 0) m->of_role[role] = (int64_t)i;
    }
    find_segment_columns(m, format);
    m->kind = kind_of_columns(m);
    settle_joined(m);
    return HX_OK;
}

hx_status hx_row_mapper_new(hx_row_mapper **out, const hx_reader *r,
                            const hx_row_mapper_options *options, hx_error *err) {
    hx_row_mapper *m = calloc(1, sizeof *m);
    if (!m) return hx_fail(err, HX_ENOMEM, "out of memory");
    m->n_columns = hx_reader_columns(r, &m->columns);
    m->options = *options;
    m->currency = hx_str_of(options->currency);
    hx_status status = index_columns(m, hx_reader_format(r), err);
    if (status != HX_OK) {
        hx_row_mapper_free(m);
        return status;
    }
    *out = m;
    return HX_OK;
}

void hx_row_mapper_free(hx_row_mapper *m) {
    if (!m) return;
    free(m->name_hash);
    free(m);
}

hx_file_kind hx_row_mapper_kind(const hx_row_mapper *m) {
    return m->kind;
}

hx_str hx_row_mapper_summary(const hx_row_mapper *m, hx_arena *arena) {
    hx_buf b;
    hx_buf_init(&b, 1u << 20);
    for (size_t i = 0; i < m->n_columns; i++) {
        if (m->columns[i].role == HX_ROLE_OTHER) continue;
        hx_buf_printf(&b, "%s%s=", b.len ? "," : "", hx_role_name(m->columns[i].role));
        hx_buf_append_str(&b, m->columns[i].name);
    }
    hx_str s = hx_arena_str(arena, hx_buf_str(&b));
    hx_buf_release(&b);
    return s;
}

/* ------------------------------------------------------------------ one row */
/* What a row's conversion needs; lives on the stack of hx_row_event(). */
typedef struct {
    const hx_row_mapper *m;
    const hx_row *row;
    hx_arena *arena;
    hx_event *e;
    bool repaired;
    hx_reject *why;
} conversion;

static hx_str cell_at(const conversion *c, int64_t column) {
    return column < 0 ? (hx_str){NULL, 0} : hx_trim(c->row->cells[column]);
}

static hx_str cell(const conversion *c, hx_role role) {
    return cell_at(c, c->m->of_role[role]);
}

static hx_status refuse(conversion *c, hx_role role, const char *reason) {
    c->why->column = c->m->of_role[role];
    snprintf(c->why->reason, sizeof c->why->reason, "%s", reason);
    return HX_EFORMAT;
}

static hx_status take_ids(conversion *c) {
    static const struct {
        hx_role role;
        hx_id_type type;
    } sources[] = {{HX_ROLE_CUSTOMER, HX_ID_CUSTOMER}, {HX_ROLE_EMAIL, HX_ID_EMAIL},
                   {HX_ROLE_PHONE, HX_ID_PHONE},       {HX_ROLE_ACCOUNT, HX_ID_ACCOUNT},
                   {HX_ROLE_DEVICE, HX_ID_DEVICE},     {HX_ROLE_ANONYMOUS, HX_ID_ANONYMOUS}};
    hx_id found[sizeof sources / sizeof *sources + 1];
    uint32_t n = 0;
    for (size_t i = 0; i < sizeof sources / sizeof *sources; i++) {
        hx_str value = cell(c, sources[i].role);
        if (value.len == 0) continue;
        if (hx_id_normalize(sources[i].type, value, c->arena, &found[n])) {
            n++;
        } else {
            c->repaired = true;
        }
    }
    hx_str previous = cell_at(c, c->m->previous_column);
    if (previous.len > 0) n += hx_id_normalize(HX_ID_ANONYMOUS, previous, c->arena, &found[n]);
    hx_id *ids = hx_arena_alloc(c->arena, n * sizeof *ids);
    if (!ids) return HX_ENOMEM;
    if (n > 0) memcpy(ids, found, n * sizeof *ids);
    c->e->ids = ids;
    c->e->n_ids = n;
    return HX_OK;
}

/* A date column and a time-of-day column become one text. */
static hx_status joined_time(conversion *c, hx_str date, hx_str time, hx_str *out) {
    if (date.len == 0 || time.len == 0) {
        *out = date.len > 0 ? date : time;
        return HX_OK;
    }
    char *both = hx_arena_alloc(c->arena, date.len + time.len + 2);
    if (!both) return HX_ENOMEM;
    memcpy(both, date.ptr, date.len);
    both[date.len] = ' ';
    memcpy(both + date.len + 1, time.ptr, time.len);
    *out = (hx_str){both, date.len + time.len + 1};
    return HX_OK;
}

static hx_status take_time(conversion *c) {
    hx_str text;
    HX_TRY(joined_time(c, cell(c, HX_ROLE_DATE), cell(c, HX_ROLE_TIME), &text));
    c->e->time = HX_TIME_NONE;
    if (text.len == 0) return HX_OK;
    hx_role role = cell(c, HX_ROLE_TIME).len > 0 ? HX_ROLE_TIME : HX_ROLE_DATE;
    const hx_column *column = &c->m->columns[c->m->of_role[role]];
    hx_error err = {.ui = c->m->options.ui};
    if (hx_parse_time(text, column->date_order, column->excel_serial, c->m->options.zone,
                      &c->e->time, &err) == HX_OK)
        return HX_OK;
    return refuse(c, role, err.message);
}

static hx_status take_amount(conversion *c, hx_role role, hx_money *out, bool *there) {
    hx_str text = cell(c, role);
    char currency[4] = "";
    hx_error err = {.ui = c->m->options.ui};
    *there = false;
    if (text.len == 0) return HX_OK;
    if (hx_parse_amount(text, false, out, currency, &err) != HX_OK)
        return refuse(c, role, err.message);
    *there = true;
    if (!hx_is_plain_number(text)) c->repaired = true;
    if (currency[0] && c->e->currency.len == 0)
        c->e->currency = hx_arena_str(c->arena, hx_str_of(currency));
    return HX_OK;
}

/* Money taken off. A value between 0 and 1, or with a percent sign, is a share of the list price: what it comes to follows from what was paid,
 * amount = list x (1 - share). */
static hx_status take_discount(conversion *c, bool has_list, hx_money price, int64_t quantity) {
    hx_str text = cell(c, HX_ROLE_DISCOUNT);
    hx_money value = 0, list = 0;
    bool there, percent = text.len > 1 && text.ptr[text.len - 1] == '%';
    hx_event *e = c->e;
    if (text.len == 0) return HX_OK;
    if (percent &&
        hx_parse_amount((hx_str){text.ptr, text.len - 1}, false, &value, NULL, NULL) == HX_OK) {
        value /= 100;
        there = true;
    } else {
        HX_TRY(take_amount(c, HX_ROLE_DISCOUNT, &value, &there));
    }
    value = value < 0 ? -value : value;
    if (!percent && value >= HX_MONEY_ONE) {
        e->discount = value;
        return HX_OK;
    }
    if (has_list && hx_money_times(price, quantity, &list) && list > e->amount && e->amount >= 0) {
        e->discount = list - e->amount;
    } else if (e->has_amount && e->amount > 0 && value < HX_MONEY_ONE) {
        wide off = (wide)e->amount * value / (HX_MONEY_ONE - value);
        e->discount = off > INT64_MAX ? INT64_MAX : (hx_money)off;
    }
    return HX_OK;
}

/* The line's amount: as given, or unit price x quantity; refunds taken off; the sign follows a negative quantity. */
static hx_status take_line(conversion *c) {
    hx_money price = 0, refund = 0, quantity = 0;
    bool has_amount, has_price, has_quantity, has_refund;
    hx_event *e = c->e;
    e->currency = cell(c, HX_ROLE_CURRENCY);
    HX_TRY(take_amount(c, HX_ROLE_QUANTITY, &quantity, &has_quantity));
    HX_TRY(take_amount(c, HX_ROLE_AMOUNT, &e->amount, &has_amount));
    HX_TRY(take_amount(c, HX_ROLE_UNIT_PRICE, &price, &has_price));
    HX_TRY(take_amount(c, HX_ROLE_REFUND, &refund, &has_refund));
    hx_money counted = has_quantity ? quantity : HX_MONEY_ONE;
    if (!has_amount && has_price && !hx_money_times(price, counted, &e->amount))
        return refuse(c, HX_ROLE_UNIT_PRICE,
                      c->m->options.ui == HX_UI_ZH ? "金额过大" : "the amount is too large");
    e->has_amount = has_amount || has_price;
    e->quantity = has_quantity ? quantity : 0;
    if (e->has_amount && quantity < 0 && e->amount > 0) e->amount = -e->amount;
    if (has_refund && !hx_money_add(e->amount, refund < 0 ? refund : -refund, &e->amount))
        return refuse(c, HX_ROLE_REFUND,
                      c->m->options.ui == HX_UI_ZH ? "金额过大" : "the amount is too large");
    if (e->has_amount && e->currency.len == 0) e->currency = c->m->currency;
    return take_discount(c, has_price && has_amount, price, counted);
}

static void take_rating(conversion *c) {
    hx_str text = cell(c, HX_ROLE_RATING);
    c->e->rating = HX_RATING_NONE;
    if (text.len == 0) return;
    bool known = hx_parse_rating(text, &c->e->rating),
         full_width = (unsigned char)text.ptr[0] == 0xEF;
    if (!known) c->e->rating = HX_RATING_NONE;
    c->repaired |= !known || full_width;
}

/* A rating that can't be read costs a row its rating only; without a text nothing is left of it. */
static hx_status refuse_rating(conversion *c, hx_str rating) {
    char reason[HX_MESSAGE_MAX];
    size_t n = rating.len < QUOTED_MAX ? rating.len
                                       : hx_utf8_valid_prefix((hx_str){rating.ptr, QUOTED_MAX});
    snprintf(reason, sizeof reason,
             c->m->options.ui == HX_UI_ZH ? "“%.*s”不是评分" : "'%.*s' is not a rating", (int)n,
             rating.ptr);
    return refuse(c, HX_ROLE_RATING, reason);
}

/* The text: the role that names the kind of file first, then any other text column. */
static hx_str text_of(const conversion *c) {
    static const hx_role order[] = {HX_ROLE_TEXT, HX_ROLE_QUESTION, HX_ROLE_TICKET, HX_ROLE_CHAT,
                                    HX_ROLE_QUERY};
    hx_str s = {NULL, 0};
    for (size_t i = 0; i < sizeof order / sizeof *order && s.len == 0; i++)
        s = cell(c, order[i]);
    return s;
}

static hx_event_kind kind_of_file(hx_file_kind k) {
    static const hx_event_kind kinds[HX_FILE_N] = {
        HX_KIND_OTHER,  HX_KIND_OTHER,  HX_KIND_QUESTION, HX_KIND_TICKET, HX_KIND_CHAT,
        HX_KIND_SEARCH, HX_KIND_REVIEW, HX_KIND_ORDER,    HX_KIND_VIEW,   HX_KIND_TRAITS};
    return kinds[k];
}

/* A track call has its name; the other calls of the Segment specification are told by their type alone. */
static void name_event(conversion *c) {
    hx_str name = cell(c, HX_ROLE_EVENT), type = cell_at(c, c->m->type_column);
    bool track = type.len == 0 || hx_str_equal(type, HX_STR_LIT("track"));
    hx_event_name_read(track && name.len > 0 ? name : type.len > 0 ? type : name, c->e);
}

/* A refund is what gives money or goods back; a cancelled order is an event of its own and counts for nothing. */
static void settle_kind(conversion *c) {
    hx_event *e = c->e;
    e->kind = kind_of_file(c->m->kind);
    if (c->m->kind == HX_FILE_EVENTS) name_event(c);
    if (e->kind == HX_KIND_ORDER && (e->quantity < 0 || (e->has_amount && e->amount < 0)))
        e->kind = HX_KIND_REFUND;
    if (e->kind == HX_KIND_ORDER && hx_status_is_cancelled(cell(c, HX_ROLE_STATUS))) {
        e->kind = HX_KIND_OTHER;
        e->name = HX_STR_LIT("Order Cancelled");
    }
    if (e->kind == HX_KIND_TRAITS) e->type = HX_EVENT_IDENTIFY;
    if (e->kind == HX_KIND_VIEW && e->type == HX_EVENT_TRACK) e->type = HX_EVENT_PAGE;
}

static void take_fields(conversion *c) {
    hx_event *e = c->e;
    e->order = cell(c, HX_ROLE_ORDER);
    e->item = cell(c, HX_ROLE_ITEM);
    e->item_name = cell(c, HX_ROLE_ITEM_NAME);
    e->category = cell(c, HX_ROLE_CATEGORY);
    e->channel = cell(c, HX_ROLE_CHANNEL);
    e->page = cell(c, has(c->m, HX_ROLE_PAGE) ? HX_ROLE_PAGE : HX_ROLE_URL);
    e->title = cell(c, HX_ROLE_TITLE);
    e->label = cell(c, HX_ROLE_LABEL);
    e->text = text_of(c);
    if (e->text.len == 0) {
        e->text = e->title;
        e->title = (hx_str){NULL, 0};
    }
}

/* Cells that are a field of the event already are no property too. */
static bool is_property(hx_role role) {
    switch (role) {
    case HX_ROLE_OTHER:
    case HX_ROLE_NAME:
    case HX_ROLE_GENDER:
    case HX_ROLE_AGE:
    case HX_ROLE_BIRTHDAY:
    case HX_ROLE_CITY:
    case HX_ROLE_COUNTRY:
    case HX_ROLE_OCCUPATION:
    case HX_ROLE_LEVEL:
    case HX_ROLE_INCOME:
    case HX_ROLE_ADDRESS:
    case HX_ROLE_STATUS:
    case HX_ROLE_REPLY:
        return true;
    default:
        return false;
    }
}

static hx_status take_properties(conversion *c) {
    const hx_row_mapper *m = c->m;
    size_t room = m->n_columns + 1, n = 0;
    hx_property *p = hx_arena_alloc(
        c->arena, (room < HX_EVENT_PROPERTIES_MAX ? room : HX_EVENT_PROPERTIES_MAX) * sizeof *p);
    if (!p) return HX_ENOMEM;
    for (size_t i = 0; i < m->n_columns && n < HX_EVENT_PROPERTIES_MAX - 1; i++) {
        hx_str value = cell_at(c, (int64_t)i);
        if ((int64_t)i == m->type_column || (int64_t)i == m->previous_column) continue;
        if (value.len > 0 && (int64_t)i == m->joined_column)
            p[n++] = hx_joined_read(&m->columns[i], value, c->arena);
        if (value.len == 0 || !is_property(m->columns[i].role)) continue;
        if (!hx_property_read(&m->columns[i], value, c->arena, &p[n])) return HX_ENOMEM;
        n++;
    }
    if (c->row->extra.len > 0) {
        p[n++] = (hx_property){.name = HX_STR_LIT("extra"), .value = c->row->extra};
        c->repaired = true;
    }
    c->e->properties = p;
    c->e->n_properties = (uint32_t)n;
    return HX_OK;
}

static void take_hash(conversion *c) {
    hx_str own = cell(c, HX_ROLE_MESSAGE_ID);
    uint64_t sum = 0;
    c->e->own_id = own.len > 0;
    if (own.len > 0) {
        c->e->row_hash = hx_hash_seed(own, UINT64_C(0x6D6964));
        return;
    }
    for (size_t i = 0; i < c->m->n_columns; i++) {
        hx_str value = cell_at(c, (int64_t)i);
        if (value.len > 0) sum += hx_hash_seed(value, c->m->name_hash[i]);
    }
    c->e->row_hash = hx_hash_mix(sum, UINT64_C(0x726F77));
}

/* An event of nobody about nothing: no id, no words, no thing and no place. */
static bool says_nothing(const hx_event *e) {
    bool bare = e->kind == HX_KIND_OTHER || e->kind == HX_KIND_VIEW;
    return bare && e->n_ids == 0 && e->text.len == 0 && e->item.len == 0 && e->item_name.len == 0 &&
           e->page.len == 0 && e->order.len == 0 && !e->has_amount;
}

static hx_status refuse_empty(conversion *c) {
    const hx_event *e = c->e;
    bool zh = c->m->options.ui == HX_UI_ZH;
    bool talks = e->kind == HX_KIND_REVIEW || e->kind == HX_KIND_QUESTION ||
                 e->kind == HX_KIND_TICKET || e->kind == HX_KIND_CHAT || e->kind == HX_KIND_SEARCH;
    hx_str rating = cell(c, HX_ROLE_RATING);
    if (talks && e->text.len == 0 && e->rating == HX_RATING_NONE && rating.len > 0)
        return refuse_rating(c, rating);
    if (talks && e->text.len == 0 && e->rating == HX_RATING_NONE)
        return refuse(c, HX_ROLE_TEXT, zh ? "没有文本" : "has no text");
    if (talks && e->text.len > HX_TEXT_MAX)
        return refuse(c, HX_ROLE_TEXT, zh ? "文本过长" : "the text is too long");
    if (e->kind == HX_KIND_TRAITS && e->n_ids == 0)
        return refuse(c, HX_ROLE_CUSTOMER, zh ? "没有客户标识" : "names no customer");
    if (says_nothing(e))
        return refuse(c, HX_ROLE_CUSTOMER,
                      zh ? "没有客户标识，也没有内容" : "names no customer and says nothing");
    if ((e->kind == HX_KIND_ORDER || e->kind == HX_KIND_REFUND) && !e->has_amount &&
        e->quantity == 0 && e->item.len == 0)
        return refuse(c, HX_ROLE_AMOUNT,
                      zh ? "没有金额、数量或商品" : "has no amount, quantity or item");
    return HX_OK;
}

hx_status hx_row_event(const hx_row_mapper *m, const hx_row *row, hx_arena *arena, hx_event *out,
                       bool *repaired, hx_reject *why) {
    conversion c = {m, row, arena, out, false, why};
    *out = (hx_event){.rating = HX_RATING_NONE, .time = HX_TIME_NONE};
    if (row->bad) {
        why->column = row->bad_column;
        snprintf(why->reason, sizeof why->reason, "%s", hx_row_bad_text(row, m->options.ui));
        return HX_EFORMAT;
    }
    HX_TRY(take_ids(&c));
    HX_TRY(take_time(&c));
    HX_TRY(take_line(&c));
    take_rating(&c);
    take_fields(&c);
    settle_kind(&c);
    HX_TRY(take_properties(&c));
    take_hash(&c);
    *repaired = c.repaired;
    return refuse_empty(&c);
}
