/* migrations.h - the numbered .sql files of src/store/migrations, in order; generated at configure time. */
#ifndef HX_STORE_MIGRATIONS_H
#define HX_STORE_MIGRATIONS_H

extern const char *const hx__migrations[];
extern const int hx__migrations_n; /* the store version this build writes */

#endif
