/* report.c - the store as one HTML file that opens anywhere, without a network, and prints.
 *
 * The page (style, chart library, program) is put together when Huaxiang is built: SHARE/report/report.html. Here its one mark,
 * @HUAXIANG_DATA@, inside <script type="application/json">, is replaced by the numbers. Texts in there are anybody's: "<", ">",
 * "&", U+2028 and U+2029 are written as \uXXXX, so no text can leave the element, and the page's policy lets only its own
 * scripts run, named by their hashes. Same store, same as_of, same bytes: no clock is read. */
#include <string.h>

#include "answer/report.h"
#include "base/error.h"
#include "base/file.h"

#define PAGE_BYTES_MAX (16u << 20)
#define DATA_BYTES_MAX (64u << 20)
#define TABLE_BYTES_MAX (1u << 30)
static const char data_mark[] = "@HUAXIANG_DATA@";

/* ------------------------------------------------------------------ gathering */
hx_status hx__report_gather(hx_report *r, hx_store *s, const hx_answer_options *o, hx_error *err) {
    r->store = s;
    r->ui = hx__answer_ui(o);
    hx_buf_init(&r->items, TABLE_BYTES_MAX);
    hx_buf_init(&r->words, TABLE_BYTES_MAX);
    hx_buf_init(&r->quotes, TABLE_BYTES_MAX);
    hx_buf_init(&r->fingerprints, TABLE_BYTES_MAX);
    hx_map_init(&r->item_index);
    hx_map_init(&r->word_index);
    hx_map_init(&r->quote_index);
    hx_map_init(&r->order_ids);
    hx_map_init(&r->guest_orders);
    hx__report_lexicon_init(&r->lexicon);
    r->arena = hx_arena_new((size_t)4 << 30);
    if (!r->arena) return hx_fail(err, HX_ENOMEM, "not enough memory for the answer");
    HX_TRY(hx__answer_zone(s, o, &r->zone, err));
    HX_TRY(hx__population_open(&r->pop, s, hx__answer_as_of(o), err));
    HX_TRY(hx_store_summarize(s, &r->store_summary, err));
    hx__report_axis_choose(r);
    HX_TRY(hx__report_walk(r, err));
    hx__report_choose_top(r);
    HX_TRY(hx__report_walk_quotes(r, err));
    return hx__report_quality_gather(r, err);
}

void hx__report_release(hx_report *r) {
    hx_buf_release(&r->items);
    hx_buf_release(&r->words);
    hx_buf_release(&r->quotes);
    hx_buf_release(&r->fingerprints);
    hx_map_release(&r->item_index);
    hx_map_release(&r->word_index);
    hx_map_release(&r->quote_index);
    hx_map_release(&r->order_ids);
    hx_map_release(&r->guest_orders);
    hx_zone_release(&r->zone);
    hx__population_close(r->pop);
    hx_arena_free(r->arena);
}

/* ------------------------------------------------------------------ the page */
static size_t escaped(hx_str s, size_t at, const char **out) {
    static const char *const escapes[] = {"\\u003c", "\\u003e", "\\u0026", "\\u2028", "\\u2029"};
    const char *mark = strchr("<>&", s.ptr[at]);
    if (s.ptr[at] != '\0' && mark) {
        *out = escapes[mark[0] == '<' ? 0 : mark[0] == '>' ? 1 : 2];
        return 1;
    }
    if (s.len - at < 3 || memcmp(s.ptr + at, "\xE2\x80", 2) != 0) return 0;
    unsigned char last = (unsigned char)s.ptr[at + 2];
    if (last != 0xA8 && last != 0xA9) return 0;
    *out = escapes[last == 0xA8 ? 3 : 4];
    return 3;
}

static void append_data(hx_buf *out, hx_str json) {
    size_t from = 0;
    for (size_t i = 0; i < json.len;) {
        const char *escape = NULL;
        size_t len = escaped(json, i, &escape);
        if (len == 0) {
            i++;
            continue;
        }
        hx_buf_append(out, json.ptr + from, i - from);
        hx_buf_append_lit(out, escape);
        i += len;
        from = i;
    }
    hx_buf_append(out, json.ptr + from, json.len - from);
}

static size_t find_mark(hx_str page) {
    const size_t len = sizeof data_mark - 1;
    for (size_t i = 0; i + len <= page.len; i++)
        if (page.ptr[i] == data_mark[0] && memcmp(page.ptr + i, data_mark, len) == 0) return i;
    return page.len;
}

static hx_status read_page(const char *share_dir, hx_buf *page, hx_error *err) {
    hx_buf path;
    hx_buf_init(&path, 8192);
    hx_buf_printf(&path, "%s/report/report.html", share_dir ? share_dir : ".");
    hx_status status = hx_buf_status(&path, "path of the report's page", err);
    if (status == HX_OK) status = hx_file_read(path.ptr, page, err);
    if (status == HX_OK && find_mark(hx_buf_str(page)) == page->len)
        status = hx_fail(err, HX_EFORMAT, "%s: is not the report's page; install Huaxiang again",
                         path.ptr);
    hx_buf_release(&path);
    return status;
}

static hx_status write_page(hx_str page, hx_str json, const char *path, hx_error *err) {
    hx_buf out;
    hx_buf_init(&out, PAGE_BYTES_MAX + 6 * (size_t)DATA_BYTES_MAX);
    size_t mark = find_mark(page), behind = mark + sizeof data_mark - 1;
    hx_buf_append(&out, page.ptr, mark);
    append_data(&out, json);
    hx_buf_append(&out, page.ptr + behind, page.len - behind);
    hx_status status = hx_buf_status(&out, "report", err);
    if (status == HX_OK) status = hx_file_write(path, hx_buf_str(&out), true, err);
    hx_buf_release(&out);
    return status;
}

static hx_status put_data(hx_store *s, const char *share_dir, const hx_answer_options *o,
                          hx_buf *json, hx_error *err) {
    hx_arena *arena = hx_arena_new(0);
    hx_report *r = arena ? hx_arena_alloc(arena, sizeof *r) : NULL;
    if (!r) {
        hx_arena_free(arena);
        return hx_fail(err, HX_ENOMEM, "not enough memory for the answer");
    }
    hx_json_writer w;
    hx_json_begin(&w, json);
    r->share_dir = share_dir;
    hx_status status = hx__report_gather(r, s, o, err);
    if (status == HX_OK) status = hx__report_put(r, &w, err);
    if (status == HX_OK) status = hx_buf_status(json, "report", err);
    hx__report_release(r);
    hx_arena_free(arena);
    return status;
}

hx_status hx_answer_report(hx_store *s, const char *share_dir, const char *path,
                           const hx_answer_options *o, hx_error *err) {
    hx_buf page, json;
    hx_buf_init(&page, PAGE_BYTES_MAX);
    hx_buf_init(&json, DATA_BYTES_MAX);
    hx_status status = read_page(share_dir, &page, err);
    if (status == HX_OK) status = put_data(s, share_dir, o, &json, err);
    if (status == HX_OK) status = write_page(hx_buf_str(&page), hx_buf_str(&json), path, err);
    hx_buf_release(&json);
    hx_buf_release(&page);
    return status;
}
