/* masked - its argument with telephone, ID-card and bank-card numbers and e-mail addresses masked, and where they stood.
 *
 *     example_masked TEXT */
#include <huaxiang/huaxiang.h>
#include <stdio.h>

int main(int argc, char **argv) {
    hx_arena *arena = hx_arena_new(0);
    hx_error err = {0};
    hx_str masked;
    const hx_pii *finds;
    size_t n;
    if (argc != 2 || !arena) {
        fprintf(stderr, "usage: example_masked TEXT\n");
        return 2;
    }
    hx_status status = hx_pii_redact(hx_str_of(argv[1]), arena, &masked, &finds, &n, &err);
    if (status != HX_OK) {
        fprintf(stderr, "%s\n", err.message);
    } else {
        printf("%.*s\n", (int)masked.len, masked.ptr);
        for (size_t i = 0; i < n; i++)
            printf("%s: bytes %u to %u\n", hx_pii_name(finds[i].type), finds[i].start,
                   finds[i].end);
    }
    hx_arena_free(arena);
    return status == HX_OK ? 0 : 1;
}
