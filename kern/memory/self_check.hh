// Checks of the memory that the kernel has just set up, each with the line that the course's kernel
// prints. What is wrong is a bug of the kernel: it panics and says where.
#pragma once

void check_memory();
