/* cmd_profile.c - the main job: files in; customer profiles, a summary and a report out.
 *
 *     --dry-run                 what would be understood of each file
 *     no file, with --report    the report of a store that is there
 *     else                      read all files into --store, then summary and --report
 *     --model RUN               ... and label every text with that model too
 *
 * What was read before a file broke off stays stored, and is summed up; the exit status says 1. Ctrl-C stops between two commits. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "cli/commands.h"
#include "cli/labeller.h"
#include "cli/progress.h"
#include "cli/shown.h"

#define PREVIEW_ROWS 10
#define MAP_FILE_MAX ((size_t)1 << 20)

typedef struct {
    hx_cli *c;
    const char **paths; /* in the run's arena */
    size_t n_paths;
    hx_import_options import;
    hx_answer_options answer;
} profile_job;

/* ------------------------------------------------------------------ mapping kept in a file */
/* Lines of role=column become one "role=column,..." with columns quoted where they hold commas. */
static bool read_map_file(hx_cli *c, const char *path, const char **map) {
    hx_str s;
    if (!hx_cli_read_file(c, path, MAP_FILE_MAX, &s)) return false;
    hx_outbuf b = {0};
    for (size_t at = 0, n = 0; at < s.len; at += n + 1) {
        const char *end = memchr(s.ptr + at, '\n', s.len - at);
        n = end ? (size_t)(end - s.ptr) - at : s.len - at;
        size_t len = n > 0 && s.ptr[at + n - 1] == '\r' ? n - 1 : n;
        if (len == 0 || s.ptr[at] == '#') continue;
        if (b.len > 0) hx_outbuf_byte(&b, ',');
        hx_outbuf_bytes(&b, s.ptr + at, len);
    }
    if (c->options.text[HX_OPT_MAP])
        hx_outbuf_printf(&b, "%s%s", b.len ? "," : "", c->options.text[HX_OPT_MAP]);
    hx_str joined = hx_arena_str(c->arena, hx_outbuf_str(&b));
    hx_outbuf_release(&b);
    *map = joined.ptr;
    return joined.ptr != NULL;
}

static void put_mapping(hx_outbuf *b, const hx_reader *r) {
    const hx_column *columns;
    size_t n = hx_reader_columns(r, &columns);
    for (size_t k = 0; k < n; k++) {
        if (columns[k].role == HX_ROLE_OTHER) continue;
        bool quote = memchr(columns[k].name.ptr, ',', columns[k].name.len) != NULL;
        hx_outbuf_printf(b, "%s=%s%.*s%s\n", hx_role_name(columns[k].role), quote ? "\"" : "",
                         (int)columns[k].name.len, columns[k].name.ptr, quote ? "\"" : "");
    }
}

static int write_map_file(hx_cli *c, const char *path, const char *input,
                          const hx_reader_options *o) {
    hx_error err = {.ui = c->ui};
    hx_reader *r = NULL;
    if (hx_reader_open(&r, input, o, &err) != HX_OK) return hx_cli_error(c, &err);
    hx_outbuf b = {0};
    put_mapping(&b, r);
    hx_reader_close(r);
    FILE *f = fopen(path, "wb");
    bool ok = f && fwrite(b.ptr ? b.ptr : "", 1, b.len, f) == b.len;
    if (f && fclose(f) != 0) ok = false;
    hx_outbuf_release(&b);
    if (!ok)
        return hx_cli_fail(c, "%s: can't be written: %s", "%s：无法写入：%s", path,
                           strerror(errno));
    hx_cli_note(c, "the mapping is kept in %s", "列映射已保存到 %s", path);
    return HX_EXIT_DONE;
}

/* Read if it is there, else written for the first file (which must then be a file: standard input can be read only once). */
static int use_map_file(profile_job *j) {
    hx_cli *c = j->c;
    const char *path = c->options.text[HX_OPT_MAP_FILE];
    if (!path || j->n_paths == 0) return HX_EXIT_DONE;
    if (access(path, F_OK) == 0)
        return read_map_file(c, path, &j->import.reader.map) ? HX_EXIT_DONE : HX_EXIT_FAILED;
    if (strcmp(j->paths[0], "-") == 0)
        return hx_cli_usage(c, "--map-file %s is absent, and can't be made from standard input",
                            "--map-file %s 不存在，且不能由标准输入生成", path);
    return write_map_file(c, path, j->paths[0], &j->import.reader);
}

/* ------------------------------------------------------------------ dry run */
static int show_preview(hx_cli *c, hx_str json, bool first) {
    hx_outbuf out = {0};
    if (c->shape == HX_SHAPE_TABLE) {
        json_t *p = hx_output_parse(c, json);
        if (!p) return HX_EXIT_FAILED;
        if (!first) hx_outbuf_byte(&out, '\n');
        hx_shown_preview(c, p, &out);
        json_decref(p);
    } else {
        hx_outbuf_bytes(&out, json.ptr, json.len);
        hx_outbuf_byte(&out, '\n');
    }
    bool ok = hx_output_write(c, &out);
    hx_outbuf_release(&out);
    return ok ? HX_EXIT_DONE : HX_EXIT_FAILED;
}

static int preview_file(profile_job *j, const char *path, const hx_time_zone *zone, bool first) {
    hx_cli *c = j->c;
    hx_error err = {.ui = c->ui};
    hx_reader *r = NULL;
    hx_str json;
    if (hx_reader_open(&r, path, &j->import.reader, &err) != HX_OK) return hx_cli_error(c, &err);
    hx_status st = hx_reader_preview(r, PREVIEW_ROWS, zone, c->arena, &json, &err);
    hx_reader_close(r);
    return st == HX_OK ? show_preview(c, json, first) : hx_cli_error(c, &err);
}

static int dry_run(profile_job *j) {
    hx_cli *c = j->c;
    hx_error err = {.ui = c->ui};
    hx_time_zone *zone = NULL;
    int status = HX_EXIT_DONE;
    if (c->shape == HX_SHAPE_CSV)
        return hx_cli_usage(c, "--dry-run has --format json and table",
                            "--dry-run 的 --format 为 json 或 table");
    if (hx_time_zone_open(&zone, j->import.timezone ? j->import.timezone : "UTC", &err) != HX_OK)
        return hx_cli_error(c, &err);
    for (size_t i = 0; i < j->n_paths; i++)
        if (preview_file(j, j->paths[i], zone, i == 0) != HX_EXIT_DONE) status = HX_EXIT_FAILED;
    hx_time_zone_close(zone);
    return status;
}

/* ------------------------------------------------------------------ summary and report */
/* Only where texts are corrected. */
static void add_correction(json_t *import, const hx_text_model *m, const hx_import_result *r) {
    hx_corrected how = hx_text_model_correction(m);
    if (how.mode == HX_CORRECT_OFF) return;
    (void)json_object_set_new(import, "correction",
                              json_pack("{s:s,s:s,s:f,s:f,s:I,s:I}", "mode",
                                        hx_correct_mode_name(how.mode), "engine",
                                        hx_engine_name(how.engine), "threshold_zh",
                                        how.threshold[0], "threshold_en", how.threshold[1], "texts",
                                        (json_int_t)r->corrected, "edits", (json_int_t)r->edits));
}

static void add_import(const profile_job *j, json_t *summary, const hx_import_result *r) {
    const hx_cli *c = j->c;
    json_t *o =
        json_pack("{s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:b}", "files", (json_int_t)r->files,
                  "rows", (json_int_t)r->rows, "accepted", (json_int_t)r->accepted, "rejected",
                  (json_int_t)r->rejected, "duplicates", (json_int_t)r->duplicates, "texts",
                  (json_int_t)r->texts, "guests", (json_int_t)r->guests, "new_customers",
                  (json_int_t)r->new_customers, "conflicts", (json_int_t)r->conflicts, "resumed",
                  r->resumed ? 1 : 0);
    if (o && r->rejected > 0) {
        hx_outbuf b = {0};
        if (c->options.text[HX_OPT_REJECTS])
            hx_outbuf_text(&b, c->options.text[HX_OPT_REJECTS]);
        else
            hx_outbuf_printf(&b, "%s.rejects.csv", c->options.text[HX_OPT_STORE]);
        (void)json_object_set_new(o, "rejects", json_stringn(b.ptr ? b.ptr : "", b.len));
        hx_outbuf_release(&b);
    }
    if (o && j->import.text_model) add_correction(o, j->import.text_model, r);
    if (o && j->import.labeller)
        (void)json_object_set_new(o, "labelled", json_integer((json_int_t)r->labelled));
    (void)json_object_set_new(summary, "import", o);
}

/* Rows that were there before keep their labels; where none is of this model, that is said. */
static void say_unlabelled(const profile_job *j, const json_t *summary, const hx_import_result *r) {
    const hx_labeller *l = j->import.labeller;
    const json_t *labels = json_object_get(summary, "labels");
    if (!l || r->duplicates == 0 || json_object_get(labels, l->set)) return;
    for (size_t i = 0; l->sets && i < l->n_labels; i++)
        if (json_object_get(labels, l->sets[i])) return;
    hx_cli_note(j->c,
                "nobody has label.%s: the rows that were there before keep the labels they had; "
                "read the file into a new store",
                "没有客户带有 label.%s：库中已有的行保留原来的标签；请把文件读入新的库", l->set);
}

static int print_summary(profile_job *j, hx_store *s, const hx_import_result *r) {
    hx_cli *c = j->c;
    hx_error err = {.ui = c->ui};
    hx_str json;
    if (hx_answer_summary(s, &j->answer, c->arena, &json, &err) != HX_OK)
        return hx_cli_error(c, &err);
    json_t *summary = hx_output_parse(c, json);
    if (!summary) return HX_EXIT_FAILED;
    if (r) {
        add_import(j, summary, r);
        say_unlabelled(j, summary, r);
    }
    bool ok = true;
    hx_outbuf out = {0};
    if (c->shape == HX_SHAPE_CSV) {
        ok = hx_output_pairs(c, summary);
    } else if (c->shape == HX_SHAPE_TABLE) {
        hx_shown_summary(c, summary, &out);
    } else {
        hx_output_json(&out, summary);
    }
    ok = hx_output_write(c, &out) && ok;
    hx_outbuf_release(&out);
    json_decref(summary);
    return ok ? HX_EXIT_DONE : HX_EXIT_FAILED;
}

static int write_report(profile_job *j, hx_store *s) {
    hx_cli *c = j->c;
    const char *path = c->options.text[HX_OPT_REPORT];
    if (!path) return HX_EXIT_DONE;
    hx_error err = {.ui = c->ui};
    const char *share = hx_cli_share(c);
    if (!share) return HX_EXIT_FAILED;
    if (hx_answer_report(s, share, path, &j->answer, &err) != HX_OK) return hx_cli_error(c, &err);
    hx_cli_note(c, "report: %s", "报告：%s", path);
    return HX_EXIT_DONE;
}

static int finish(profile_job *j, hx_store *s, const hx_import_result *r, int status) {
    int summed = print_summary(j, s, r);
    int reported = write_report(j, s);
    return status != HX_EXIT_DONE ? status : summed != HX_EXIT_DONE ? summed : reported;
}

/* ------------------------------------------------------------------ the run */
static int import_files(profile_job *j, hx_store *s) {
    hx_cli *c = j->c;
    hx_error err = {.ui = c->ui};
    hx_import_result r = {0};
    hx_cli_catch_interrupts(c);
    hx_status st = hx_import_files(s, j->paths, j->n_paths, &j->import, &r, &err);
    hx_progress_clear(c);
    if (st == HX_ECANCELLED)
        return hx_cli_fail(
            c, "stopped; what was read is stored, and the same command with --resume goes on",
            "已停止；读过的部分已保存，用同样的命令加 --resume 继续");
    int status = st == HX_OK ? HX_EXIT_DONE : hx_cli_error(c, &err);
    return st == HX_OK || r.accepted > 0 ? finish(j, s, &r, status) : status;
}

static bool check_correction(hx_cli *c) {
    const char *mode = c->options.text[HX_OPT_CORRECT];
    bool corrects = mode && strcmp(mode, "off") != 0;
    if (!corrects || !hx_cli_has(&c->options, HX_OPT_NO_TEXT)) return true;
    (void)hx_cli_usage(c, "--correct needs the texts to be read; leave out --no-text",
                       "--correct 需要读文本；请去掉 --no-text");
    return false;
}

static int read_and_profile(profile_job *j) {
    hx_cli *c = j->c;
    hx_text_model *m = NULL;
    hx_cli_labeller labeller = {.n = 0};
    hx_corrected how;
    int status = HX_EXIT_DONE;
    if (!check_correction(c) || !hx_cli_correction(c, true, &how)) return HX_EXIT_USAGE;
    if (hx_cli_wants_llama(c)) {
        if (!hx_cli_engine(c) || !hx_cli_labeller_open(c, &labeller)) return HX_EXIT_FAILED;
        j->import.labeller = &labeller.labeller;
    }
    if (!hx_cli_has(&c->options, HX_OPT_NO_TEXT)) {
        bool good = j->import.labeller || hx_cli_engine(c);
        m = good ? hx_cli_text_model_by(c, hx_cli_text_engine(c), &how) : NULL;
        if (!m) status = HX_EXIT_FAILED;
    }
    j->import.text_model = m;
    hx_store *s = status == HX_EXIT_DONE ? hx_cli_store(c, HX_STORE_CREATE, &status) : NULL;
    if (s) status = import_files(j, s);
    hx_store_close(s);
    hx_text_model_close(m);
    hx_cli_labeller_close(&labeller);
    return status;
}

static int report_only(profile_job *j) {
    int status;
    hx_store *s = hx_cli_store(j->c, HX_STORE_READ, &status);
    if (s) status = finish(j, s, NULL, HX_EXIT_DONE);
    hx_store_close(s);
    return status;
}

static bool set_paths(profile_job *j) {
    hx_cli *c = j->c;
    bool input = c->n_args > 0 || !hx_cli_has(&c->options, HX_OPT_REPORT);
    j->n_paths = c->n_args > 0 ? (size_t)c->n_args : input;
    j->paths = hx_arena_alloc(c->arena, (j->n_paths + 1) * sizeof *j->paths);
    if (!j->paths) return false;
    j->paths[0] = "-";
    for (int i = 0; i < c->n_args; i++)
        j->paths[i] = c->args[i];
    return true;
}

static bool may_write(const hx_cli *c, hx_cli_option_id id) {
    return !hx_cli_has(&c->options, id) || hx_output_may_replace(c, c->options.text[id]);
}

int hx_cmd_profile(hx_cli *c) {
    const hx_cli_values *v = &c->options;
    profile_job j = {.c = c};
    j.import = (hx_import_options){.timezone = v->text[HX_OPT_TIMEZONE],
                                   .currency = v->text[HX_OPT_CURRENCY],
                                   .n_threads = (size_t)v->number[HX_OPT_THREADS],
                                   .rejects = v->text[HX_OPT_REJECTS],
                                   .resume = hx_cli_has(v, HX_OPT_RESUME),
                                   .progress = hx_progress_show,
                                   .notice = hx_progress_notice,
                                   .context = c,
                                   .cancel = &c->cancel,
                                   .now = hx_cli_now()};
    bool dry = hx_cli_has(v, HX_OPT_DRY_RUN);
    if (!dry && !hx_cli_has(v, HX_OPT_STORE))
        return hx_cli_usage(c, "profile needs --store FILE", "profile 需要 --store 文件");
    if (c->n_args == 0 && !hx_cli_has(v, HX_OPT_REPORT) && isatty(STDIN_FILENO))
        return hx_cli_usage(c, "profile needs files to read", "profile 需要要读取的文件");
    if (!hx_cli_answer_options(c, &j.answer) || !hx_cli_reader_options(c, &j.import.reader))
        return HX_EXIT_USAGE;
    if (!set_paths(&j)) return hx_cli_fail(c, "not enough memory to start", "内存不足，无法启动");
    if (!dry && !(may_write(c, HX_OPT_REPORT) && may_write(c, HX_OPT_REJECTS)))
        return HX_EXIT_FAILED;
    int status = use_map_file(&j);
    if (status != HX_EXIT_DONE) return status;
    if (dry) return dry_run(&j);
    return j.n_paths == 0 ? report_only(&j) : read_and_profile(&j);
}
