/* model_labels.c - what trained models said, as members of answers.
 *
 *   one customer   "texts":n,"counts":{LABEL:n},"shares":{LABEL:x}      behind the trait label.SET
 *   everybody      {SET:{LABEL:{"texts":n,"customers":n}}}               customers: whose last label it is
 *
 * A set of numbers has its mean instead: "texts":n behind the trait, whose value it is; {SET:{"mean":{"texts":n,"customers":n,"value":x}}}.
 *
 * Labels come by count, most texts first, equal ones by name, so that an answer does not depend on which text came first. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "answer/value.h"
#include "base/error.h"

#define MICRO 1000000.0

/* ------------------------------------------------------------------ one customer */
static int compare_counts(const void *a, const void *b) {
    const hx_label_count *x = *(const hx_label_count *const *)a;
    const hx_label_count *y = *(const hx_label_count *const *)b;
    int sets = hx_str_compare(x->set, y->set);
    if (sets != 0) return sets;
    if (x->count != y->count) return x->count > y->count ? -1 : 1;
    return hx_str_compare(x->label, y->label);
}

size_t hx__label_order(const hx_profile *p, const hx_label_count *order[HX_LABELS_MAX]) {
    for (uint32_t i = 0; i < p->n_labels; i++)
        order[i] = &p->labels[i];
    if (p->n_labels > 1) qsort(order, p->n_labels, sizeof *order, compare_counts);
    return p->n_labels;
}

void hx__label_counts(hx_json_writer *w, const hx_profile *p, hx_str set) {
    const hx_label_count *order[HX_LABELS_MAX];
    size_t n = hx__label_order(p, order);
    uint64_t all = hx_profile_labelled(p, set);
    hx__value_count(w, "texts", all);
    const hx_label_count *last = hx_profile_last_label(p, set);
    if (last && hx_label_is_number(last)) return;
    hx_json_key(w, "counts");
    hx_json_object(w);
    for (size_t i = 0; i < n; i++) {
        if (!hx_str_equal(order[i]->set, set)) continue;
        hx_json_key_str(w, order[i]->label);
        hx_json_int(w, (int64_t)order[i]->count);
    }
    hx_json_end_object(w);
    hx_json_key(w, "shares");
    hx_json_object(w);
    for (size_t i = 0; i < n; i++) {
        if (!hx_str_equal(order[i]->set, set)) continue;
        hx_json_key_str(w, order[i]->label);
        hx_json_double(w, (double)order[i]->count / (double)all);
    }
    hx_json_end_object(w);
}

static void put_name(hx_json_writer *w, const char *prefix, hx_str set, bool key) {
    hx_buf name;
    hx_buf_init(&name, 1u << 20);
    hx_buf_append_str(&name, hx_str_of(prefix));
    hx_buf_append_str(&name, set);
    if (key)
        hx_json_key_str(w, hx_buf_str(&name));
    else
        hx_json_str(w, hx_buf_str(&name));
    hx_buf_release(&name);
}

void hx__label_value(hx_json_writer *w, const hx_label_count *last) {
    bool number = hx_label_is_number(last);
    if (number)
        hx__value_double(w, "value", (double)hx_label_mean(last) / MICRO);
    else
        hx__value_str(w, "value", last->label);
    hx__value_cstr(w, "type", number ? "number" : "text");
}

void hx__label_traits(hx_json_writer *w, const hx_profile *p) {
    const hx_label_count *order[HX_LABELS_MAX];
    size_t n = hx__label_order(p, order);
    for (size_t i = 0; i < n; i++) {
        hx_str set = order[i]->set;
        if (i > 0 && hx_str_equal(order[i - 1]->set, set)) continue;
        const hx_label_count *last = hx_profile_last_label(p, set);
        put_name(w, "label.", set, true);
        hx_json_object(w);
        hx__label_value(w, last);
        hx__value_cstr(w, "source", "model");
        hx__value_time(w, "at", last->at);
        hx__value_hash(w, "event", last->event);
        hx__label_counts(w, p, set);
        hx_json_key(w, "claim");
        put_name(w, "trait:label.", set, false);
        hx_json_end_object(w);
    }
}

static void put_said(hx_json_writer *w, const hx_model_label *l) {
    hx_json_object(w);
    hx__value_str(w, "set", l->set);
    if (l->label.len > 0) {
        hx__value_str(w, "label", l->label);
        hx__value_double(w, "score", l->score);
    } else {
        hx__value_double(w, "value", l->score);
    }
    hx__value_cstr(w, "engine", hx_engine_name(l->engine));
    hx__value_str(w, "kernels", l->kernels);
    hx__value_str(w, "model", l->model);
    hx_json_end_object(w);
}

void hx__label_of_text(hx_json_writer *w, const hx_event *e) {
    if (e->n_model_labels == 1) {
        hx_json_key(w, "model_label");
        put_said(w, e->model_labels);
        return;
    }
    if (e->n_model_labels == 0) return;
    hx_json_key(w, "model_labels");
    hx_json_array(w);
    for (uint32_t i = 0; i < e->n_model_labels; i++)
        put_said(w, &e->model_labels[i]);
    hx_json_end_array(w);
}

/* ------------------------------------------------------------------ everybody */
static hx_label_sum *sum_of(hx_label_sums *sums, hx_str set, hx_str label) {
    for (size_t i = 0; i < sums->n; i++)
        if (hx_str_equal(sums->at[i].set, set) && hx_str_equal(sums->at[i].label, label))
            return &sums->at[i];
    if (sums->n == HX_LABEL_SUMS_MAX) return NULL;
    if (!sums->arena) sums->arena = hx_arena_new(0);
    hx_label_sum *s = &sums->at[sums->n];
    *s = (hx_label_sum){0};
    if (sums->arena) s->set = hx_arena_str(sums->arena, set);
    if (s->set.ptr) s->label = hx_arena_str(sums->arena, label);
    sums->failed |= !s->label.ptr;
    if (sums->failed) return NULL;
    sums->n++;
    return s;
}

void hx__label_sums_add(hx_label_sums *sums, const hx_profile *p, bool customer) {
    for (uint32_t i = 0; i < p->n_labels; i++) {
        const hx_label_count *c = &p->labels[i];
        hx_label_sum *s = sum_of(sums, c->set, c->label);
        if (!s) continue;
        s->texts += c->count;
        s->micro += (double)c->score_sum;
        s->customers += customer && c == hx_profile_last_label(p, c->set);
    }
}

double hx__label_mean_of(const hx_label_sum *s) {
    return s->texts > 0 ? floor(s->micro / (double)s->texts) / MICRO : 0;
}

static int compare_sums(const void *a, const void *b) {
    const hx_label_sum *x = a, *y = b;
    int sets = hx_str_compare(x->set, y->set);
    if (sets != 0) return sets;
    if (x->texts != y->texts) return x->texts > y->texts ? -1 : 1;
    return hx_str_compare(x->label, y->label);
}

hx_status hx__label_sums_finish(hx_label_sums *sums, hx_error *err) {
    if (sums->failed) return hx_fail(err, HX_ENOMEM, "not enough memory for the answer");
    if (sums->n > 1) qsort(sums->at, sums->n, sizeof *sums->at, compare_sums);
    return HX_OK;
}

void hx__label_sums_put(hx_json_writer *w, const hx_label_sums *sums) {
    hx_json_object(w);
    for (size_t i = 0; i < sums->n; i++) {
        const hx_label_sum *s = &sums->at[i];
        bool first = i == 0 || !hx_str_equal(sums->at[i - 1].set, s->set);
        bool last = i + 1 == sums->n || !hx_str_equal(sums->at[i + 1].set, s->set);
        if (first) {
            hx_json_key_str(w, s->set);
            hx_json_object(w);
        }
        bool number = s->label.len == 0;
        hx_json_key_str(w, number ? HX_STR_LIT("mean") : s->label);
        hx_json_object(w);
        hx__value_count(w, "texts", s->texts);
        hx__value_count(w, "customers", s->customers);
        if (number) hx__value_double(w, "value", hx__label_mean_of(s));
        hx_json_end_object(w);
        if (last) hx_json_end_object(w);
    }
    hx_json_end_object(w);
}
