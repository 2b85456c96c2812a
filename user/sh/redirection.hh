// Where the shell's standard descriptors lead while it starts a command.
#pragma once
#include "user/sh/parser.hh"

namespace shell {

// Has a standard descriptor lead elsewhere, and back to what it was at the end.
class Redirection {
public:
    explicit Redirection(int number) : number_(number) {}
    Redirection(const Redirection&) = delete;
    Redirection& operator=(const Redirection&) = delete;
    ~Redirection();

    // Return 0 or an error.
    int to_file(const char* path, int mode);
    int to_descriptor(int descriptor);

private:
    int save();

    int number_;
    int saved_ = -1;
};

struct Streams {
    Redirection input{0}, output{1}, errors{2};

    // To the pipes on both sides, where these are not negative. False after a message.
    bool connect(int input_pipe, int output_pipe);
    // To the command's files, which win over the pipes. False after a message.
    bool redirect(const Command& command);
};

// "sh: what: why" to descriptor 2.
void complain(const char* what, const char* why);

} // namespace shell
