#include "lib/fprintf.hh"

#include "inc/stdio.hh"
#include "inc/error.hh"
#include "lib/fd.hh"
#include "lib/syscall.hh"

namespace {

// Collects output into few writes. After an error nothing more is written.
struct Block {
    int fd = -1;                        // negative: the console
    int error = 0;
    size_t used = 0;
    char bytes[256];

    void flush()
    {
        if (fd < 0) {
            sys_cputs(bytes, used);
        } else if (error == 0) {
            const ssize_t result = writen(fd, bytes, used);
            error = result < 0 ? result : 0;
        }
        used = 0;
    }
};

void put_in_block(int byte, void* context)
{
    auto* block = static_cast<Block*>(context);
    block->bytes[block->used++] = static_cast<char>(byte);
    if (block->used == sizeof block->bytes) {
        block->flush();
    }
}

int format_into(Block& block, const char* format, va_list arguments)
{
    const int length = vprintfmt(put_in_block, &block, format, arguments);
    block.flush();
    return block.error < 0 ? block.error : length;
}

} // namespace

int vfprintf(int fd, const char* format, va_list arguments)
{
    Block block;
    block.fd = fd;
    return fd < 0 ? to_abi(Error::bad_descriptor) : format_into(block, format, arguments);
}

int fprintf(int fd, const char* format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    const int length = vfprintf(fd, format, arguments);
    va_end(arguments);
    return length;
}

int printf(const char* format, ...)
{
    Fd* standard_output = nullptr;
    Block block;
    block.fd = fd_lookup(1, &standard_output) < 0 ? -1 : 1;
    va_list arguments;
    va_start(arguments, format);
    const int length = format_into(block, format, arguments);
    va_end(arguments);
    return length;
}
