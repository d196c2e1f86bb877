/* segment_rule.c - what a rule says of an event and of conditions that hold or not; see segment_rule.h.
 *
 * The steps run over a stack of bits in one word: at most HX_SEGMENT_DEPTH_MAX operators wait at once, so it can't overflow.
 *
 * Filters compare bytes; one on what a text says (sentiment, aspect, label) holds of no event of which nothing is said.
 * The nearest change is found by trying all changes of one condition, then of two, then of three: the first that turns the rule. */
#include "insight/segment_rule.h"

#include <string.h>

bool hx_relation_holds(hx_relation r, int64_t value, int64_t wanted) {
    switch (r) {
    case HX_REL_AT_LEAST:
        return value >= wanted;
    case HX_REL_ABOVE:
        return value > wanted;
    case HX_REL_AT_MOST:
        return value <= wanted;
    case HX_REL_BELOW:
        return value < wanted;
    case HX_REL_EQUAL:
        return value == wanted;
    case HX_REL_UNEQUAL:
        break;
    }
    return value != wanted;
}

const char *hx_relation_sign(hx_relation r) {
    static const char *const signs[] = {">=", ">", "<=", "<", "=", "!="};
    return signs[r];
}

bool hx_segment_rule_holds(const hx_segment_program *r, uint64_t held) {
    uint64_t stack = 0; /* bit 0 = the top */
    for (size_t i = 0; i < r->n_steps; i++) {
        const uint64_t top = stack & 1, rest = stack >> 1;
        switch ((hx_segment_step_kind)r->steps[i].kind) {
        case HX_STEP_CONDITION:
            stack = stack << 1 | (held >> r->steps[i].condition & 1);
            break;
        case HX_STEP_AND:
            stack = top ? rest : rest & ~UINT64_C(1);
            break;
        case HX_STEP_OR:
            stack = rest | top;
            break;
        case HX_STEP_NOT:
            stack ^= 1;
            break;
        }
    }
    return stack & 1;
}

uint64_t hx_segment_rule_nearest(const hx_segment_program *r, uint64_t held) {
    const bool now = hx_segment_rule_holds(r, held);
    const size_t n = r->n_conditions;
    for (size_t i = 0; i < n; i++)
        if (hx_segment_rule_holds(r, held ^ UINT64_C(1) << i) != now) return UINT64_C(1) << i;
    for (size_t i = 0; i < n; i++)
        for (size_t j = i + 1; j < n; j++) {
            const uint64_t two = UINT64_C(1) << i | UINT64_C(1) << j;
            if (hx_segment_rule_holds(r, held ^ two) != now) return two;
        }
    for (size_t i = 0; i < n; i++)
        for (size_t j = i + 1; j < n; j++)
            for (size_t k = j + 1; k < n; k++) {
                const uint64_t three = UINT64_C(1) << i | UINT64_C(1) << j | UINT64_C(1) << k;
                if (hx_segment_rule_holds(r, held ^ three) != now) return three;
            }
    return 0;
}

/* ------------------------------------------------------------------ events */
static bool is_text(hx_relation r, hx_str value, hx_str wanted) {
    return hx_str_equal(value, wanted) == (r == HX_REL_EQUAL);
}

static bool has_words(hx_str text, hx_str words) {
    if (words.len == 0) return true;
    for (size_t i = 0; i + words.len <= text.len; i++)
        if (memcmp(text.ptr + i, words.ptr, words.len) == 0) return true;
    return false;
}

static bool aspect_matches(const hx_segment_filter *f, const hx_annotation *a) {
    for (size_t i = 0; i < a->n_aspects; i++) {
        const hx_aspect *x = &a->aspects[i];
        if (!hx_str_equal(x->id, f->name) && !hx_str_equal(x->name, f->name)) continue;
        if (is_text(f->relation, hx_str_of(hx_sentiment_name(x->label)), f->value)) return true;
    }
    return false;
}

static bool voice_matches(const hx_segment_filter *f, const hx_event *e) {
    if (!e->annotation) return false;
    if (f->field == HX_FIELD_ASPECT) return aspect_matches(f, e->annotation);
    const char *name = f->field == HX_FIELD_SENTIMENT
                           ? hx_sentiment_name(e->annotation->sentiment.label)
                           : hx_intent_name(e->annotation->intent.label);
    return is_text(f->relation, hx_str_of(name), f->value);
}

static bool number_matches(const hx_segment_filter *f, const hx_event *e) {
    if (f->field == HX_FIELD_AMOUNT)
        return e->has_amount && hx_relation_holds(f->relation, e->amount, f->number);
    return e->rating != HX_RATING_NONE &&
           hx_relation_holds(f->relation, (int64_t)e->rating * 10, f->number);
}

static bool filter_matches(const hx_segment_filter *f, const hx_event *e) {
    const hx_model_label *label;
    switch (f->field) {
    case HX_FIELD_ITEM:
        return (hx_str_equal(e->item, f->value) || hx_str_equal(e->item_name, f->value)) ==
               (f->relation == HX_REL_EQUAL);
    case HX_FIELD_CATEGORY:
        return is_text(f->relation, e->category, f->value);
    case HX_FIELD_CHANNEL:
        return is_text(f->relation, e->channel, f->value);
    case HX_FIELD_PAGE:
        return is_text(f->relation, e->page, f->value);
    case HX_FIELD_AMOUNT:
    case HX_FIELD_RATING:
        return number_matches(f, e);
    case HX_FIELD_SENTIMENT:
    case HX_FIELD_INTENT:
    case HX_FIELD_ASPECT:
        return voice_matches(f, e);
    case HX_FIELD_LABEL:
        label = hx_event_model_label(e, f->name);
        return label && is_text(f->relation, label->label, f->value);
    case HX_FIELD_WORDS:
        break;
    }
    return has_words(e->text, f->value) == (f->relation == HX_REL_EQUAL);
}

bool hx_segment_events_match(const hx_segment_events *s, const hx_event *e) {
    if (s->kind == HX_EVENTS_TEXT && e->text.len == 0) return false;
    if (s->kind >= 0 && (int)e->kind != s->kind) return false;
    if (s->kind == HX_KIND_OTHER && !hx_str_equal(e->name, s->name)) return false;
    for (size_t i = 0; i < s->n; i++)
        if (!filter_matches(&s->filters[i], e)) return false;
    return true;
}

/* What a trained model says of a text is a trait, too: the last label of a set. */
static bool label_said(const hx_condition *c, const hx_event *e, bool *holds) {
    if (c->is_number || c->name.len < 7 || memcmp(c->name.ptr, "label.", 6) != 0) return false;
    const hx_model_label *l = hx_event_model_label(e, (hx_str){c->name.ptr + 6, c->name.len - 6});
    if (l) *holds = is_text(c->relation, l->label, c->value);
    return l != NULL;
}

bool hx_segment_trait_said(const hx_condition *c, const hx_event *e, bool *holds) {
    if (label_said(c, e, holds)) return true;
    for (uint32_t i = 0; e->kind == HX_KIND_TRAITS && i < e->n_properties; i++) {
        const hx_property *p = &e->properties[i];
        int64_t number;
        if (!hx_str_equal(p->name, c->name)) continue;
        if (c->is_number)
            *holds = hx_segment_number(p->value, &number) &&
                     hx_relation_holds(c->relation, number, c->number);
        else
            *holds = is_text(c->relation, p->value, c->value);
        return true;
    }
    return false;
}
