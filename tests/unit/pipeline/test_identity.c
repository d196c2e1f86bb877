/* Who belongs together by decision: joins and partings are worked out before they are done, journalled, and undone to the same bytes; rules limit, rank
 * and block; every wrong wish gets its sentence. */
#include "../../store_test.h"

#include <math.h>

#include "base/rng.h"

enum { PEOPLE = 24, ROUNDS = 60, ROUNDS_MAX = 100000 };

static const hx_identity_options apply = {.apply = true, .reason = {"test", 4}, .now = 7};
static const hx_identity_options preview = {.apply = false};

/* u0 .. u23, each with an order a week and a phone; u0 and u1, u2 and u3, ... share a device. */
static void import_people(folder *f, hx_store *s) {
    const char *path = in_folder(f, "people.csv");
    FILE *out = fopen(path, "wb");
    assert_non_null(out);
    fputs("customer_id,datetime,order_id,amount,phone,device_id\n", out);
    for (int i = 0; i < PEOPLE; i++)
        for (int k = 0; k < 3; k++)
            fprintf(out, "u%d,2026-0%d-%02d,o%d-%d,%d.5,138000010%02d,dev%d\n", i, k + 1,
                    i % 28 + 1, i, k, 10 + i, i, i / 2);
    assert_int_equal(fclose(out), 0);
    must_import(s, path);
}

static uint64_t person_of(hx_store *s, const char *who) {
    uint64_t person = 0;
    hx_error err = {.code = HX_OK};
    if (hx_store_find(s, hx_str_of(who), &person, &err) != HX_OK) fail_msg("%s", err.message);
    return person;
}

static hx_identity_change must_join(hx_store *s, const char *a, const char *b,
                                    const hx_identity_options *o, hx_arena *arena) {
    hx_identity_change c;
    hx_error err = {.code = HX_OK};
    if (hx_identity_join(s, hx_str_of(a), hx_str_of(b), o, arena, &c, &err) != HX_OK)
        fail_msg("%s", err.message);
    return c;
}

static hx_identity_change must_part(hx_store *s, const char *who, const char *id,
                                    const hx_identity_options *o, hx_arena *arena) {
    hx_identity_change c;
    hx_error err = {.code = HX_OK};
    hx_str ids[1] = {hx_str_of(id)};
    if (hx_identity_part(s, hx_str_of(who), ids, id ? 1 : 0, o, arena, &c, &err) != HX_OK)
        fail_msg("%s", err.message);
    return c;
}

static void must_undo(hx_store *s, int64_t decision, hx_arena *arena) {
    hx_identity_change c;
    hx_error err = {.code = HX_OK};
    if (hx_identity_undo(s, decision, &apply, arena, &c, &err) != HX_OK)
        fail_msg("%s", err.message);
}

static void a_join_is_worked_out_done_and_undone(void **state) {
    folder *f = *state;
    hx_store *s = open_store(in_folder(f, "join.db"));
    hx_arena *arena = hx_arena_new(0);
    import_people(f, s);
    uint64_t n, before = digest_of(s, &n);
    assert_int_equal(n, PEOPLE / 2);
    hx_identity_change c = must_join(s, "u0", "u20", &preview, arena);
    assert_int_equal(c.persons_lost, 1);
    assert_int_equal(c.persons_gained, 0);
    assert_int_equal(c.n_moved, 5); /* two customers, two phones, a device */
    assert_int_equal(c.decision, 0);
    assert_int_equal(digest_of(s, NULL), before);

    c = must_join(s, "u0", "u20", &apply, arena);
    assert_int_equal(c.decision, 1);
    assert_int_equal(person_of(s, "u0"), person_of(s, "u21"));
    assert_true(digest_of(s, &n) != before);
    assert_int_equal(n, PEOPLE / 2 - 1);
    must_hold_together(s);

    c = must_part(s, "u21", NULL, &apply, arena); /* no ids: the last join */
    assert_int_equal(c.persons_gained, 1);
    assert_int_equal(digest_of(s, NULL), before);
    must_undo(s, 1, arena); /* holds again */
    assert_int_equal(person_of(s, "u0"), person_of(s, "u21"));
    must_hold_together(s);
    hx_arena_free(arena);
    hx_store_close(s);
}

static void ids_of_one_row_are_parted_and_stay_so(void **state) {
    folder *f = *state;
    hx_store *s = open_store(in_folder(f, "part.db"));
    hx_arena *arena = hx_arena_new(0);
    import_people(f, s);
    uint64_t before = digest_of(s, NULL);
    assert_int_equal(person_of(s, "u4"), person_of(s, "u5"));
    hx_identity_change c = must_part(s, "u5", "device:dev2", &apply, arena);
    assert_int_equal(c.persons_gained,
                     2); /* the device held them together: three now, one of them kept */
    assert_true(person_of(s, "u4") != person_of(s, "u5"));
    assert_true(person_of(s, "u4") == person_of(s, "phone:13800001004"));
    const char *again = in_folder(f, "again.csv");
    write_file(again, "customer_id,datetime,order_id,amount,device_id\nu5,2026-05-01,x1,9,dev2\n");
    must_import(s, again);
    assert_true(person_of(s, "u5") != person_of(s, "device:dev2"));
    hx_error err = {.code = HX_OK};
    if (hx_import_undo(s, 2, &err) != HX_OK) fail_msg("%s", err.message);
    must_undo(s, c.decision, arena);
    assert_int_equal(digest_of(s, NULL), before);
    hx_arena_free(arena);
    hx_store_close(s);
}

/* HX_ROUNDS of them where that is set: `script/test --full` tries 10,000. */
static size_t n_rounds(void) {
    const char *wanted = getenv("HX_ROUNDS");
    const int n = wanted ? atoi(wanted) : 0;
    return n > 0 && n <= ROUNDS_MAX ? (size_t)n : ROUNDS;
}

typedef struct {
    hx_store *s;
    hx_arena *arena;
    hx_rng r;
    bool *holds; /* of each decision, the first at 1 */
    size_t n;
    size_t done; /* changes that were made */
} history;

static void toggle(history *h, size_t decision) {
    hx_identity_change c;
    hx_error err = {.code = HX_OK};
    if (hx_identity_undo(h->s, (int64_t)decision, &apply, h->arena, &c, &err) != HX_OK)
        fail_msg("%s", err.message);
    h->holds[decision] = !h->holds[decision];
    h->done++;
}

static void decide_at_random(history *h) {
    char a[16], b[16], phone[32];
    const int i = (int)hx_rng_below(&h->r, PEOPLE), k = (int)hx_rng_below(&h->r, PEOPLE);
    hx_identity_change c;
    hx_error err = {.code = HX_OK};
    snprintf(a, sizeof a, "u%d", i);
    snprintf(b, sizeof b, "u%d", k);
    snprintf(phone, sizeof phone, "138000010%02d", i);
    const hx_str id = hx_str_of(hx_rng_below(&h->r, 2) ? phone : a);
    const hx_status status =
        hx_rng_below(&h->r, 3) > 0
            ? hx_identity_join(h->s, hx_str_of(a), hx_str_of(b), &apply, h->arena, &c, &err)
            : hx_identity_part(h->s, hx_str_of(a), &id, 1, &apply, h->arena, &c, &err);
    assert_true(status == HX_OK || status == HX_ECONFLICT || status == HX_ENOTFOUND ||
                status == HX_EINVAL);
    if (status != HX_OK) return;
    assert_int_equal(c.decision, ++h->n);
    h->holds[h->n] = true;
    h->done++;
}

/* Whatever was decided, undone and decided again in whatever order: when all of it is undone, all profiles have the bytes they had. */
static void random_histories_undo_to_the_same_bytes(void **state) {
    folder *f = *state;
    const size_t rounds = n_rounds();
    history h = {.s = open_store(in_folder(f, "random.db")), .arena = hx_arena_new(0)};
    h.holds = calloc(rounds + 1, sizeof *h.holds);
    assert_non_null(h.holds);
    import_people(f, h.s);
    hx_rng_seed(&h.r, 11);
    const uint64_t before = digest_of(h.s, NULL);
    while (h.done < rounds) {
        if (h.n > 4 && hx_rng_below(&h.r, 2))
            toggle(&h, 1 + hx_rng_below(&h.r, h.n));
        else if (h.n < rounds)
            decide_at_random(&h);
        hx_arena_reset(h.arena);
    }
    must_hold_together(h.s);
    assert_true(digest_of(h.s, NULL) != before);
    for (size_t i = h.n; i > 0; i--)
        if (h.holds[i]) toggle(&h, i);
    assert_int_equal(digest_of(h.s, NULL), before);
    must_hold_together(h.s);
    free(h.holds);
    hx_arena_free(h.arena);
    hx_store_close(h.s);
}

static void set_rules(hx_store *s, const char *json, const hx_identity_options *o, hx_arena *arena,
                      hx_identity_change *c) {
    hx_error err = {.code = HX_OK};
    if (hx_identity_set_rules(s, hx_str_of(json), o, arena, c, &err) != HX_OK)
        fail_msg("%s", err.message);
}

static void rules_are_previewed_limit_and_block(void **state) {
    folder *f = *state;
    hx_store *s = open_store(in_folder(f, "rules.db"));
    hx_arena *arena = hx_arena_new(0);
    hx_identity_change c;
    import_people(f, s);
    uint64_t before = digest_of(s, NULL);
    set_rules(s, "{\"limits\":{\"customer\":1}}", &preview, arena, &c);
    assert_int_equal(c.persons_gained, PEOPLE / 2);
    assert_int_equal(c.limited, PEOPLE / 2);
    assert_int_equal(digest_of(s, NULL), before);
    set_rules(s, "{\"limits\":{\"customer\":1}}", &apply, arena, &c);
    assert_true(person_of(s, "u6") != person_of(s, "u7"));
    assert_true(person_of(s, "u6") == person_of(s, "phone:13800001006"));
    must_hold_together(s);
    set_rules(s, "{\"blocked\":[\"device:dev3\"]}", &apply, arena, &c);
    assert_true(person_of(s, "u6") != person_of(s, "u7"));
    assert_true(person_of(s, "u8") == person_of(s, "u9"));
    set_rules(s, "{}", &apply, arena, &c);
    assert_int_equal(digest_of(s, NULL), before);
    hx_str text;
    hx_error err = {.code = HX_OK};
    assert_int_equal(hx_identity_rules_text(s, arena, &text, &err), HX_OK);
    assert_true(hx_str_equal(text, HX_STR_LIT("{}")));
    hx_arena_free(arena);
    hx_store_close(s);
}

static void the_journal_tells_all(void **state) {
    folder *f = *state;
    hx_store *s = open_store(in_folder(f, "journal.db"));
    hx_arena *arena = hx_arena_new(0);
    hx_identity_decision *list;
    size_t n;
    hx_error err = {.code = HX_OK};
    import_people(f, s);
    must_join(s, "u0", "u10", &apply, arena);
    must_part(s, "u2",
              "138000010"
              "02",
              &apply, arena);
    must_undo(s, 1, arena);
    assert_int_equal(hx_identity_journal(s, arena, &list, &n, &err), HX_OK);
    assert_int_equal(n, 2);
    assert_true(list[0].undone && !list[0].parts && list[0].n_pairs == 1 &&
                hx_str_equal(list[0].at, HX_STR_LIT("1970-01-01T00:00:00.007Z")));
    assert_true(hx_str_equal(list[0].reason, HX_STR_LIT("test")));
    assert_true(!list[1].undone && list[1].parts && list[1].n_pairs == 1);
    assert_true(memcmp(list[1].b.ptr, "phone:", 6) == 0 || memcmp(list[1].a.ptr, "phone:", 6) == 0);
    uint64_t erased;
    assert_int_equal(hx_erase_customer(s, HX_STR_LIT("13800001002"), 9, &erased, &err), HX_OK);
    assert_int_equal(hx_identity_journal(s, arena, &list, &n, &err), HX_OK);
    assert_int_equal(list[1].n_pairs, 0); /* nothing names the erased phone */
    hx_arena_free(arena);
    hx_store_close(s);
}

/* 400 people of a few surnames and many given names; 80 of them stand there twice, the second time with another phone, and with faults. */
enum { KNOWN = 400, TWICE = 80 };

static void put_person(FILE *out, hx_rng *r, int id, int who, bool again) {
    static const char *const surnames[] = {"王", "李", "张", "刘", "陈"},
                             *const given[] = {"伟", "芳", "娜", "敏", "静", "强", "磊",
                                               "洋", "艳", "勇", "杰", "涛", "明", "超",
                                               "霞", "平", "刚", "桂", "文", "辉"},
                             *const roads[] = {"中山路", "人民路", "解放路", "建设路", "和平路"};
    hx_rng p;
    hx_rng_seed(&p, (uint64_t)who * 31 + 7);
    const int last = (int)hx_rng_below(&p, 5), first = (int)hx_rng_below(&p, 20),
              second = (int)hx_rng_below(&p, 20), road = (int)hx_rng_below(&p, 5),
              house = 1 + (int)hx_rng_below(&p, 300), flat = 1 + (int)hx_rng_below(&p, 30),
              year = 1960 + (int)hx_rng_below(&p, 45), month = 1 + (int)hx_rng_below(&p, 12),
              day = 1 + (int)hx_rng_below(&p, 28);
    const bool misspelt = again && hx_rng_below(r, 4) == 0,
               moved = again && hx_rng_below(r, 5) == 0;
    const int wrong_day = again && hx_rng_below(r, 6) == 0 ? day % 28 + 1 : day;
    fprintf(out, "p%d,%s%s%s,%d-%02d-%02d,北京市%s%d号%d室,1%02d%08d\n", id, surnames[last],
            given[first], given[misspelt ? (second + 1) % 20 : second], year, month, wrong_day,
            roads[moved ? (road + 1) % 5 : road], moved ? house + 7 : house, flat,
            30 + (int)hx_rng_below(r, 60), (int)hx_rng_below(r, 100000000));
}

static void import_doubles(folder *f, hx_store *s) {
    const char *path = in_folder(f, "doubles.csv");
    FILE *out = fopen(path, "wb");
    hx_rng r;
    assert_non_null(out);
    hx_rng_seed(&r, 3);
    fputs("客户编号,姓名,生日,地址,手机号\n", out);
    for (int i = 0; i < KNOWN; i++)
        put_person(out, &r, i, i, false);
    for (int i = 0; i < TWICE; i++)
        put_person(out, &r, KNOWN + i, i * 5, true);
    assert_int_equal(fclose(out), 0);
    must_import(s, path);
}

static bool is_double(hx_store *s, const hx_identity_pair *p) {
    for (int i = 0; i < TWICE; i++) {
        char a[16], b[16];
        snprintf(a, sizeof a, "p%d", i * 5);
        snprintf(b, sizeof b, "p%d", KNOWN + i);
        uint64_t x, y, of_a = person_of(s, a), of_b = person_of(s, b);
        assert_true(hx_profile_id_parse(p->a, &x) && hx_profile_id_parse(p->b, &y));
        if ((x == of_a && y == of_b) || (x == of_b && y == of_a)) return true;
    }
    return false;
}

static void likely_doubles_are_found_joined_and_given_back(void **state) {
    folder *f = *state;
    hx_store *s = open_store(in_folder(f, "doubles.db"));
    hx_arena *arena = hx_arena_new(0);
    hx_identity_match m;
    hx_identity_change c;
    hx_error err = {.code = HX_OK};
    import_doubles(f, s);
    uint64_t n, before = digest_of(s, &n);
    assert_int_equal(n, KNOWN + TWICE);
    if (hx_identity_find(s, 0.9, NULL, arena, &m, &err) != HX_OK) fail_msg("%s", err.message);
    size_t right = 0;
    for (size_t i = 0; i < m.n_pairs; i++) {
        double bits = m.prior_bits;
        for (size_t k = 0; k < HX_IDENTITY_FIELDS; k++)
            bits += m.pairs[i].weights[k];
        assert_true(fabs(1 / (1 + exp2(-bits)) - m.pairs[i].probability) < 1e-12);
        right += is_double(s, &m.pairs[i]);
    }
    if (right < TWICE * 9 / 10 || right < m.n_pairs * 95 / 100)
        fail_msg("%zu of %d found, %zu said", right, TWICE, m.n_pairs);
    assert_int_equal(digest_of(s, NULL), before);
    if (hx_identity_join_found(s, &m, &apply, arena, &c, &err) != HX_OK)
        fail_msg("%s", err.message);
    assert_int_equal(c.persons_lost, m.n_pairs);
    must_hold_together(s);
    hx_identity_decision *list;
    size_t n_list;
    assert_int_equal(hx_identity_journal(s, arena, &list, &n_list, &err), HX_OK);
    assert_int_equal(n_list, m.n_pairs);
    assert_true(hx_str_equal(list[0].source, HX_STR_LIT("match")) && list[0].weight >= 0.9);
    for (size_t i = 0; i < n_list; i++)
        must_undo(s, list[i].id, arena);
    assert_int_equal(digest_of(s, NULL), before);
    assert_int_equal(hx_identity_find(s, 0.3, NULL, arena, &m, &err), HX_EINVAL);
    hx_arena_free(arena);
    hx_store_close(s);
}

static void refused(hx_status status, const hx_error *err, hx_status want, const char *sentence) {
    assert_int_equal(status, want);
    if (!strstr(err->message, sentence)) fail_msg("%s", err->message);
}

static void wrong_wishes_get_their_sentence(void **state) {
    folder *f = *state;
    hx_store *s = open_store(in_folder(f, "wrong.db"));
    hx_arena *arena = hx_arena_new(0);
    hx_identity_change c;
    hx_error err = {.code = HX_OK};
    import_people(f, s);
    const hx_str u0 = HX_STR_LIT("u0"), u1 = HX_STR_LIT("u1"), nobody = HX_STR_LIT("u99");
    refused(hx_identity_join(s, u0, u1, &apply, arena, &c, &err), &err, HX_ECONFLICT,
            "are one customer already");
    refused(hx_identity_join(s, u0, nobody, &apply, arena, &c, &err), &err, HX_ENOTFOUND, "u99");
    refused(hx_identity_part(s, u0, NULL, 0, &apply, arena, &c, &err), &err, HX_ENOTFOUND,
            "no decision joined u0");
    refused(hx_identity_part(s, u0, &nobody, 1, &apply, arena, &c, &err), &err, HX_ENOTFOUND,
            "is no id of u0");
    refused(hx_identity_undo(s, 5, &apply, arena, &c, &err), &err, HX_ENOTFOUND, "no decision 5");
    const struct {
        const char *json, *sentence;
    } rules[] = {{"[]", "must be a JSON object"},
                 {"{\"limit\":1}", "'limit' is no rule"},
                 {"{\"limits\":{\"mail\":1}}", "'mail' is no type of id"},
                 {"{\"limits\":{\"email\":0}}", "email must be a whole number"},
                 {"{\"shared\":1.5}", "shared must be a whole number"},
                 {"{\"priority\":[\"email\",\"email\"]}", "'email' is no type of id"},
                 {"{\"blocked\":[1]}", "blocked value 1 is no text"}};
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
        refused(hx_identity_set_rules(s, hx_str_of(rules[i].json), &apply, arena, &c, &err), &err,
                HX_EFORMAT, rules[i].sentence);
    must_part(s, "u0", "device:dev0", &apply, arena);
    refused(hx_identity_join(s, u0, HX_STR_LIT("device:dev0"), &apply, arena, &c, &err), &err,
            HX_ECONFLICT, "an earlier decision parts them");
    hx_arena_free(arena);
    hx_store_close(s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_join_is_worked_out_done_and_undone, folder_make,
                                        folder_remove),
        cmocka_unit_test_setup_teardown(ids_of_one_row_are_parted_and_stay_so, folder_make,
                                        folder_remove),
        cmocka_unit_test_setup_teardown(random_histories_undo_to_the_same_bytes, folder_make,
                                        folder_remove),
        cmocka_unit_test_setup_teardown(rules_are_previewed_limit_and_block, folder_make,
                                        folder_remove),
        cmocka_unit_test_setup_teardown(the_journal_tells_all, folder_make, folder_remove),
        cmocka_unit_test_setup_teardown(likely_doubles_are_found_joined_and_given_back, folder_make,
                                        folder_remove),
        cmocka_unit_test_setup_teardown(wrong_wishes_get_their_sentence, folder_make,
                                        folder_remove),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
