/* filter_correct.c - correct: rows of a chunk corrected together, and how a correction is shown.
 *
 * JSON: "corrected" and "edits" (start and end in bytes of the text as given, from, to, score, alternatives where there are any). CSV: the corrected
 * text, and the edits as the same JSON. A table marks what changed within the text: [from→to]. */
#include "cli/filter_correct.h"

#include <string.h>

hx_status hx_filter_correct_read(const hx_filter_plan *p, const hx_row *rows, size_t n,
                                 hx_filter_worker *w, hx_error *err) {
    hx_arena_reset(w->ahead.arena);
    hx_str *texts = hx_arena_alloc(w->ahead.arena, (n + 1) * sizeof *texts);
    hx_correction *out = hx_arena_alloc(w->ahead.arena, (n + 1) * sizeof *out);
    if (!texts || !out) {
        err->code = HX_ENOMEM;
        return HX_ENOMEM;
    }
    for (size_t i = 0; i < n; i++) {
        hx_str text = rows[i].bad ? HX_STR_LIT("") : rows[i].cells[p->text_column];
        texts[i] = text.ptr && text.len <= HX_TEXT_MAX ? text : HX_STR_LIT("");
    }
    w->corrected = out;
    return hx_correct_texts(w->corrector, texts, n, w->ahead.arena, out, err);
}

static void put_alternatives(hx_outbuf *b, const hx_edit *e) {
    hx_outbuf_text(b, ",\"alternatives\":[");
    for (size_t i = 0; i < e->n_alternatives; i++) {
        hx_outbuf_text(b, i > 0 ? ",{\"to\":" : "{\"to\":");
        hx_outbuf_json(b, e->alternatives[i].to);
        hx_outbuf_text(b, ",\"score\":");
        hx_outbuf_score(b, e->alternatives[i].score);
        hx_outbuf_byte(b, '}');
    }
    hx_outbuf_byte(b, ']');
}

void hx_filter_correct_edits(hx_outbuf *b, const hx_edit *edits, size_t n) {
    hx_outbuf_byte(b, '[');
    for (size_t i = 0; i < n; i++) {
        const hx_edit *e = &edits[i];
        hx_outbuf_printf(b, "%s{\"start\":%u,\"end\":%u,\"from\":", i > 0 ? "," : "", e->span.start,
                         e->span.end);
        hx_outbuf_json(b, e->from);
        hx_outbuf_text(b, ",\"to\":");
        hx_outbuf_json(b, e->to);
        hx_outbuf_text(b, ",\"score\":");
        hx_outbuf_score(b, e->score);
        if (e->n_alternatives > 0) put_alternatives(b, e);
        hx_outbuf_byte(b, '}');
    }
    hx_outbuf_byte(b, ']');
}

void hx_filter_correct_json(hx_outbuf *b, const hx_correction *c) {
    hx_outbuf_text(b,
                   b->len > 0 && b->ptr[b->len - 1] != '{' ? ",\"corrected\":" : "\"corrected\":");
    hx_outbuf_json(b, c->text);
    hx_outbuf_text(b, ",\"edits\":");
    hx_filter_correct_edits(b, c->edits, c->n_edits);
}

static void put_marked(hx_outbuf *b, hx_str given, const hx_correction *c) {
    size_t at = 0;
    for (size_t i = 0; i < c->n_edits; i++) {
        const hx_edit *e = &c->edits[i];
        hx_outbuf_bytes(b, given.ptr + at, e->span.start - at);
        hx_outbuf_byte(b, '[');
        hx_outbuf_bytes(b, e->from.ptr, e->from.len);
        hx_outbuf_text(b, "→");
        hx_outbuf_bytes(b, e->to.ptr, e->to.len);
        hx_outbuf_byte(b, ']');
        at = e->span.end;
    }
    hx_outbuf_bytes(b, given.ptr + at, given.len - at);
}

void hx_filter_correct_cell(hx_outbuf *b, const hx_filter_plan *p, hx_str given,
                            const hx_correction *c, const char *name) {
    if (strcmp(name, "edits") == 0)
        hx_filter_correct_edits(b, c->edits, c->n_edits);
    else if (p->shape == HX_SHAPE_TABLE)
        put_marked(b, given, c);
    else
        hx_outbuf_bytes(b, c->text.ptr, c->text.len);
}

hx_correct_model *hx_cli_correct_model(hx_cli *c, const hx_text_model *words) {
    static const char *const engines[] = {"rules", "learn", "llama"};
    const hx_cli_values *v = &c->options;
    const char *share = hx_cli_share(c), *engine = v->text[HX_OPT_ENGINE];
    const char *model = v->text[HX_OPT_MODEL];
    hx_error err = {.ui = c->ui};
    hx_correct_model *m = NULL;
    bool named = model && strcmp(model, "rules") != 0;
    if (!share) return NULL;
    hx_correct_options options = {.user_words = v->text[HX_OPT_USER_WORDS],
                                  .protect = v->text[HX_OPT_PROTECT],
                                  .threshold = v->real[HX_OPT_CORRECT_THRESHOLD] > 0
                                                   ? v->real[HX_OPT_CORRECT_THRESHOLD]
                                                   : v->real[HX_OPT_THRESHOLD],
                                  .false_alarms = v->real[HX_OPT_FALSE_ALARMS],
                                  .n_threads = (size_t)v->number[HX_OPT_THREADS]};
    for (size_t i = 0; engine && i < sizeof engines / sizeof *engines; i++)
        if (strcmp(engine, engines[i]) == 0) options.engine = (hx_engine)(HX_ENGINE_RULES + i);
    if (engine && options.engine == HX_ENGINE_AUTO) {
        hx_cli_usage(c, "--engine: '%s' is none of rules, llama",
                     "--engine：“%s”不是 rules 或 llama", engine);
        return NULL;
    }
    /* Its weights beside the shipped model give more false alarms than the rules: the model is taken where it is asked for. */
    if ((model && !named) || (!model && !engine)) options.engine = HX_ENGINE_RULES;
    if (named) options.model = hx_cli_model_path(c, model);
    if (named && !options.model) return NULL;
    if (hx_correct_model_open(&m, share, words, &options, &err) != HX_OK) {
        hx_cli_error(c, &err);
        return NULL;
    }
    return m;
}
