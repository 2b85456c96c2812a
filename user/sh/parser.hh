// The shell's language: words, pipelines, lists. No system calls: tested on the host.
//
//     line     = pipeline { (";" | "&") pipeline } [";" | "&"]
//     pipeline = command { "|" command }
//     command  = { word | "<" word | ">" word | ">>" word | "2>" word }      with at least one word
//
// Blanks separate words; 'single' and "double" quotes and \ keep what they cover; # begins a
// comment. $? is the status of the pipeline before, except in single quotes.
#pragma once
#include <cstddef>

namespace shell {

inline constexpr int max_words = 64;            // of a command
inline constexpr int max_commands = 8;          // of a pipeline
inline constexpr int max_pipelines = 8;         // of a line

// Stands for $? in a word.
inline constexpr char status_mark = '\1';

struct Command {
    const char* words[max_words + 1] = {};      // ends with a null pointer
    int word_count = 0;
    const char* input = nullptr;                // < file
    const char* output = nullptr;               // > file, >> file
    const char* error_output = nullptr;         // 2> file
    bool append = false;
};

struct Pipeline {
    Command commands[max_commands];
    int command_count = 0;
    bool in_background = false;                 // ends with &
};

struct Line {
    Pipeline pipelines[max_pipelines];
    int pipeline_count = 0;
};

// Parses `text` and changes it: the words stay in it. Returns null, or what is wrong.
const char* parse(char* text, Line& line);

} // namespace shell
