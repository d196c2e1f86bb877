/* correct.c - correction of spelling and grammar: rounds of passages until nothing changes.
 *
 *     text as given --edits--> text as it stands --passages--> fixes --threshold--> edits, and again, ROUNDS_MAX times at most
 *
 * Invariants
 *   1. edits are in the order of the text as given and apart from each other; the text as it stands is made from them anew each round.
 *   2. What a round does to a passage depends on the passage's bytes and on which of them are kept, nothing else.
 *   3. Edits put in and take out no mark that ends a passage.
 * A passage in which nothing is to be changed is the same passage when the corrected text is corrected again (3), so nothing is changed (2). A
 * passage that still changes after the last round goes back to how it was given, where it would change and go back again. So
 * correct(correct(x)) = correct(x).
 *
 * The probability of an edit that grew over rounds is the least of its parts. A text that is no UTF-8, or is above HX_TEXT_MAX, is left as it is or
 * refused, as text.h says. */
#include "text/correct.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/utf8.h"

#define ROUNDS_MAX 5
#define CHOICES_MAX 4
#define CHOICE_MIN 0.01 /* probability of an alternative that is named */
#define PASSAGES_AT_ONCE 512

typedef struct {
    uint32_t from, to; /* bytes of the text as given */
    hx_str put; /* in the caller's arena */
    double score;
    const hx_edit_choice *choices; /* in the caller's arena */
    size_t n_choices;
    uint32_t at; /* where `put` lies in the text as it stands */
    bool fresh; /* of this round: `at` is where it will replace something */
} change;

typedef struct {
    hx_str given, now; /* now: in the caller's arena */
    change *changes; /* in the caller's arena */
    size_t n, room;
    hx_map still; /* passages that nothing is to be changed in: hash -> 1 */
    bool open; /* something may still change */
} job;

struct hx_corrector {
    const hx_correct_model *model;
    hx_correct_reader *reader; /* NULL: the engine is rules */
    hx_arena *round;
};

/* ------------------------------------------------------------------ fixes */
hx_fix *hx__fix_add(hx_passage *p, hx_arena *arena, hx_fix_kind kind, uint32_t start, uint32_t end,
                    hx_str to) {
    if (p->n_fixes == HX_FIXES_MAX) return NULL;
    if (p->n_fixes == p->room) {
        size_t room = p->room ? 2 * p->room : 16;
        hx_fix *wider = hx_arena_alloc(arena, room * sizeof *wider);
        if (!wider) return NULL;
        if (p->n_fixes > 0) memcpy(wider, p->fixes, p->n_fixes * sizeof *wider);
        p->fixes = wider;
        p->room = room;
    }
    hx_str copy = hx_arena_str(arena, to.ptr ? to : HX_STR_LIT(""));
    if (!copy.ptr) return NULL;
    hx_fix *x = &p->fixes[p->n_fixes++];
    *x = (hx_fix){.start = start, .end = end, .to = copy, .site = start, .kind = (uint8_t)kind};
    x->f[HX_FIX_BIAS] = 1;
    return x;
}

hx_status hx__corrector_fixes(hx_corrector *c, hx_passage *passages, size_t n, hx_arena *arena,
                              hx_error *err) {
    const hx_correct_model *m = c->model;
    hx_fix_finder f = {.data = &m->data,
                       .words = m->words,
                       .costs = &m->costs,
                       .arena = arena,
                       .model = c->reader != NULL};
    for (size_t i = 0; i < n; i++) {
        if (passages[i].text.len > HX_PASSAGE_MAX) continue;
        HX_TRY(hx__fixes_zh(&f, &passages[i], err));
        HX_TRY(hx__fixes_en(&f, &passages[i], err));
    }
    if (c->reader) HX_TRY(hx__correct_read(c->reader, passages, n, arena, err));
    for (size_t i = 0; i < n; i++)
        hx__fixes_score(&m->weights, &passages[i]);
    return HX_OK;
}

/* ------------------------------------------------------------------ changes of a text */
static hx_status grow_changes(job *j, hx_arena *arena, hx_error *err) {
    if (j->n < j->room) return HX_OK;
    size_t room = j->room ? 2 * j->room : 8;
    change *wider = hx_arena_alloc(arena, room * sizeof *wider);
    if (!wider) return hx_fail(err, HX_ENOMEM, "out of memory");
    if (j->n > 0) memcpy(wider, j->changes, j->n * sizeof *wider);
    j->changes = wider;
    j->room = room;
    return HX_OK;
}

/* The text as it stands, and where each change lies in it. */
static hx_status build_text(job *j, hx_arena *arena, hx_error *err) {
    size_t len = j->given.len, used = 0, at = 0;
    for (size_t i = 0; i < j->n; i++)
        len += j->changes[i].put.len;
    char *text = hx_arena_alloc(arena, len + 1);
    if (!text) return hx_fail(err, HX_ENOMEM, "out of memory");
    for (size_t i = 0; i < j->n; i++) {
        change *x = &j->changes[i];
        memcpy(text + used, j->given.ptr + at, x->from - at);
        used += x->from - at;
        x->at = (uint32_t)used;
        x->fresh = false;
        memcpy(text + used, x->put.ptr, x->put.len);
        used += x->put.len;
        at = x->to;
    }
    if (j->given.len > at) memcpy(text + used, j->given.ptr + at, j->given.len - at);
    j->now = (hx_str){text, used + j->given.len - at};
    return HX_OK;
}

/* How far bytes of the text as given lie behind those of the text as it stands, behind change i - 1. */
static int64_t shift_behind(const job *j, size_t i) {
    if (i == 0) return 0;
    const change *x = &j->changes[i - 1];
    return (int64_t)x->to - (int64_t)(x->at + x->put.len);
}

/* Bytes [start, end) of the text as it stands become x->to; fixes come from the last to the first. What earlier rounds did there is part of the
 * new change. One that overlaps such a change of this round waits for the next round. */
static hx_status put_change(job *j, size_t start, size_t end, const hx_fix *x,
                            const hx_edit_choice *choices, size_t n_choices, hx_arena *arena,
                            hx_error *err) {
    size_t first = 0, last, from = start, to = end;
    while (first < j->n && !j->changes[first].fresh &&
           j->changes[first].at + j->changes[first].put.len < start)
        first++;
    for (last = first; last < j->n && !j->changes[last].fresh && j->changes[last].at <= end;)
        last++;
    if (last < j->n && j->changes[last].fresh && j->changes[last].at < end) return HX_OK;
    change new = {.score = x->score, .fresh = true};
    for (size_t k = first; k < last; k++) {
        const change *c = &j->changes[k];
        if (c->at < from) from = c->at;
        if (c->at + c->put.len > to) to = c->at + c->put.len;
        if (c->score < new.score) new.score = c->score;
    }
    new.at = (uint32_t)from;
    new.from = (uint32_t)((int64_t)from + shift_behind(j, first));
    new.to = (uint32_t)((int64_t)to + shift_behind(j, last));
    size_t len = (start - from) + x->to.len + (to - end);
    char *put = hx_arena_alloc(arena, len + 1);
    if (!put) return hx_fail(err, HX_ENOMEM, "out of memory");
    memcpy(put, j->now.ptr + from, start - from);
    memcpy(put + (start - from), x->to.ptr, x->to.len);
    memcpy(put + (start - from) + x->to.len, j->now.ptr + end, to - end);
    new.put = (hx_str){put, len};
    if (first == last) {
        new.choices = choices;
        new.n_choices = n_choices;
    }
    HX_TRY(grow_changes(j, arena, err));
    memmove(j->changes + first + 1, j->changes + last, (j->n - last) * sizeof *j->changes);
    j->changes[first] = new;
    j->n = j->n + 1 - (last - first);
    return HX_OK;
}

static void drop_changes(job *j, size_t start, size_t end) {
    size_t n = 0;
    for (size_t i = 0; i < j->n; i++) {
        const change *x = &j->changes[i];
        if (x->at + x->put.len <= start || x->at >= end) j->changes[n++] = *x;
    }
    j->n = n;
}

/* A change back to how it was given is none. */
static void drop_idle(job *j) {
    size_t n = 0;
    for (size_t i = 0; i < j->n; i++) {
        const change *x = &j->changes[i];
        hx_str was = {j->given.ptr + x->from, x->to - x->from};
        if (!hx_str_equal(was, x->put)) j->changes[n++] = *x;
    }
    j->n = n;
}

/* ------------------------------------------------------------------ choosing */
static hx_status list_choices(const hx_passage *p, const hx_fix *x, hx_arena *arena,
                              hx_edit_choice **out, size_t *n_out, hx_error *err) {
    hx_edit_choice *list = hx_arena_alloc(arena, (CHOICES_MAX + 1) * sizeof *list);
    if (!list) return hx_fail(err, HX_ENOMEM, "out of memory");
    size_t n = 0;
    for (size_t i = 0; i < p->n_fixes; i++) {
        const hx_fix *y = &p->fixes[i];
        if (y == x || y->start != x->start || y->end != x->end || y->score < CHOICE_MIN) continue;
        size_t at = n;
        while (at > 0 && list[at - 1].score < y->score)
            at--;
        if (at == CHOICES_MAX) continue;
        if (n < CHOICES_MAX) n++;
        memmove(list + at + 1, list + at, (n - at - 1) * sizeof *list);
        list[at] = (hx_edit_choice){hx_arena_str(arena, y->to), y->score};
    }
    *out = list;
    *n_out = n;
    return HX_OK;
}

static bool ends_passages(hx_str s) {
    static const char *const marks[] = {"\n", "!", "?", ";", ".", "。", "！", "？", "；", "…"};
    for (size_t at = 0; at < s.len; at++)
        for (size_t k = 0; k < sizeof marks / sizeof *marks; k++) {
            size_t n = strlen(marks[k]);
            if (at + n <= s.len && memcmp(s.ptr + at, marks[k], n) == 0) return true;
        }
    return false;
}

static bool may_change(const hx_passage *p, const hx_fix *x) {
    for (uint32_t at = x->start; at < x->end; at++)
        if (p->kept[at]) return false;
    hx_str from = {p->text.ptr + x->start, x->end - x->start};
    return !hx_str_equal(from, x->to) && !ends_passages(from) && !ends_passages(x->to);
}

/* Likeliest first; places in the text decide between equals. */
static int by_score(const void *a, const void *b) {
    const hx_fix *x = *(const hx_fix *const *)a, *y = *(const hx_fix *const *)b;
    if (x->score != y->score) return x->score > y->score ? -1 : 1;
    if (x->start != y->start) return x->start < y->start ? -1 : 1;
    if (x->end != y->end) return x->end < y->end ? -1 : 1;
    return hx_str_compare(x->to, y->to);
}

static int by_place(const void *a, const void *b) {
    const hx_fix *x = *(const hx_fix *const *)a, *y = *(const hx_fix *const *)b;
    return x->start != y->start ? (x->start > y->start ? -1 : 1)
                                : (x->end > y->end ? -1 : x->end < y->end);
}

/* The fixes that are made, from the last to the first. *n of them; NULL: no memory. */
static const hx_fix **choose(const hx_passage *p, const double threshold[2], hx_arena *arena,
                             size_t *n) {
    const hx_fix **list = hx_arena_alloc(arena, (p->n_fixes + 1) * sizeof(const hx_fix *));
    size_t some = 0;
    *n = 0;
    if (!list) return NULL;
    for (size_t i = 0; i < p->n_fixes; i++)
        if (p->fixes[i].score >= threshold[!hx__fix_is_chinese(&p->fixes[i])] &&
            may_change(p, &p->fixes[i]))
            list[some++] = &p->fixes[i];
    if (some > 1) qsort(list, some, sizeof *list, by_score);
    for (size_t i = 0; i < some; i++) {
        bool apart = true;
        for (size_t k = 0; k < *n && apart; k++)
            apart = list[i]->site != list[k]->site &&
                    (list[i]->end < list[k]->start || list[i]->start > list[k]->end ||
                     (list[i]->start < list[i]->end && list[k]->start < list[k]->end &&
                      (list[i]->end == list[k]->start || list[i]->start == list[k]->end)));
        if (apart) list[(*n)++] = list[i];
    }
    if (*n > 1) qsort(list, *n, sizeof *list, by_place);
    return list;
}

static uint64_t passage_hash(const hx_passage *p) {
    return hx_hash_mix(hx_hash(p->text), hx_hash((hx_str){(const char *)p->kept, p->text.len}));
}

static hx_status mark_still(job *j, const hx_passage *p, hx_error *err) {
    uint64_t *value = hx_map_put(&j->still, passage_hash(p));
    if (!value) return hx_fail(err, HX_ENOMEM, "out of memory");
    *value = 1;
    return HX_OK;
}

/* Edits of one passage. With `last` a passage that would still change goes back to how it was given. */
static hx_status change_passage(const hx_corrector *c, job *j, const hx_passage *p, bool last,
                                hx_arena *arena, hx_error *err) {
    size_t n;
    const hx_fix **list = choose(p, c->model->threshold, c->round, &n);
    if (!list) return hx_fail(err, HX_ENOMEM, "out of memory");
    if (n == 0) return mark_still(j, p, err);
    if (last) {
        drop_changes(j, p->at, p->at + p->text.len);
        return HX_OK;
    }
    j->open = true;
    for (size_t i = 0; i < n; i++) {
        hx_edit_choice *choices = NULL;
        size_t n_choices = 0;
        HX_TRY(list_choices(p, list[i], arena, &choices, &n_choices, err));
        HX_TRY(put_change(j, p->at + list[i]->start, p->at + list[i]->end, list[i], choices,
                          n_choices, arena, err));
    }
    return HX_OK;
}

/* ------------------------------------------------------------------ rounds */
typedef struct {
    hx_passage *list;
    size_t n, room;
} passage_list;

static hx_status add_passage(passage_list *l, hx_arena *arena, hx_passage p, hx_error *err) {
    if (l->n == l->room) {
        size_t room = l->room ? 2 * l->room : 64;
        hx_passage *wider = hx_arena_alloc(arena, room * sizeof *wider);
        if (!wider) return hx_fail(err, HX_ENOMEM, "out of memory");
        if (l->n > 0) memcpy(wider, l->list, l->n * sizeof *wider);
        l->list = wider;
        l->room = room;
    }
    l->list[l->n++] = p;
    return HX_OK;
}

static hx_status cut_passages(const hx_corrector *c, const job *j, size_t owner, passage_list *out,
                              hx_error *err) {
    const hx_correct_model *m = c->model;
    uint8_t *kept = hx_arena_alloc(c->round, j->now.len + 1);
    if (!kept) return hx_fail(err, HX_ENOMEM, "out of memory");
    hx__correct_keep(j->now, &m->phrases, &m->lengths, kept);
    for (size_t at = 0, end; at < j->now.len; at = end) {
        end = hx__passage_end(j->now, kept, at);
        hx_passage p = {
            .text = {j->now.ptr + at, end - at}, .kept = kept + at, .owner = owner, .at = at};
        if (p.text.len > HX_PASSAGE_MAX || hx_map_get(&j->still, passage_hash(&p))) continue;
        HX_TRY(add_passage(out, c->round, p, err));
    }
    return HX_OK;
}

static hx_status run_round(hx_corrector *c, job *jobs, size_t n, bool last, hx_arena *arena,
                           hx_error *err) {
    passage_list l = {.n = 0};
    hx_arena_reset(c->round);
    for (size_t i = 0; i < n; i++)
        if (jobs[i].open) HX_TRY(cut_passages(c, &jobs[i], i, &l, err));
    HX_TRY(hx__corrector_fixes(c, l.list, l.n, c->round, err));
    for (size_t i = 0; i < n; i++)
        jobs[i].open = false;
    /* From the last passage to the first: places before a change stay what they are. */
    for (size_t i = l.n; i-- > 0;)
        HX_TRY(change_passage(c, &jobs[l.list[i].owner], &l.list[i], last, arena, err));
    for (size_t i = 0; i < n; i++) {
        if (!jobs[i].open && !last) continue;
        drop_idle(&jobs[i]);
        HX_TRY(build_text(&jobs[i], arena, err));
    }
    return HX_OK;
}

static hx_status put_result(const job *j, hx_arena *arena, hx_correction *out, hx_error *err) {
    hx_edit *edits = hx_arena_alloc(arena, (j->n + 1) * sizeof *edits);
    out->text = hx_arena_str(arena, j->now);
    if (!edits || !out->text.ptr) return hx_fail(err, HX_ENOMEM, "out of memory");
    for (size_t i = 0; i < j->n; i++) {
        const change *x = &j->changes[i];
        edits[i] = (hx_edit){.span = {x->from, x->to},
                             .from = {j->given.ptr + x->from, x->to - x->from},
                             .to = x->put,
                             .score = x->score,
                             .alternatives = x->choices,
                             .n_alternatives = x->n_choices};
        edits[i].from = hx_arena_str(arena, edits[i].from);
        if (!edits[i].from.ptr) return hx_fail(err, HX_ENOMEM, "out of memory");
    }
    out->edits = edits;
    out->n_edits = j->n;
    return HX_OK;
}

static hx_status run_rounds(hx_corrector *c, job *jobs, size_t n, hx_arena *arena, hx_error *err) {
    bool open = true;
    for (size_t round = 0; open && round <= ROUNDS_MAX; round++) {
        HX_TRY(run_round(c, jobs, n, round == ROUNDS_MAX, arena, err));
        open = false;
        for (size_t i = 0; i < n; i++)
            open = open || jobs[i].open;
    }
    return HX_OK;
}

hx_status hx_correct_texts(hx_corrector *c, const hx_str *texts, size_t n, hx_arena *arena,
                           hx_correction *out, hx_error *err) {
    job *jobs = hx_arena_alloc(arena, (n + 1) * sizeof *jobs);
    if (!jobs) return hx_fail(err, HX_ENOMEM, "out of memory");
    for (size_t i = 0; i < n; i++) {
        if (texts[i].len > HX_TEXT_MAX)
            return hx_fail(err, HX_ELIMIT, "a text has %zu bytes, more than the %u that are read",
                           texts[i].len, HX_TEXT_MAX);
        jobs[i] = (job){.given = texts[i], .now = texts[i], .open = hx_utf8_is_valid(texts[i])};
        hx_map_init(&jobs[i].still);
    }
    hx_status st = run_rounds(c, jobs, n, arena, err);
    for (size_t i = 0; i < n; i++) {
        if (st == HX_OK) st = put_result(&jobs[i], arena, &out[i], err);
        hx_map_release(&jobs[i].still);
    }
    return st;
}

/* ------------------------------------------------------------------ handles */
hx_status hx_corrector_new(hx_corrector **out, const hx_correct_model *m, hx_error *err) {
    hx_corrector *c = calloc(1, sizeof *c);
    if (!c) return hx_fail(err, HX_ENOMEM, "out of memory");
    c->model = m;
    c->round = hx_arena_new((size_t)4 << 30);
    hx_status st = c->round ? HX_OK : hx_fail(err, HX_ENOMEM, "out of memory");
    if (st == HX_OK && m->llama) st = hx__correct_reader_open(&c->reader, m->llama, err);
    if (st != HX_OK) {
        hx_corrector_free(c);
        return st;
    }
    *out = c;
    return HX_OK;
}

void hx_corrector_free(hx_corrector *c) {
    if (!c) return;
    hx__correct_reader_close(c->reader);
    hx_arena_free(c->round);
    free(c);
}
