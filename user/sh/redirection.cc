#include "user/sh/redirection.hh"

#include "lib/lib.hh"

namespace shell {

void complain(const char* what, const char* why)
{
    fprintf(2, "sh: %s: %s\n", what, why);
}

Redirection::~Redirection()
{
    if (saved_ >= 0) {
        dup(saved_, number_);
        set_inherited(number_, true);
        close(saved_);
    }
}

// Keeps the descriptor under a free number, for this program alone.
int Redirection::save()
{
    Fd* free_fd = nullptr;
    if (saved_ >= 0) {
        return 0;
    }
    if (const int result = fd_alloc(&free_fd); result < 0) {
        return result;
    }
    saved_ = dup(number_, fd2num(free_fd));
    return saved_ < 0 ? saved_ : set_inherited(saved_, false);
}

int Redirection::to_file(const char* path, int mode)
{
    const int file = open(path, mode);
    if (file < 0) {
        return file;
    }
    const int result = to_descriptor(file);
    close(file);
    return result;
}

int Redirection::to_descriptor(int descriptor)
{
    if (const int result = save(); result < 0) {
        return result;
    }
    const int result = dup(descriptor, number_);
    return result < 0 ? result : set_inherited(number_, true);
}

bool Streams::connect(int input_pipe, int output_pipe)
{
    int result = input_pipe >= 0 ? input.to_descriptor(input_pipe) : 0;
    if (result >= 0 && output_pipe >= 0) {
        result = output.to_descriptor(output_pipe);
    }
    if (result < 0) {
        complain("pipe", error_text(result));
    }
    return result >= 0;
}

static bool redirect_one(Redirection& stream, const char* path, int mode)
{
    const int result = path != nullptr ? stream.to_file(path, mode) : 0;
    if (result < 0) {
        complain(path, error_text(result));
    }
    return result >= 0;
}

bool Streams::redirect(const Command& command)
{
    constexpr int to_write = O_WRONLY | O_CREAT;
    const auto mode = [](bool append) { return to_write | (append ? O_APPEND : O_TRUNC); };
    if (!redirect_one(input, command.input, O_RDONLY) ||
        !redirect_one(output, command.output, mode(command.append)) ||
        !redirect_one(errors, command.error_output, mode(command.append_errors))) {
        return false;
    }
    if (command.errors_to_output) {
        if (const int result = errors.to_descriptor(1); result < 0) {
            complain("2>&1", error_text(result));
            return false;
        }
    }
    return true;
}

} // namespace shell
