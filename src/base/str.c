/* str.c - borrowed views, and the version of the running library.
 *
 * A view is {ptr, len}; the empty view may have a NULL ptr, so memcmp() is kept away from empty ones
 * (NULL arguments are undefined even for length 0). Order is bytewise, which for UTF-8 is the order of
 * code points. */
#include "huaxiang/base.h"

#include <string.h>

const char *hx_version(void) {
    return HX_VERSION;
}

hx_str hx_str_of(const char *s) {
    if (!s) return (hx_str){NULL, 0};
    return (hx_str){s, strlen(s)};
}

bool hx_str_equal(hx_str a, hx_str b) {
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

int hx_str_compare(hx_str a, hx_str b) {
    size_t common = a.len < b.len ? a.len : b.len;
    int order = common ? memcmp(a.ptr, b.ptr, common) : 0;
    if (order != 0) return order < 0 ? -1 : 1;
    return (a.len > b.len) - (a.len < b.len);
}
