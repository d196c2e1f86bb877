/* huaxiang/base.h - what every other header stands on: status, error, string view, arena, version.
 *
 * Errors are values. A fallible function returns hx_status and, where it fails, fills an hx_error with one
 * finished sentence that says what went wrong, where, and what to do. On success the error is untouched.
 *
 * Lifetimes, not frees. Functions that produce data take an arena; everything they return lives until the
 * arena is reset or freed. A handle owns what it needs and is closed with its own close function. */
#ifndef HUAXIANG_BASE_H
#define HUAXIANG_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define HX_API __attribute__((visibility("default")))
#define HX_MUST_USE __attribute__((warn_unused_result))
#define HX_PRINTF(f, a) __attribute__((format(printf, f, a)))
#else
#define HX_API
#define HX_MUST_USE
#define HX_PRINTF(f, a)
#endif

#define HX_VERSION "0.1.0"

/* The version of the library that runs, which may be newer than the header's HX_VERSION. */
HX_API const char *hx_version(void);

typedef enum {
    HX_OK = 0,
    HX_EINVAL, /* an argument or option makes no sense */
    HX_EFORMAT, /* the input is not what it should be */
    HX_ELIMIT, /* a cap was reached */
    HX_ENOTFOUND, /* no such file, customer, column, ... */
    HX_ECONFLICT, /* it contradicts what is there */
    HX_EDENIED, /* not allowed */
    HX_EIO, /* the operating system failed (disk full, read error, ...) */
    HX_ENOMEM, /* out of memory */
    HX_EBUSY, /* locked by somebody else; later it may work */
    HX_ECANCELLED, /* stopped on request */
    HX_EUNSUPPORTED, /* known, but not in this build or version */
    HX_EINTERNAL /* a defect of ours */
} hx_status;

/* The language of messages. */
typedef enum { HX_UI_EN = 0, HX_UI_ZH = 1 } hx_ui_lang;

#define HX_MESSAGE_MAX 512

/* One failure. Set `ui` before the call for messages in Chinese; all zero is a good start. */
typedef struct {
    hx_ui_lang ui; /* in: the language of `message` */
    hx_status code;
    int64_t row; /* 1-based data row in the file (the header is not counted), 0 = does not apply */
    int64_t byte; /* byte offset in the input, -1 or 0 = does not apply */
    char message[HX_MESSAGE_MAX]; /* UTF-8, one sentence without a full stop at its end */
} hx_error;

/* A borrowed piece of text: not terminated, not owned. UTF-8 unless said otherwise. */
typedef struct {
    const char *ptr;
    size_t len;
} hx_str;

#define HX_STR_LIT(s) ((hx_str){(s), sizeof(s) - 1})

HX_API hx_str hx_str_of(const char *s); /* NULL gives the empty view */
HX_API bool hx_str_equal(hx_str a, hx_str b);
HX_API int hx_str_compare(hx_str a, hx_str b); /* bytewise, as memcmp, shorter first */

/* Memory with one lifetime. An arena is used by one thread at a time. */
typedef struct hx_arena hx_arena;

/* `cap` = the most bytes it may ever hold at once (0 = 1 GiB). Returns NULL when out of memory. */
HX_API hx_arena *hx_arena_new(size_t cap);
HX_API void hx_arena_free(hx_arena *a); /* NULL is fine */
HX_API void hx_arena_reset(hx_arena *a); /* forgets all, keeps the memory for the next use */
/* `size` bytes, zeroed, aligned to 16; NULL when out of memory or over the cap. */
HX_API void *hx_arena_alloc(hx_arena *a, size_t size);
/* A copy of `s` in the arena, with a NUL behind it; {NULL, 0} when out of memory. */
HX_API hx_str hx_arena_str(hx_arena *a, hx_str s);

/* A request to stop, raised in one thread (or a signal handler) and read in others. Zero at first; only through these two, since a plain
 * store beside a plain load is a data race. A NULL flag is never raised. */
HX_API void hx_flag_raise(volatile int *flag);
HX_API bool hx_flag_is_raised(const volatile int *flag);

#ifdef __cplusplus
}
#endif
#endif
