#include "lib/args.hh"

#include "inc/string.hh"

int OptionParser::next()
{
    if (*rest_ == '\0') {
        if (index_ >= argc_ || argv_[index_][0] != '-' || argv_[index_][1] == '\0') {
            return 0;
        }
        rest_ = argv_[index_++] + 1;
        if (strcmp(rest_, "-") == 0) {
            rest_ = "";
            return 0;
        }
    }
    const char letter = *rest_++;
    const char* const entry = letter != ':' ? strchr(known_, letter) : nullptr;
    if (entry == nullptr) {
        return '?';
    }
    if (entry[1] == ':') {
        if (*rest_ == '\0' && index_ == argc_) {
            return '?';
        }
        value_ = *rest_ != '\0' ? rest_ : argv_[index_++];
        rest_ = "";
    }
    return letter;
}

bool parse_count(const char* text, unsigned long largest, unsigned long& value)
{
    char* end = nullptr;
    value = strtoul(text, &end, 10);
    return *text >= '0' && *text <= '9' && *end == '\0' && value <= largest;
}
