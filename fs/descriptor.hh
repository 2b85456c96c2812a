// What is in an open file's descriptor page, which the file server and the programs that hold the
// descriptor share.
#pragma once
#include "lib/fd.hh"

namespace fs {

struct FileDescriptor {
    Fd fd;
    uint32_t changes = 0;               // what file_changes() tells (lib/file.hh)
};

}  // namespace fs
