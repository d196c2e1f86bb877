/* model_test.h - what the tests of this module share: a folder of their own, with all in it removed in the end. */
#ifndef HX_TESTS_MODEL_TEST_H
#define HX_TESTS_MODEL_TEST_H

#include "unit/base/base_test.h"

static inline void test_remove_tree(const char *folder) {
    char command[256];
    (void)snprintf(command, sizeof command, "rm -rf '%s'", folder);
    assert_int_equal(system(command), 0);
}

#endif
