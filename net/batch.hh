// Batches: several requests in one message. Its entries are done in order, none of them waits, and
// the batch waits in their stead: it is answered when an entry that its client awaits is done.
#pragma once
#include <cstdint>
#include <optional>

#include "net/request.hh"

// Whether the batch that a client sent is one: entries that lie in its pages, which are writable.
bool batch_is_valid(const Request& batch);

// Does the entries (`again`: those that are not done yet and on whose socket something happened
// since the last time) and returns how many are done if the batch is to be answered, else nothing.
// The sockets of entries that are not done note what happens from now on, with `mark`.
std::optional<int32_t> batch_run(Request& batch, bool again, uint64_t mark);
