#include "user/sh/parser.hh"

namespace shell {
namespace {

enum class Token { end, word, pipe, semicolon, ampersand, both, either, input, output, append,
    error_output, error_append, errors_to_output, unfinished };

constexpr bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

constexpr bool is_operator(char c)
{
    return c == '|' || c == ';' || c == '&' || c == '<' || c == '>';
}

// Cuts the text into tokens. A word is rewritten in place without its quotes, which makes it no
// longer; the byte behind it may be the next token's, and is kept aside.
class Lexer {
public:
    explicit Lexer(char* text) : next_(text), first_(*text) {}

    Token take();
    const char* word() const { return word_; }

private:
    char peek() const { return first_; }
    void advance() { first_ = *++next_; }
    bool take_if(char wanted);
    Token take_operator();
    Token take_error_operator();
    Token take_word();

    char* next_;
    char first_;                        // *next_, before a word's final zero was written there
    const char* word_ = nullptr;
};

Token Lexer::take()
{
    while (is_blank(peek())) {
        advance();
    }
    if (peek() == '\0' || peek() == '#') {
        return Token::end;
    }
    if (peek() == '2' && next_[1] == '>') {
        return take_error_operator();
    }
    return is_operator(peek()) ? take_operator() : take_word();
}

bool Lexer::take_if(char wanted)
{
    const bool found = peek() == wanted;
    if (found) {
        advance();
    }
    return found;
}

Token Lexer::take_operator()
{
    const char c = peek();
    advance();
    switch (c) {
    case '|': return take_if('|') ? Token::either : Token::pipe;
    case ';': return Token::semicolon;
    case '&': return take_if('&') ? Token::both : Token::ampersand;
    case '<': return Token::input;
    default: return take_if('>') ? Token::append : Token::output;
    }
}

// 2> and what begins with it.
Token Lexer::take_error_operator()
{
    advance();
    advance();
    if (peek() == '&' && next_[1] == '1') {
        advance();
        advance();
        return Token::errors_to_output;
    }
    return take_if('>') ? Token::error_append : Token::error_output;
}

Token Lexer::take_word()
{
    char* end = next_;
    char quote = '\0';
    word_ = next_;
    for (; peek() != '\0'; advance()) {
        const char c = peek();
        if (c == quote) {
            quote = '\0';
        } else if (quote == '\0' && (c == '\'' || c == '"')) {
            quote = c;
        } else if (quote == '\0' && (is_blank(c) || is_operator(c))) {
            break;
        } else if (c == '$' && next_[1] == '?' && quote != '\'') {
            advance();
            *end++ = status_mark;
        } else if (c == '\\' && quote != '\'') {
            advance();
            if (peek() == '\0') {
                return Token::unfinished;
            }
            *end++ = peek();
        } else {
            *end++ = c;
        }
    }
    *end = '\0';
    return quote == '\0' ? Token::word : Token::unfinished;
}

static_assert(max_pipelines == 64 && max_pipeline_commands == 128 && max_commands == 256 &&
              max_words == 1000, "the messages name these");

constexpr const char* unfinished_text = "a quote or backslash is not finished";

class Parser {
public:
    Parser(char* text, Line& line) : lexer_(text), line_(line) { token_ = lexer_.take(); }

    const char* parse_line();

private:
    const char* parse_pipeline(Pipeline& pipeline);
    const char* parse_command(Command& command);
    const char* parse_file(const char*& file);
    void take() { token_ = lexer_.take(); }

    Lexer lexer_;
    Line& line_;
    Token token_ = Token::end;
};

const char* Parser::parse_line()
{
    Condition condition = Condition::always;
    while (token_ != Token::end || condition != Condition::always) {
        if (line_.pipeline_count == max_pipelines) {
            return "too many pipelines in a line (64 at most)";
        }
        Pipeline& pipeline = line_.pipelines[line_.pipeline_count];
        pipeline = {.condition = condition};
        if (const char* error = parse_pipeline(pipeline); error != nullptr) {
            return error;
        }
        line_.pipeline_count++;
        pipeline.in_background = token_ == Token::ampersand;
        condition = token_ == Token::both     ? Condition::success
                    : token_ == Token::either ? Condition::failure
                                              : Condition::always;
        if (token_ != Token::end) {
            take();
        }
    }
    return nullptr;
}

// Ends at a token that joins pipelines, or the end.
const char* Parser::parse_pipeline(Pipeline& pipeline)
{
    pipeline.commands = &line_.commands[line_.command_count];
    for (;;) {
        if (pipeline.command_count == max_pipeline_commands) {
            return "too many commands in a pipeline (128 at most)";
        }
        if (line_.command_count == max_commands) {
            return "too many commands in a line (256 at most)";
        }
        if (const char* error = parse_command(line_.commands[line_.command_count++])) {
            return error;
        }
        pipeline.command_count++;
        if (token_ != Token::pipe) {
            return nullptr;
        }
        take();
    }
}

const char* Parser::parse_command(Command& command)
{
    command = {.words = &line_.words[line_.word_count]};
    for (;; take()) {
        const char* error = nullptr;
        switch (token_) {
        case Token::word:
            if (line_.word_count - (line_.command_count - 1) == max_words) {
                return "too many words in a line (1000 at most)";
            }
            line_.words[line_.word_count++] = lexer_.word();
            command.word_count++;
            break;
        case Token::input: error = parse_file(command.input); break;
        case Token::output:
        case Token::append:
            command.append = token_ == Token::append;
            error = parse_file(command.output);
            break;
        case Token::error_output:
        case Token::error_append:
            command.append_errors = token_ == Token::error_append;
            error = parse_file(command.error_output);
            break;
        case Token::errors_to_output: command.errors_to_output = true; break;
        case Token::unfinished: return unfinished_text;
        default:
            line_.words[line_.word_count++] = nullptr;
            return command.word_count > 0 ? nullptr : "a command is missing";
        }
        if (error != nullptr) {
            return error;
        }
    }
}

const char* Parser::parse_file(const char*& file)
{
    take();
    if (token_ != Token::word) {
        return token_ == Token::unfinished ? unfinished_text : "a file name is missing";
    }
    file = lexer_.word();
    return nullptr;
}

} // namespace

const char* parse(char* text, Line& line)
{
    line.pipeline_count = line.command_count = line.word_count = 0;
    return Parser(text, line).parse_line();
}

} // namespace shell
