/* cmd_doctor.c - what this machine can do, and whether all is in place: version, processor, memory, data files with their hashes,
 * libraries, and with --store whether the store is sound.
 *
 * Exit status 1 where something that the program needs is missing or damaged. A hash is XXH3 (64 bits) of the file.
 *
 * One record a finding: {"check","ok","finding"}. */
#include <dirent.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sqlite3.h>
#include <utf8proc.h>
#include <xxhash.h>
#include <zlib.h>
#include <zstd.h>

#include "cli/commands.h"
#include "cli/llama.h"
#include "cli/output.h"

#define DATA_FILE_MAX ((size_t)1 << 30)

typedef struct {
    hx_cli *c;
    json_t *records; /* owned */
    bool sick;
} checkup;

static void add(checkup *k, const char *what, bool ok, const char *en, const char *zh, ...)
    HX_PRINTF(4, 6);
static void add(checkup *k, const char *what, bool ok, const char *en, const char *zh, ...) {
    char text[1024];
    va_list args;
    va_start(args, zh);
    (void)vsnprintf(text, sizeof text, hx_cli_tr(k->c, en, zh), args);
    va_end(args);
    k->sick = k->sick || !ok;
    (void)json_array_append_new(
        k->records, json_pack("{s:s,s:b,s:s}", "check", what, "ok", ok ? 1 : 0, "finding", text));
}

/* ------------------------------------------------------------------ machine */
static void put_feature(char *list, size_t size, const char *name, bool there) {
    size_t n = strlen(list);
    if (there) (void)snprintf(list + n, size - n, "%s%s", n ? " " : "", name);
}

static void check_processor(checkup *k) {
    char features[128] = "";
#if defined(__x86_64__)
    __builtin_cpu_init();
    put_feature(features, sizeof features, "SSE4.2", __builtin_cpu_supports("sse4.2"));
    put_feature(features, sizeof features, "AVX2", __builtin_cpu_supports("avx2"));
    put_feature(features, sizeof features, "FMA", __builtin_cpu_supports("fma"));
    put_feature(features, sizeof features, "AVX-512", __builtin_cpu_supports("avx512f"));
    put_feature(features, sizeof features, "VNNI", __builtin_cpu_supports("avx512vnni"));
#elif defined(__aarch64__)
    put_feature(features, sizeof features, "NEON", true);
#endif
    add(k, "processor", true, "%ld processors, %s", "%ld 个处理器，%s",
        sysconf(_SC_NPROCESSORS_ONLN), *features ? features : "-");
    long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);
    add(k, "memory", true, "%.1f GiB", "%.1f GiB",
        (double)pages * (double)page / (double)(1 << 30));
}

static void check_libraries(checkup *k) {
    add(k, "libraries", true, "SQLite %s, zlib %s, zstd %s, utf8proc %s, jansson %s",
        "SQLite %s、zlib %s、zstd %s、utf8proc %s、jansson %s", sqlite3_libversion(), zlibVersion(),
        ZSTD_versionString(), utf8proc_version(), jansson_version_str());
    add(k, "engines", true, "%s, %s", "%s、%s", hx_engine_name(HX_ENGINE_RULES),
        hx_engine_name(HX_ENGINE_LLAMA));
}

/* ------------------------------------------------------------------ models */
static void check_models(checkup *k) {
    const char *kernels = NULL, *folder = hx_cli_models_folder(k->c);
    const char *wanted = getenv("HUAXIANG_KERNELS");
    hx_error err = {.ui = k->c->ui};
    const hx_known_model *all;
    size_t n = hx_known_models(&all);
    char here[512] = "", path[4096];
    if (hx_model_kernels(wanted, &kernels, &err) == HX_OK)
        add(k, "kernels", true, "%s%s", "%s%s", kernels,
            strcmp(kernels, "scalar") != 0
                ? ""
                : hx_cli_tr(k->c, ": a reference to compare with, too slow for work",
                            "：用于对照的参考实现，速度不足以实际使用"));
    else
        add(k, "kernels", false, "%s", "%s", err.message);
    for (size_t i = 0; folder && i < n; i++) {
        (void)snprintf(path, sizeof path, "%s/%s.gguf", folder, all[i].name);
        put_feature(here, sizeof here, all[i].name, access(path, R_OK) == 0);
    }
    add(k, "models", true, "%s: %s", "%s：%s", folder ? folder : "-",
        *here ? here : hx_cli_tr(k->c, "none", "无"));
}

/* ------------------------------------------------------------------ data */
static void check_data_file(checkup *k, const char *folder, const char *name) {
    char path[4096], what[300];
    hx_str bytes;
    struct stat st;
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    (void)snprintf(what, sizeof what, "data/%.255s", name);
    if (stat(path, &st) != 0 || !S_ISREG(st.st_mode)) return;
    if (!hx_cli_read_file(k->c, path, DATA_FILE_MAX, &bytes)) {
        add(k, what, false, "can't be read", "无法读取");
        return;
    }
    add(k, what, true, "%zu bytes, %016llx", "%zu 字节，%016llx", bytes.len,
        (unsigned long long)XXH3_64bits(bytes.ptr, bytes.len));
}

static int is_visible(const struct dirent *e) {
    return e->d_name[0] != '.';
}

static void check_data(checkup *k) {
    const char *folder = hx_cli_share(k->c);
    struct dirent **entries = NULL;
    int n = folder ? scandir(folder, &entries, is_visible, alphasort) : -1;
    add(k, "data", n > 0, "%s", "%s", folder ? folder : "-");
    for (int i = 0; i < n; i++) {
        check_data_file(k, folder, entries[i]->d_name);
        free(entries[i]);
    }
    free(entries);
    hx_error err = {.ui = k->c->ui};
    hx_text_model *m = NULL;
    if (folder && hx_text_model_open(&m, folder, NULL, &err) == HX_OK)
        add(k, "model", true, "rules %016llx", "rules %016llx",
            (unsigned long long)hx_text_model_hash(m));
    else
        add(k, "model", false, "%s", "%s", folder ? err.message : "-");
    hx_text_model_close(m);
}

/* ------------------------------------------------------------------ store */
static void check_store(checkup *k) {
    const char *path = k->c->options.text[HX_OPT_STORE];
    hx_error err = {.ui = k->c->ui};
    hx_store *s = NULL;
    hx_store_summary sum;
    if (!path) return;
    hx_status st = hx_store_open(&s, path, HX_STORE_READ, &err);
    if (st == HX_OK) st = hx_store_summarize(s, &sum, &err);
    if (st == HX_OK)
        add(k, "store", true, "%s: version %lld, %llu bytes, %llu customers, %llu events",
            "%s：版本 %lld，%llu 字节，%llu 位客户，%llu 条事件", path, (long long)sum.version,
            (unsigned long long)sum.bytes, (unsigned long long)sum.customers,
            (unsigned long long)sum.events);
    if (st == HX_OK) st = hx_store_check(s, 1000, &err);
    if (st == HX_OK)
        add(k, "store/check", true, "sound", "完好");
    else
        add(k, "store/check", false, "%s", "%s", err.message);
    hx_store_close(s);
}

int hx_cmd_doctor(hx_cli *c) {
    static const hx_record_column columns[] = {{"check", "check", "检查项", HX_CELL_CODE},
                                               {"ok", "ok", "正常", HX_CELL_CODE},
                                               {"finding", "finding", "结果", HX_CELL_LEFT}};
    checkup k = {c, json_array(), false};
    hx_outbuf out = {0};
    add(&k, "program", true, "huaxiang %s", "huaxiang %s", hx_version());
    check_processor(&k);
    check_libraries(&k);
    check_models(&k);
    check_data(&k);
    check_store(&k);
    bool ok = true;
    if (c->shape == HX_SHAPE_TABLE)
        ok = hx_output_table(c, k.records, columns, sizeof columns / sizeof *columns, 0, &out) &&
             hx_output_write(c, &out);
    else
        ok = hx_output_records(c, k.records, columns, sizeof columns / sizeof *columns);
    hx_outbuf_release(&out);
    json_decref(k.records);
    return ok && !k.sick ? HX_EXIT_DONE : HX_EXIT_FAILED;
}
