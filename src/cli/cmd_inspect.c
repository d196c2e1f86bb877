/* cmd_inspect.c - what a model file or folder holds.
 *
 * Table: a page for eyes. JSON: one record, with the tensors where --tensors is given. CSV: the tensors with --tensors, else
 * "name,value" lines. */
#include <string.h>

#include "cli/commands.h"
#include "cli/llama.h"
#include "cli/output.h"

#define LINE_NAME 16

static const hx_record_column tensor_columns[] = {
    {"name", "tensor", "张量", HX_CELL_LEFT},  {"type", "type", "类型", HX_CELL_LEFT},
    {"shape", "shape", "形状", HX_CELL_LEFT},  {"parameters", "parameters", "参数", HX_CELL_RIGHT},
    {"bytes", "bytes", "字节", HX_CELL_RIGHT},
};
static const hx_record_column type_columns[] = {
    {"type", "type", "类型", HX_CELL_LEFT},
    {"tensors", "tensors", "张量", HX_CELL_RIGHT},
    {"parameters", "parameters", "参数", HX_CELL_RIGHT},
    {"bytes", "bytes", "字节", HX_CELL_RIGHT},
};

static void put_line(const hx_cli *c, hx_outbuf *out, const char *en, const char *zh,
                     const json_t *value) {
    hx_outbuf cell = {0};
    if (!value || json_is_null(value)) return;
    hx_str name = hx_str_of(hx_cli_tr(c, en, zh));
    size_t width = hx_visible_width(name);
    hx_outbuf_bytes(out, name.ptr, name.len);
    hx_outbuf_fill(out, ' ', width < LINE_NAME ? LINE_NAME - width : 1);
    hx_output_cell(&cell, value, true);
    hx_outbuf_visible(out, hx_outbuf_str(&cell), 100);
    hx_outbuf_byte(out, '\n');
    hx_outbuf_release(&cell);
}

static const struct {
    const char *path, *en, *zh;
} lines[] = {
    {"file", "file", "文件"},
    {"format", "format", "格式"},
    {"bytes", "bytes", "字节"},
    {"architecture", "architecture", "架构"},
    {"name", "name", "名称"},
    {"parameters", "parameters", "参数"},
    {"problem", "can't run", "无法运行"},
    {"config.layers", "layers", "层数"},
    {"config.embedding", "embedding", "隐藏维度"},
    {"config.heads", "heads", "注意力头"},
    {"config.kv_heads", "key-value heads", "键值头"},
    {"config.feed_forward", "feed-forward", "前馈维度"},
    {"config.vocabulary", "vocabulary", "词表"},
    {"config.positions", "positions", "最大长度"},
    {"config.rope_theta", "RoPE theta", "RoPE theta"},
    {"config.rope_scaling", "RoPE scaling", "RoPE 缩放"},
    {"config.labels", "labels", "标签"},
    {"memory.int8", "fast form", "快速形式"},
    {"memory.cache_token", "cache a token", "每词元缓存"},
};

static void put_metadata(const hx_cli *c, const json_t *report, hx_outbuf *out) {
    const char *key;
    const json_t *value;
    hx_outbuf_byte(out, '\n');
    json_object_foreach(json_object_get(report, "metadata"), key, value) {
        const json_t *first = json_object_get(value, "first");
        hx_outbuf_visible(out, hx_str_of(key), 0);
        hx_outbuf_text(out, "  ");
        hx_outbuf cell = {0};
        if (first)
            hx_outbuf_printf(&cell, hx_cli_tr(c, "%lld values: ", "%lld 个值："),
                             (long long)json_integer_value(json_object_get(value, "n")));
        if (json_is_real(value))
            hx_outbuf_printf(&cell, "%.7g", json_real_value(value));
        else
            hx_output_cell(&cell, first ? first : value, true);
        hx_outbuf_visible(out, hx_outbuf_str(&cell), 80);
        hx_outbuf_release(&cell);
        hx_outbuf_byte(out, '\n');
    }
}

static bool put_page(hx_cli *c, const json_t *report) {
    hx_outbuf out = {0};
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        put_line(c, &out, lines[i].en, lines[i].zh, hx_json_at(report, lines[i].path));
    hx_outbuf_byte(&out, '\n');
    bool tensors = hx_cli_has(&c->options, HX_OPT_WEIGHTS);
    bool ok = hx_output_table(c, json_object_get(report, "types"), type_columns,
                              sizeof type_columns / sizeof *type_columns, 0, &out);
    put_metadata(c, report, &out);
    if (tensors) hx_outbuf_byte(&out, '\n');
    if (tensors && ok)
        ok = hx_output_table(c, json_object_get(report, "tensors"), tensor_columns,
                             sizeof tensor_columns / sizeof *tensor_columns, 0, &out);
    ok = ok && hx_output_write(c, &out);
    hx_outbuf_release(&out);
    return ok;
}

static bool put_record(hx_cli *c, json_t *report) {
    bool tensors = hx_cli_has(&c->options, HX_OPT_WEIGHTS);
    if (c->shape == HX_SHAPE_CSV && tensors)
        return hx_output_records(c, json_object_get(report, "tensors"), tensor_columns,
                                 sizeof tensor_columns / sizeof *tensor_columns);
    if (!tensors) (void)json_object_del(report, "tensors");
    if (c->shape == HX_SHAPE_CSV) return hx_output_pairs(c, report);
    hx_outbuf out = {0};
    hx_output_json(&out, report);
    bool ok = hx_output_write(c, &out);
    hx_outbuf_release(&out);
    return ok;
}

int hx_cmd_inspect(hx_cli *c) {
    hx_error err = {.ui = c->ui};
    hx_str text;
    const char *path = hx_cli_model_path(c, c->args[0]);
    if (!path) return HX_EXIT_FAILED;
    if (hx_model_inspect(path, c->arena, &text, &err) != HX_OK) {
        hx_cli_error(c, &err);
        return HX_EXIT_FAILED;
    }
    json_t *report = hx_output_parse(c, text);
    if (!report) return HX_EXIT_FAILED;
    bool ok = c->shape == HX_SHAPE_TABLE ? put_page(c, report) : put_record(c, report);
    json_decref(report);
    return ok ? HX_EXIT_DONE : HX_EXIT_FAILED;
}
