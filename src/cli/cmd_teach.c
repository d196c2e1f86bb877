/* cmd_teach.c - teach: corrections of single texts, their list, and taking one back; the journal is the library's (hx_memory_...).
 *
 *     add     a text's sentiment: says what the engine answered before, and keeps what it is
 *     words   a text's words: says how it was cut before, and what is learned for other texts
 *
 * Words stand in an argument with blanks between them or, where a word has a blank itself, with | between. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/commands.h"
#include "cli/output.h"

static hx_sentiment_label sentiment_of(const char *name) {
    for (int k = HX_SENTIMENT_NEGATIVE; k < HX_SENTIMENT_N; k++)
        if (strcmp(name, hx_sentiment_name((hx_sentiment_label)k)) == 0)
            return (hx_sentiment_label)k;
    return HX_SENTIMENT_NONE;
}

static bool put_records(hx_cli *c, json_t *records) {
    static const hx_record_column columns[] = {{"id", "no.", "编号", HX_CELL_RIGHT},
                                               {"text", "text", "文本", HX_CELL_LEFT},
                                               {"before", "before", "原判断", HX_CELL_CODE},
                                               {"label", "label", "标签", HX_CELL_CODE},
                                               {"words", "words", "词语", HX_CELL_LEFT},
                                               {"learned", "learned", "学到", HX_CELL_LEFT},
                                               {"engine", "engine", "引擎", HX_CELL_LEFT},
                                               {"at", "given", "时间", HX_CELL_TIME},
                                               {"undone", "taken back", "已撤回", HX_CELL_LEFT}};
    bool done = hx_output_records(c, records, columns, sizeof columns / sizeof *columns);
    json_decref(records);
    return done;
}

/* What the model answers as it stands; NONE after a sentence. */
static hx_sentiment_label answer_to(hx_cli *c, hx_str text, hx_engine *engine) {
    hx_error err = {.ui = c->ui};
    hx_annotator *a = NULL;
    hx_sentiment s = {.label = HX_SENTIMENT_NONE};
    hx_text_model *m = hx_cli_text_model(c);
    if (!m) return HX_SENTIMENT_NONE;
    *engine = hx_text_model_engine(m);
    hx_status st = hx_annotator_new(&a, m, &err);
    if (st == HX_OK) st = hx_text_sentiment(a, text, c->arena, &s, &err);
    if (st != HX_OK) hx_cli_error(c, &err);
    hx_annotator_free(a);
    hx_text_model_close(m);
    return st == HX_OK ? s.label : HX_SENTIMENT_NONE;
}

static int add(hx_cli *c, const char *path) {
    hx_error err = {.ui = c->ui};
    hx_engine engine;
    int64_t id;
    hx_str text = hx_str_of(c->args[0]);
    hx_sentiment_label label = sentiment_of(c->args[1]);
    if (label == HX_SENTIMENT_NONE)
        return hx_cli_usage(c, "%s is no label: positive, negative, neutral or mixed",
                            "%s 不是标签：应为 positive、negative、neutral 或 mixed", c->args[1]);
    const char *given = c->options.text[HX_OPT_MEMORY];
    if (given && access(given, F_OK) != 0) c->options.text[HX_OPT_MEMORY] = NULL;
    if (!hx_cli_engine(c)) return HX_EXIT_FAILED;
    hx_sentiment_label before = answer_to(c, text, &engine);
    c->options.text[HX_OPT_MEMORY] = given;
    if (before == HX_SENTIMENT_NONE) return HX_EXIT_FAILED;
    if (hx_memory_teach(path, text, label, engine, hx_cli_now(), &id, &err) != HX_OK)
        return hx_cli_error(c, &err);
    json_t *records = json_array();
    (void)json_array_append_new(
        records, json_pack("{s:I,s:s%,s:s,s:s,s:s}", "id", (json_int_t)id, "text", text.ptr,
                           text.len, "before", hx_sentiment_name(before), "label",
                           hx_sentiment_name(label), "engine", hx_engine_name(engine)));
    bool done = put_records(c, records);
    hx_cli_note(c, "kept in %s; 'huaxiang teach undo %lld' takes it back",
                "已记入 %s；“huaxiang teach undo %lld”可撤回", path, (long long)id);
    return done ? HX_EXIT_DONE : HX_EXIT_FAILED;
}

/* ------------------------------------------------------------------ words */
static json_t *words_json(const hx_str *words, size_t n) {
    json_t *list = json_array();
    for (size_t i = 0; i < n; i++)
        (void)json_array_append_new(list, json_stringn(words[i].ptr, words[i].len));
    return list;
}

/* A run as one text, | between its words. */
static json_t *run_json(const hx_cli *c, const hx_word_run *run) {
    size_t bytes = 1, at = 0;
    for (size_t i = 0; i < run->n; i++)
        bytes += run->words[i].len + 1;
    char *text = hx_arena_alloc(c->arena, bytes);
    for (size_t i = 0; text && i < run->n; i++) {
        if (i > 0) text[at++] = '|';
        memcpy(text + at, run->words[i].ptr, run->words[i].len);
        at += run->words[i].len;
    }
    return json_stringn(text ? text : "", at);
}

static json_t *learned_json(const hx_cli *c, const hx_taught *t) {
    json_t *list = json_array();
    for (size_t i = 0; i < t->n_learned; i++)
        (void)json_array_append_new(list, run_json(c, &t->learned[i]));
    return list;
}

static bool parts_words(hx_str s, size_t at, bool bars) {
    return bars ? s.ptr[at] == '|' : s.ptr[at] == ' ' || s.ptr[at] == '\t' || s.ptr[at] == '\n';
}

/* NULL, with nothing said, where memory is out. */
static hx_str *split_words(hx_cli *c, hx_str s, size_t *n) {
    bool bars = memchr(s.ptr, '|', s.len) != NULL;
    hx_str *words = hx_arena_alloc(c->arena, (s.len + 1) * sizeof *words);
    *n = 0;
    for (size_t at = 0; words && at < s.len;) {
        size_t end = at;
        while (end < s.len && !parts_words(s, end, bars))
            end++;
        hx_str word = {s.ptr + at, end - at};
        while (word.len > 0 && *word.ptr == ' ')
            word = (hx_str){word.ptr + 1, word.len - 1};
        while (word.len > 0 && word.ptr[word.len - 1] == ' ')
            word.len--;
        if (word.len > 0) words[(*n)++] = word;
        at = end + 1;
    }
    return words;
}

static json_t *cut_before(hx_cli *c, const hx_text_model *m, hx_str text) {
    hx_annotator *a = NULL;
    const hx_word *words;
    size_t n = 0;
    hx_error err = {.ui = c->ui};
    json_t *list = json_array();
    if (hx_annotator_new(&a, m, &err) != HX_OK) return list;
    if (hx_text_words(a, text, c->arena, &words, &n, &err) != HX_OK) n = 0;
    for (size_t i = 0; i < n; i++)
        (void)json_array_append_new(list, json_stringn(text.ptr + words[i].span.start,
                                                       words[i].span.end - words[i].span.start));
    hx_annotator_free(a);
    return list;
}

/* With the model as it stands, or NULL after a sentence; a memory that isn't there yet is none. */
static hx_text_model *model_for(hx_cli *c) {
    const char *given = c->options.text[HX_OPT_MEMORY];
    if (given && access(given, F_OK) != 0) c->options.text[HX_OPT_MEMORY] = NULL;
    hx_text_model *m = hx_cli_engine(c) ? hx_cli_text_model(c) : NULL;
    c->options.text[HX_OPT_MEMORY] = given;
    return m;
}

static int teach_words(hx_cli *c, const char *path) {
    hx_error err = {.ui = c->ui};
    hx_taught t;
    size_t n;
    hx_str text = hx_str_of(c->args[0]);
    const hx_str *words = split_words(c, hx_str_of(c->args[1]), &n);
    hx_text_model *m = words ? model_for(c) : NULL;
    if (!m) return HX_EXIT_FAILED;
    json_t *before = cut_before(c, m, text);
    hx_status st = hx_memory_teach_words(path, m, text, words, n, hx_cli_now(), c->arena, &t, &err);
    hx_text_model_close(m);
    if (st != HX_OK) {
        json_decref(before);
        return hx_cli_error(c, &err);
    }
    json_t *records = json_array();
    (void)json_array_append_new(
        records,
        json_pack("{s:I,s:s%,s:o,s:o,s:o,s:s%}", "id", (json_int_t)t.id, "text", text.ptr, text.len,
                  "before", before, "words", words_json(t.words.words, t.words.n), "learned",
                  learned_json(c, &t), "engine", t.engine.ptr, t.engine.len));
    bool done = put_records(c, records);
    hx_cli_note(c, "kept in %s; 'huaxiang teach undo %lld' takes it back",
                "已记入 %s；“huaxiang teach undo %lld”可撤回", path, (long long)t.id);
    return done ? HX_EXIT_DONE : HX_EXIT_FAILED;
}

/* ------------------------------------------------------------------ list, undo */
static json_t *taught_json(const hx_cli *c, const hx_taught *t) {
    json_t *record =
        json_pack("{s:I,s:s%}", "id", (json_int_t)t->id, "text", t->text.ptr, t->text.len);
    if (t->words.n == 0) {
        (void)json_object_set_new(record, "label", json_string(hx_sentiment_name(t->label)));
    } else {
        (void)json_object_set_new(record, "words", words_json(t->words.words, t->words.n));
        (void)json_object_set_new(record, "learned", learned_json(c, t));
    }
    json_t *rest =
        json_pack("{s:s%,s:s%,s:b}", "engine", t->engine.ptr ? t->engine.ptr : "", t->engine.len,
                  "at", t->at.ptr ? t->at.ptr : "", t->at.len, "undone", t->undone);
    (void)json_object_update_new(record, rest);
    return record;
}

static int list(hx_cli *c, const char *path) {
    hx_error err = {.ui = c->ui};
    const hx_taught *all;
    size_t n;
    if (hx_memory_read(path, c->arena, &all, &n, &err) != HX_OK) return hx_cli_error(c, &err);
    json_t *records = json_array();
    for (size_t i = 0; i < n; i++)
        (void)json_array_append_new(records, taught_json(c, &all[i]));
    return put_records(c, records) ? HX_EXIT_DONE : HX_EXIT_FAILED;
}

static int take_back(hx_cli *c, const char *path) {
    hx_error err = {.ui = c->ui};
    double id;
    if (!hx_cli_parse_real(c->args[0], &id) || id < 1 || id > 1e9)
        return hx_cli_usage(c, "%s is no number of a correction; 'teach list' shows them",
                            "%s 不是更正的编号；“teach list”列出全部", c->args[0]);
    if (hx_memory_undo(path, (int64_t)id, hx_cli_now(), &err) != HX_OK)
        return hx_cli_error(c, &err);
    hx_cli_note(c, "correction %s is taken back", "更正 %s 已撤回", c->args[0]);
    return HX_EXIT_DONE;
}

int hx_cmd_teach(hx_cli *c) {
    static const struct {
        const char *name;
        int args;
        int (*run)(hx_cli *c, const char *path);
    } actions[] = {
        {"add", 2, add}, {"words", 2, teach_words}, {"list", 0, list}, {"undo", 1, take_back}};
    const char *path = hx_cli_memory(c);
    if (!path)
        return hx_cli_usage(c, "teach needs --memory FILE or --store STORE",
                            "teach 需要 --memory 文件 或 --store 库");
    for (size_t i = 0; i < sizeof actions / sizeof *actions; i++) {
        if (strcmp(actions[i].name, c->action) != 0) continue;
        if (c->n_args != actions[i].args)
            return hx_cli_usage(
                c, "teach add TEXT LABEL, teach words TEXT WORDS, teach list, teach undo N",
                "teach add 文本 标签、teach words 文本 词语、teach list、teach undo 编号");
        return actions[i].run(c, path);
    }
    return HX_EXIT_USAGE;
}
