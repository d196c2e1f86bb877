/* step_repair_propose.c - values of a column that are other spellings of commoner values.
 *
 *     values with their rows -> same form? same but for a suffix? pinyin of a city? alike? -> from, to, reason, similarity
 *
 * In this order, the first that fits: form (equal without width, case, blanks, signs), suffix (上海市 and 上海), pinyin (Shanghai, and
 * Shanghia by likeness, for 上海, where the column has it), spelling (similarity of SPELLING at least, the target twice as common). Among several
 * targets the most alike, then the commonest; among forms of as many rows the one with clean blanks, then the first in bytes. A value that is itself replaced is no target: chains are followed to their end. Values are
 * compared with the TARGETS_MAX commonest only, so 10,000 values are a matter of a second. */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/map.h"
#include "base/utf8.h"
#include "frame/drift.h"
#include "frame/similar_text.h"

#define SPELLING 0.85
#define VALUES_MAX 10000
#define TARGETS_MAX 2000
#define SHORTEST 2 /* code points of Han that are too few to be misspelt; of letters one more */

/* GB/T 2260 cities of the first ranks, pinyin without tones (GB/T 28039 for the names of places). */
static const struct {
    const char *pinyin, *han;
} cities[] = {{"beijing", "北京"},    {"peking", "北京"},         {"shanghai", "上海"},
              {"tianjin", "天津"},    {"chongqing", "重庆"},      {"guangzhou", "广州"},
              {"canton", "广州"},     {"shenzhen", "深圳"},       {"hangzhou", "杭州"},
              {"nanjing", "南京"},    {"suzhou", "苏州"},         {"chengdu", "成都"},
              {"wuhan", "武汉"},      {"xian", "西安"},           {"changsha", "长沙"},
              {"zhengzhou", "郑州"},  {"qingdao", "青岛"},        {"jinan", "济南"},
              {"dalian", "大连"},     {"shenyang", "沈阳"},       {"harbin", "哈尔滨"},
              {"haerbin", "哈尔滨"},  {"changchun", "长春"},      {"xiamen", "厦门"},
              {"fuzhou", "福州"},     {"ningbo", "宁波"},         {"wenzhou", "温州"},
              {"hefei", "合肥"},      {"nanchang", "南昌"},       {"kunming", "昆明"},
              {"guiyang", "贵阳"},    {"nanning", "南宁"},        {"haikou", "海口"},
              {"sanya", "三亚"},      {"shijiazhuang", "石家庄"}, {"taiyuan", "太原"},
              {"hohhot", "呼和浩特"}, {"lanzhou", "兰州"},        {"xining", "西宁"},
              {"yinchuan", "银川"},   {"urumqi", "乌鲁木齐"},     {"wulumuqi", "乌鲁木齐"},
              {"lhasa", "拉萨"},      {"lasa", "拉萨"},           {"wuxi", "无锡"},
              {"changzhou", "常州"},  {"nantong", "南通"},        {"xuzhou", "徐州"},
              {"dongguan", "东莞"},   {"foshan", "佛山"},         {"zhuhai", "珠海"},
              {"zhongshan", "中山"},  {"huizhou", "惠州"},        {"shantou", "汕头"},
              {"quanzhou", "泉州"},   {"yantai", "烟台"},         {"weifang", "潍坊"},
              {"luoyang", "洛阳"},    {"hongkong", "香港"},       {"macau", "澳门"},
              {"macao", "澳门"},      {"taipei", "台北"},         {"taibei", "台北"}};
#define N_CITIES (sizeof cities / sizeof *cities)

static const char *const suffixes[] = {
    "特别行政区", "壮族自治区", "回族自治区", "维吾尔自治区", "自治区", "自治州", "地区",
    "市",         "省",         "区",         "县",           "州",     " city",  " province"};
#define N_SUFFIXES (sizeof suffixes / sizeof *suffixes)

typedef struct {
    hx_str text;
    size_t rows, untidy;
    uint32_t *points; /* [n] plain */
    size_t n;
    uint64_t form, stem; /* hashes of the plain text, and of that without a suffix */
} value;

typedef struct {
    value *values; /* [n], the commonest first */
    size_t n;
    hx_map forms, stems; /* hash -> place of the commonest value with it, from 1 */
} values;

/* ------------------------------------------------------------------ values of a column */
static uint64_t hash_points(const uint32_t *points, size_t n) {
    return hx_hash((hx_str){(const char *)points, n * sizeof *points});
}

static hx_str without_suffix(hx_str s) {
    for (size_t i = 0; i < N_SUFFIXES; i++) {
        const size_t k = strlen(suffixes[i]);
        if (s.len >= k + 6 && memcmp(s.ptr + s.len - k, suffixes[i], k) == 0)
            return (hx_str){s.ptr, s.len - k};
    }
    return s;
}

static bool fill_value(value *v, hx_arena *arena) {
    uint32_t room[HX_SIMILAR_MAX];
    v->n = hx_plain_points(without_suffix(v->text), room);
    v->stem = hash_points(room, v->n);
    v->n = hx_plain_points(v->text, room);
    v->form = hash_points(room, v->n);
    v->points = hx_arena_alloc(arena, (v->n + 1) * sizeof *v->points);
    if (v->points != NULL) memcpy(v->points, room, v->n * sizeof *room);
    return v->points != NULL;
}

/* Blanks at the ends and beside others, blanks that are no spaces, full-width forms of letters and signs. */
static size_t untidiness(hx_str s) {
    size_t n = 0;
    bool blank = true;
    for (size_t at = 0; at < s.len;) {
        const uint32_t point = hx_utf8_next(s, &at);
        const bool space = point == ' ' || point == '\t' || point == 0xA0 || point == 0x3000;
        n += (space && (blank || point != ' ')) || (point >= 0xFF01 && point <= 0xFF5E);
        blank = space;
    }
    return n + (blank && s.len > 0);
}

static int compare_values(const void *a, const void *b) {
    const value *x = a, *y = b;
    if (x->rows != y->rows) return x->rows < y->rows ? 1 : -1;
    if (x->untidy != y->untidy) return x->untidy < y->untidy ? -1 : 1;
    return hx_str_compare(x->text, y->text);
}

static bool note_first(hx_map *m, uint64_t hash, size_t place) {
    uint64_t *at = hx_map_put(m, hash);
    if (at != NULL && *at == 0) *at = place + 1;
    return at != NULL;
}

static bool take_values(values *all, const hx_table *t, size_t column, hx_arena *arena) {
    const size_t codes = hx_table_column_at(t, column)->n_values;
    size_t *counts = hx_drift_counts(t, column);
    all->values = hx_arena_alloc(arena, (codes + 1) * sizeof *all->values);
    bool good = counts != NULL && all->values != NULL;
    for (size_t i = 0; good && i < codes; i++) {
        value *v = &all->values[all->n];
        if (counts[i] == 0) continue;
        *v = (value){.text = hx_arena_str(arena, hx_table_value(t, column, (uint32_t)i)),
                     .rows = counts[i]};
        v->untidy = untidiness(v->text);
        good = v->text.ptr != NULL && fill_value(v, arena);
        all->n++;
    }
    free(counts);
    if (!good) return false;
    qsort(all->values, all->n, sizeof *all->values, compare_values);
    for (size_t i = 0; good && i < all->n; i++)
        good = note_first(&all->forms, all->values[i].form, i) &&
               note_first(&all->stems, all->values[i].stem, i);
    return good;
}

/* ------------------------------------------------------------------ targets */
typedef struct {
    size_t place;
    double similarity;
    const char *reason; /* NULL = there is none */
} target;

static target by_hash(const values *all, const hx_map *map, uint64_t hash, size_t i,
                      const char *reason) {
    const uint64_t *at = hx_map_get(map, hash);
    if (at == NULL || *at - 1 >= i) return (target){0, 0, NULL};
    const value *v = &all->values[i], *to = &all->values[*at - 1];
    return (target){(size_t)*at - 1, hx_text_similarity(v->points, v->n, to->points, to->n),
                    reason};
}

/* Only Latin letters: pinyin, or a misspelling of one. */
static bool is_latin(const value *v) {
    for (size_t i = 0; i < v->n; i++)
        if (v->points[i] < 'a' || v->points[i] > 'z') return false;
    return v->n >= 4;
}

static target by_pinyin(const values *all, size_t i) {
    const value *v = &all->values[i];
    target best = {0, SPELLING, NULL};
    uint32_t room[HX_SIMILAR_MAX];
    if (!is_latin(v)) return best;
    for (size_t k = 0; k < N_CITIES; k++) {
        size_t n = hx_plain_points(hx_str_of(cities[k].pinyin), room);
        const double s = hx_text_similarity(v->points, v->n, room, n);
        if (s < best.similarity || (best.reason != NULL && s == best.similarity)) continue;
        n = hx_plain_points(hx_str_of(cities[k].han), room);
        const uint64_t *at = hx_map_get(&all->stems, hash_points(room, n));
        if (at == NULL || *at - 1 == i) continue;
        best = (target){(size_t)*at - 1, s, "pinyin"};
    }
    return best;
}

static bool is_long_enough(const value *v) {
    const bool han = v->n > 0 && v->points[0] >= 0x2E80;
    return v->n > (han ? SHORTEST : SHORTEST + 1);
}

static target by_spelling(const values *all, size_t i) {
    const value *v = &all->values[i];
    target best = {0, SPELLING, NULL};
    if (!is_long_enough(v)) return best;
    for (size_t k = 0; k < i && k < TARGETS_MAX; k++) {
        const value *to = &all->values[k];
        if (to->rows < 2 * v->rows) break;
        const double longer = (double)(v->n > to->n ? v->n : to->n);
        const double shorter = (double)(v->n > to->n ? to->n : v->n);
        if ((1 + shorter / longer) / 2 < best.similarity) continue;
        const double s = hx_text_similarity(v->points, v->n, to->points, to->n);
        if (s > best.similarity || (best.reason == NULL && s >= SPELLING))
            best = (target){k, s, "spelling"};
    }
    return best;
}

static target target_of(const values *all, size_t i) {
    target found = by_hash(all, &all->forms, all->values[i].form, i, "form");
    if (found.reason == NULL) found = by_hash(all, &all->stems, all->values[i].stem, i, "suffix");
    if (found.reason == NULL) found = by_pinyin(all, i);
    if (found.reason == NULL) found = by_spelling(all, i);
    return found;
}

/* ------------------------------------------------------------------ columns */
static hx_status propose_column(const hx_table *t, size_t column, hx_arena *arena, hx_repair *out,
                                size_t *n, hx_error *err) {
    values all = {.n = 0};
    hx_map_init(&all.forms);
    hx_map_init(&all.stems);
    const bool good = take_values(&all, t, column, arena);
    target *targets = hx_arena_alloc(arena, (all.n + 1) * sizeof *targets);
    for (size_t i = 0; good && targets != NULL && i < all.n; i++)
        targets[i] = target_of(&all, i);
    for (size_t i = 0; good && targets != NULL && i < all.n; i++) {
        if (targets[i].reason == NULL) continue;
        size_t to = targets[i].place, hops = 0;
        while (targets[to].reason != NULL && hops++ < all.n)
            to = targets[to].place;
        if (to == i || targets[to].reason != NULL) continue;
        out[(*n)++] = (hx_repair){.column = hx_table_column_at(t, column)->name,
                                  .from = all.values[i].text,
                                  .to = all.values[to].text,
                                  .from_rows = all.values[i].rows,
                                  .to_rows = all.values[to].rows,
                                  .similarity = targets[i].similarity,
                                  .reason = targets[i].reason};
    }
    hx_map_release(&all.forms);
    hx_map_release(&all.stems);
    return good && targets != NULL ? HX_OK : hx_fail(err, HX_ENOMEM, "out of memory");
}

static bool is_repairable(const hx_table *t, size_t column, bool named) {
    const hx_table_column *about = hx_table_column_at(t, column);
    return about->kind == HX_KIND_TEXT && (named || about->n_values <= VALUES_MAX);
}

hx_status hx_table_propose_repairs(const hx_table *t, const char *columns, hx_arena *arena,
                                   hx_repair **out, size_t *n, hx_error *err) {
    size_t *list = NULL, n_columns = 0, most = 0;
    const bool named = columns != NULL && columns[0] != '\0';
    HX_TRY(hx_table_find_list(t, columns, arena, &list, &n_columns, err));
    for (size_t i = 0; i < n_columns; i++) {
        const hx_table_column *about = hx_table_column_at(t, list[i]);
        if (named && about->kind != HX_KIND_TEXT)
            return hx_fail(err, HX_EINVAL, "the column '%.*s' does not hold texts",
                           HX_STR_ARG(about->name));
        if (is_repairable(t, list[i], named)) most += about->n_values;
    }
    *n = 0;
    *out = hx_arena_alloc(arena, (most + 1) * sizeof **out);
    if (*out == NULL) return hx_fail(err, HX_ENOMEM, "out of memory");
    for (size_t i = 0; i < n_columns; i++)
        if (is_repairable(t, list[i], named))
            HX_TRY(propose_column(t, list[i], arena, *out, n, err));
    for (size_t i = 0; i < *n; i++) {
        (*out)[i].column = hx_arena_str(arena, (*out)[i].column);
        if ((*out)[i].column.ptr == NULL) return hx_fail(err, HX_ENOMEM, "out of memory");
    }
    return HX_OK;
}
