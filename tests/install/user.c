/* A user's whole program, in ten lines: masks the personal data in its argument. */
#include <huaxiang/huaxiang.h>
#include <stdio.h>
int main(int argc, char **argv) {
    hx_arena *arena = hx_arena_new(0);
    hx_str text = hx_str_of(argc > 1 ? argv[1] : ""), masked = text;
    const hx_pii *finds;
    size_t n = 0;
    if (hx_pii_redact(text, arena, &masked, &finds, &n, NULL) != HX_OK) return 1;
    printf("%s %zu %.*s\n", hx_version(), n, (int)masked.len, masked.ptr);
    hx_arena_free(arena);
}
