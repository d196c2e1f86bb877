/* test_pii.c - finding and masking personal data: every kind, its spellings, its hard negatives, and properties over random text.
 * All numbers are made up; those that must be valid carry a computed check digit. */
#include "unit/base/base_test.h"

#include "base/error.h"
#include "base/rng.h"
#include "huaxiang/privacy.h"

typedef struct {
    const char *text;
    const char *found; /* "type:bytes found" joined by |, "" = nothing */
    const char *masked; /* NULL = not looked at */
} pii_case;

static const pii_case cases[] = {
    /* mobile numbers */
    {"手机13812345678谢谢", "phone:13812345678", "手机138****5678谢谢"},
    {"138 1234 5678", "phone:138 1234 5678", "138 **** 5678"},
    {"138-1234-5678。", "phone:138-1234-5678", "138-****-5678。"},
    {"1 3 8 1 2 3 4 5 6 7 8", "phone:1 3 8 1 2 3 4 5 6 7 8", "1 3 8 * * * * 5 6 7 8"},
    {"+8613812345678", "phone:+8613812345678", "+86138****5678"},
    {"+86 138 1234 5678", "phone:+86 138 1234 5678", "+86 138 **** 5678"},
    {"0086-13812345678", "phone:0086-13812345678", "0086-138****5678"},
    {"8613812345678", "phone:8613812345678", "86138****5678"},
    {"(+86)13812345678", "phone:+86)13812345678", "(+86)138****5678"},
    {"１３８１２３４５６７８", "phone:１３８１２３４５６７８", "１３８****５６７８"},
    {"１３８－１２３４－５６７８", "phone:１３８－１２３４－５６７８", "１３８－****－５６７８"},
    {"13812345678,15987654321", "phone:13812345678|phone:15987654321", "138****5678,159****4321"},
    {"13812345678 15987654321", "phone:13812345678|phone:15987654321", NULL},
    {"2026-03-05 13812345678 收", "phone:13812345678", NULL},
    {"电话:19912345678.", "phone:19912345678", NULL},
    /* landline and service numbers */
    {"010-12345678", "", NULL}, /* local numbers begin with 2-8 */
    {"010-62345678", "phone:010-62345678", "010-****5678"},
    {"（0571）8765 4321", "phone:0571）8765 4321", NULL},
    {"05718765432", "phone:05718765432", NULL},
    {"026-62345678", "", NULL}, /* an area code that is not in use */
    {"400-123-4567", "phone:400-123-4567", "400-***-4567"},
    {"4008123123", "phone:4008123123", "400***3123"},
    {"800-820-8820", "phone:800-820-8820", NULL},
    /* no phones */
    {"12812345678", "", NULL},
    {"1381234567", "", NULL},
    {"138123456789", "", NULL},
    {"订单号20261122138123456780001", "", NULL},
    {"SN13812345678", "", NULL},
    {"13812345678A", "", NULL},
    {"￥13812345678", "", NULL},
    {"¥13812345678.00", "", NULL},
    {"13812345678.5 元", "", NULL},
    {"3.13812345678", "", NULL},
    {"id_13812345678", "", NULL},
    {"138\n12345678", "", NULL},
    {"138   1234   5678", "", NULL},
    {"13 8123 45678 是尺码", "", NULL},
    {"+13812345678", "phone:+13812345678", NULL},
    /* identity cards */
    {"身份证11010519491231002X", "id_card:11010519491231002X", "身份证110105********002X"},
    {"11010519491231002x", "id_card:11010519491231002x", "110105********002x"},
    {"440524188001010014", "", NULL}, /* checksum right, born before 1900 */
    {"310101199003070019", "id_card:310101199003070019", "310101********0019"},
    {"310101199003070018", "", NULL}, /* wrong check digit */
    {"110101199002301236", "", NULL}, /* checksum right, 30 February */
    {"990101199001011230", "", NULL}, /* checksum right, no such region */
    {"110101190001011236", "id_card:110101190001011236", NULL},
    {"810000199701011231", "id_card:810000199701011231", NULL},
    {"310101 19900307 0019", "id_card:310101 19900307 0019", "310101 ******** 0019"},
    {"１１０１０５１９４９１２３１００２Ｘ", "id_card:１１０１０５１９４９１２３１００２Ｘ",
     "１１０１０５********００２Ｘ"},
    {"110105491231002", "id_card:110105491231002", "110105*****1002"},
    {"110105491331002", "", NULL}, /* month 13 */
    {"000105491231002", "", NULL},
    /* bank cards */
    {"卡号6222021001123459", "bank_card:6222021001123459", "卡号************3459"},
    {"6222 0210 0112 3459", "bank_card:6222 0210 0112 3459", "**** **** **** 3459"},
    {"6222-0210-0112-3459", "bank_card:6222-0210-0112-3459", NULL},
    {"6217001070000123451", "bank_card:6217001070000123451", "***************3451"},
    {"621700 1070000123451", "bank_card:621700 1070000123451", NULL},
    {"4111111111111111", "bank_card:4111111111111111", NULL},
    {"5555555555554444", "bank_card:5555555555554444", NULL},
    {"378282246310005", "bank_card:378282246310005", "***********0005"},
    {"3530111333300000", "bank_card:3530111333300000", NULL},
    {"6222021001123458", "", NULL}, /* Luhn fails */
    {"0000000000000000", "", NULL}, /* Luhn holds, no issuer */
    {"1234567812345670", "", NULL}, /* Luhn holds, no issuer */
    {"4111111111111111.50", "", NULL},
    {"62220210011234591", "", NULL},
    /* addresses */
    {"邮箱abc.def@example.com收", "email:abc.def@example.com", "邮箱a***@example.com收"},
    {"13812345678@qq.com", "email:13812345678@qq.com", "1***@qq.com"},
    {"a@b.cn, c_d+e%f@mail-1.x.org!", "email:a@b.cn|email:c_d+e%f@mail-1.x.org",
     "a***@b.cn, c***@mail-1.x.org!"},
    {"user＠example.com", "email:user＠example.com", "u***＠example.com"},
    {"见example@site.com.", "email:example@site.com", NULL},
    {"@huaxiang 你好", "", NULL},
    {"a@b", "", NULL},
    {"a@b.c", "", NULL},
    {"a@b.123", "", NULL},
    {".a@b.com", "", NULL},
    {"a..b@c.com", "", NULL},
    {"a@-b.com", "", NULL},
    {"100%@5折", "", NULL},
    /* mixed */
    {"张三13812345678,110105194912310021或zs@qq.com", "phone:13812345678|email:zs@qq.com", NULL},
    {"6222021001123459 13812345678 11010519491231002X",
     "bank_card:6222021001123459|phone:13812345678|id_card:11010519491231002X", NULL},
    {"", "", ""},
    {"这家餐厅很棒！", "", "这家餐厅很棒！"},
};

static void list_finds(hx_str text, const hx_pii *finds, size_t n, char *out, size_t room) {
    size_t len = 0;
    out[0] = 0;
    for (size_t i = 0; i < n; i++) {
        int wrote =
            snprintf(out + len, room - len, "%s%s:%.*s", i ? "|" : "", hx_pii_name(finds[i].type),
                     (int)(finds[i].end - finds[i].start), text.ptr + finds[i].start);
        assert_in_range(wrote, 0, (int)(room - len) - 1);
        len += (size_t)wrote;
    }
}

static void finds_and_masks_every_case(void **state) {
    (void)state;
    hx_arena *arena = hx_arena_new(0);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const hx_pii *finds;
        size_t n;
        hx_str masked;
        char got[1024];
        hx_str text = hx_str_of(cases[i].text);
        assert_int_equal(hx_pii_redact(text, arena, &masked, &finds, &n, NULL), HX_OK);
        list_finds(text, finds, n, got, sizeof got);
        if (strcmp(got, cases[i].found) != 0) print_error("case %zu: %s\n", i, cases[i].text);
        assert_string_equal(got, cases[i].found);
        if (cases[i].masked) assert_string_equal(masked.ptr, cases[i].masked);
        hx_arena_reset(arena);
    }
    hx_arena_free(arena);
}

/* Any bytes: finds ascend, do not overlap, lie inside; each loses at least three characters to the mask. */
static void random_texts_keep_the_promises(void **state) {
    (void)state;
    static const char *const bits[] = {
        "138",  "1234", "5678", " ",    "-",  "@qq.com", "62220210",           "01123459", "+86",
        "１３", "x",    ".",    "手机", "\n", "\xEF",    "11010519491231002X", "a",        "\xFF"};
    hx_rng r;
    hx_rng_seed(&r, TEST_SEED);
    hx_arena *arena = hx_arena_new(0);
    for (int i = 0; i < 20000; i++) {
        char text[512];
        size_t len = 0;
        for (size_t k = hx_rng_below(&r, 12); k > 0; k--) {
            const char *bit = bits[hx_rng_below(&r, sizeof bits / sizeof *bits)];
            memcpy(text + len, bit, strlen(bit));
            len += strlen(bit);
        }
        const hx_pii *finds;
        size_t n, stars = 0;
        hx_str masked;
        assert_int_equal(hx_pii_redact((hx_str){text, len}, arena, &masked, &finds, &n, NULL),
                         HX_OK);
        for (size_t k = 0; k < n; k++) {
            assert_true(finds[k].start < finds[k].end && finds[k].end <= len);
            assert_true(k == 0 || finds[k - 1].end <= finds[k].start);
        }
        for (size_t k = 0; k < masked.len; k++)
            stars += masked.ptr[k] == '*';
        assert_true(stars >= 3 * n && (n > 0) == (stars > 0));
        assert_true(masked.len <= len + 3 * n);
        hx_arena_reset(arena);
    }
    hx_arena_free(arena);
}

/* Every valid card stays valid only with its own check digit. */
static void one_wrong_digit_is_no_card(void **state) {
    (void)state;
    hx_arena *arena = hx_arena_new(0);
    const char *const valid[] = {"310101199003070019", "6222021001123459", "6217001070000123451"};
    for (size_t v = 0; v < sizeof valid / sizeof *valid; v++) {
        size_t len = strlen(valid[v]);
        for (char d = '0'; d <= '9'; d++) {
            char text[32];
            const hx_pii *finds;
            size_t n;
            memcpy(text, valid[v], len);
            text[len - 1] = d;
            assert_int_equal(hx_pii_find((hx_str){text, len}, arena, &finds, &n, NULL), HX_OK);
            assert_int_equal(n, d == valid[v][len - 1]);
        }
    }
    hx_arena_free(arena);
}

static void long_runs_take_linear_time(void **state) {
    (void)state;
    enum { SIZE = 4 << 20 };
    hx_arena *arena = hx_arena_new(0);
    char *text = malloc(SIZE);
    assert_non_null(text);
    const char *const patterns[] = {"1", "1 ", "a", "a@", "1-1 ", "a.", "@a.b"};
    for (size_t p = 0; p < sizeof patterns / sizeof *patterns; p++) {
        const hx_pii *finds;
        size_t n;
        size_t len = strlen(patterns[p]);
        for (size_t i = 0; i < SIZE; i++)
            text[i] = patterns[p][i % len];
        assert_int_equal(hx_pii_find((hx_str){text, SIZE}, arena, &finds, &n, NULL), HX_OK);
        assert_int_equal(n, 0);
        hx_arena_reset(arena);
    }
    free(text);
    hx_arena_free(arena);
}

static void a_full_arena_is_a_clear_failure(void **state) {
    (void)state;
    hx_arena *arena = hx_arena_new(64);
    hx_error err = {0};
    const hx_pii *finds = NULL;
    size_t n = 77;
    const char text[] = "13812345678,13812345678,13812345678,13812345678,13812345678,13812345678,"
                        "13812345678,13812345678,";
    assert_int_equal(hx_pii_find(hx_str_of(text), arena, &finds, &n, &err), HX_ENOMEM);
    assert_string_equal(err.message, "out of memory while looking for personal data");
    assert_int_equal(n, 77);
    hx_arena_free(arena);
}

static void names_are_those_of_the_interface(void **state) {
    (void)state;
    assert_string_equal(hx_pii_name(HX_PII_PHONE), "phone");
    assert_string_equal(hx_pii_name(HX_PII_ID_CARD), "id_card");
    assert_string_equal(hx_pii_name(HX_PII_BANK_CARD), "bank_card");
    assert_string_equal(hx_pii_name(HX_PII_EMAIL), "email");
    assert_string_equal(hx_pii_name(HX_PII_N), "unknown");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_and_masks_every_case),
        cmocka_unit_test(random_texts_keep_the_promises),
        cmocka_unit_test(one_wrong_digit_is_no_card),
        cmocka_unit_test(long_runs_take_linear_time),
        cmocka_unit_test(a_full_arena_is_a_clear_failure),
        cmocka_unit_test(names_are_those_of_the_interface),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
