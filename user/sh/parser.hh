// The shell's language: words, pipelines, lists. No system calls: tested on the host.
//
//     line     = pipeline { join pipeline } [";" | "&"]
//     join     = ";" | "&" | "&&" | "||"
//     pipeline = command { "|" command }
//     command  = { word | "<" word | ">" word | ">>" word | "2>" word | "2>>" word | "2>&1" }
//                with at least one word
//
// "&" puts the pipeline before it in the background, "&&" and "||" run the one behind them if the
// one before ended well or badly. Blanks separate words; 'single' and "double" quotes and \ keep what they
// cover; # begins a comment. $? is the status of the pipeline before, except in single quotes.
#pragma once
#include <cstddef>

namespace shell {

// Of a line, except where it says otherwise. A line that is longer is refused with an error.
inline constexpr int max_words = 1000;
inline constexpr int max_commands = 256;
inline constexpr int max_pipeline_commands = 128;       // of one pipeline
inline constexpr int max_pipelines = 64;

// Stands for $? in a word.
inline constexpr char status_mark = '\1';

struct Command {
    const char** words = nullptr;               // ends with a null pointer
    int word_count = 0;
    const char* input = nullptr;                // < file
    const char* output = nullptr;               // > file, >> file
    const char* error_output = nullptr;         // 2> file, 2>> file
    bool append = false;
    bool append_errors = false;
    bool errors_to_output = false;              // 2>&1
};

// Whether a pipeline runs at all, by the status of the one before.
enum class Condition { always, success, failure };

struct Pipeline {
    Command* commands = nullptr;
    int command_count = 0;
    Condition condition = Condition::always;
    bool in_background = false;                 // ends with &
};

// Its pipelines point into the arrays behind them: it stays where it was parsed.
struct Line {
    Pipeline pipelines[max_pipelines];
    int pipeline_count = 0;
    Command commands[max_commands];
    int command_count = 0;
    const char* words[max_words + max_commands];
    int word_count = 0;
};

// Parses `text` and changes it: the words stay in it. Returns null, or what is wrong.
const char* parse(char* text, Line& line);

} // namespace shell
