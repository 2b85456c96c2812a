// Text where other bytes than its own have a meaning. No system calls.
#pragma once
#include <string_view>

#include "lib/text_buffer.hh"

namespace http {

// As text of an HTML page: nothing in it is markup.
void put_as_text(TextBuffer& to, std::string_view text);

// As the path of a link (RFC 3986): all but '/' and the unreserved bytes as %XX.
void put_as_link(TextBuffer& to, std::string_view text);

} // namespace http
