# What the unit tests of programs are linked with.
shell_parser_test_SOURCES := user/sh/parser.cc
http_response_test_SOURCES := user/httpd/response.cc
