/* label_ask.c - the answers of a person: asked on a terminal, kept as JSON Lines beside the result, read again by the next run.
 *
 *     {"text":"还行吧","label":"positive"}
 *
 * An answer is on disk before the next question comes, so a run that is broken off loses none. A skipped text is asked again. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/label.h"
#include "cli/output.h"

#define ANSWERS_MAX ((size_t)64 << 20) /* bytes of the file */
#define SHOWN_COLUMNS 200

/* ------------------------------------------------------------------ the file */
static bool take_line(hx_label_job *j, const char *path, hx_str line, size_t number) {
    json_error_t e;
    json_t *record = json_loadb(line.ptr, line.len, JSON_REJECT_DUPLICATES, &e);
    json_t *text = json_object_get(record, "text"), *label = json_object_get(record, "label");
    bool sound = json_is_string(text) && json_is_string(label);
    if (sound) sound = json_object_set(j->answers, json_string_value(text), label) == 0;
    json_decref(record);
    if (!sound)
        hx_cli_fail(j->c, "%s:%zu: no answer {\"text\":...,\"label\":...}",
                    "%s:%zu：不是形如 {\"text\":…,\"label\":…} 的回答", path, number);
    return sound;
}

bool hx_label_answers_read(hx_label_job *j, const char *path) {
    hx_str all;
    if (access(path, F_OK) != 0) return true;
    if (!hx_cli_read_file(j->c, path, ANSWERS_MAX, &all)) return false;
    for (size_t at = 0, number = 1; at < all.len; number++) {
        const char *end = memchr(all.ptr + at, '\n', all.len - at);
        hx_str line = {all.ptr + at, end ? (size_t)(end - all.ptr) - at : all.len - at};
        if (line.len > 0 && !take_line(j, path, line, number)) return false;
        at += line.len + 1;
    }
    return true;
}

static bool keep_answer(hx_label_job *j, FILE *f, const char *path, const hx_label_row *r) {
    hx_outbuf b = {0};
    hx_outbuf_text(&b, "{\"text\":");
    hx_outbuf_json(&b, r->text);
    hx_outbuf_text(&b, ",\"label\":");
    hx_outbuf_json(&b, hx_str_of(j->classes.names[r->label]));
    hx_outbuf_text(&b, "}\n");
    bool kept = !b.failed && fwrite(b.ptr, 1, b.len, f) == b.len && fflush(f) == 0;
    hx_outbuf_release(&b);
    if (!kept) hx_cli_fail(j->c, "%s: can't be written", "%s：无法写入", path);
    return kept;
}

/* ------------------------------------------------------------------ the questions */
static void put_question(const hx_label_job *j, const hx_label_row *r, size_t left) {
    hx_outbuf b = {0};
    hx_outbuf_byte(&b, '\n');
    hx_outbuf_visible(&b, r->text, SHOWN_COLUMNS);
    hx_outbuf_printf(&b, "\n  %s? (%.0f%%)  y", j->classes.names[r->label], 100 * r->score);
    for (size_t k = 0; k < j->classes.n && j->classes.n < 10; k++)
        hx_outbuf_printf(&b, "  %zu %s", k + 1, j->classes.names[k]);
    hx_outbuf_printf(
        &b, hx_cli_tr(j->c, "  s skip  q quit  (%zu left) > ", "  s 跳过  q 结束  （剩 %zu 条）> "),
        left);
    hx_outbuf_byte(&b, '\0');
    if (!b.failed) fputs(b.ptr, stderr);
    (void)fflush(stderr);
    hx_outbuf_release(&b);
}

typedef enum { ANSWER_YES = 0, ANSWER_SKIP, ANSWER_QUIT, ANSWER_UNKNOWN } answer;

/* "y", a number, or a label's name sets *label. */
static answer read_answer(const hx_label_job *j, size_t *label) {
    char line[256];
    if (hx_flag_is_raised(&j->c->cancel) || !fgets(line, sizeof line, stdin)) return ANSWER_QUIT;
    line[strcspn(line, "\r\n")] = '\0';
    if (strcmp(line, "q") == 0) return ANSWER_QUIT;
    if (strcmp(line, "s") == 0 || line[0] == '\0') return ANSWER_SKIP;
    if (strcmp(line, "y") == 0) return ANSWER_YES;
    for (size_t k = 0; k < j->classes.n; k++) {
        char number[24];
        (void)snprintf(number, sizeof number, "%zu", k + 1);
        if (strcmp(line, number) != 0 && strcmp(line, j->classes.names[k]) != 0) continue;
        *label = k;
        return ANSWER_YES;
    }
    return ANSWER_UNKNOWN;
}

static bool is_asked(const hx_label_job *j, const hx_label_row *r) {
    return !r->by_hand && r->score < j->sure;
}

bool hx_label_ask(hx_label_job *j, const char *path) {
    size_t left = 0;
    bool going = true, kept = true;
    for (size_t i = 0; i < j->n; i++)
        left += is_asked(j, &j->rows[i]);
    if (left == 0) return true;
    FILE *f = fopen(path, "ab");
    if (!f) {
        hx_cli_fail(j->c, "%s: can't be written", "%s：无法写入", path);
        return false;
    }
    for (size_t i = 0; i < j->n && going && kept; i++) {
        hx_label_row *r = &j->rows[i];
        if (!is_asked(j, r)) continue;
        answer said = ANSWER_UNKNOWN;
        while (said == ANSWER_UNKNOWN) {
            put_question(j, r, left);
            said = read_answer(j, &r->label);
        }
        left--;
        going = said != ANSWER_QUIT;
        if (said != ANSWER_YES) continue;
        r->by_hand = true;
        r->score = 1;
        j->n_answered++;
        kept = keep_answer(j, f, path, r);
    }
    if (fclose(f) != 0) kept = false;
    return kept;
}
