// The core's tests with a card that sums and cuts: lwIP leaves checksums out, and what the card
// makes of the frames must be what the tests expect.
#include "tests/host/net_core_test.cc"
