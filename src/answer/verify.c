/* verify.c - a receipt replayed: computed again from the store's events and the text model, and compared.
 *
 * Steps: the receipt's own hash and sum (was it altered?), the person (erased? gone? joined?), then the claim at the receipt's
 * as_of and in its language, with every text read again where a model is given. The two canonical forms are compared byte by
 * byte; where they differ, the difference is said in finished sentences, from the most to the least telling. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "answer/claim.h"
#include "base/error.h"

#define CHANGES_MAX 20 /* sentences; the last one then says that there are more */
#define SENTENCE_MAX 512

typedef struct {
    hx_store *s;
    const hx_text_model *m;
    hx_ui_lang ui;
    json_t *given; /* owned */
    json_t *again; /* owned; NULL = could not be computed */
    uint64_t person;
    hx_claim_options options;
    char changes[CHANGES_MAX][SENTENCE_MAX];
    size_t n_changes;
} verify_case;

static void HX_PRINTF(3, 4) say(verify_case *v, const char *zh, const char *en, ...) {
    if (v->n_changes == CHANGES_MAX) return;
    const char *format = v->ui == HX_UI_ZH ? zh : en;
    va_list arguments;
    va_start(arguments, en);
    vsnprintf(v->changes[v->n_changes++], SENTENCE_MAX, format, arguments);
    va_end(arguments);
}

static const char *text_of(const json_t *r, const char *key) {
    const char *text = json_string_value(json_object_get(r, key));
    return text ? text : "";
}

/* ------------------------------------------------------------------ the receipt's head */
static bool read_digits(const char **at, int n, int *out) {
    *out = 0;
    for (int i = 0; i < n; i++, (*at)++) {
        if (**at < '0' || **at > '9') return false;
        *out = *out * 10 + (**at - '0');
    }
    return true;
}

/* What hx_iso_from_ms() writes for the years 0001 to 9999. */
static bool parse_time(const char *text, int64_t *ms) {
    hx_civil c = {.year = 0};
    int *const fields[] = {&c.year, &c.month, &c.day, &c.hour, &c.minute, &c.second};
    for (int i = 0; i < 6; i++) {
        if (!read_digits(&text, i == 0 ? 4 : 2, fields[i])) return false;
        if (i < 5 && *text++ != "--T::"[i]) return false;
    }
    if (*text == '.') {
        text++;
        if (!read_digits(&text, 3, &c.ms)) return false;
    }
    if (strcmp(text, "Z") != 0 || !hx_civil_is_valid(&c)) return false;
    *ms = hx_civil_to_ms(&c);
    return true;
}

static hx_status read_head(verify_case *v, hx_error *err) {
    const json_t *as_of = json_object_get(v->given, "as_of");
    v->options.ui = strcmp(text_of(v->given, "lang"), "zh") == 0 ? HX_UI_ZH : HX_UI_EN;
    v->options.as_of = HX_TIME_NONE;
    bool good = hx_profile_id_parse(hx_str_of(text_of(v->given, "customer")), &v->person);
    if (json_is_string(as_of))
        good = good && parse_time(json_string_value(as_of), &v->options.as_of);
    if (good) return HX_OK;
    return hx_fail(err, HX_EFORMAT, "receipt: its customer or as_of is not what 'why' writes");
}

/* ------------------------------------------------------------------ what changed */
static bool has_event(const json_t *inputs, const char *id) {
    for (size_t i = 0; i < json_array_size(inputs); i++)
        if (strcmp(text_of(json_array_get(inputs, i), "event"), id) == 0) return true;
    return false;
}

static void say_missing_events(verify_case *v) {
    const json_t *given = json_object_get(v->given, "inputs");
    const json_t *again = json_object_get(v->again, "inputs");
    for (size_t i = 0; i < json_array_size(given); i++) {
        const char *id = text_of(json_array_get(given, i), "event");
        if (!has_event(again, id)) say(v, "事件 %s 已不在数据中", "event %s is gone", id);
    }
    for (size_t i = 0; i < json_array_size(again); i++) {
        const char *id = text_of(json_array_get(again, i), "event");
        if (!has_event(given, id)) say(v, "事件 %s 是新的", "event %s is new", id);
    }
}

static bool differs(const verify_case *v, const char *key) {
    const json_t *given = json_object_get(v->given, key), *again = json_object_get(v->again, key);
    return (given || again) && !json_equal(given, again);
}

/* What the language model was, of a receipt by the engine llama. */
static void say_weights(verify_case *v) {
    if (differs(v, "engine"))
        say(v, "引擎不同：凭据用的是 %s，现在是 %s",
            "the engine differs: the receipt's is %s, this one is %s", text_of(v->given, "engine"),
            text_of(v->again, "engine"));
    if (differs(v, "weights"))
        say(v, "语言模型的 SHA-256 不同：凭据用的是 %s，现在是 %s",
            "the language model's SHA-256 differs: the receipt's is %s, this one is %s",
            text_of(v->given, "weights"), text_of(v->again, "weights"));
    if (differs(v, "kernels"))
        say(v, "内核不同：凭据用的是 %s，现在是 %s；内核不同，舍入也不同",
            "the kernels differ: the receipt's are %s, these are %s; other kernels round otherwise",
            text_of(v->given, "kernels"), text_of(v->again, "kernels"));
}

static void say_correction(verify_case *v) {
    const json_t *given = json_object_get(v->given, "correct");
    const json_t *again = json_object_get(v->again, "correct");
    if (!differs(v, "correct")) return;
    if (!given || !again || strcmp(text_of(given, "mode"), text_of(again, "mode")) != 0)
        say(v, "纠错方式不同：凭据用的是 %s，现在是 %s",
            "the correction differs: the receipt's is %s, this one is %s",
            given ? text_of(given, "mode") : "off", again ? text_of(again, "mode") : "off");
    else if (strcmp(text_of(given, "corrector"), text_of(again, "corrector")) != 0)
        say(v, "纠错器不同：凭据用的是 %s，现在是 %s",
            "the corrector differs: the receipt's is %s, this one is %s",
            text_of(given, "corrector"), text_of(again, "corrector"));
    else
        say(v, "%s", "%s",
            v->ui == HX_UI_ZH ? "对文本所作的改动不同" : "the edits of the texts are others");
}

static void say_model(verify_case *v) {
    say_weights(v);
    say_correction(v);
    if (!differs(v, "model")) return;
    say(v, "文本模型不同：凭据用的是 %s，现在是 %s",
        "the text model differs: the receipt's is %s, this one is %s", text_of(v->given, "model"),
        text_of(v->again, "model"));
}

static void say_members(verify_case *v) {
    static const struct {
        const char *key, *zh, *en;
    } members[] = {
        {"value", "结论的值变了", "the claimed value is another"},
        {"total", "贡献之和变了", "the sum of the contributions is another"},
        {"contributions", "各项贡献变了", "the contributions are others"},
        {"facts", "判断条件的事实变了", "the facts are others"},
        {"inputs", "作为依据的事件的内容变了", "what the events say is not the same"},
    };
    for (size_t i = 0; i < sizeof members / sizeof *members; i++)
        if (differs(v, members[i].key))
            say(v, "%s", "%s", v->ui == HX_UI_ZH ? members[i].zh : members[i].en);
}

/* Of a segment that somebody defined: its value has the rule. */
static void say_rule(verify_case *v) {
    const json_t *given = json_object_get(v->given, "value");
    const json_t *again = json_object_get(v->again, "value");
    const char *before = text_of(given, "rule"), *now = text_of(again, "rule");
    if (strcmp(before, now) != 0)
        say(v, "分群的规则不同：凭据用的是 %s，现在是 %s",
            "the segment's rule differs: the receipt's is %s, this one is %s", before, now);
}

static void say_differences(verify_case *v) {
    size_t before = v->n_changes;
    say_rule(v);
    if (differs(v, "customer"))
        say(v, "客户 %s 现在是 %s", "customer %s is now %s", text_of(v->given, "customer"),
            text_of(v->again, "customer"));
    say_missing_events(v);
    say_model(v);
    if (differs(v, "population"))
        say(v, "%s 时的客户总体变了", "the population as of %s changed",
            text_of(v->given, "as_of"));
    say_members(v);
    if (v->n_changes == before)
        say(v, "%s", "%s",
            v->ui == HX_UI_ZH ? "凭据的其他内容不同" : "other members of the receipt differ");
}

/* ------------------------------------------------------------------ the replay */
/* Nobody there: erased on a known day, or gone. */
static hx_status say_gone(verify_case *v, const char *id, hx_error *err) {
    int64_t erased = HX_TIME_NONE;
    char time[HX_ISO_MAX];
    HX_TRY(hx_store_erased_at(v->s, v->person, &erased, err));
    if (erased == HX_TIME_NONE) {
        say(v, "客户 %s 已不在数据中", "customer %s is gone", id);
        return HX_OK;
    }
    hx_iso_from_ms(erased, time);
    say(v, "依据已于 %.10s 删除", "evidence erased on %.10s", time);
    return HX_OK;
}

/* Whether there is still, or again, somebody to ask about. */
static hx_status find_person(verify_case *v, bool *found, hx_error *err) {
    *found = false;
    hx_error problem = {.ui = v->ui};
    const char *id = text_of(v->given, "customer");
    hx_status status = hx_store_find(v->s, hx_str_of(id), &v->person, &problem);
    if (status == HX_ENOTFOUND || status == HX_ECONFLICT) return say_gone(v, id, err);
    if (status != HX_OK && err) *err = problem;
    *found = status == HX_OK;
    return status;
}

static hx_status compute(verify_case *v, hx_arena *arena, hx_error *err) {
    hx_error problem = {.ui = v->ui};
    hx_str json;
    hx_str claim = hx_str_of(text_of(v->given, "claim"));
    hx_status status =
        hx__claim_receipt(v->s, v->person, claim, &v->options, arena, &json, &problem);
    if (status == HX_ENOTFOUND || status == HX_EINVAL) {
        say(v, "%s", "%s", problem.message);
        return HX_OK;
    }
    if (status == HX_OK) status = hx_receipt_parse(json, &v->again, &problem);
    if (status != HX_OK && err) *err = problem;
    return status;
}

static hx_status replay(verify_case *v, hx_arena *arena, hx_error *err) {
    if (!hx_receipt_is_intact(v->given))
        say(v, "%s", "%s",
            v->ui == HX_UI_ZH
                ? "凭据在写出之后被改动过：校验值或合计不符"
                : "the receipt was altered after it was written: its hash or its sum does not fit");
    bool found;
    HX_TRY(find_person(v, &found, err));
    if (!found) return HX_OK;
    if (v->m) HX_TRY(hx_annotator_new(&v->options.replay, v->m, err));
    hx_status status = compute(v, arena, err);
    hx_annotator_free(v->options.replay);
    if (status == HX_OK && v->again && !hx_receipt_equal(v->given, v->again)) say_differences(v);
    return status;
}

/* Whether a claim is on a trained model's labels: on their texts, or on what follows from them. */
static bool is_of_labels(const verify_case *v) {
    const char *claim = text_of(v->given, "claim");
    return strncmp(claim, "trait:label.", 12) == 0 || strncmp(claim, "segment:label.", 14) == 0 ||
           (strncmp(claim, "label:", 6) == 0 && strstr(claim, "/label."));
}

static void write_result(const verify_case *v, hx_buf *out) {
    hx_json_writer w;
    hx_json_begin(&w, out);
    hx_json_object(&w);
    hx_json_key(&w, "verified");
    hx_json_bool(&w, v->n_changes == 0);
    hx__value_cstr(&w, "compared", "bytes");
    hx__value_cstr(&w, "texts", v->m ? "read again" : "as stored");
    if (is_of_labels(v))
        hx__value_cstr(&w, "labels", v->options.labeller ? "read again" : "as stored");
    hx__value_cstr(&w, "claim", text_of(v->given, "claim"));
    hx__value_cstr(&w, "customer", text_of(v->given, "customer"));
    hx_json_key(&w, "changed");
    hx_json_array(&w);
    for (size_t i = 0; i < v->n_changes; i++)
        hx_json_cstr(&w, v->changes[i]);
    hx_json_end_array(&w);
    hx_json_end_object(&w);
}

/* ------------------------------------------------------------------ answers of `ask` */
static bool is_answer(const json_t *r) {
    return json_is_string(json_object_get(r, "question")) &&
           json_is_string(json_object_get(r, "understood"));
}

static void say_answer(verify_case *v) {
    if (differs(v, "understood"))
        say(v, "问题现在理解为：%s", "the question is now understood as: %s",
            text_of(v->again, "understood"));
    if (differs(v, "evidence"))
        say(v, "%s", "%s",
            v->ui == HX_UI_ZH ? "作为依据的事件变了" : "the events behind the answer are others");
    if (differs(v, "quotes"))
        say(v, "%s", "%s", v->ui == HX_UI_ZH ? "引文变了" : "the quotes are others");
    if (differs(v, "answer"))
        say(v, "现在的答案：%s", "the answer is now: %s", text_of(v->again, "answer"));
    if (!json_equal(v->given, v->again) && v->n_changes == 0)
        say(v, "%s", "%s",
            v->ui == HX_UI_ZH ? "凭据的其他内容不同" : "other members of the receipt differ");
}

/* Asked again at the receipt's time, in its language and time zone. */
static hx_status ask_again(verify_case *v, hx_arena *arena, hx_error *err) {
    hx_answer_options o = {.ui = strcmp(text_of(v->given, "lang"), "zh") == 0 ? HX_UI_ZH : HX_UI_EN,
                           .as_of = HX_AS_OF_LATEST,
                           .timezone = text_of(v->given, "timezone")};
    const char *as_of = json_string_value(json_object_get(v->given, "as_of"));
    hx_str json;
    if (as_of && !parse_time(as_of, &o.as_of))
        return hx_fail(err, HX_EFORMAT, "receipt: its as_of is not what 'ask' writes");
    HX_TRY(hx_answer_ask(v->s, hx_str_of(text_of(v->given, "question")), false, &o, arena, &json,
                         err));
    HX_TRY(hx_json_parse(json, HX_ANSWER_BYTES_MAX, "answer", &v->again, err));
    say_answer(v);
    return HX_OK;
}

static void write_answer(const verify_case *v, hx_buf *out) {
    hx_json_writer w;
    hx_json_begin(&w, out);
    hx_json_object(&w);
    hx_json_key(&w, "verified");
    hx_json_bool(&w, v->n_changes == 0);
    hx__value_cstr(&w, "compared", "values");
    hx__value_cstr(&w, "question", text_of(v->given, "question"));
    hx_json_key(&w, "changed");
    hx_json_array(&w);
    for (size_t i = 0; i < v->n_changes; i++)
        hx_json_cstr(&w, v->changes[i]);
    hx_json_end_array(&w);
    hx_json_end_object(&w);
}

/* False where it is no answer of `ask`. */
static hx_status try_answer(verify_case *v, hx_str receipt, hx_arena *arena, hx_buf *out, bool *is,
                            hx_error *err) {
    HX_TRY(hx_json_parse(receipt, HX_ANSWER_BYTES_MAX, "receipt", &v->given, err));
    *is = is_answer(v->given);
    const hx_status status = *is ? ask_again(v, arena, err) : HX_OK;
    if (*is && status == HX_OK) write_answer(v, out);
    json_decref(v->given);
    if (v->again) json_decref(v->again);
    v->given = v->again = NULL;
    return status;
}

hx_status hx_answer_verify(hx_store *s, const hx_text_model *m, hx_str receipt,
                           const hx_answer_options *o, hx_arena *arena, bool *verified,
                           hx_str *json, hx_error *err) {
    verify_case *v = hx_arena_alloc(arena, sizeof *v);
    if (!v) return hx_fail(err, HX_ENOMEM, "not enough memory for the answer");
    *v = (verify_case){.s = s, .m = m, .ui = hx__answer_ui(o)};
    v->options.labeller = o ? o->labeller : NULL;
    hx_buf out;
    hx_buf_init(&out, HX_ANSWER_BYTES_MAX);
    hx_error none = {.ui = v->ui};
    bool is = false;
    hx_status status = try_answer(v, receipt, arena, &out, &is, &none);
    if (is) {
        if (status != HX_OK && err) *err = none;
        *verified = status == HX_OK && v->n_changes == 0;
        return hx__value_finish(&out, status, arena, json, err);
    }
    HX_TRY(hx_receipt_parse(receipt, &v->given, err));
    status = read_head(v, err);
    if (status == HX_OK) status = replay(v, arena, err);
    if (status == HX_OK) write_result(v, &out);
    *verified = status == HX_OK && v->n_changes == 0;
    json_decref(v->given);
    if (v->again) json_decref(v->again);
    return hx__value_finish(&out, status, arena, json, err);
}
