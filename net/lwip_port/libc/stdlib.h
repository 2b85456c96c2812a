/* lwIP's <stdlib.h> in a tree without a C library. */
#pragma once
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

int atoi(const char* text);

#ifdef __cplusplus
}
#endif
