/* A user's whole program: masks the personal data in its argument. */
#include <huaxiang/huaxiang.h>
#include <stdio.h>

int main(int argc, char **argv) {
    hx_arena *arena = hx_arena_new(0);
    hx_error err = {0};
    hx_str out = {0};
    const hx_pii *finds;
    size_t n = 0;
    if (argc != 2 || !arena ||
        hx_pii_redact(hx_str_of(argv[1]), arena, &out, &finds, &n, &err) != HX_OK)
        return fprintf(stderr, "%s\n", err.message), 1;
    printf("%s %zu %.*s\n", hx_version(), n, (int)out.len, out.ptr);
    hx_arena_free(arena);
    return 0;
}
