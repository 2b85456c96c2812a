// Command line options, as POSIX's getopt understands them.
#pragma once

// `-a -b value file`: next() returns each option's letter in turn, 0 where the operands begin
// (after "--", too) and '?' for an unknown option or one without its value.
class OptionParser {
public:
    // `known`: the letters, each with a ':' behind it that takes a value.
    OptionParser(int argc, char** argv, const char* known)
        : argc_(argc), argv_(argv), known_(known)
    {
    }
    int next();
    const char* value() const { return value_; }        // of the option that next() returned
    int first_operand() const { return index_; }        // in argv, after next() returned 0

private:
    int argc_;
    char** argv_;
    const char* known_;
    int index_ = 1;
    const char* rest_ = "";             // what is left of a group of letters, as in -la
    const char* value_ = nullptr;
};

// Reads a whole number from 0 to `largest`; false if `text` is anything else.
bool parse_count(const char* text, unsigned long largest, unsigned long& value);
