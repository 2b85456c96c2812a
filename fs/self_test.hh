// Checks of the running file system on its own disk, with the lines that the course's file system
// printed. They use a file of their own and remove it.
#pragma once
#include "fs/block_cache.hh"
#include "fs/file_system.hh"
#include "inc/result.hh"

namespace fs {

// Stops at the first check that fails and says which it was.
Result<void> run_self_test(FileSystem& files, BlockCache& cache);

}  // namespace fs
