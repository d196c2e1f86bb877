/* chat.c - conversations as the model was trained to see them.
 *
 * A chat template is a jinja program; its kind is recognised by the tokens it names, and the conversation is then built from that kind's rule:
 *
 *   chatml   <|im_start|>ROLE\nCONTENT<|im_end|>\n ...           a default system message where the template has one in its text (Qwen, SmolLM)
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

/* The system message in the template's own text: <|im_start|>system\n...<|im_end|> within one string of it. */
static hx_str default_system(hx_str template) {
    const char *mark = "<|im_start|>system\\n", *end = template.ptr + template.len, *at;
    while ((at = find(template, mark))) {
        at += strlen(mark);
        template = (hx_str){at, (size_t)(end - at)};
        const char *stop = find(template, "<|im_end|>");
        if (!stop) break;
        hx_str text = {at, (size_t)(stop - at)};
        if (!memchr(at, '\'', text.len) && !memchr(at, '"', text.len) &&
            !memchr(at, '\\', text.len) && !memchr(at, '{', text.len))
            return text;
    }
    return (hx_str){NULL, 0};
}

void hx__chat_recognise(hx_tokenizer *t) {
    hx_str s = t->chat_template;
    t->chat = HX_CHAT_UNKNOWN;
    if (s.len == 0) {
        t->chat = HX_CHAT_NONE;
    } else if (find(s, "<|im_start|>")) {
        t->chat = HX_CHAT_CHATML;
        t->chat_system = default_system(s);
    } else if (find(s, "<|start_header_id|>")) {
        t->chat = HX_CHAT_LLAMA3;
    } else if (find(s, "[INST]") && find(s, "<<SYS>>")) {
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
    hx_token_options plain = {false, false, 0, false};
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

static hx_status chatml(chat *c, const hx_chat_message *m, size_t n, bool reply) {
    if (c->t->chat_system.len && (n == 0 || !is_role(&m[0], "system")))
        HX_TRY(turn_chatml(c, "system", c->t->chat_system));
    for (size_t i = 0; i < n; i++)
        HX_TRY(turn_chatml(c, m[i].role, m[i].content));
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
                       "%s: its chat template is none of chatml, llama2, llama3", c->t->what);
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
