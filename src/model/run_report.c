/* run_report.c - a run's page put together; see run_report.h.
 *
 *     head, style -> cards -> warnings -> curves -> confusion -> labels -> calibration -> wrong examples -> leaks -> how it was made
 *
 * Every text that came from outside goes through hx__report_text(). Both languages are in the page: the radio buttons before <main> decide, by CSS
 * alone, which of [lang=en] and [lang=zh] is shown. */
#include "model/run_report.h"

#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/file.h"
#include "base/utf8.h"
#include "model/run_report_parts.h"

#define PAGE_MAX ((size_t)64 << 20)
#define RECORD_MAX ((size_t)256 << 20)
#define TEXT_SHOWN 400
#define LEAKS_SHOWN 20
#define SAID_SHOWN 20
#define WRONG_SHOWN 200
#define IMBALANCE_NOTED 5.0

static const char style[] =
    ":root{--back:#fff;--sheet:#f6f7f9;--ink:#1b1f24;--faint:#667085;--rule:#dfe3e8;--right:30,120,"
    "90;--wrong:200,70,40;"
    "--warn:#fff4e0;--warnrule:#e0a030;--k0:#2563eb;--k1:#d97706;--k2:#0a8f6a;--k3:#9333ea;--k4:#"
    "dc2626;--k5:#0891b2;"
    "--k6:#6b7280;--k7:#be185d}"
    "@media(prefers-color-scheme:dark){:root{--back:#14171b;--sheet:#1d2127;--ink:#e8eaed;--faint:#"
    "9aa4b2;--rule:#343a43;"
    "--right:70,190,150;--wrong:235,110,80;--warn:#3a2e14;--warnrule:#b98a2a;--k0:#6ea0ff;--k1:#"
    "f0a040;--k2:#40c79c;"
    "--k3:#c084fc;--k4:#f87171;--k5:#38bdf8;--k6:#9ca3af;--k7:#f472b6}}"
    "*{box-sizing:border-box}body{margin:0;background:var(--back);color:var(--ink);font:15px/1.55 "
    "system-ui,-apple-system,"
    "\"Segoe UI\",\"Noto Sans CJK SC\",\"Noto Sans SC\",\"PingFang SC\",\"Microsoft "
    "YaHei\",sans-serif}"
    "main{max-width:1040px;margin:0 auto;padding:24px 20px 60px}h1{font-size:26px;margin:0 0 "
    "4px;overflow-wrap:anywhere}"
    "h2{font-size:18px;margin:0 0 12px}section{margin-top:34px}p{margin:8px "
    "0}small,.faint{color:var(--faint);font-weight:400}"
    ".switch{position:absolute;opacity:0}nav{float:right;margin:4px 0 0 16px}nav "
    "label{cursor:pointer;padding:3px 10px;border:1px solid "
    "var(--rule);border-radius:6px;color:var(--faint);margin-left:4px}"
    "#in-en:checked~main [lang=zh],#in-zh:checked~main [lang=en]{display:none}"
    "#in-en:checked~main label[for=in-en],#in-zh:checked~main "
    "label[for=in-zh]{background:var(--sheet);color:var(--ink);font-weight:600}"
    "#in-en:focus-visible~main label[for=in-en],#in-zh:focus-visible~main "
    "label[for=in-zh]{outline:2px solid var(--k0)}"
    ".cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(150px,1fr));gap:10px;margin-"
    "top:20px}"
    ".card{background:var(--sheet);border-radius:10px;padding:12px 14px}.card "
    "b{display:block;font-size:24px;line-height:1.25}"
    ".warnings li{background:var(--warn);border-left:4px solid var(--warnrule);padding:8px "
    "12px;margin:6px 0;list-style:none;"
    "border-radius:4px}.warnings ul{padding:0;margin:0}"
    ".figures{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(420px,100%),1fr));gap:"
    "18px;align-items:start}"
    "figure{margin:0;background:var(--sheet);border-radius:10px;padding:12px "
    "14px}figcaption{font-weight:600;margin-bottom:6px}"
    "svg{width:100%;height:auto;display:block}svg.square{max-width:340px;margin:0 auto}svg.square "
    "text{font-size:11px}svg "
    "text{font-size:11.5px;fill:var(--faint)}"
    ".grid{stroke:var(--rule)}.diagonal{stroke:var(--faint);stroke-dasharray:4 "
    "4}.line{fill:none;stroke-width:2;stroke-linejoin:round}"
    ".names{margin:6px 0 "
    "0;font-size:13px}.name{white-space:nowrap;margin-right:12px}.key{display:inline-block;width:"
    "10px;height:10px;"
    "border-radius:50%;margin-right:5px}"
    ".line.c0{stroke:var(--k0)}.line.c1{stroke:var(--k1)}.line.c2{stroke:var(--k2)}.line.c3{stroke:"
    "var(--k3)}.line.c4{stroke:var(--k4)}"
    ".line.c5{stroke:var(--k5)}.line.c6{stroke:var(--k6)}.line.c7{stroke:var(--k7)}"
    ".dot.c0{fill:var(--k0)}.dot.c1{fill:var(--k1)}.dot.c2{fill:var(--k2)}.dot.c3{fill:var(--k3)}."
    "dot.c4{fill:var(--k4)}"
    ".dot.c5{fill:var(--k5)}.dot.c6{fill:var(--k6)}.dot.c7{fill:var(--k7)}"
    ".key.c0{background:var(--k0)}.key.c1{background:var(--k1)}.key.c2{background:var(--k2)}.key."
    "c3{background:var(--k3)}"
    ".key.c4{background:var(--k4)}.key.c5{background:var(--k5)}.key.c6{background:var(--k6)}.key."
    "c7{background:var(--k7)}";

static const char style_tables[] =
    ".wide{overflow-x:auto}table{border-collapse:collapse;width:100%;font-size:14px}th,td{padding:"
    "6px 10px;border-bottom:1px solid "
    "var(--rule);text-align:left;vertical-align:top}thead "
    "th{color:var(--faint);font-weight:500;white-space:nowrap}"
    "td.number,th.number{text-align:right;white-space:nowrap;font-variant-numeric:tabular-nums}td."
    "text{overflow-wrap:anywhere}"
    "table.matrix{width:auto}.matrix "
    "th{max-width:160px;overflow-wrap:anywhere;white-space:normal}.cell{text-align:center!"
    "important;"
    "min-width:64px;border:2px solid var(--back)!important;font-variant-numeric:tabular-nums}.cell "
    "small{display:block;font-size:11px}"
    ".cell.right{background:rgba(var(--right),calc(.06 + "
    ".8*var(--share)))}.cell.wrong{background:rgba(var(--wrong),calc(.03 + .8*"
    "var(--share)))}.cell.full,.cell.full small{color:#fff}"
    "@media(prefers-color-scheme:dark){.cell.full,.cell.full small{color:#10131a}}"
    ".bar{display:block;width:110px;height:10px;background:var(--rule);border-radius:5px;margin-"
    "top:7px;overflow:hidden}.bar i{display:block;"
    "height:100%;background:var(--k0)}"
    "footer{margin-top:40px;color:var(--faint);font-size:13px}@media "
    "print{nav{display:none}section{break-inside:avoid}}";

/* ------------------------------------------------------------------ parts that all sections use */
void hx__report_text(hx_buf *b, hx_str s) {
    for (size_t at = 0; at < s.len;) {
        char put[4];
        uint32_t cp = hx_utf8_next(s, &at);
        if (cp == '&')
            hx_buf_append_lit(b, "&amp;");
        else if (cp == '<')
            hx_buf_append_lit(b, "&lt;");
        else if (cp == '>')
            hx_buf_append_lit(b, "&gt;");
        else if (cp == '"')
            hx_buf_append_lit(b, "&quot;");
        else if (cp == HX_UTF8_BAD || (cp < 0x20 && cp != '\n' && cp != '\t'))
            hx_buf_append_lit(b, "\xEF\xBF\xBD");
        else
            hx_buf_append(b, put, hx_utf8_put(cp, put));
    }
}

void hx__report_both(hx_buf *b, const char *en, const char *zh) {
    hx_buf_printf(b, "<span lang=en>%s</span><span lang=zh>%s</span>", en, zh);
}

void hx__report_section(hx_buf *b, const char *id, const char *en, const char *zh) {
    hx_buf_printf(b, "<section id=%s><h2>", id);
    hx__report_both(b, en, zh);
    hx_buf_append_lit(b, "</h2>");
}

void hx__report_number(hx_buf *b, double v) {
    if (isfinite(v))
        hx_buf_printf(b, "%.4g", v);
    else
        hx_buf_append_lit(b, "–");
}

void hx__report_percent(hx_buf *b, double v) {
    if (isfinite(v))
        hx_buf_printf(b, "%.1f %%", v * 100);
    else
        hx_buf_append_lit(b, "–");
}

double hx__report_at(const json_t *object, const char *key) {
    const json_t *v = json_object_get(object, key);
    return json_is_number(v) ? json_number_value(v) : NAN;
}

/* ------------------------------------------------------------------ cards */
static void put_card(hx_buf *b, const char *en, const char *zh, double value, bool percent,
                     const json_t *interval) {
    if (isnan(value)) return;
    hx_buf_append_lit(b, "<div class=card>");
    hx__report_both(b, en, zh);
    hx_buf_append_lit(b, "<b>");
    if (percent)
        hx__report_percent(b, value);
    else
        hx__report_number(b, value);
    hx_buf_append_lit(b, "</b>");
    const json_t *low = json_array_get(interval, 0), *high = json_array_get(interval, 1);
    if (json_is_number(low) && json_is_number(high))
        hx_buf_printf(b, "<small>95 %%: %.1f – %.1f %%</small>", json_number_value(low) * 100,
                      json_number_value(high) * 100);
    hx_buf_append_lit(b, "</div>");
}

/* Figures of a task's own kind, each where it is said. */
static void put_figures(hx_buf *b, const json_t *figures) {
    static const char *const names[][3] = {{"f1", "F1", "F1"},
                                           {"hamming", "Hamming loss", "汉明损失"},
                                           {"rmse", "RMSE", "均方根误差"},
                                           {"mae", "MAE", "平均绝对误差"},
                                           {"r2", "R2", "R2"},
                                           {"uas", "UAS", "无标记依存"},
                                           {"las", "LAS", "有标记依存"}};
    if (!figures) return;
    hx_buf_append_lit(b, "<div class=cards>");
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        put_card(b, names[i][1], names[i][2], hx__report_at(figures, names[i][0]), false, NULL);
    hx_buf_append_lit(b, "</div>");
}

static void put_cards(hx_buf *b, const json_t *evaluation, bool of_words) {
    const json_t *intervals = json_object_get(evaluation, "intervals");
    hx_buf_append_lit(b, "<div class=cards>");
    put_card(b, "accuracy", "准确率", hx__report_at(evaluation, "accuracy"), true,
             json_object_get(intervals, "accuracy"));
    put_card(b, "macro F1", "宏平均 F1", hx__report_at(evaluation, "macro_f1"), true,
             json_object_get(intervals, "macro_f1"));
    put_card(b, "precision", "精确率", hx__report_at(evaluation, "precision"), true, NULL);
    put_card(b, "recall", "召回率", hx__report_at(evaluation, "recall"), true, NULL);
    put_card(b, "AUC", "AUC", hx__report_at(evaluation, "auc"), false, NULL);
    put_card(b, "log loss", "对数损失", hx__report_at(evaluation, "log_loss"), false, NULL);
    put_card(b, "calibration error", "校准误差", hx__report_at(evaluation, "ece"), true, NULL);
    put_card(b, of_words ? "words" : "texts", of_words ? "词数" : "文本数",
             hx__report_at(evaluation, "n"), false, NULL);
    hx_buf_append_lit(b, "</div>");
    const char *positive = json_string_value(json_object_get(evaluation, "positive"));
    if (!positive) return;
    hx_buf_append_lit(b, "<p>");
    hx__report_both(b, "Precision and recall are those of the label ",
                    "精确率和召回率所指的标签：");
    hx_buf_append_lit(b, "<b>");
    hx__report_text(b, hx_str_of(positive));
    hx_buf_append_lit(b, "</b></p>");
}

/* ------------------------------------------------------------------ warnings */
static void put_warning(hx_buf *b, size_t count, const char *en, const char *zh) {
    if (count == 0) return;
    hx_buf_printf(b, "<li><span lang=en>%s: %zu</span><span lang=zh>%s：%zu</span></li>", en, count,
                  zh, count);
}

/* What was warned of while it trained; how many. b = NULL: counted only. */
static size_t put_said(hx_buf *b, hx_str timing) {
    size_t n = 0;
    for (size_t at = 0; at < timing.len && n < SAID_SHOWN;) {
        const char *line = timing.ptr + at, *end = memchr(line, '\n', timing.len - at);
        size_t len = end ? (size_t)(end - line) : timing.len - at;
        json_t *record = json_loadb(line, len, 0, NULL);
        const char *said = json_string_value(json_object_get(record, "warning"));
        at += len + 1;
        n += said != NULL;
        if (said && b) {
            hx_buf_append_lit(b, "<li>");
            hx__report_text(b, hx_str_of(said));
            hx_buf_append_lit(b, "</li>");
        }
        json_decref(record);
    }
    return n;
}

static bool is_uneven(const hx_dataset_check *c) {
    return isfinite(c->imbalance) && c->imbalance >= IMBALANCE_NOTED;
}

static bool warns(const hx_dataset_check *c) {
    return c && (c->n_leaks || c->n_duplicates || c->n_conflicts || c->n_bad || c->n_empty ||
                 c->n_unlabelled || c->n_long || is_uneven(c));
}

static void put_check(hx_buf *b, const hx_dataset_check *c, const char *task) {
    if (!warns(c)) return;
    if (task) {
        hx_buf_append_lit(b, "<li><b>");
        hx__report_text(b, hx_str_of(task));
        hx_buf_append_lit(b, "</b></li>");
    }
    put_warning(b, c->n_leaks,
                "Texts of validation or test that also stand in train, which makes figures too "
                "good (--drop-leaks leaves them out of train)",
                "同时出现在训练集中的验证或测试文本，会使指标偏高（--drop-leaks 可从训练集去掉）");
    put_warning(b, c->n_conflicts, "Texts of train that stand there again with another label",
                "重复出现且标签不同的训练文本");
    put_warning(b, c->n_duplicates, "Texts of train that stand there again", "重复出现的训练文本");
    if (is_uneven(c))
        hx_buf_printf(
            b,
            "<li><span lang=en>The largest label has %.1f times the texts of the "
            "smallest; look at macro F1, not at accuracy alone</span><span lang=zh>"
            "最大类别的文本数是最小类别的 %.1f 倍；请看宏平均 F1，而不只是准确率</span></li>",
            c->imbalance, c->imbalance);
    put_warning(b, c->n_long, "Texts cut at the maximum length", "超过最大长度而被截断的文本");
    put_warning(b, c->n_unlabelled, "Rows left out for want of a label", "因没有标签而略去的行");
    put_warning(b, c->n_empty, "Rows left out for want of a text", "因没有文本而略去的行");
    put_warning(b, c->n_bad, "Rows left out that can't be read", "因无法读取而略去的行");
}

static void put_warnings(hx_buf *b, const hx_run_report *r, size_t bad, size_t nans) {
    bool any = bad || nans || put_said(NULL, r->timing);
    for (const hx_run_report *q = r; q; q = q->next)
        any = any || warns(q->check);
    if (!any) return;
    hx__report_section(b, "warnings", "Worth knowing", "需要注意");
    hx_buf_append_lit(b, "<div class=warnings><ul>");
    for (const hx_run_report *q = r; q; q = q->next)
        put_check(b, q->check, q->task);
    (void)put_said(b, r->timing);
    put_warning(b, nans, "Records of the log whose loss is no number", "损失不是数字的日志记录");
    put_warning(b, bad, "Lines of the log that can't be read", "无法读取的日志行");
    hx_buf_append_lit(b, "</ul></div></section>");
}

/* ------------------------------------------------------------------ examples */
static void put_example_text(hx_buf *b, hx_str text) {
    hx_str shown = {text.ptr, text.len < TEXT_SHOWN ? text.len : TEXT_SHOWN};
    while (shown.len < text.len && shown.len > 0 &&
           ((unsigned char)text.ptr[shown.len] & 0xC0) == 0x80)
        shown.len--;
    hx__report_text(b, shown);
    if (shown.len < text.len) hx_buf_append_lit(b, "…");
}

static void put_heads(hx_buf *b, const char *const (*heads)[2], size_t n) {
    hx_buf_append_lit(b, "<table><thead><tr>");
    for (size_t i = 0; i < n; i++) {
        hx_buf_append_lit(b, "<th>");
        hx__report_both(b, heads[i][0], heads[i][1]);
        hx_buf_append_lit(b, "</th>");
    }
    hx_buf_append_lit(b, "</tr></thead><tbody>");
}

static void put_wrong(hx_buf *b, const hx_run_report *r) {
    static const char *const scores[][2] = {
        {"said", "概率"}, {"wrong words", "错词比例"}, {"off by", "相差"}};
    const char *const heads[][2] = {{"row", "行"},
                                    {"text", "文本"},
                                    {"label", "标签"},
                                    {"predicted", "预测"},
                                    {scores[r->score][0], scores[r->score][1]}};
    bool sure = r->score == HX_WRONG_SURE;
    if (r->n_wrong == 0) return;
    hx__report_section(b, "wrong", sure ? "Wrong, and surest of it" : "Most wrong",
                       sure ? "判错且最自信的样本" : "错得最多的样本");
    put_heads(b, heads, sizeof heads / sizeof *heads);
    for (size_t i = 0; i < r->n_wrong && i < WRONG_SHOWN; i++) {
        const hx_report_wrong *w = &r->wrong[i];
        hx_buf_printf(b, "<tr><td class=number>%lld</td><td class=text>", (long long)w->row);
        put_example_text(b, w->text);
        hx_buf_append_lit(b, "</td><td>");
        hx__report_text(b, hx_str_of(w->label));
        hx_buf_append_lit(b, "</td><td>");
        hx__report_text(b, hx_str_of(w->predicted));
        hx_buf_append_lit(b, "</td><td class=number>");
        if (r->score == HX_WRONG_DISTANCE)
            hx__report_number(b, w->score);
        else
            hx__report_percent(b, w->score);
        hx_buf_append_lit(b, "</td></tr>");
    }
    hx_buf_append_lit(b, "</tbody></table></section>");
}

static void put_leaks(hx_buf *b, const hx_run_report *r) {
    static const char *const heads[][2] = {
        {"row in train", "训练集行号"}, {"row elsewhere", "另一处行号"}, {"text", "文本"}};
    if (r->n_leaks == 0) return;
    hx__report_section(b, "leaks", "Texts in train and outside", "训练集与验证、测试集重复的文本");
    put_heads(b, heads, sizeof heads / sizeof *heads);
    for (size_t i = 0; i < r->n_leaks && i < LEAKS_SHOWN; i++) {
        hx_buf_printf(b, "<tr><td class=number>%lld</td><td class=number>%lld</td><td class=text>",
                      (long long)r->leaks[i].train_row, (long long)r->leaks[i].other_row);
        put_example_text(b, r->leaks[i].text);
        hx_buf_append_lit(b, "</td></tr>");
    }
    hx_buf_append_lit(b, "</tbody></table></section>");
}

/* ------------------------------------------------------------------ how it was made */
static void put_scalar(hx_buf *b, const json_t *value) {
    if (json_is_string(value))
        hx__report_text(b, (hx_str){json_string_value(value), json_string_length(value)});
    else if (json_is_integer(value))
        hx_buf_printf(b, "%lld", (long long)json_integer_value(value));
    else if (json_is_real(value))
        hx_buf_printf(b, "%.6g", json_real_value(value));
    else
        hx_buf_append_lit(b, json_is_true(value) ? "true" : json_is_false(value) ? "false" : "–");
}

static void put_count(hx_buf *b, const char *en, const char *zh, size_t n) {
    if (n == 0) return;
    hx_buf_append_lit(b, "<tr><th scope=row>");
    hx__report_both(b, en, zh);
    hx_buf_printf(b, "</th><td>%zu</td></tr>", n);
}

static void put_config(hx_buf *b, const hx_run_report *r, json_t *config) {
    const char *key;
    json_t *value;
    if (json_object_size(config) == 0 && r->n_train == 0) return;
    hx__report_section(b, "made", "How it was made", "训练设置");
    hx_buf_append_lit(b, "<div class=wide><table><tbody>");
    put_count(b, "training texts", "训练文本", r->n_train);
    put_count(b, "validation texts", "验证文本", r->n_validation);
    put_count(b, "test texts", "测试文本", r->n_test);
    json_object_foreach(config, key, value) {
        if (json_is_object(value) || json_is_array(value)) continue;
        hx_buf_append_lit(b, "<tr><th scope=row>");
        hx__report_text(b, hx_str_of(key));
        hx_buf_append_lit(b, "</th><td class=text>");
        put_scalar(b, value);
        hx_buf_append_lit(b, "</td></tr>");
    }
    hx_buf_append_lit(b, "</tbody></table></div></section>");
}

/* ------------------------------------------------------------------ the page */
static void put_head(hx_buf *b, const hx_run_report *r) {
    bool zh = r->ui == HX_UI_ZH;
    hx_buf_printf(b,
                  "<!doctype html><html lang=%s><meta charset=utf-8><meta name=viewport "
                  "content=\"width=device-width,initial-scale=1\"><title>",
                  zh ? "zh" : "en");
    hx__report_text(b, hx_str_of(r->title));
    hx_buf_printf(
        b,
        "</title><style>%s%s</style><body><input class=switch type=radio name=in id=in-en%s>"
        "<input class=switch type=radio name=in id=in-zh%s><main><header><nav>"
        "<label for=in-en>English</label><label for=in-zh>中文</label></nav><h1>",
        style, style_tables, zh ? "" : " checked", zh ? " checked" : "");
    hx__report_text(b, hx_str_of(r->title));
    hx_buf_append_lit(b, "</h1><p class=faint>");
    hx__report_both(b, "Training report", "训练报告");
    if (r->part && !r->task) {
        hx__report_both(b, " · figures on ", " · 指标所用数据：");
        hx__report_text(b, hx_str_of(r->part));
    }
    hx_buf_append_lit(b, "</p></header>");
}

static hx_status parse_object(hx_str text, const char *what, json_t **out, hx_error *err) {
    *out = NULL;
    if (text.len == 0) return HX_OK;
    HX_TRY(hx_json_parse(text, RECORD_MAX, what, out, err));
    if (json_is_object(*out)) return HX_OK;
    json_decref(*out);
    *out = NULL;
    return hx_fail(err, HX_EFORMAT, "%s is no JSON object", what);
}

static void put_tables(hx_buf *b, const hx_run_report *r, const json_t *evaluation) {
    if (evaluation) {
        hx__report_confusion(b, evaluation);
        hx__report_labels(b, evaluation);
        hx__report_calibration(b, evaluation);
    }
    put_wrong(b, r);
    put_leaks(b, r);
}

/* One of several tasks, all in one place. */
static hx_status put_task(hx_buf *b, const hx_run_report *r, hx_error *err) {
    json_t *evaluation = NULL, *figures = NULL;
    hx_status st = parse_object(r->evaluation, "the evaluation", &evaluation, err);
    if (st == HX_OK) st = parse_object(r->figures, "the evaluation", &figures, err);
    if (st == HX_OK) {
        hx_buf_append_lit(b, "<article><h2>");
        hx__report_text(b, hx_str_of(r->task));
        if (r->part) {
            hx__report_both(b, " · figures on ", " · 指标所用数据：");
            hx__report_text(b, hx_str_of(r->part));
        }
        hx_buf_append_lit(b, "</h2>");
        if (evaluation) put_cards(b, evaluation, r->of_words);
        put_figures(b, figures);
        put_tables(b, r, evaluation);
        hx_buf_append_lit(b, "</article>");
    }
    json_decref(evaluation);
    json_decref(figures);
    return st;
}

static hx_status put_tasks(hx_buf *b, const hx_run_report *r, hx_error *err) {
    for (; r; r = r->next)
        HX_TRY(put_task(b, r, err));
    return HX_OK;
}

static hx_status put_body(const hx_run_report *r, json_t *config, const json_t *evaluation,
                          const json_t *figures, hx_buf *b, hx_error *err) {
    hx_status st = HX_OK;
    size_t bad, nans;
    hx_buf curves;
    hx_buf_init(&curves, PAGE_MAX);
    bool done = hx__report_curves(&curves, r->log, &bad, &nans);
    put_head(b, r);
    if (evaluation && !r->task) put_cards(b, evaluation, r->of_words);
    if (!r->task) put_figures(b, figures);
    put_warnings(b, r, bad, nans);
    hx_buf_append_str(b, hx_buf_str(&curves));
    if (r->task)
        st = put_tasks(b, r, err);
    else
        put_tables(b, r, evaluation);
    put_config(b, r, config);
    hx_buf_append_lit(b, "<footer>huaxiang " HX_VERSION "</footer></main></body></html>\n");
    if (st == HX_OK) st = hx_buf_status(&curves, "the report", err);
    hx_buf_release(&curves);
    if (st == HX_OK && !done)
        st = hx_fail(err, HX_ELIMIT, "the log of the run is too large for a report");
    return st == HX_OK ? hx_buf_status(b, "the report", err) : st;
}

hx_status hx_run_report_make(const hx_run_report *r, hx_buf *out, hx_error *err) {
    json_t *config, *evaluation = NULL, *figures = NULL;
    HX_TRY(parse_object(r->config, "config.json", &config, err));
    hx_status st = parse_object(r->evaluation, "the evaluation", &evaluation, err);
    if (st == HX_OK) st = parse_object(r->figures, "the evaluation", &figures, err);
    if (st == HX_OK) st = put_body(r, config, evaluation, figures, out, err);
    json_decref(figures);
    json_decref(evaluation);
    json_decref(config);
    return st;
}

hx_status hx_run_report_write(const hx_run_report *r, const char *path, hx_error *err) {
    hx_buf page;
    hx_buf_init(&page, PAGE_MAX);
    hx_status st = hx_run_report_make(r, &page, err);
    if (st == HX_OK) st = hx_file_write(path, hx_buf_str(&page), false, err);
    hx_buf_release(&page);
    return st;
}

size_t hx_report_worst(const uint32_t *labels, const uint32_t *predictions,
                       const float *probabilities, size_t n, size_t n_labels, size_t most,
                       uint32_t *rows) {
    size_t kept = 0;
    for (size_t i = 0; i < n && most > 0; i++) {
        if (labels[i] == predictions[i]) continue;
        float p = probabilities[i * n_labels + predictions[i]];
        size_t at = kept;
        while (at > 0) {
            size_t before = rows[at - 1];
            if (probabilities[before * n_labels + predictions[before]] >= p) break;
            at--;
        }
        if (at == most) continue;
        if (kept < most) kept++;
        memmove(rows + at + 1, rows + at, (kept - at - 1) * sizeof *rows);
        rows[at] = (uint32_t)i;
    }
    return kept;
}
