/* chat.c - conversations as the model was trained to see them.
 *
 * A chat template is a jinja program; its kind is recognised by the tokens it names and by how it writes them, and the conversation is then
 * built from that kind's rule. A template that does more (other marks, thoughts to begin with, contents trimmed) is of no kind:
 *
 *   chatml   <|im_start|>ROLE\nCONTENT<|im_end|>\n ...           a default system message where the template has one in its text (Qwen, SmolLM)
 *   qwen3    chatml; <think>...</think> of an assistant is left out, but behind the last question it is always there
 *   llama3   <bos>, then <|start_header_id|>ROLE<|end_header_id|>\n\nCONTENT<|eot_id|> ...     contents stripped of white space;
 *            from 3.1 on a system turn is always there and begins with the dates of the template
 *   llama2   <bos>[INST] <<SYS>>\nSYSTEM\n<</SYS>>\n\nCONTENT [/INST] ANSWER <eos><bos>[INST] ...       contents stripped, roles alternate
 *
 * Special tokens are put as ids. Everything between them is tokenised as plain text, role and content together, which gives the ids of the
 * rendered text, except that special tokens spelt in a content stay text. */
#include <string.h>

#include "base/error.h"
#include "llama/tokenizer_parts.h"

#define ROLE_MAX 32
#define LLAMA31_DATES "Cutting Knowledge Date: December 2023\nToday Date: 26 Jul 2024\n\n"

static const char *find(hx_str s, const char *what) {
    return memmem(s.ptr, s.len, what, strlen(what));
}

/* The text up to <|im_end|> where it is all within one string of the template; empty otherwise. */
static hx_str text_of_turn(hx_str s) {
    const char *stop = find(s, "<|im_end|>");
    size_t n = stop ? (size_t)(stop - s.ptr) : 0;
    for (size_t i = 0; i < n; i++)
        if (strchr("'\"\\{", s.ptr[i])) return (hx_str){NULL, 0};
    return (hx_str){s.ptr, n};
}

/* The system message in the template's own text, behind <|im_start|>system and the end of a line, escaped or not. */
static hx_str default_system(hx_str template) {
    const char *mark = "<|im_start|>system", *at;
    while ((at = find(template, mark))) {
        at += strlen(mark);
        template = (hx_str){at, (size_t)(template.ptr + template.len - at)};
        size_t line = template.len && at[0] == '\n' ? 1 : 2;
        if (template.len < 2 || (line == 2 && memcmp(at, "\\n", 2) != 0)) continue;
        hx_str text = text_of_turn((hx_str){at + line, template.len - line});
        if (text.len) return text;
    }
    return (hx_str){NULL, 0};
}

/* ------------------------------------------------------------------ which kind */
static bool has(hx_str s, const char *what) {
    return find(s, what) != NULL;
}

static bool has_all(hx_str s, const char *const *what, size_t n) {
    for (size_t i = 0; i < n; i++)
        if (!has(s, what[i])) return false;
    return true;
}

/* What joins strings in jinja: quotes, spaces, +. */
static hx_str skip_joints(hx_str s) {
    size_t n = 0;
    while (n < s.len && strchr("'\" +", s.ptr[n]) && s.ptr[n])
        n++;
    return (hx_str){s.ptr + n, s.len - n};
}

static bool starts_with(hx_str s, const char *what) {
    size_t n = strlen(what);
    return s.len >= n && memcmp(s.ptr, what, n) == 0;
}

static bool starts_with_line(hx_str s) {
    return starts_with(s, "\n") || starts_with(s, "\\n");
}

/* Behind <|im_start|>: a role of the message, or one of the names, and then the end of the line or of the string. */
static bool is_start_chatml(hx_str s) {
    static const char *const names[] = {"system", "user", "assistant"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (!starts_with(s, names[i])) continue;
        hx_str rest = {s.ptr + strlen(names[i]), s.len - strlen(names[i])};
        return starts_with_line(rest) || starts_with(rest, "'") || starts_with(rest, "\"");
    }
    s = skip_joints(s);
    if (starts_with(s, "{{")) s = skip_joints((hx_str){s.ptr + 2, s.len - 2});
    return starts_with(s, "message") || starts_with(s, "role");
}

typedef bool mark_test(hx_str behind);

static bool all_marks(hx_str s, const char *mark, mark_test *test) {
    const char *at;
    while ((at = find(s, mark))) {
        at += strlen(mark);
        s = (hx_str){at, (size_t)(s.ptr + s.len - at)};
        if (!test(s)) return false;
    }
    return true;
}

static bool is_end_chatml(hx_str behind) {
    return starts_with_line(skip_joints(behind));
}

/* Thoughts of earlier turns are left out, those behind the last question kept: the template of Qwen3. */
static bool is_qwen3(hx_str s) {
    static const char *const parts[] = {
        "message.content.split('</think>')[-1].lstrip('\\n')",
        "message.content.split('</think>')[0].rstrip('\\n').split('<think>')[-1].lstrip('\\n')",
        "loop.index0 > ns.last_query_index",
        "loop.last or (not loop.last and reasoning_content)",
        ("'\\n<think>\\n' + reasoning_content.strip('\\n') + '\\n</think>\\n\\n' + "
         "content.lstrip('\\n')"),
        "'<|im_start|>assistant\\n' }}",
    };
    return has_all(s, parts, sizeof parts / sizeof *parts);
}

/* Whether the template writes every turn as chatml() does, and nothing that it does not. */
static bool is_chatml(hx_str s) {
    static const char *const marks[] = {"<|im_start|>", "<|im_end|>"};
    if (!has_all(s, marks, 2) || has(s, "bos_token") || has(s, "<|im_sep|>") ||
        has(s, "<|im_start|>assistant\\n<think>") || has(s, "<|im_start|>assistant\n<think>") ||
        !all_marks(s, marks[0], is_start_chatml) || !all_marks(s, marks[1], is_end_chatml))
        return false;
    return is_qwen3(s) || !(has(s, "think") || has(s, "trim") || has(s, "strip("));
}

static bool is_llama3(hx_str s) {
    static const char *const marks[] = {"<|start_header_id|>",
                                        "message['role'] + '<|end_header_id|>",
                                        "message['content'] | trim + '<|eot_id|>'", "bos_token"};
    return has_all(s, marks, sizeof marks / sizeof *marks);
}

static bool is_llama2(hx_str s) {
    static const char *const marks[] = {"[INST]", "[/INST]", "<<SYS>>", "<</SYS>>", "bos_token"};
    return has_all(s, marks, sizeof marks / sizeof *marks);
}

void hx__chat_recognise(hx_tokenizer *t) {
    hx_str s = t->chat_template;
    t->chat = HX_CHAT_UNKNOWN;
    if (s.len == 0) {
        t->chat = HX_CHAT_NONE;
    } else if (is_chatml(s)) {
        t->chat = HX_CHAT_CHATML;
        t->chat_thinks = is_qwen3(s);
        t->chat_system = default_system(s);
    } else if (is_llama3(s)) {
        t->chat = HX_CHAT_LLAMA3;
    } else if (is_llama2(s)) {
        t->chat = HX_CHAT_LLAMA2;
    }
}

/* ------------------------------------------------------------------ writing */
typedef struct {
    const hx_tokenizer *t;
    hx_tokenizer_scratch *s;
    hx_buf *ids;
    hx_buf text; /* not yet tokenised */
    hx_error *err;
} chat;

static hx_status put_text(chat *c, hx_str s) {
    if (c->text.len + s.len > HX_LLAMA_TEXT_MAX)
        return hx_fail(c->err, HX_ELIMIT, "the text is %zu bytes long; the most is %u",
                       c->text.len + s.len, HX_LLAMA_TEXT_MAX);
    if (hx_buf_append_str(&c->text, s)) return HX_OK;
    return hx_fail(c->err, HX_ENOMEM, "%s: out of memory", c->t->what);
}

static hx_status flush_text(chat *c) {
    hx_token_options plain = {0};
    HX_TRY(hx_tokenizer_encode(c->t, c->s, hx_buf_str(&c->text), &plain, c->ids, c->err));
    hx_buf_reset(&c->text);
    return HX_OK;
}

static hx_status put_special(chat *c, int32_t id) {
    HX_TRY(flush_text(c));
    if (id < 0) return HX_OK;
    if (hx_buf_append(c->ids, &id, sizeof id)) return HX_OK;
    return hx_fail(c->err, HX_ENOMEM, "%s: out of memory", c->t->what);
}

static hx_status put_named(chat *c, const char *name) {
    int32_t id = hx_vocab_find(&c->t->vocab, hx_str_of(name));
    if (id < 0 || !c->t->added[id])
        return hx_fail(c->err, HX_EUNSUPPORTED,
                       "%s: the chat template needs the token %s, which is not there", c->t->what,
                       name);
    return put_special(c, id);
}

static bool is_space(char c) {
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static hx_str stripped(hx_str s) {
    while (s.len && is_space(s.ptr[0]))
        s = (hx_str){s.ptr + 1, s.len - 1};
    while (s.len && is_space(s.ptr[s.len - 1]))
        s.len--;
    return s;
}

static bool is_role(const hx_chat_message *m, const char *role) {
    return strcmp(m->role, role) == 0;
}

/* ------------------------------------------------------------------ kinds */
static hx_status open_chatml(chat *c, const char *role) {
    HX_TRY(put_named(c, "<|im_start|>"));
    HX_TRY(put_text(c, hx_str_of(role)));
    return put_text(c, HX_STR_LIT("\n"));
}

static hx_status turn_chatml(chat *c, const char *role, hx_str content) {
    HX_TRY(open_chatml(c, role));
    HX_TRY(put_text(c, content));
    HX_TRY(put_named(c, "<|im_end|>"));
    return put_text(c, HX_STR_LIT("\n"));
}

static hx_str without_lines(hx_str s, bool front, bool back) {
    while (front && s.len && s.ptr[0] == '\n')
        s = (hx_str){s.ptr + 1, s.len - 1};
    while (back && s.len && s.ptr[s.len - 1] == '\n')
        s.len--;
    return s;
}

/* Behind the last `mark`; all where there is none. */
static hx_str behind_last(hx_str s, const char *mark) {
    const char *at;
    while ((at = find(s, mark))) {
        at += strlen(mark);
        s = (hx_str){at, (size_t)(s.ptr + s.len - at)};
    }
    return s;
}

/* Where the answers to the last question begin: Qwen3 keeps their thoughts. A tool's response is no question. */
static size_t last_question(const hx_chat_message *m, size_t n) {
    for (size_t i = n; i-- > 0;) {
        hx_str s = m[i].content;
        const char *open = "<tool_response>", *close = "</tool_response>";
        bool tool = starts_with(s, open) && s.len >= strlen(close) &&
                    memcmp(s.ptr + s.len - strlen(close), close, strlen(close)) == 0;
        if (is_role(&m[i], "user") && !tool) return i;
    }
    return n ? n - 1 : 0;
}

/* An answer as Qwen3's template writes it: `late` = behind the last question. */
static hx_status turn_qwen3(chat *c, hx_str content, bool late, bool last) {
    const char *end = find(content, "</think>");
    hx_str thought = {content.ptr, end ? (size_t)(end - content.ptr) : 0};
    thought = without_lines(behind_last(thought, "<think>"), true, true);
    if (end) content = without_lines(behind_last(content, "</think>"), true, false);
    if (!late || (!last && thought.len == 0)) return turn_chatml(c, "assistant", content);
    HX_TRY(open_chatml(c, "assistant"));
    HX_TRY(put_text(c, HX_STR_LIT("<think>\n")));
    HX_TRY(put_text(c, thought));
    HX_TRY(put_text(c, HX_STR_LIT("\n</think>\n\n")));
    HX_TRY(put_text(c, without_lines(content, true, false)));
    HX_TRY(put_named(c, "<|im_end|>"));
    return put_text(c, HX_STR_LIT("\n"));
}

static hx_status chatml(chat *c, const hx_chat_message *m, size_t n, bool reply) {
    size_t question = last_question(m, n);
    if (c->t->chat_system.len && (n == 0 || !is_role(&m[0], "system")))
        HX_TRY(turn_chatml(c, "system", c->t->chat_system));
    for (size_t i = 0; i < n; i++) {
        if (is_role(&m[i], "tool") && has(c->t->chat_template, "<tool_response>"))
            return hx_fail(c->err, HX_EUNSUPPORTED,
                           "message %zu is of a tool; conversations with tools are not supported",
                           i + 1);
        if (c->t->chat_thinks && is_role(&m[i], "assistant"))
            HX_TRY(turn_qwen3(c, m[i].content, i > question, i + 1 == n));
        else
            HX_TRY(turn_chatml(c, m[i].role, m[i].content));
    }
    return reply ? open_chatml(c, "assistant") : HX_OK;
}

static hx_status open_llama3(chat *c, const char *role) {
    HX_TRY(put_named(c, "<|start_header_id|>"));
    HX_TRY(put_text(c, hx_str_of(role)));
    HX_TRY(put_named(c, "<|end_header_id|>"));
    return put_text(c, HX_STR_LIT("\n\n"));
}

static hx_status turn_llama3(chat *c, const char *role, const char *before, hx_str content) {
    HX_TRY(open_llama3(c, role));
    HX_TRY(put_text(c, hx_str_of(before)));
    HX_TRY(put_text(c, stripped(content)));
    return put_named(c, "<|eot_id|>");
}

static hx_status llama3(chat *c, const hx_chat_message *m, size_t n, bool reply) {
    const char *dates = find(c->t->chat_template, "Cutting Knowledge Date") ? LLAMA31_DATES : "";
    HX_TRY(put_special(c, c->t->bos));
    if (*dates && (n == 0 || !is_role(&m[0], "system")))
        HX_TRY(turn_llama3(c, "system", dates, (hx_str){NULL, 0}));
    for (size_t i = 0; i < n; i++) {
        const char *before = i == 0 && is_role(&m[0], "system") ? dates : "";
        HX_TRY(turn_llama3(c, m[i].role, before, m[i].content));
    }
    return reply ? open_llama3(c, "assistant") : HX_OK;
}

static hx_status user_llama2(chat *c, const hx_chat_message *system, hx_str content) {
    HX_TRY(put_special(c, c->t->bos));
    HX_TRY(put_text(c, HX_STR_LIT("[INST] ")));
    if (!system) {
        HX_TRY(put_text(c, stripped(content)));
        return put_text(c, HX_STR_LIT(" [/INST]"));
    }
    HX_TRY(put_text(c, HX_STR_LIT("<<SYS>>\n")));
    HX_TRY(put_text(c, system->content));
    HX_TRY(put_text(c, HX_STR_LIT("\n<</SYS>>\n\n")));
    HX_TRY(put_text(c, content));
    /* the template strips the end of the user's text, behind the system's */
    while (c->text.len && is_space(c->text.ptr[c->text.len - 1]))
        c->text.len--;
    return put_text(c, HX_STR_LIT(" [/INST]"));
}

static hx_status llama2(chat *c, const hx_chat_message *m, size_t n) {
    const hx_chat_message *system = n > 0 && is_role(&m[0], "system") ? &m[0] : NULL;
    size_t start = system ? 1 : 0;
    for (size_t i = start; i < n; i++) {
        bool user = (i - start) % 2 == 0;
        if (!is_role(&m[i], user ? "user" : "assistant"))
            return hx_fail(c->err, HX_EINVAL,
                           "message %zu is of '%s'; here user and assistant take turns", i + 1,
                           m[i].role);
        if (user) {
            HX_TRY(user_llama2(c, i == start ? system : NULL, m[i].content));
            continue;
        }
        HX_TRY(put_text(c, HX_STR_LIT(" ")));
        HX_TRY(put_text(c, stripped(m[i].content)));
        HX_TRY(put_text(c, HX_STR_LIT(" ")));
        HX_TRY(put_special(c, c->t->eos));
    }
    return HX_OK;
}

static hx_status check_messages(const hx_chat_message *m, size_t n, hx_error *err) {
    for (size_t i = 0; i < n; i++) {
        size_t len = m[i].role ? strlen(m[i].role) : 0;
        if (len == 0 || len > ROLE_MAX ||
            strspn(m[i].role, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_") != len)
            return hx_fail(err, HX_EINVAL, "message %zu: a role is 1 to %d letters, such as user",
                           i + 1, ROLE_MAX);
    }
    return HX_OK;
}

static hx_status put_conversation(chat *c, const hx_chat_message *m, size_t n, bool reply) {
    switch (c->t->chat) {
    case HX_CHAT_CHATML:
        return chatml(c, m, n, reply);
    case HX_CHAT_LLAMA3:
        return llama3(c, m, n, reply);
    case HX_CHAT_LLAMA2:
        return llama2(c, m, n);
    case HX_CHAT_NONE:
        return hx_fail(c->err, HX_EUNSUPPORTED, "%s: the model has no chat template", c->t->what);
    default:
        return hx_fail(c->err, HX_EUNSUPPORTED,
                       "%s: its chat template is none of chatml, qwen3, llama2, llama3",
                       c->t->what);
    }
}

hx_status hx__chat_encode(const hx_tokenizer *t, hx_tokenizer_scratch *s,
                          const hx_chat_message *messages, size_t n, bool reply, hx_buf *ids,
                          hx_error *err) {
    chat c = {t, s, ids, {0}, err};
    HX_TRY(check_messages(messages, n, err));
    hx_buf_init(&c.text, HX_LLAMA_TEXT_MAX + 64);
    hx_status status = put_conversation(&c, messages, n, reply);
    if (status == HX_OK) status = flush_text(&c);
    hx_buf_release(&c.text);
    return status;
}
