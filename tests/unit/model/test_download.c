/* test_download.c - getting a model: whole, in two goes, from servers that misbehave; what is kept and what is thrown away.
 *
 * The hub is a server on this machine (hub.h). The model is a GGUF file of one tensor, made here. */
#include "unit/model/model_test.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/file.h"
#include "huaxiang/model.h"
#include "unit/model/hub.h"

#define BODY_BYTES 4096

typedef struct {
    char folder[64], cache[96], path[160], part[176];
    char body[BODY_BYTES];
    char sum[65];
    hx_known_model model;
    test_hub hub;
    hx_download_options options;
    hx_error err;
    uint64_t shown; /* of the last progress */
} fixture;

/* Takes the place of the library's, to see what is made durable: the last was a folder? */
static bool last_was_folder;

int fsync(int fd) {
    struct stat st;
    last_was_folder = fstat(fd, &st) == 0 && S_ISDIR(st.st_mode);
    return (int)syscall(SYS_fsync, fd);
}

static void put(char **p, const void *bytes, size_t n) {
    memcpy(*p, bytes, n);
    *p += n;
}

static void put_u32(char **p, uint32_t v) {
    put(p, &v, sizeof v);
}

static void put_u64(char **p, uint64_t v) {
    put(p, &v, sizeof v);
}

/* Magic, version 3, one F32 tensor "t" of 992 elements; data at 128. */
static void make_body(char *body) {
    char *p = body;
    memset(body, 0, BODY_BYTES);
    put(&p, "GGUF", 4);
    put_u32(&p, 3);
    put_u64(&p, 1);
    put_u64(&p, 1);
    put_u64(&p, 20);
    put(&p, "general.architecture", 20);
    put_u32(&p, 8);
    put_u64(&p, 5);
    put(&p, "llama", 5);
    put_u64(&p, 1);
    put(&p, "t", 1);
    put_u32(&p, 1);
    put_u64(&p, 992);
    put_u32(&p, 0);
    put_u64(&p, 0);
    for (size_t i = 128; i < BODY_BYTES; i++)
        body[i] = (char)(i * 7 & 0x3F);
}

static void write_file(const char *path, const char *bytes, size_t n) {
    hx_error err = {0};
    assert_int_equal(hx_file_write(path, (hx_str){bytes, n}, false, &err), HX_OK);
}

static uint64_t size_of(const char *path) {
    struct stat st;
    return stat(path, &st) == 0 ? (uint64_t)st.st_size : 0;
}

static void show(void *context, uint64_t done, uint64_t total) {
    fixture *f = context;
    assert_true(total == 0 || done <= total);
    f->shown = done;
}

static void begin(fixture *f) {
    hx_model_check check;
    char path[128];
    *f = (fixture){0};
    test_directory(f->folder);
    (void)snprintf(f->cache, sizeof f->cache, "%s/a/models", f->folder);
    (void)snprintf(f->path, sizeof f->path, "%s/tiny.gguf", f->cache);
    (void)snprintf(f->part, sizeof f->part, "%s.part", f->path);
    make_body(f->body);
    (void)snprintf(path, sizeof path, "%s/body", f->folder);
    write_file(path, f->body, BODY_BYTES);
    assert_int_equal(hx_model_verify(NULL, path, NULL, &check, &f->err), HX_OK);
    memcpy(f->sum, check.sha256, sizeof f->sum);
    f->model = (hx_known_model){.name = "tiny",
                                .aliases = "",
                                .repository = "some/where",
                                .file = "tiny.gguf",
                                .bytes = BODY_BYTES,
                                .sha256 = f->sum};
    f->hub = (test_hub){.body = f->body, .len = BODY_BYTES};
    hub_start(&f->hub);
    f->options = (hx_download_options){
        .hub = f->hub.address, .loopback = true, .progress = show, .context = f};
}

static void end(fixture *f) {
    hub_stop(&f->hub);
    test_remove_tree(f->folder);
}

static hx_status get(fixture *f) {
    f->err = (hx_error){0};
    return hx_model_download(&f->model, f->cache, &f->options, &f->err);
}

static void assert_kept(const fixture *f) {
    hx_buf got;
    hx_error err = {0};
    hx_buf_init(&got, 2 * BODY_BYTES);
    assert_int_equal(hx_file_read(f->path, &got, &err), HX_OK);
    assert_int_equal(got.len, BODY_BYTES);
    assert_memory_equal(got.ptr, f->body, BODY_BYTES);
    assert_false(hx_file_exists(f->part));
    hx_buf_release(&got);
}

static void assert_failed(fixture *f, hx_status want, const char *sentence) {
    assert_int_equal(get(f), want);
    if (!strstr(f->err.message, sentence)) fail_msg("'%s' lacks '%s'", f->err.message, sentence);
    assert_false(hx_file_exists(f->path));
}

/* ------------------------------------------------------------------ what works */
static void gets_it_whole_and_once(void **state) {
    (void)state;
    fixture f;
    begin(&f);
    last_was_folder = false;
    assert_int_equal(get(&f), HX_OK);
    assert_true(last_was_folder); /* the rename outlives a loss of power */
    assert_kept(&f);
    assert_int_equal(f.shown, BODY_BYTES);
    assert_non_null(strstr(f.hub.last, "GET /some/where/resolve/main/tiny.gguf HTTP/1.1"));
    assert_int_equal(f.hub.requests, 1);
    assert_int_equal(get(&f), HX_OK);
    assert_int_equal(f.hub.requests, 1); /* a sound one is there */
    write_file(f.path, "spoilt", 6);
    assert_int_equal(get(&f), HX_OK);
    assert_int_equal(f.hub.requests, 2);
    assert_kept(&f);
    end(&f);
}

static void goes_on_where_it_was(void **state) {
    (void)state;
    fixture f;
    begin(&f);
    f.hub.cut = 1000;
    assert_int_equal(get(&f), HX_EIO);
    assert_false(hx_file_exists(f.path));
    assert_int_equal(size_of(f.part), 1000);
    f.hub.cut = 0;
    assert_int_equal(get(&f), HX_OK);
    assert_non_null(strstr(f.hub.last, "Range: bytes=1000-"));
    assert_kept(&f);
    end(&f);
}

static void begins_anew_without_ranges(void **state) {
    (void)state;
    fixture f;
    begin(&f);
    f.hub.cut = 1000;
    assert_int_equal(get(&f), HX_EIO);
    f.hub.cut = 0;
    f.hub.no_ranges = true;
    assert_int_equal(get(&f), HX_OK);
    assert_kept(&f);
    end(&f);
}

static void begins_anew_where_no_sum_is_recorded(void **state) {
    (void)state;
    fixture f;
    begin(&f);
    f.model.sha256 = NULL;
    f.model.bytes = 0;
    assert_int_equal(mkdir(f.cache, 0755) == 0 || get(&f) == HX_OK, 1);
    (void)unlink(f.path);
    write_file(f.part, "the start of another version", 28);
    assert_int_equal(get(&f), HX_OK);
    assert_null(strstr(f.hub.last, "Range:"));
    assert_kept(&f);
    end(&f);
}

/* ------------------------------------------------------------------ what does not */
static void refuses_other_bytes(void **state) {
    (void)state;
    fixture f;
    begin(&f);
    f.body[2000] ^= 1;
    assert_failed(&f, HX_EFORMAT, "its SHA-256 is");
    assert_false(hx_file_exists(f.part)); /* the next try begins anew */
    f.body[2000] ^= 1;
    assert_int_equal(get(&f), HX_OK);
    assert_kept(&f);
    end(&f);
}

static void refuses_what_is_no_model(void **state) {
    (void)state;
    fixture f;
    begin(&f);
    f.model.sha256 = NULL;
    f.model.bytes = 0;
    f.hub.body = "<html>please log in</html>";
    f.hub.len = strlen(f.hub.body);
    assert_failed(&f, HX_EFORMAT, "neither a GGUF nor a safetensors file");
    assert_false(hx_file_exists(f.part));
    end(&f);
}

/* All bytes are there, but for a moment the name leads nowhere that can be read. */
static void hide_part(void *context, uint64_t done, uint64_t total) {
    fixture *f = context;
    (void)total;
    if (done < BODY_BYTES || f->shown == BODY_BYTES) return;
    char hidden[192];
    (void)snprintf(hidden, sizeof hidden, "%s.hidden", f->part);
    assert_int_equal(rename(f->part, hidden), 0);
    assert_int_equal(symlink(f->part, f->part), 0);
    f->shown = done;
}

static void a_passing_fault_throws_nothing_away(void **state) {
    (void)state;
    fixture f;
    struct stat st;
    begin(&f);
    f.options.progress = hide_part;
    assert_int_equal(get(&f), HX_EINVAL); /* what a link to itself is */
    assert_int_equal(f.shown, BODY_BYTES);
    assert_int_equal(lstat(f.part, &st), 0);
    end(&f);
}

static void refuses_too_much(void **state) {
    (void)state;
    fixture f;
    begin(&f);
    f.model.bytes = BODY_BYTES - 1;
    assert_failed(&f, HX_ELIMIT, "more than the 4095 bytes");
    f.hub.hide_length = true;
    assert_failed(&f, HX_ELIMIT, "more than the 4095 bytes");
    f.model.bytes = 0;
    f.options.max_bytes = 100;
    assert_failed(&f, HX_ELIMIT, "more than the 100 bytes");
    end(&f);
}

static void says_what_the_hub_answered(void **state) {
    (void)state;
    fixture f;
    begin(&f);
    f.hub.status = 404;
    assert_failed(&f, HX_ENOTFOUND, "status 404");
    f.hub.status = 503;
    assert_failed(&f, HX_EIO, "status 503");
    f.hub.status = 302;
    f.hub.location = "file:///etc/passwd";
    assert_failed(&f, HX_EDENIED, "not https");
    f.hub.location = "ftp://127.0.0.1/x";
    assert_failed(&f, HX_EDENIED, "not https");
    end(&f);
}

static void speaks_https_alone(void **state) {
    (void)state;
    static const char *const hubs[] = {"http://127.0.0.1:1", "http://example.org", "ftp://x", "x",
                                       "file:///etc"};
    fixture f;
    begin(&f);
    f.options.loopback = false;
    for (size_t i = 0; i < sizeof hubs / sizeof *hubs; i++) {
        f.options.hub = hubs[i];
        assert_failed(&f, HX_EINVAL, "no https:// address");
    }
    f.options.loopback = true; /* this machine alone */
    f.options.hub = "http://127.0.0.1:80@example.org";
    assert_failed(&f, HX_EINVAL, "no https:// address");
    f.options.hub = "http://127.0.0.2:80";
    assert_failed(&f, HX_EINVAL, "no https:// address");
    assert_int_equal(f.hub.requests, 0);
    end(&f);
}

static void stops_when_asked(void **state) {
    (void)state;
    fixture f;
    volatile int stop = 0;
    begin(&f);
    hx_flag_raise(&stop);
    f.options.cancel = &stop;
    assert_failed(&f, HX_ECANCELLED, "stopped");
    end(&f);
}

static void waits_for_nobody(void **state) {
    (void)state;
    fixture f;
    begin(&f);
    f.hub.cut = 10;
    assert_int_equal(get(&f), HX_EIO);
    int other = open(f.part, O_RDWR | O_CLOEXEC);
    assert_true(other >= 0);
    assert_int_equal(flock(other, LOCK_EX), 0);
    assert_failed(&f, HX_EBUSY, "by another process");
    close(other);
    assert_int_equal(unlink(f.part), 0);
    assert_int_equal(symlink("/etc/passwd", f.part), 0); /* links are not followed */
    assert_int_not_equal(get(&f), HX_OK);
    end(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gets_it_whole_and_once),
        cmocka_unit_test(goes_on_where_it_was),
        cmocka_unit_test(begins_anew_without_ranges),
        cmocka_unit_test(begins_anew_where_no_sum_is_recorded),
        cmocka_unit_test(refuses_other_bytes),
        cmocka_unit_test(refuses_what_is_no_model),
        cmocka_unit_test(a_passing_fault_throws_nothing_away),
        cmocka_unit_test(refuses_too_much),
        cmocka_unit_test(says_what_the_hub_answered),
        cmocka_unit_test(speaks_https_alone),
        cmocka_unit_test(stops_when_asked),
        cmocka_unit_test(waits_for_nobody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
