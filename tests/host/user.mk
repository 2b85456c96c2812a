# What the unit tests of programs are linked with.
shell_parser_test_SOURCES := user/sh/parser.cc
http_response_test_SOURCES := user/httpd/response.cc user/httpd/date.cc user/httpd/text.cc \
    user/httpd/escape.cc user/httpd/listing.cc user/httpd/status_json.cc lib/json.cc
json_test_SOURCES := lib/json.cc
iperf3_test_SOURCES := user/iperf3/control.cc user/iperf3/parameters.cc user/iperf3/results.cc \
    user/iperf3/datagrams.cc lib/json.cc
