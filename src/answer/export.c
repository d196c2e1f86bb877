/* export.c - customers and segment members as tables for a spreadsheet.
 *
 * A profile's row has fixed columns and then one for every trait that anybody has (by name, at most 256). A segment table has one
 * row a membership. Rows come in the order of the walk (by profile key), so exports of equal stores are equal files. Ids are
 * text even where they look like numbers; several of one type are joined by "; ". Headings and the words of known traits are in the
 * language of the table. */
#include <stdlib.h>
#include <string.h>

#include "answer/segment_rules.h"
#include "answer/sheet.h"
#include "base/error.h"
#include "base/number.h"
#include "base/hash.h"

#define TRAIT_COLUMNS_MAX 256
#define LIST_SHOWN 5

typedef struct {
    const char *zh, *en;
} export_heading;

static const export_heading profile_headings[] = {
    {"客户编号", "profile"},
    {"名称", "name"},
    {"客户号", "customer"},
    {"邮箱", "email"},
    {"电话", "phone"},
    {"账号", "account"},
    {"设备", "device"},
    {"匿名号", "anonymous"},
    {"首次行为", "first"},
    {"最近行为", "last"},
    {"事件数", "events"},
    {"订单数", "orders"},
    {"净消费额", "spent"},
    {"币种", "currency"},
    {"首次购买", "first purchase"},
    {"最近购买", "last purchase"},
    {"距上次购买天数", "recency days"},
    {"R", "R"},
    {"F", "F"},
    {"M", "M"},
    {"RFM 分组", "RFM group"},
    {"分群", "segments"},
    {"文本数", "texts"},
    {"平均情感", "sentiment"},
    {"正面", "positive"},
    {"中性", "neutral"},
    {"负面", "negative"},
    {"兴趣", "interests"},
    {"关键词", "keywords"},
};
#define N_PROFILE (sizeof profile_headings / sizeof *profile_headings)

static const export_heading segment_headings[] = {
    {"分群", "segment"},
    {"分群名称", "segment name"},
    {"客户编号", "profile"},
    {"名称", "name"},
    {"客户号", "customer"},
    {"邮箱", "email"},
    {"电话", "phone"},
    {"R", "R"},
    {"F", "F"},
    {"M", "M"},
    {"距上次购买天数", "recency days"},
    {"订单数", "orders"},
    {"净消费额", "spent"},
    {"币种", "currency"},
    {"文本数", "texts"},
    {"平均情感", "sentiment"},
};
#define N_SEGMENT (sizeof segment_headings / sizeof *segment_headings)

typedef struct {
    const hx_population *pop;
    hx_ui_lang ui;
    hx_sheet *sheet;
    hx_arena *arena;
    hx_map seen; /* hashes of trait names */
    hx_str traits[TRAIT_COLUMNS_MAX];
    size_t n_traits;
    hx_str header[N_PROFILE + TRAIT_COLUMNS_MAX];
    hx_buf cell; /* a list that is being joined */
    hx__segments defined;
    hx_segment_set *sets; /* (defined.n): their members' places */
    uint64_t rows;
} export_job;

/* ------------------------------------------------------------------ trait columns */
static hx_status note_column(export_job *j, hx_str name) {
    uint64_t *seen = hx_map_put(&j->seen, hx_hash(name));
    if (!seen) return HX_ENOMEM;
    if ((*seen)++ > 0 || j->n_traits == TRAIT_COLUMNS_MAX) return HX_OK;
    hx_str kept = hx_arena_str(j->arena, name);
    if (!kept.ptr) return HX_ENOMEM;
    j->traits[j->n_traits++] = kept;
    return HX_OK;
}

/* "label.SET", the last label, and "label.SET(LABEL)", how many texts; {NULL, 0} when out of memory. */
static hx_str label_column(export_job *j, const hx_label_count *c, bool count) {
    hx_buf_reset(&j->cell);
    hx_buf_append_lit(&j->cell, "label.");
    hx_buf_append_str(&j->cell, c->set);
    if (count) hx_buf_append_byte(&j->cell, '(');
    if (count) hx_buf_append_str(&j->cell, c->label);
    if (count) hx_buf_append_byte(&j->cell, ')');
    return j->cell.failed ? (hx_str){NULL, 0} : hx_buf_str(&j->cell);
}

static hx_status note_labels(export_job *j, const hx_profile *p) {
    for (uint32_t i = 0; i < 2 * p->n_labels; i++) {
        if (i % 2 && hx_label_is_number(&p->labels[i / 2])) continue;
        hx_str name = label_column(j, &p->labels[i / 2], i % 2);
        if (!name.ptr || note_column(j, name) != HX_OK) return HX_ENOMEM;
    }
    hx_buf_reset(&j->cell);
    return HX_OK;
}

static hx_status note_traits(void *context, const hx_customer *c, const hx_profile *p,
                             hx_error *err) {
    export_job *j = context;
    (void)c;
    hx_status status = note_labels(j, p);
    for (uint32_t i = 0; i < p->n_traits && status == HX_OK; i++)
        if (!hx_str_equal(p->traits[i].name, HX_STR_LIT("name"))) /* a column already */
            status = note_column(j, p->traits[i].name);
    return status == HX_OK ? HX_OK : hx_fail(err, HX_ENOMEM, "not enough memory for the answer");
}

static int compare_names(const void *a, const void *b) {
    return hx_str_compare(*(const hx_str *)a, *(const hx_str *)b);
}

/* A trait's name, or one of its values, in the language of the table. */
static hx_str shown_trait(const export_job *j, hx_str s) {
    char code[32];
    if (s.len >= sizeof code) return s;
    if (s.len > 0) memcpy(code, s.ptr, s.len);
    code[s.len] = '\0';
    const char *label = hx_answer_label(code, j->ui);
    return label ? hx_str_of(label) : s;
}

static void set_header(export_job *j, const export_heading *headings, size_t n) {
    for (size_t i = 0; i < n; i++)
        j->header[i] = hx_str_of(j->ui == HX_UI_ZH ? headings[i].zh : headings[i].en);
    for (size_t i = 0; i < j->n_traits; i++)
        j->header[n + i] = shown_trait(j, j->traits[i]);
}

/* ------------------------------------------------------------------ cells */
static void join(export_job *j, hx_str s) {
    if (j->cell.len > 0) hx_buf_append_lit(&j->cell, "; ");
    hx_buf_append_str(&j->cell, s);
}

static void put_joined(export_job *j) {
    hx__sheet_text(j->sheet, hx_buf_str(&j->cell));
    hx_buf_reset(&j->cell);
}

static void put_ids(export_job *j, const hx_profile *p, hx_id_type type) {
    for (uint32_t i = 0; i < p->n_ids; i++)
        if (p->ids[i].type == type) join(j, p->ids[i].value);
    put_joined(j);
}

static void put_who(export_job *j, const hx_profile *p) {
    char id[HX_PROFILE_ID_MAX], scratch[HX_PROFILE_ID_MAX];
    hx__sheet_text(j->sheet, hx_str_of(hx_profile_id_text(p->key, id)));
    hx__sheet_text(j->sheet, hx__person_name(p, scratch));
    for (int type = HX_ID_CUSTOMER; type <= HX_ID_PHONE; type++)
        put_ids(j, p, (hx_id_type)type);
}

static void put_score(export_job *j, int score) {
    if (score > 0)
        hx__sheet_int(j->sheet, score);
    else
        hx__sheet_empty(j->sheet);
}

static void put_days(export_job *j, int32_t days) {
    if (days == HX_DAYS_UNKNOWN)
        hx__sheet_empty(j->sheet);
    else
        hx__sheet_int(j->sheet, days);
}

static void put_rfm(export_job *j, const hx_customer *c) {
    put_score(j, c->r);
    put_score(j, c->f);
    put_score(j, c->m);
}

static void put_mood(export_job *j, const hx_customer *c) {
    hx__sheet_int(j->sheet, c->texts);
    if (c->texts > 0)
        hx__sheet_money(j->sheet, (hx_money)c->sentiment * (HX_MONEY_ONE / HX_SHARE_ONE));
    else
        hx__sheet_empty(j->sheet);
}

static bool is_in(const export_job *j, size_t defined, const hx_customer *c) {
    return hx_segment_set_has(&j->sets[defined], (uint32_t)(c - j->pop->customers));
}

static void put_segments(export_job *j, const hx_customer *c) {
    for (int id = 0; id < HX_SEGMENT_N; id++)
        if (c->segments >> id & 1) join(j, hx_str_of(hx_segment_name((hx_segment_id)id, j->ui)));
    for (size_t i = 0; i < j->defined.n; i++)
        if (is_in(j, i, c)) join(j, j->defined.list[i].name);
    put_joined(j);
}

static void put_lists(export_job *j, const hx_profile *p) {
    uint32_t order[HX_INTERESTS_MAX > HX_TOP_WORDS_MAX ? HX_INTERESTS_MAX : HX_TOP_WORDS_MAX];
    size_t n = hx_profile_interests(p, order);
    for (size_t i = 0; i < n && i < LIST_SHOWN; i++)
        join(j, p->interests[order[i]].name);
    put_joined(j);
    n = hx_profile_words(p, order);
    for (size_t i = 0; i < n && i < LIST_SHOWN; i++)
        join(j, p->words[order[i]].text);
    put_joined(j);
}

static void put_mean(export_job *j, const hx_label_count *c) {
    char digits[HX_DOUBLE_TEXT_MAX];
    size_t n = hx_double_put((double)hx_label_mean(c) / 1000000.0, digits);
    hx__sheet_number(j->sheet, (hx_str){digits, n});
}

static bool put_label(export_job *j, const hx_profile *p, hx_str name) {
    for (uint32_t i = 0; i < 2 * p->n_labels; i++) {
        const hx_label_count *c = &p->labels[i / 2];
        bool found = hx_str_equal(label_column(j, c, i % 2), name);
        hx_buf_reset(&j->cell);
        if (!found) continue;
        if (hx_label_is_number(c))
            put_mean(j, c);
        else if (i % 2)
            hx__sheet_int(j->sheet, (int64_t)c->count);
        else
            hx__sheet_text(j->sheet, hx_profile_last_label(p, c->set)->label);
        return true;
    }
    return false;
}

static void put_trait(export_job *j, const hx_profile *p, hx_str name) {
    for (uint32_t i = 0; i < p->n_traits; i++) {
        const hx_trait *t = &p->traits[i];
        if (!hx_str_equal(t->name, name)) continue;
        if (t->type == HX_VALUE_NUMBER)
            hx__sheet_number(j->sheet, t->value);
        else
            hx__sheet_text(j->sheet, hx_str_equal(name, HX_STR_LIT("gender"))
                                         ? shown_trait(j, t->value)
                                         : t->value);
        return;
    }
    if (!put_label(j, p, name)) hx__sheet_empty(j->sheet);
}

/* ------------------------------------------------------------------ rows */
static hx_status put_profile(void *context, const hx_customer *c, const hx_profile *p,
                             hx_error *err) {
    export_job *j = context;
    hx_sheet *s = j->sheet;
    int group = hx_rfm_group(c);
    put_who(j, p);
    for (int type = HX_ID_ACCOUNT; type <= HX_ID_ANONYMOUS; type++)
        put_ids(j, p, (hx_id_type)type);
    hx__sheet_time(s, p->first);
    hx__sheet_time(s, p->last);
    hx__sheet_int(s, (int64_t)p->n_events);
    hx__sheet_int(s, c->orders);
    hx__sheet_money(s, c->monetary);
    hx__sheet_text(s, hx_str_of(j->pop->currency));
    hx__sheet_time(s, p->first_purchase);
    hx__sheet_time(s, p->last_purchase);
    put_days(j, c->recency);
    put_rfm(j, c);
    hx__sheet_text(s, hx_str_of(group < 0 ? "" : hx_rfm_group_name(group, j->ui)));
    put_segments(j, c);
    put_mood(j, c);
    const int labels[] = {HX_SENTIMENT_POSITIVE, HX_SENTIMENT_NEUTRAL, HX_SENTIMENT_NEGATIVE};
    for (size_t i = 0; i < 3; i++)
        hx__sheet_int(s, (int64_t)p->sentiments[labels[i]]);
    put_lists(j, p);
    for (size_t i = 0; i < j->n_traits; i++)
        put_trait(j, p, j->traits[i]);
    j->rows++;
    return hx__sheet_end_row(s, err);
}

static hx_status put_membership(export_job *j, hx_str id, hx_str name, const hx_customer *c,
                                const hx_profile *p, hx_error *err) {
    hx__sheet_text(j->sheet, id);
    hx__sheet_text(j->sheet, name);
    put_who(j, p);
    put_rfm(j, c);
    put_days(j, c->recency);
    hx__sheet_int(j->sheet, c->orders);
    hx__sheet_money(j->sheet, c->monetary);
    hx__sheet_text(j->sheet, hx_str_of(j->pop->currency));
    put_mood(j, c);
    j->rows++;
    return hx__sheet_end_row(j->sheet, err);
}

static hx_status put_memberships(void *context, const hx_customer *c, const hx_profile *p,
                                 hx_error *err) {
    export_job *j = context;
    for (int id = 0; id < HX_SEGMENT_N; id++)
        if (c->segments >> id & 1)
            HX_TRY(put_membership(j, hx_str_of(hx_segment_key((hx_segment_id)id)),
                                  hx_str_of(hx_segment_name((hx_segment_id)id, j->ui)), c, p, err));
    for (size_t i = 0; i < j->defined.n; i++)
        if (is_in(j, i, c))
            HX_TRY(put_membership(j, j->defined.list[i].name, j->defined.list[i].name, c, p, err));
    return HX_OK;
}

/* ------------------------------------------------------------------ the job */
static hx_status write_rows(export_job *j, hx_export_what what, hx_export_format format,
                            const char *path, const hx_zone *zone, hx_error *err) {
    size_t n = what == HX_EXPORT_PROFILES ? N_PROFILE : N_SEGMENT;
    if (what == HX_EXPORT_PROFILES) {
        HX_TRY(hx__population_each(j->pop, note_traits, j, err));
        if (j->n_traits > 1) qsort(j->traits, j->n_traits, sizeof *j->traits, compare_names);
    }
    set_header(j, what == HX_EXPORT_PROFILES ? profile_headings : segment_headings, n);
    HX_TRY(hx__sheet_open(&j->sheet, format, path, j->header, n + j->n_traits, zone, 0, err));
    hx_status status = hx__population_each(
        j->pop, what == HX_EXPORT_PROFILES ? put_profile : put_memberships, j, err);
    if (status == HX_OK) return hx__sheet_close(j->sheet, err);
    hx__sheet_abandon(j->sheet);
    return status;
}

static hx_status run_export(export_job *j, hx_store *s, hx_export_what what,
                            hx_export_format format, const char *path, const hx_answer_options *o,
                            hx_error *err) {
    hx_zone zone;
    HX_TRY(hx__answer_zone(s, o, &zone, err));
    hx_population *pop = NULL;
    hx_status status = hx__population_open(&pop, s, hx__answer_as_of(o), err);
    j->pop = pop;
    if (status == HX_OK) status = hx__segments_load(&j->defined, s, NULL, err);
    if (status == HX_OK) status = hx__segments_sets(&j->defined, pop, &j->sets, err);
    if (status == HX_OK) status = write_rows(j, what, format, path, &zone, err);
    hx__segments_sets_free(j->sets, j->defined.n);
    hx__segments_release(&j->defined);
    hx__population_close(pop);
    hx_zone_release(&zone);
    return status;
}

hx_status hx_answer_export(hx_store *s, hx_export_what what, hx_export_format format,
                           const char *path, const hx_answer_options *o, uint64_t *rows,
                           hx_error *err) {
    hx_arena *arena = hx_arena_new(0);
    export_job *j = arena ? hx_arena_alloc(arena, sizeof *j) : NULL;
    if (!j) {
        hx_arena_free(arena);
        return hx_fail(err, HX_ENOMEM, "not enough memory for the answer");
    }
    *j = (export_job){.ui = hx__answer_ui(o), .arena = arena};
    hx_map_init(&j->seen);
    hx_buf_init(&j->cell, 16u << 20);
    hx_status status = run_export(j, s, what, format, path, o, err);
    if (rows) *rows = j->rows;
    hx_map_release(&j->seen);
    hx_buf_release(&j->cell);
    hx_arena_free(arena);
    return status;
}
