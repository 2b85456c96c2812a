heap_test_SOURCES := net/heap.cc
checksum_test_SOURCES := net/checksum.cc
