/* lwIP's <stdio.h> in a tree without a C library: it includes the file, and uses nothing of it. */
#pragma once
